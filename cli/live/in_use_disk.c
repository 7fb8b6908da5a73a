/* SPDX-License-Identifier: GPL-2.0-or-later */
/* in_use_disk.c - disks that are mounted, swap space or a part of something; see in_use_parts.h
 *
 * All comes from sysfs, from the tables below /proc and from udev's database, so the answer is
 * the same for a machine below --sysroot.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/out/xalloc.h"
#include "in_use_parts.h"

#define NAME_LENGTH 64

/* A block device below one of the functions, or that stands on one: of sda3 here also dm-0. */
struct disk {
	const struct pci_function *f;
	dev_t dev;
	bool cache;                /* it is a part of a bcache */
	bool swap, root;
	bool said;                 /* something is said of it, or of what stands on it */
	unsigned places;           /* at which it is mounted */
	char place[256];           /* the first of them, or the root file system's */
	char name[NAME_LENGTH];
	char base[NAME_LENGTH];    /* the one below the function that it stands on, or itself */
	char title[NAME_LENGTH];   /* "vg-root" of dm-0, else its name */
	char btrfs[NAME_LENGTH];   /* UUID of the mounted btrfs that it is a part of, or "" */
	char pool[NAME_LENGTH];    /* the imported ZFS pool that it is a part of, or "" */
};

struct disks {
	const struct roots *roots;
	struct members blocks; /* all of the machine */
	size_t n, pairs;
	struct disk *disk;
	struct pair {
		size_t lower, upper; /* upper stands on lower, both by index */
	} *pair;
};

/* The UUID of the mounted btrfs that has the device: fs/btrfs/UUID/devices/sda1 */
struct btrfs {
	const struct roots *roots;
	const char *name;
	char uuid[NAME_LENGTH];
};

static int look_at_btrfs(const char *uuid, void *arg)
{
	struct btrfs *b = arg;

	if (!sysfs_exists(b->roots->sys, path_make("fs/btrfs/%s/devices/%s", uuid, b->name)))
		return 0;
	text_make(b->uuid, sizeof(b->uuid), "%s", uuid);
	return 1;
}

static void find_btrfs(const struct roots *roots, const char *name, char uuid[NAME_LENGTH])
{
	struct btrfs b = { roots, name, "" };

	sysfs_list(roots->sys, "fs/btrfs", look_at_btrfs, &b);
	text_make(uuid, NAME_LENGTH, "%s", b.uuid);
}

/* ZFS tells sysfs nothing of its disks: udev has read the pool's name from the label, and the
 * pool is imported if the module has statistics of it. */
static void find_pool(const struct roots *roots, dev_t dev, char pool[NAME_LENGTH])
{
	static char text[16384];
	static const char member[] = "ID_FS_TYPE=zfs_member\n", label[] = "ID_FS_LABEL=";
	const char *name;

	*pool = '\0';
	if (!sysfs_exists(roots->proc, "spl/kstat/zfs") ||
	    sysfs_read_file(roots->root, path_make("run/udev/data/b%u:%u", major(dev), minor(dev)),
			    text, sizeof(text)) < 0 ||
	    !strstr(text, member) || !(name = strstr(text, label)))
		return;
	name += sizeof(label) - 1;
	snprintf(pool, NAME_LENGTH, "%.*s", (int)strcspn(name, "\n"), name);
	if (!sysfs_exists(roots->proc, path_make("spl/kstat/zfs/%s", pool)))
		*pool = '\0';
}

/* Its index. */
static size_t add_disk(struct disks *d, const struct pci_function *f, const char *name,
		       const char *base)
{
	char value[256];
	unsigned major, minor;
	struct disk one = { .f = f };

	for (size_t i = 0; i < d->n; i++)
		if (d->disk[i].f == f && !strcmp(d->disk[i].name, name))
			return i;
	text_make(one.name, sizeof(one.name), "%s", name);
	text_make(one.base, sizeof(one.base), "%s", base);
	text_make(one.title, sizeof(one.title), "%s",
		  *class_attribute(d->roots, "block", name, "dm/name", value) ? value : name);
	if (sscanf(class_attribute(d->roots, "block", name, "dev", value), "%u:%u", &major,
		   &minor) == 2) {
		one.dev = makedev(major, minor);
		find_pool(d->roots, one.dev, one.pool);
	}
	d->disk = xreallocarray(d->disk, d->n + 1, sizeof(*d->disk));
	d->disk[d->n] = one;
	return d->n++;
}

/* `name` stands on disk i. */
static void add_upper(struct disks *d, const char *name, size_t i)
{
	const struct disk lower = d->disk[i];
	size_t upper = add_disk(d, lower.f, name, lower.base);

	d->pair = xreallocarray(d->pair, d->pairs + 1, sizeof(*d->pair));
	d->pair[d->pairs++] = (struct pair){ i, upper };
}

/* The disks of a controller that may have a twin do not lie below it, but in a subsystem that
 * names it (drivers/nvme/host/multipath.c): devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1 */
static void add_nvme_heads(struct disks *d, const struct in_use_of *of)
{
	static const char folder[] = "/nvme-subsystem/";
	struct members controllers = { 0 };

	members_find(d->roots, "nvme", of, &controllers);
	for (size_t i = 0; i < d->blocks.n; i++) {
		const struct member *block = &d->blocks.member[i];
		const char *subsystem = strstr(block->path, folder);
		for (size_t k = 0; subsystem && k < controllers.n; k++) {
			const struct member *one = &controllers.member[k];
			const char *name = subsystem + sizeof(folder) - 1;
			char path[256];
			snprintf(path, sizeof(path), "class%s%.*s/%s", folder,
				 (int)strcspn(name, "/"), name, member_name(one));
			if (one->f && sysfs_exists(d->roots->sys, path))
				add_disk(d, one->f, member_name(block), member_name(block));
		}
	}
	members_free(&controllers);
}

struct standing {
	struct disks *d;
	size_t i;
};

static int add_holder(const char *name, void *arg)
{
	const struct standing *on = arg;

	add_upper(on->d, name, on->i);
	return 0;
}

/* md126p2 in the folder of md126 */
static int add_partition(const char *name, void *arg)
{
	const struct standing *on = arg;
	const char *whole = on->d->disk[on->i].name;

	if (!strncmp(name, whole, strlen(whole)))
		add_upper(on->d, name, on->i);
	return 0;
}

/* What stands on disk i. A bcache's device is no holder, but shows itself on the disk. Its own
 * partitions are found by their paths, unless it stands on a disk itself. */
static void add_holders(struct disks *d, size_t i)
{
	struct standing on = { d, i };
	char path[256];

	snprintf(path, sizeof(path), "class/block/%s/holders", d->disk[i].name);
	sysfs_list(d->roots->sys, path, add_holder, &on);
	snprintf(path, sizeof(path), "class/block/%s", d->disk[i].name);
	if (strcmp(d->disk[i].name, d->disk[i].base) != 0)
		sysfs_list(d->roots->sys, path, add_partition, &on);
	snprintf(path, sizeof(path), "class/block/%s/bcache", d->disk[i].name);
	d->disk[i].cache = sysfs_exists(d->roots->sys, path);
}

/* The kernel's name of a device that a table calls `path`: dm-0 of /dev/mapper/vg-root. "":
 * it is none. */
static void kernel_name(const struct disks *d, const char *path, char name[NAME_LENGTH])
{
	char value[256];
	struct stat st;

	*name = '\0';
	if (strncmp(path, "/dev/", 5) != 0)
		return;
	/* A node may have any name. */
	if (d->roots->real && !stat(path, &st) && S_ISBLK(st.st_mode) &&
	    sysfs_link(d->roots->sys, path_make("dev/block/%u:%u", major(st.st_rdev),
						minor(st.st_rdev)), 0, name, NAME_LENGTH) > 0)
		return;
	if (sysfs_link(d->roots->root, path + 1, 0, name, NAME_LENGTH) > 0)
		return;
	text_make(name, NAME_LENGTH, "%s", path + 5);
	if (strncmp(name, "mapper/", 7) != 0)
		return;
	for (size_t i = 0; i < d->blocks.n; i++) {
		const char *block = member_name(&d->blocks.member[i]);
		if (!strcmp(class_attribute(d->roots, "block", block, "dm/name", value), path + 12))
			text_make(name, NAME_LENGTH, "%s", block);
	}
}

/* What the host runs from. */
static bool is_root(const char *place)
{
	return !strcmp(place, "/") || !strcmp(place, "/usr") || !strcmp(place, "/sysroot");
}

static void mount_disk(struct disk *disk, const char *place)
{
	if (!disk->places++ || (is_root(place) && strcmp(disk->place, "/") != 0))
		text_make(disk->place, sizeof(disk->place), "%s", place);
	disk->root |= is_root(place);
}

/* "/dev/sda1:/dev/sdb1" of bcachefs, "/dev/sda1" of btrfs, which may have more of them. */
static bool is_source(const struct disks *d, const struct disk *disk, const char *source)
{
	struct slice rest = slice_of(source);
	char path[256], name[NAME_LENGTH], uuid[NAME_LENGTH];

	while (rest.n) {
		struct slice one = slice_cut(&rest, ':');
		snprintf(path, sizeof(path), "%.*s", (int)one.n, one.p);
		kernel_name(d, path, name);
		if (!*name)
			return false;
		if (!strcmp(name, disk->name))
			return true;
		find_btrfs(d->roots, name, uuid);
		if (*uuid && !strcmp(uuid, disk->btrfs))
			return true;
	}
	return false;
}

/* "36 35 98:0 /root /mnt rw,noatime master:1 - ext4 /dev/sda1 rw". File systems of several
 * disks have a number of their own in the third place; then the source tells, which is
 * pool/set for ZFS. */
static void look_at_mount(char *line, void *arg)
{
	struct disks *d = arg;
	char place[256], type[32], source[256];
	const char *rest = strstr(line, " - ");
	unsigned major, minor;

	if (!rest || sscanf(line, "%*u %*u %u:%u %*s %255s", &major, &minor, place) != 3 ||
	    sscanf(rest, " - %31s %255s", type, source) != 2)
		return;
	const size_t pool = strcmp(type, "zfs") ? 0 : strcspn(source, "/");
	for (size_t i = 0; i < d->n; i++) {
		struct disk *disk = &d->disk[i];
		bool mounted = major ? disk->dev == makedev(major, minor) :
			       pool ? strlen(disk->pool) == pool &&
					      !strncmp(disk->pool, source, pool) :
				      is_source(d, disk, source);
		if (mounted)
			mount_disk(disk, place);
	}
}

/* "/dev/dm-1 partition 8388604 0 -2" */
static void look_at_swap(char *line, void *arg)
{
	struct disks *d = arg;
	char name[NAME_LENGTH];

	line[strcspn(line, " \t\n")] = '\0';
	kernel_name(d, line, name);
	for (size_t i = 0; i < d->n; i++)
		d->disk[i].swap |= !strcmp(name, d->disk[i].name);
}

/* "vg-root on sda3", "sdb1 of the ZFS pool tank" */
static const char *describe(const struct disk *disk, char text[256])
{
	bool apart = strcmp(disk->name, disk->base) != 0;

	return text_make(text, 256, "%s%s%s%s%s", disk->title, apart ? " on " : "",
			 apart ? disk->base : "",
			 *disk->pool ? " of the ZFS pool " : "", disk->pool);
}

static void say_mounted(const struct disk *disk, struct obstacles *o)
{
	char text[256], more[32] = "";

	describe(disk, text);
	if (disk->places > 1)
		snprintf(more, sizeof(more), " and %u more", disk->places - 1);
	if (disk->root)
		obstacle_add(o, disk->f, "%s is on %s\nthe host runs from it, so it "
			   "cannot be given away", disk->place, text);
	else if (*disk->pool)
		obstacle_add(o, disk->f, "%s is on %s\nzpool export %s", disk->place,
			     text, disk->pool);
	else
		obstacle_add(o, disk->f, "%s%s is on %s\numount it, and remove it from /etc/fstab",
			   disk->place, more, text);
	if (disk->root)
		obstacle_mark(o, USER_ROOT);
}

static bool is_loop(const char *name)
{
	return !strncmp(name, "loop", 4);
}

/* The first that keeps disk i for itself; NULL: none. A loop does not. */
static const struct disk *find_upper(const struct disks *d, size_t i)
{
	for (size_t k = 0; k < d->pairs; k++)
		if (d->pair[k].lower == i && !is_loop(d->disk[d->pair[k].upper].name))
			return &d->disk[d->pair[k].upper];
	return NULL;
}

/* What stands further up is found later, so it comes first here. */
static void mark_said(struct disks *d)
{
	for (size_t i = d->n; i--;) {
		struct disk *disk = &d->disk[i];
		disk->said |= disk->places || disk->swap || *disk->pool;
		for (size_t k = 0; k < d->pairs; k++)
			if (d->pair[k].lower == i)
				disk->said |= d->disk[d->pair[k].upper].said ||
					      find_upper(d, d->pair[k].upper);
	}
}

static void say_disk_use(const struct disks *d, size_t i, struct obstacles *o)
{
	const struct disk *disk = &d->disk[i], *upper = find_upper(d, i);
	char text[256];

	if (disk->places)
		say_mounted(disk, o);
	else if (disk->swap)
		obstacle_add(o, disk->f, "%s is swap space\nswapoff /dev/%s, and remove it from "
			   "/etc/fstab", describe(disk, text), disk->name);
	else if (*disk->pool)
		obstacle_add(o, disk->f, "%s is a part of the ZFS pool %s\nzpool export %s",
			   disk->title, disk->pool, disk->pool);
	else if ((upper || disk->cache) && !disk->said)
		obstacle_add(o, disk->f, "%s is a part of %s\nstop that first (vgchange -an, "
			   "cryptsetup close, mdadm --stop)", describe(disk, text),
			   upper ? upper->title : "a bcache");
}

/* Who claims a disk for himself without a trace in sysfs is found by trying the same. */
static void look_at_claim(const struct disks *d, const struct disk *disk, struct obstacles *o)
{
	if (sysfs_is_claimed(d->roots->dev, disk->name))
		obstacle_add(o, disk->f, "%s is claimed in the kernel\nexport its pool "
			   "or stop what stands on it", disk->name);
}

/* A loop that nothing is said of: at the next boot it is gone. */
static void say_loop(const struct disks *d, size_t i, struct obstacles *o)
{
	const struct disk *disk = &d->disk[i];

	if (is_loop(disk->name) && !disk->said && !disk->cache && !find_upper(d, i))
		obstacle_add(o, disk->f, "%s stands on %s\nlosetup -d /dev/%s",
			     disk->name, disk->base, disk->name);
}

static void find_disks(struct disks *d, const struct in_use_of *of)
{
	char file[256], name[NAME_LENGTH];

	members_find(d->roots, "block", of, &d->blocks);
	for (size_t i = 0; i < d->blocks.n; i++) {
		const struct member *block = &d->blocks.member[i];
		if (block->f)
			add_disk(d, block->f, member_name(block), member_name(block));
	}
	add_nvme_heads(d, of);
	/* A loop on a disk is no holder. */
	for (size_t i = 0; d->n && i < d->blocks.n; i++) {
		const char *loop = member_name(&d->blocks.member[i]);
		if (!is_loop(loop))
			continue;
		kernel_name(d, class_attribute(d->roots, "block", loop, "loop/backing_file", file),
			    name);
		for (size_t k = 0; *name && k < d->n; k++)
			if (!strcmp(d->disk[k].name, name))
				add_upper(d, loop, k);
	}
	for (size_t i = 0; i < d->n; i++)
		add_holders(d, i);
	for (size_t i = 0; i < d->n; i++)
		find_btrfs(d->roots, d->disk[i].name, d->disk[i].btrfs);
}

void in_use_disks(const struct roots *roots, const struct in_use_of *of, bool claims,
		  struct obstacles *o)
{
	struct disks d = { .roots = roots };
	unsigned before = o->n;

	find_disks(&d, of);
	if (d.n) {
		obstacle_lines(roots->proc, "self/mountinfo", look_at_mount, &d);
		obstacle_lines(roots->proc, "swaps", look_at_swap, &d);
	}
	mark_said(&d);
	for (size_t i = 0; i < d.n; i++)
		say_disk_use(&d, i, o);
	/* A mounted partition is a claim on its disk too. */
	for (size_t i = 0; claims && o->n == before && i < d.n; i++)
		if (d.disk[i].dev)
			look_at_claim(&d, &d.disk[i], o);
	for (size_t i = 0; claims && i < d.n; i++)
		say_loop(&d, i, o);
	free(d.disk);
	free(d.pair);
	members_free(&d.blocks);
}
