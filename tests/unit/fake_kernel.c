/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fake_kernel.c - see fake_kernel.h */
#include "fake_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/io/apply.h"
#include "runtime/io/sysfs.h"

#define SLOTS 65536 /* of the hash table, a power of two */
#define PATH_SIZE 512
#define DEVICES "sys/bus/pci/devices/"
#define DRIVERS "sys/bus/pci/drivers/"
#define UNSET "(null)\n" /* how an empty driver_override reads */

enum kind { FREE, DIRECTORY, TEXT, LINK, FIFO, REMOVED };

struct node {
	enum kind kind;
	char *path;
	char *data; /* NUL-terminated */
	size_t n;
};

struct function {
	char address[16];
	char dir[PATH_SIZE];
	const char *native;
	bool gone;
	int late_group; /* comes with the next probe; 0: none */
	const char *physical; /* the address of the one that a virtual function belongs to */
	const char *virtual_id, *virtual_native;
};

struct module {
	const char *name, *driver;
};

struct efi {
	char file[PATH_SIZE], data[256];
	size_t n;
	enum fake_variable how;
	bool there, mutable, mounted;
};

static struct {
	struct efi efi;
	struct node slot[SLOTS];
	struct node *node[SLOTS / 2]; /* those in use, in the order of their making */
	struct function function[FAKE_FUNCTIONS_MAX];
	struct module module[16];
	char dir[FAKE_DEVICES + 1][PATH_SIZE]; /* what a directory fd stands for */
	char log[65536], failed[PATH_SIZE];
	const char *physical; /* of the virtual functions that are being made */
	const char *refusing, *vanishing, *claimed, *writing, *guarded;
	void (*meanwhile)(void);
	unsigned nodes, functions, modules, calls, fail_at, vanish_at, garble_at;
	enum fake_garble garble;
	int error;
	bool late, pulled;
} k;

static void die(const char *what, const char *which)
{
	fprintf(stderr, "fake kernel: %s: %s\n", what, which);
	abort();
}

/* --- the tree */

static struct node *slot_of(const char *path)
{
	uint32_t hash = 2166136261u;

	for (const char *p = path; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	for (;; hash++) {
		struct node *n = &k.slot[hash % SLOTS];
		if (n->kind == FREE || !strcmp(n->path, path))
			return n;
	}
}

static struct node *find(const char *path)
{
	struct node *n = slot_of(path);

	return n->kind == FREE || n->kind == REMOVED ? NULL : n;
}

static struct node *add(const char *path, enum kind kind, const void *data, size_t size)
{
	struct node *n = slot_of(path);
	char *copy = malloc(size + 1);
	char parent[PATH_SIZE];

	if (!copy)
		die("no memory", path);
	memcpy(copy, data, size);
	copy[size] = '\0';
	if (n->kind == FREE) {
		if (k.nodes == SLOTS / 2)
			die("too many files", path);
		k.node[k.nodes++] = n;
		n->path = strdup(path);
	}
	free(n->data);
	*n = (struct node){ kind, n->path, copy, size };
	snprintf(parent, sizeof(parent), "%s", path);
	char *slash = strrchr(parent, '/');
	if (slash) {
		*slash = '\0';
		if (!find(parent))
			add(parent, DIRECTORY, "", 0);
	}
	return n;
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !n || (!strncmp(path, dir, n) && path[n] == '/');
}

void fake_remove(const char *path)
{
	for (unsigned i = 0; i < k.nodes; i++) {
		struct node *n = k.node[i];
		if (!strcmp(n->path, path) || is_below(n->path, path))
			n->kind = REMOVED;
	}
}

void fake_bytes(const char *path, const void *bytes, size_t n)
{
	add(path, TEXT, bytes, n);
}

void fake_file(const char *path, const char *text)
{
	fake_bytes(path, text, strlen(text));
}

void fake_link(const char *path, const char *target)
{
	add(path, LINK, target, strlen(target));
}

void fake_fifo(const char *path)
{
	add(path, FIFO, "", 0);
}

/* Takes the last component off. */
static void pop(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

/* Where a path leads, as the kernel walks it: a link in the middle is followed, one at the
 * end when `follow` or when a slash comes behind it. */
static int resolve(const char *base, const char *path, bool follow, char out[PATH_SIZE])
{
	char rest[2 * PATH_SIZE], next[2 * PATH_SIZE];
	unsigned links = 0;

	snprintf(out, PATH_SIZE, "%s", base);
	snprintf(rest, sizeof(rest), "%s", path);
	while (*rest) {
		char *slash = strchr(rest, '/');
		const char *behind = slash ? slash + 1 : "";
		if (slash)
			*slash = '\0';
		if (!strcmp(rest, "..")) {
			pop(out);
		} else if (*rest && strcmp(rest, ".")) {
			size_t n = strlen(out);
			snprintf(out + n, PATH_SIZE - n, "%s%s", n ? "/" : "", rest);
		}
		const struct node *at = find(out);
		if (at && at->kind == LINK && (slash || follow)) {
			if (++links > 16)
				return -ELOOP;
			pop(out);
			if (*at->data == '/')
				*out = '\0';
			snprintf(next, sizeof(next), "%s%s%s", at->data, slash ? "/" : "", behind);
		} else {
			snprintf(next, sizeof(next), "%s", behind);
		}
		memcpy(rest, next, sizeof(rest));
	}
	return 0;
}

const char *fake_text(const char *path)
{
	char at[PATH_SIZE];
	const struct node *n = resolve("", path, false, at) ? NULL : find(at);

	return n && n->kind != DIRECTORY ? n->data : NULL;
}

/* --- functions and drivers */

static struct function *find_function(const char *address)
{
	for (unsigned i = 0; i < k.functions; i++)
		if (!k.function[i].gone && !strcmp(k.function[i].address, address))
			return &k.function[i];
	return NULL;
}

static const char *join(const char *a, const char *b, const char *c)
{
	static char path[4][PATH_SIZE];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, PATH_SIZE, "%s%s%s", a, b, c);
	return p;
}

const char *fake_driver_of(const char *address)
{
	const char *target = fake_text(join(DEVICES, address, "/driver"));

	return target ? strrchr(target, '/') + 1 : "";
}

static void set_driver(const struct function *f, const char *driver)
{
	const char *link = join(f->dir, "/driver", "");
	const char *was = fake_driver_of(f->address);

	if (*was)
		fake_remove(join(join(DRIVERS, was, "/"), f->address, ""));
	fake_remove(link);
	if (!*driver)
		return;
	fake_link(link, join("/" DRIVERS, driver, ""));
	fake_link(join(join(DRIVERS, driver, "/"), f->address, ""), join("/", f->dir, ""));
}

static bool is_registered(const char *driver)
{
	return find(join(DRIVERS, driver, ""));
}

/* drivers/pci/pci-driver.c, pci_match_device(): an override is the one driver that fits. */
static bool wants(const struct function *f, const char *driver)
{
	const char *override = fake_text(join(f->dir, "/driver_override", ""));
	size_t n = strlen(driver);

	if (strcmp(override, UNSET))
		return !strncmp(override, driver, n) && !strcmp(override + n, "\n");
	return f->native && !strcmp(f->native, driver);
}

static void add_group(const struct function *f, int number);

/* drivers/pci/pci-driver.c, pci_device_can_probe() */
static bool may_probe(const struct function *f)
{
	const char *text = f->physical ? fake_attr_text(f->physical, "sriov_drivers_autoprobe") :
					 NULL;

	return !text || *text == '1' ||
	       strcmp(fake_text(join(f->dir, "/driver_override", "")), UNSET);
}

/* drivers/base/dd.c, device_driver_attach() */
static int try_driver(struct function *f, const char *driver)
{
	if (f->gone || !wants(f, driver) || !may_probe(f))
		return -ENODEV;
	if (*fake_driver_of(f->address))
		return -EBUSY;
	if (f->late_group)
		add_group(f, f->late_group);
	f->late_group = 0;
	if (k.refusing && !strcmp(k.refusing, driver))
		return -EINVAL;
	set_driver(f, driver);
	return 0;
}

/* The name of the next entry of a directory, in no order; NULL: no more. */
static const char *next_entry(const char *dir, unsigned *i)
{
	for (; *i < k.nodes; ++*i) {
		const struct node *n = k.node[*i];
		if (n->kind == REMOVED || !is_below(n->path, dir))
			continue;
		const char *name = n->path + (*dir ? strlen(dir) + 1 : 0);
		if (*name && !strchr(name, '/')) {
			++*i;
			return name;
		}
	}
	return NULL;
}

static int probe(const char *address)
{
	struct function *f = find_function(address);
	const char *driver;

	if (!f)
		return -ENODEV;
	for (unsigned i = 0; (driver = next_entry("sys/bus/pci/drivers", &i));)
		try_driver(f, driver);
	return 0; /* whatever became of it */
}

static int unbind(const char *driver, const char *address)
{
	const struct function *f = find_function(address);

	if (!f || strcmp(fake_driver_of(address), driver))
		return -ENODEV;
	set_driver(f, "");
	k.pulled |= k.guarded && !strcmp(address, k.guarded);
	return 0;
}

void fake_guard(const char *address)
{
	k.guarded = address;
}

bool fake_pulled(void)
{
	return k.pulled;
}

void fake_on_write(const char *path, void (*meanwhile)(void))
{
	k.writing = path;
	k.meanwhile = meanwhile;
}

void fake_add_driver(const char *name)
{
	fake_file(join(DRIVERS, name, "/unbind"), "");
	fake_file(join(DRIVERS, name, "/bind"), "");
	for (unsigned i = 0; i < k.functions; i++)
		try_driver(&k.function[i], name);
}

void fake_add_module(const char *name, const char *driver)
{
	if (k.modules == sizeof(k.module) / sizeof(k.module[0]))
		die("too many modules", name);
	k.module[k.modules++] = (struct module){ name, driver };
	fake_file(join(MODULES_DIR "/", name, ".ko"), "ELF");
}

/* drivers/pci/pci-sysfs.c, modalias_show() */
static void add_modalias(const struct function *f, const struct fake_function *from)
{
	unsigned long class = strtoul(from->class, NULL, 16);
	char text[64];

	snprintf(text, sizeof(text),
		 "pci:v0000%.4sd0000%.4ssv0000%.4ssd0000%.4sbc%02lXsc%02lXi%02lX\n", from->id,
		 from->id + 5, from->subsystem, from->subsystem + 5, class >> 16 & 0xff,
		 class >> 8 & 0xff, class & 0xff);
	fake_file(join(f->dir, "/modalias", ""), text);
}

static void add_group(const struct function *f, int number)
{
	char group[64];

	snprintf(group, sizeof(group), "sys/kernel/iommu_groups/%d", number);
	fake_link(join(f->dir, "/iommu_group", ""), join("/", group, ""));
	fake_link(join(group, "/devices/", f->address), join("/", f->dir, ""));
}

void fake_add_group(const char *address, int group)
{
	add_group(find_function(address), group);
}

void fake_probe_adds_group(const char *address, int group)
{
	find_function(address)->late_group = group;
}

void fake_add_function(const struct fake_function *from)
{
	struct function *f = &k.function[k.functions++];
	const char *address = strrchr(from->path, '/') + 1;

	if (k.functions > FAKE_FUNCTIONS_MAX)
		die("too many functions", from->path);
	*f = (struct function){ .native = from->native, .physical = k.physical };
	snprintf(f->address, sizeof(f->address), "%s", address);
	snprintf(f->dir, sizeof(f->dir), "sys/devices/%s", from->path);
	fake_link(join(DEVICES, address, ""), join("../../../devices/", from->path, ""));
	fake_file(join(f->dir, "/driver_override", ""), UNSET);
	add_modalias(f, from);
	set_driver(f, "");
	if (from->group >= 0)
		add_group(f, from->group);
	if (from->native && is_registered(from->native))
		try_driver(f, from->native);
}

void fake_add_virtual(const char *address, unsigned total, const char *id, const char *native)
{
	struct function *f = find_function(address);
	char number[16];

	f->virtual_id = id;
	f->virtual_native = native;
	snprintf(number, sizeof(number), "%u\n", total);
	fake_attr(address, "sriov_totalvfs", number);
	fake_attr(address, "sriov_numvfs", "0\n");
	fake_attr(address, "sriov_drivers_autoprobe", "1\n");
}

static void make_virtual(const struct function *physical, unsigned i)
{
	char path[PATH_SIZE], link[32], address[24];
	struct fake_function f = { .path = path, .id = physical->virtual_id,
				   .subsystem = "0000:0000", .class = "20000",
				   .native = physical->virtual_native, .group = 200 + (int)i };

	snprintf(address, sizeof(address), "%.8s%02x.%u", physical->address,
		 (1 + i / 8) % 32, i % 8);
	snprintf(path, sizeof(path), "%s", physical->dir + strlen("sys/devices/"));
	snprintf(strrchr(path, '/') + 1, sizeof(address), "%s", address);
	snprintf(link, sizeof(link), "/virtfn%u", i);
	fake_link(join(physical->dir, link, ""), join("../", address, ""));
	k.physical = physical->address;
	fake_add_function(&f);
	k.physical = NULL;
	fake_link(join("sys/devices/", path, "/physfn"), join("../", physical->address, ""));
}

/* drivers/pci/pci-sysfs.c, sriov_numvfs_store() */
static int write_numvfs(const char *path, const char *text)
{
	char dir[PATH_SIZE];
	unsigned long n = strtoul(text, NULL, 10), was = strtoul(find(path)->data, NULL, 10);

	snprintf(dir, sizeof(dir), "%s", path);
	pop(dir);
	const struct function *f = find_function(strrchr(dir, '/') + 1);
	if (n > strtoul(fake_attr_text(f->address, "sriov_totalvfs"), NULL, 10))
		return -ERANGE;
	if (n == was)
		return 0;
	if (!*fake_driver_of(f->address))
		return -ENOENT;
	if (n && was)
		return -EBUSY;
	fake_file(path, join(text, "\n", ""));
	for (unsigned i = 0; i < n; i++)
		make_virtual(f, i);
	return 0;
}

void fake_attr(const char *address, const char *name, const char *text)
{
	fake_file(join(find_function(address)->dir, "/", name), text);
}

const char *fake_attr_text(const char *address, const char *name)
{
	return fake_text(join(DEVICES, address, join("/", name, "")));
}

static void vanish(struct function *f)
{
	const char *group = fake_text(join(f->dir, "/iommu_group", ""));

	if (group)
		fake_remove(join(group + 1, "/devices/", f->address));
	fake_remove(join(DEVICES, f->address, ""));
	f->gone = true;
}

/* What is behind a bridge goes with it. */
void fake_vanish(const char *address)
{
	const struct function *from = find_function(address);

	if (!from)
		return;
	for (unsigned i = 0; i < k.functions; i++)
		if (!k.function[i].gone && is_below(k.function[i].dir, from->dir))
			vanish(&k.function[i]);
	vanish(&k.function[from - k.function]);
	fake_remove(from->dir);
}

void fake_start(void)
{
	for (unsigned i = 0; i < k.nodes; i++) {
		free(k.node[i]->path);
		free(k.node[i]->data);
		*k.node[i] = (struct node){ .kind = FREE };
	}
	k.nodes = k.functions = k.modules = k.calls = k.fail_at = k.vanish_at = k.garble_at = 0;
	k.refusing = k.vanishing = k.claimed = NULL;
	k.efi = (struct efi){ .n = 0 };
	k.meanwhile = NULL;
	k.guarded = k.physical = NULL;
	k.pulled = false;
	*k.log = *k.failed = '\0';
	memcpy(k.dir[FAKE_SYS], "sys", sizeof("sys"));
	memcpy(k.dir[FAKE_PROC], "proc", sizeof("proc"));
	memcpy(k.dir[FAKE_DEV], "dev", sizeof("dev"));
	memcpy(k.dir[FAKE_DEVICES], "sys/bus/pci/devices", sizeof("sys/bus/pci/devices"));
	add("sys/bus/pci/devices", DIRECTORY, "", 0);
	add("sys/bus/pci/drivers", DIRECTORY, "", 0);
	add("proc", DIRECTORY, "", 0);
	fake_file("sys/bus/pci/drivers_probe", "");
}

/* --- on demand */

void fake_refuse(const char *driver)
{
	k.refusing = driver;
}

void fake_claim(const char *path)
{
	fake_file(path, "");
	k.claimed = path;
}

void fake_vanish_at(unsigned call, const char *address)
{
	k.vanish_at = call;
	k.vanishing = address;
}

void fake_garble_at(unsigned call, enum fake_garble how)
{
	k.garble_at = call;
	k.garble = how;
}

void fake_fail(unsigned call, int error, bool late)
{
	k.calls = 0;
	k.fail_at = call;
	k.error = error;
	k.late = late;
}

unsigned fake_calls(void)
{
	return k.calls;
}

const char *fake_failed(void)
{
	return k.failed;
}

const char *fake_log(void)
{
	return k.log;
}

/* Appends "a b" and a newline, newlines within shown as "\n". */
static void note(const char *a, const char *b)
{
	size_t n = strlen(k.log);
	const char *part[] = { a, b };

	for (unsigned i = 0; i < 2; i++)
		for (const char *p = part[i]; *p && n < sizeof(k.log) - 3; p++) {
			if (*p == '\n')
				k.log[n++] = '\\';
			k.log[n++] = *p == '\n' ? 'n' : *p;
		}
	k.log[n++] = '\n';
	k.log[n] = '\0';
}

/* What begins every call. True: it shall fail, with k.error. */
static bool enter(const char *call, const char *path, const char *text)
{
	k.calls++;
	if (k.calls == k.vanish_at)
		fake_vanish(k.vanishing);
	if (k.calls != k.fail_at)
		return false;
	snprintf(k.failed, sizeof(k.failed), "%s %s=%s", call, path, text);
	return true;
}

/* What a read has got, n bytes of at most cap, less or other than it should be if this is
 * the call for that. */
static ssize_t garbled(char *buf, ssize_t n, size_t cap)
{
	if (k.calls != k.garble_at || n < 0)
		return n;
	snprintf(k.failed, sizeof(k.failed), "garbled read");
	n = k.garble == GARBLE_EMPTY ? 0 : k.garble == GARBLE_SHORT ? n / 2 : (ssize_t)cap - 1;
	if (k.garble == GARBLE_NOISE)
		memset(buf, 0xff, (size_t)n);
	else if (k.garble == GARBLE_LONG)
		memset(buf, '7', (size_t)n);
	buf[n] = '\0';
	return n;
}

/* resolve() from a directory fd; -EBADF: it is none, but the error of an earlier call. */
static int resolve_at(int at, const char *path, bool follow, char where[PATH_SIZE])
{
	if (at < 0 && at != AT_FDCWD)
		return -EBADF;
	return resolve(at < 0 ? "" : k.dir[at], path, follow, where);
}

/* What is at a path; NULL: nothing, and why in *error. */
static const struct node *node_at(int at, const char *path, bool follow, int *error)
{
	char where[PATH_SIZE];
	const struct node *n;

	*error = resolve_at(at, path, follow, where);
	n = *error ? NULL : find(where);
	if (!*error && !n)
		*error = -ENOENT;
	return n;
}

/* --- the calls of io/sysfs.h */

int sysfs_dir(int at, const char *path)
{
	char where[PATH_SIZE];

	if (enter("dir", path, ""))
		return -k.error;
	int r = resolve_at(at, path, true, where);
	const struct node *n = r ? NULL : find(where);
	if (r || (*where && !n))
		return r ? r : -ENOENT;
	if (n && n->kind != DIRECTORY)
		return -ENOTDIR;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd >= FAKE_ROOT)
		die("no fd", path);
	memcpy(k.dir[fd], where, sizeof(where));
	return fd;
}

static ssize_t read_node(int at, const char *path, char *buf, size_t cap)
{
	int error;
	const struct node *n = node_at(at, path, true, &error);

	if (!n)
		return error;
	if (n->kind == DIRECTORY)
		return -EISDIR;
	if (n->n >= cap)
		return -E2BIG;
	memcpy(buf, n->data, n->n + 1);
	return (ssize_t)n->n;
}

ssize_t sysfs_read(int at, const char *path, char *buf, size_t cap)
{
	return enter("read", path, "") ? -k.error :
					 garbled(buf, read_node(at, path, buf, cap), cap);
}

ssize_t sysfs_read_file(int at, const char *path, char *buf, size_t cap)
{
	return enter("read", path, "") ? -k.error :
					 garbled(buf, read_node(at, path, buf, cap), cap);
}

int sysfs_regular(int at, const char *path)
{
	int error;

	if (enter("regular", path, ""))
		return -k.error;
	const struct node *n = node_at(at, path, true, &error);
	return n && n->kind != TEXT ? -ENODEV : error;
}

int sysfs_lines(int at, const char *path, int (*each)(struct slice line, void *arg), void *arg)
{
	static char buf[131072];
	ssize_t n = sysfs_read_file(at, path, buf, sizeof(buf));
	struct slice rest = { buf, n < 0 ? 0 : (size_t)n };
	int r = n < 0 ? (int)n : 0;

	while (!r && rest.n)
		r = each(slice_cut(&rest, '\n'), arg);
	return r;
}

int sysfs_read_at(int at, const char *path, void *buf, size_t n, off_t offset)
{
	int error;

	if (enter("read", path, ""))
		return -k.error;
	const struct node *node = node_at(at, path, true, &error);
	if (!node)
		return error;
	if ((size_t)offset > node->n || node->n - (size_t)offset < n)
		return -EIO;
	memcpy(buf, node->data + offset, n);
	if (k.calls != k.garble_at)
		return 0;
	snprintf(k.failed, sizeof(k.failed), "garbled read");
	memset(buf, k.garble == GARBLE_NOISE ? 0xff : 0, n);
	return 0;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

/* drivers/base/driver.c, driver_set_override(): what is behind a newline does not count,
 * nothing clears it, and an empty write is none. */
static int write_override(const char *path, const char *text)
{
	size_t n = strcspn(text, "\n");
	char value[PATH_SIZE];

	if (!*text)
		return 0;
	snprintf(value, sizeof(value), "%.*s\n", (int)n, text);
	fake_file(path, n ? value : UNSET);
	return 0;
}

static int write_node(const char *path, const char *text)
{
	const struct node *n = find(path);
	char driver[PATH_SIZE];

	if (!n)
		return -ENOENT;
	if (n->kind == DIRECTORY)
		return -EISDIR;
	if (!strcmp(path, "sys/bus/pci/drivers_probe"))
		return probe(text);
	if (ends_with(path, "/driver_override"))
		return write_override(path, text);
	if (ends_with(path, "/sriov_numvfs"))
		return write_numvfs(path, text);
	if (is_below(path, "sys/bus/pci/drivers")) {
		struct function *f = find_function(text);
		snprintf(driver, sizeof(driver), "%s", path + strlen(DRIVERS));
		pop(driver);
		if (ends_with(path, "/unbind"))
			return unbind(driver, text);
		if (ends_with(path, "/bind"))
			return f ? try_driver(f, driver) : -ENODEV;
	}
	/* drivers/pci/pci-sysfs.c: a mask of sizes, whatever was written */
	if (!ends_with(path, "_resize"))
		fake_file(path, join(text, "\n", ""));
	return 0;
}

int sysfs_write(int at, const char *path, const char *text)
{
	bool fail = enter("write", path, text), on = k.meanwhile && !strcmp(path, k.writing);
	char where[PATH_SIZE];

	if (fail && !k.late)
		return -k.error;
	note(join(path, "=", ""), text);
	int r = resolve_at(at, path, true, where);
	if (!r)
		r = write_node(where, text);
	if (on)
		k.meanwhile();
	return fail ? -k.error : r;
}

ssize_t sysfs_link(int at, const char *path, int whole, char *buf, size_t cap)
{
	int error;

	if (enter("link", path, ""))
		return -k.error;
	const struct node *n = node_at(at, path, false, &error);
	if (!n)
		return error;
	if (n->kind != LINK)
		return -EINVAL;
	const char *slash = strrchr(n->data, '/'), *part = slash && !whole ? slash + 1 : n->data;
	if (strlen(part) >= cap)
		return -E2BIG;
	memcpy(buf, part, strlen(part) + 1);
	return garbled(buf, (ssize_t)strlen(part), cap);
}

int sysfs_list(int at, const char *path, int (*each)(const char *name, void *arg), void *arg)
{
	char where[PATH_SIZE];
	const char *name;
	int r;

	if (!path)
		path = "";
	if (enter("list", path, ""))
		return -k.error;
	r = resolve_at(at, path, true, where);
	const struct node *n = r ? NULL : find(where);
	if (r || (*where && !n))
		return r ? r : -ENOENT;
	if (n && n->kind != DIRECTORY)
		return -ENOTDIR;
	for (unsigned i = 0; !r && (name = next_entry(where, &i));)
		if (*name != '.')
			r = each(name, arg);
	return r;
}

int sysfs_has_word(int at, const char *path, const char *word)
{
	int error;
	const struct node *n = enter("read", path, "") ? NULL : node_at(at, path, true, &error);
	size_t length = strlen(word);

	for (const char *p = n && length ? n->data : ""; *p; p += strspn(p, " \t\n")) {
		size_t m = strcspn(p, " \t\n");
		if (m == length && !strncmp(p, word, m) && p[m])
			return true;
		p += m;
	}
	return false;
}

int sysfs_is_claimed(int at, const char *path)
{
	int error;
	const struct node *n = enter("read", path, "") ? NULL : node_at(at, path, true, &error);

	/* block/bdev.c, bd_may_claim(): who has a partition has its disk */
	return n && k.claimed && !strncmp(n->path, k.claimed, strlen(n->path));
}

int sysfs_exists(int at, const char *path)
{
	int error;

	return !enter("exists", path, "") && node_at(at, path, true, &error);
}

/* "usr/lib/vgapass/ko/vfio-pci.ko" */
static int load(const char *path, const char *params)
{
	const char *name = path + strlen(MODULES_DIR "/");

	for (unsigned i = 0; i < k.modules; i++) {
		const struct module *m = &k.module[i];
		if (strcmp(name, join(m->name, ".ko", "")))
			continue;
		if (find(join("sys/module/", m->name, "")))
			return -EEXIST;
		note(join("load ", m->name, *params ? " " : ""), params);
		add(join("sys/module/", m->name, ""), DIRECTORY, "", 0);
		if (m->driver)
			fake_add_driver(m->driver);
		return 0;
	}
	return -ENOENT;
}

int sysfs_load_module(int at, const char *path, const char *params)
{
	bool fail = enter("load", path, params);
	char file[PATH_SIZE];
	int r;

	if (fail && !k.late)
		return -k.error;
	/* The caller's buffer may be used again meanwhile. */
	snprintf(file, sizeof(file), "%s", path);
	if (k.meanwhile && !strcmp(file, k.writing))
		k.meanwhile();
	if (node_at(at, file, true, &r))
		r = load(file, params);
	return fail ? -k.error : r;
}

/* --- EFI variables: fs/efivarfs */

#define EFIVARS "sys/firmware/efi/efivars"

static void show_variable(void)
{
	if (k.efi.there && k.efi.mounted)
		fake_bytes(k.efi.file, k.efi.data, k.efi.n);
	else if (*k.efi.file)
		fake_remove(k.efi.file);
}

void fake_efi(const char *file, const void *bytes, size_t n, enum fake_variable how)
{
	k.efi = (struct efi){ .n = n, .how = how, .there = file };
	add(EFIVARS, DIRECTORY, "", 0);
	if (file) {
		snprintf(k.efi.file, PATH_SIZE, EFIVARS "/%s", file);
		memcpy(k.efi.data, bytes, n);
	}
}

bool fake_has_variable(void)
{
	return k.efi.there;
}

/* What a change of the variable gives before it is done. */
static int may_change(int at, const char *path)
{
	int error;
	const struct node *n = node_at(at, path, true, &error);

	return !n ? error : strcmp(n->path, k.efi.file) ? -EPERM :
	       k.efi.how == FAKE_READ_ONLY ? -EROFS : 0;
}

int sysfs_mutable(int at, const char *path)
{
	bool fail = enter("mutable", path, "");

	if (fail && !k.late)
		return -k.error;
	int r = may_change(at, path);
	k.efi.mutable |= !r;
	return fail ? -k.error : r;
}

int sysfs_touch(int at, const char *dir, const char *name)
{
	char path[PATH_SIZE];
	bool fail = enter("touch", name, "");

	if (fail && !k.late)
		return -k.error;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (at == FAKE_ROOT)
		fake_file(path, "");
	return fail ? -k.error : at == FAKE_ROOT ? 0 : -EBADF;
}

int sysfs_unlink(int at, const char *path)
{
	bool fail = enter("unlink", path, "");
	int error;

	if (fail && !k.late)
		return -k.error;
	if (at == FAKE_ROOT && !strncmp(path, "run/", 4)) {
		const struct node *n = node_at(at, path, false, &error);
		if (n)
			fake_remove(path);
		return fail ? -k.error : n ? 0 : error;
	}
	int r = may_change(at, path);
	if (!r && !k.efi.mutable)
		r = -EPERM;
	if (!r) {
		note("unlink ", path);
		k.efi.there = k.efi.how == FAKE_STUBBORN;
		fake_remove(k.efi.file);
	}
	return fail ? -k.error : r;
}

int sysfs_mount(const char *path, const char *type)
{
	bool fail = enter("mount", path, type);

	if (fail && !k.late)
		return -k.error;
	if (strcmp(path, "/" EFIVARS) || strcmp(type, "efivarfs"))
		die("no such file system", type);
	if (!find(EFIVARS))
		return -ENODEV;
	note("mount ", type);
	k.efi.mounted = true;
	show_variable();
	return fail ? -k.error : 0;
}

int sysfs_umount(const char *path)
{
	bool fail = enter("umount", path, "");

	if (fail && !k.late)
		return -k.error;
	note("umount ", path);
	k.efi.mounted = false;
	show_variable();
	return fail ? -k.error : 0;
}
