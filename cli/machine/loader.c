/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader.c - see loader.h */
#include "loader.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook/image/modprobe.h"
#include "loader_parse.h"
#include "runtime/io/sysfs.h"

/* Bytes of one file of a boot loader. */
#define LOADER_FILE_MAX ((size_t)4 << 20)

#define VENDOR "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f" /* of systemd's EFI variables */

struct reader {
	const struct host *h;
	struct loader *l;
	const char *base; /* where the partition of the entries is mounted; "": the root */
};

/* Where a partition that boots is mounted. */
static const char *const bases[] = { "boot", "efi", "boot/efi" };

#define ARRAY(a) (sizeof(a) / sizeof((a)[0]))

static char *join_path(const char *directory, const char *name)
{
	char *ret = NULL;

	if (asprintf(&ret, "%s%s%s", directory, *directory && *name != '/' ? "/" : "",
		     *directory || *name != '/' ? name : name + 1) < 0)
		abort();
	return ret;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcasecmp(s + n - m, end);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* --- where a path of an entry leads to */

static char *try_path(const struct reader *r, const char *directory, const char *path)
{
	char *ret = join_path(directory, path);

	if (sysfs_exists(r->h->roots.root, ret))
		return ret;
	free(ret);
	return NULL;
}

/* A path of an entry is one of the partition that holds the entry. GRUB's may be that of a
 * subvolume or a dataset ("/@/boot/vmlinuz", "/ROOT/debian@/boot/vmlinuz"), and where the entry
 * lies on one partition and the image on another both are somewhere below /boot or /efi. */
static char *find_path(const struct reader *r, const char *path)
{
	const char *boot = NULL;
	char *ret = strncmp(path, "/boot/", 6) ? NULL : try_path(r, "", path);

	if (!ret)
		ret = try_path(r, r->base, path);
	for (const char *p = path; (p = strstr(p, "/boot/")); p++)
		boot = p;
	if (!ret && boot)
		ret = try_path(r, "", boot);
	for (size_t i = 0; !ret && i < ARRAY(bases); i++)
		ret = try_path(r, bases[i], path);
	return ret ? ret : try_path(r, "", path);
}

static void resolve_path(const struct reader *r, const char *file, struct loader_path *p)
{
	char *written = p->path;

	if (!written)
		return;
	if (*written != '/') { /* of the directory that holds the file */
		char *directory = join_path("", file);
		*strrchr(directory, '/') = '\0';
		p->path = try_path(r, directory, written);
		free(directory);
	} else
		p->path = find_path(r, written);
	p->found = p->path;
	if (!p->found)
		p->path = join_path(r->base, written);
	free(written);
}

/* --- which entry booted the kernel that runs */

/* Reads a text of systemd's, which is UTF-16 behind four bytes of attributes. "": none. */
static const char *read_variable(const struct host *h, const char *name, char *to, size_t cap)
{
	char path[128], buf[1024];
	size_t len = 0;

	text_make(path, sizeof(path), "firmware/efi/efivars/%s-" VENDOR, name);
	ssize_t n = sysfs_read_file(h->roots.sys, path, buf, sizeof(buf));
	for (ssize_t i = 4; i + 1 < n && len + 1 < cap && (buf[i] || buf[i + 1]); i += 2)
		to[len++] = buf[i + 1] ? '?' : buf[i] == '\\' ? '/' : buf[i];
	to[len] = '\0';
	return to;
}

/* Copies the name of an entry's file without the counter of tries, "arch+3-1.conf". */
static void copy_id(char *to, size_t cap, const char *name)
{
	const char *dot = strrchr(name, '.'), *plus = dot;

	while (plus && plus > name && strchr("0123456789-", plus[-1]))
		plus--;
	if (plus && plus > name + 1 && plus < dot && plus[-1] == '+')
		snprintf(to, cap, "%.*s%s", (int)(plus - 1 - name), name, dot);
	else
		snprintf(to, cap, "%s", name);
}

static bool same_id(const char *a, const char *b)
{
	char left[256], right[256];

	copy_id(left, sizeof(left), base_name(a));
	copy_id(right, sizeof(right), base_name(b));
	return !strcasecmp(left, right);
}

static bool is_for_grub(const struct loader_entry *e)
{
	return e->kind == LOADER_GRUB || e->kind == LOADER_EXTLINUX ||
	       (e->kind == LOADER_BLS && !strncmp(e->file, "boot/loader/", 12));
}

struct running {
	char image[512];    /* BOOT_IMAGE=, which GRUB and syslinux put on the command line */
	char selected[256]; /* the entry that systemd-boot booted */
	char stub[256];     /* the unified kernel image that runs */
};

static void read_running(const struct host *h, struct running *ret)
{
	static char cmdline[CMDLINE_MAX];
	struct slice rest, word;

	*ret = (struct running){ .image = "" };
	read_variable(h, "LoaderEntrySelected", ret->selected, sizeof(ret->selected));
	read_variable(h, "StubImageIdentifier", ret->stub, sizeof(ret->stub));
	if (sysfs_read_file(h->roots.proc, "cmdline", cmdline, sizeof(cmdline)) < 0)
		return;
	for (rest = slice_of(cmdline); (word = slice_next(&rest, '"')).n;)
		if (word.n > 11 && !memcmp(word.p, "BOOT_IMAGE=", 11))
			text_make(ret->image, sizeof(ret->image), "%pv",
				  &(struct slice){ word.p + 11, word.n - 11 });
}

/* Paths of entries are still as they are written, as BOOT_IMAGE= is. */
static enum loader_use find_use(const struct running *run, const struct loader_entry *e)
{
	const char *image = run->image, *device = strchr(image, ')');

	if (*image) {
		image = *image == '(' && device ? device + 1 : image;
		if (!is_for_grub(e))
			return LOADER_UNUSED;
		return e->kernel.path && !strcmp(e->kernel.path, image) ? LOADER_BOOTED :
									  LOADER_UNKNOWN;
	}
	if (*run->stub && e->kind == LOADER_UKI && same_id(run->stub, e->file))
		return LOADER_BOOTED;
	if (!*run->selected)
		return LOADER_UNKNOWN;
	if (e->kind != LOADER_BLS && e->kind != LOADER_UKI && e->kind != LOADER_ADDON)
		return LOADER_UNUSED;
	return same_id(run->selected, e->file) ? LOADER_BOOTED : LOADER_UNKNOWN;
}

/* --- files */

static void free_entry(struct loader_entry *e)
{
	for (unsigned i = 0; i < e->initrds; i++)
		free(e->initrd[i].path);
	for (unsigned i = 0; i < e->options; i++)
		free(e->option[i].text);
	free(e->file);
	free(e->version);
	free(e->kernel.path);
	free(e->initrd);
	free(e->option);
}

/* Ends the reading of a file: drops the entries from `first` on that load nothing, such as the
 * titles of submenus, and finds the files of the others. */
static void end_entries(const struct reader *r, unsigned first)
{
	struct loader *l = r->l;
	unsigned kept = first;
	struct running run;

	read_running(r->h, &run);
	for (unsigned i = first; i < l->n; i++) {
		struct loader_entry *e = &l->entry[i];
		if (!e->kernel.path && !e->initrds && !e->options) {
			free_entry(e);
			continue;
		}
		e->use = find_use(&run, e);
		resolve_path(r, e->file, &e->kernel);
		for (unsigned k = 0; k < e->initrds; k++)
			resolve_path(r, e->file, &e->initrd[k]);
		l->entry[kept++] = *e;
	}
	l->n = kept;
}

static void read_file(const struct reader *r, const char *path, loader_parser *parse)
{
	char *text = malloc(LOADER_FILE_MAX);
	unsigned first = r->l->n;

	if (!text)
		abort();
	if (sysfs_read_file(r->h->roots.root, path, text, LOADER_FILE_MAX) >= 0) {
		parse(r->l, path, text);
		end_entries(r, first);
	}
	free(text);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Calls each(r, path) for the entries of a directory, in order of their names. */
static void read_directory(const struct reader *r, const char *path,
			   void (*each)(const struct reader *r, const char *path))
{
	struct folder f;
	char **found = NULL;
	size_t n = 0;

	if (!folder_open(&f, r->h->roots.root, path))
		return;
	for (const char *name; (name = folder_next(&f));) {
		if (*name == '.')
			continue;
		found = reallocarray(found, n + 1, sizeof(*found));
		if (!found)
			abort();
		found[n++] = join_path("", f.path);
	}
	if (n)
		qsort(found, n, sizeof(*found), compare_names);
	for (size_t i = 0; i < n; i++) {
		each(r, found[i]);
		free(found[i]);
	}
	free(found);
}

static void read_bls(const struct reader *r, const char *path)
{
	if (ends_with(path, ".conf"))
		read_file(r, path, loader_parse_bls);
}

static void read_uki(const struct reader *r, const char *path)
{
	unsigned first = r->l->n;
	char *written;

	if (!ends_with(path, ".efi") || !sysfs_exists(r->h->roots.root, path))
		return;
	struct loader_entry *e = loader_add(r->l, LOADER_UKI, path, 0);
	written = join_path("/", path + strlen(r->base) + 1);
	loader_set_kernel(e, written);
	loader_add_initrd(e, written);
	free(written);
	end_entries(r, first);
}

/* Files of a fixed name, below one of the bases. */
static const struct {
	const char *name;
	loader_parser *parse;
} files[] = {
	{ "grub/grub.cfg", loader_parse_grub },
	{ "grub/custom.cfg", loader_parse_grub },
	{ "grub2/grub.cfg", loader_parse_grub },
	{ "grub2/custom.cfg", loader_parse_grub },
	{ "grub/grubenv", loader_parse_grubenv },
	{ "grub2/grubenv", loader_parse_grubenv },
	{ "extlinux/extlinux.conf", loader_parse_extlinux },
	{ "extlinux.conf", loader_parse_extlinux },
	{ "syslinux/syslinux.cfg", loader_parse_extlinux },
	{ "syslinux/extlinux.conf", loader_parse_extlinux },
	{ "EFI/syslinux/syslinux.cfg", loader_parse_extlinux },
	{ "limine.conf", loader_parse_limine },
	{ "limine.cfg", loader_parse_limine },
	{ "limine/limine.conf", loader_parse_limine },
	{ "limine/limine.cfg", loader_parse_limine },
	{ "EFI/limine/limine.conf", loader_parse_limine },
	{ "EFI/BOOT/limine.conf", loader_parse_limine },
	{ "EFI/arch-limine/limine.conf", loader_parse_limine },
	{ "refind_linux.conf", loader_parse_refind_linux },
	{ "EFI/refind/refind.conf", loader_parse_refind },
	{ "EFI/BOOT/refind.conf", loader_parse_refind },
};

/* EFI/NAME/: a kernel for rEFInd, or a grub.cfg of its own. */
static void read_efi_directory(const struct reader *r, const char *path)
{
	char *grub = join_path(path, "grub.cfg"), *refind = join_path(path, "refind_linux.conf");

	read_file(r, grub, loader_parse_grub);
	read_file(r, refind, loader_parse_refind_linux);
	free(grub);
	free(refind);
}

static bool find_directory(const struct host *h, const char *path, struct stat *ret)
{
	int fd = sysfs_open(h->roots.root, path, O_PATH | O_DIRECTORY);
	bool found = fd >= 0 && !fstat(fd, ret);

	if (fd >= 0)
		close(fd);
	return found;
}

static void read_base(const struct host *h, struct loader *l, const char *base)
{
	const struct reader r = { h, l, base };
	char *entries = join_path(base, "loader/entries"), *ukis = join_path(base, "EFI/Linux");
	char *efi = join_path(base, "EFI");

	for (size_t i = 0; i < ARRAY(files); i++) {
		char *path = join_path(base, files[i].name);
		read_file(&r, path, files[i].parse);
		free(path);
	}
	read_directory(&r, entries, read_bls);
	read_directory(&r, ukis, read_uki);
	read_directory(&r, efi, read_efi_directory);
	free(entries);
	free(ukis);
	free(efi);
}

/* True: an earlier base is the same directory, as where /efi is a link to /boot/efi. */
static bool is_known_base(const struct host *h, size_t i)
{
	struct stat st, other;
	bool known = false;

	if (!find_directory(h, bases[i], &st))
		return true;
	for (size_t k = 0; k < i && !known; k++)
		known = find_directory(h, bases[k], &other) && other.st_dev == st.st_dev &&
			other.st_ino == st.st_ino;
	return known;
}

void loader_read(const struct host *h, struct loader *ret)
{
	*ret = (struct loader){ .n = 0 };
	for (size_t i = 0; i < ARRAY(bases); i++)
		if (!is_known_base(h, i))
			read_base(h, ret, bases[i]);
}

void loader_free(struct loader *l)
{
	for (unsigned i = 0; i < l->n; i++)
		free_entry(&l->entry[i]);
	free(l->entry);
	*l = (struct loader){ .n = 0 };
}

const char *loader_name(enum loader_kind kind)
{
	static const char *const names[] = {
		[LOADER_GRUB] = "GRUB",
		[LOADER_BLS] = "systemd-boot or GRUB",
		[LOADER_UKI] = "the unified kernel image",
		[LOADER_ADDON] = "the add-on of unified kernel images",
		[LOADER_EXTLINUX] = "extlinux",
		[LOADER_LIMINE] = "limine",
		[LOADER_REFIND] = "rEFInd",
	};

	return names[kind];
}
