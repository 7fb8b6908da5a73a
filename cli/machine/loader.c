/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader.c - see loader.h */
#include "loader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/out/xalloc.h"
#include "hook/image/modprobe.h"
#include "hook/image/pe.h"
#include "loader_parse.h"
#include "loader_use.h"
#include "runtime/io/sysfs.h"

/* Bytes of one file of a boot loader. */
#define LOADER_FILE_MAX ((size_t)4 << 20)

struct reader {
	const struct host *h;
	struct loader *l;
	const struct loader_running *run;
	const char *base; /* where the partition of the entries is mounted */
};

/* Where a partition that boots is mounted. */
static const char *const bases[] = { "boot", "efi", "boot/efi" };

#define ARRAY(a) (sizeof(a) / sizeof((a)[0]))

static char *join_path(const char *directory, const char *name)
{
	return xasprintf("%s%s%s", directory, *directory && *name != '/' ? "/" : "",
			 *directory || *name != '/' ? name : name + 1);
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcasecmp(s + n - m, end);
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

/* Finds a path of an entry: one of the partition that holds the entry. GRUB's may be that of a
 * subvolume or a dataset ("/@/boot/vmlinuz", "/BOOT/debian@/vmlinuz"), and where the entry lies on
 * one partition and the image on another both are somewhere below /boot or /efi. */
static char *find_path(const struct reader *r, const char *path)
{
	const char *boot = NULL, *dataset = strstr(path, "@/");
	char *ret = strncmp(path, "/boot/", 6) ? NULL : try_path(r, "", path);

	if (!ret)
		ret = try_path(r, r->base, path);
	if (!ret && dataset)
		ret = try_path(r, r->base, dataset + 1);
	for (const char *p = path; (p = strstr(p, "/boot/")); p++)
		boot = p;
	if (!ret && boot)
		ret = try_path(r, "", boot);
	for (size_t i = 0; !ret && i < ARRAY(bases); i++)
		ret = try_path(r, bases[i], path);
	return ret ? ret : try_path(r, "", path);
}

/* Removes "NAME/.." from a path. */
static void drop_parents(char *path)
{
	for (char *up = path; (up = strstr(up, "/.."));) {
		if (up[3] && up[3] != '/') {
			up++;
			continue;
		}
		char *from = up;
		while (from > path && from[-1] != '/')
			from--;
		const char *rest = up[3] ? up + 4 : up + 3;
		memmove(from, rest, strlen(rest) + 1);
		up = path;
	}
}

/* Replaces a path as it is written by that below the root. One without "/" in front begins at the
 * directory of the entry's file. */
static void resolve_path(const struct reader *r, const char *file, struct loader_path *p)
{
	char *written = p->path;

	if (!written)
		return;
	if (*written == '/') {
		p->path = find_path(r, written);
		p->found = p->path;
		if (!p->found)
			p->path = join_path(r->base, written);
	} else {
		char *directory = join_path("", file);
		*strrchr(directory, '/') = '\0';
		p->path = join_path(directory, written);
		drop_parents(p->path);
		p->found = sysfs_exists(r->h->roots.root, p->path);
		free(directory);
	}
	free(written);
}

/* --- files */

static void free_entry(struct loader_entry *e)
{
	loader_clear(e);
	free(e->file);
	free(e->version);
	free(e->machine);
}

/* An entry that boots a unified kernel image names no boot image: it is in there. */
static void take_unified(const struct reader *r, struct loader_entry *e)
{
	int fd = sysfs_open(r->h->roots.root, e->kernel.path,
			    O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct pe_section section;

	if (fd < 0)
		return;
	if (!pe_find(fd, 0, ".initrd", &section)) {
		loader_add_initrd(e, e->kernel.path);
		e->initrd[0].found = true;
		if (!e->version)
			pe_text(fd, 0, ".uname", &e->version);
	}
	close(fd);
}

/* Ends the reading of a file: drops the entries from `first` on that load nothing, such as the
 * titles of submenus, and finds the files of the others. */
static void end_entries(const struct reader *r, unsigned first)
{
	struct loader *l = r->l;
	unsigned kept = first;

	for (unsigned i = first; i < l->n; i++) {
		struct loader_entry *e = &l->entry[i];
		if (!e->kernel.path && !e->initrds && !e->options) {
			free_entry(e);
			continue;
		}
		e->use = loader_find_use(r->run, e);
		resolve_path(r, e->file, &e->kernel);
		for (unsigned k = 0; k < e->initrds; k++)
			resolve_path(r, e->file, &e->initrd[k]);
		if (!e->initrds && ends_with(e->kernel.path ? e->kernel.path : "", ".efi"))
			take_unified(r, e);
		l->entry[kept++] = *e;
	}
	l->n = kept;
}

static void read_file(const struct reader *r, const char *path, loader_parser *parse)
{
	char *text = xmalloc(LOADER_FILE_MAX);
	unsigned first = r->l->n;

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
		found = xreallocarray(found, n + 1, sizeof(*found));
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

/* Reads the sections of a unified kernel image, or of an add-on for such images. A file that is
 * none counts where only these lie: as a damaged one. */
static void read_pe(const struct reader *r, const char *path, bool only)
{
	int fd = sysfs_open(r->h->roots.root, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	const char *written = path + strlen(r->base); /* on its partition */
	char *text;
	struct pe_section section;
	unsigned first = r->l->n;
	int kernel = pe_find(fd, 0, ".linux", &section),
		initrd = pe_find(fd, 0, ".initrd", &section);

	if (fd >= 0 && (only || !kernel || !initrd)) {
		struct loader_entry *e = loader_add(r->l, LOADER_UKI, path, 0);
		loader_set_kernel(e, written);
		if (initrd != -ENOENT)
			loader_add_initrd(e, written);
		if (pe_text(fd, 0, ".uname", &text) >= 0)
			e->version = text;
		if (pe_text(fd, 0, ".cmdline", &text) >= 0) {
			loader_add_options(e, 0, text);
			free(text);
		}
		end_entries(r, first);
	}
	if (fd >= 0)
		close(fd);
}

static void read_addon(const struct reader *r, const char *path)
{
	int fd = sysfs_open(r->h->roots.root, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	char *text;

	if (ends_with(path, ".addon.efi") && pe_text(fd, 0, ".cmdline", &text) >= 0) {
		unsigned first = r->l->n;
		loader_add_options(loader_add(r->l, LOADER_ADDON, path, 0), 0, text);
		free(text);
		end_entries(r, first);
	}
	if (fd >= 0)
		close(fd);
}

static void read_uki(const struct reader *r, const char *path)
{
	if (ends_with(path, ".efi"))
		read_pe(r, path, true);
	else if (ends_with(path, ".extra.d"))
		read_directory(r, path, read_addon);
}

/* Other directories of EFI/ hold programs of all kinds. */
static void read_program(const struct reader *r, const char *path)
{
	if (ends_with(path, ".efi"))
		read_pe(r, path, false);
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

/* EFI/Pop_OS-UUID/: the copies that kernelstub(1) makes; its entry names them, if there is one. */
static void read_kernelstub(const struct reader *r, const char *path)
{
	unsigned first = r->l->n;
	char *kernel = join_path(path, "vmlinuz.efi"), *initrd = join_path(path, "initrd.img");

	if (sysfs_exists(r->h->roots.root, initrd)) {
		struct loader_entry *e = loader_add(r->l, LOADER_BLS, path, 0);
		loader_set_kernel(e, kernel + strlen(r->base));
		loader_add_initrd(e, initrd + strlen(r->base));
		end_entries(r, first);
	}
	free(kernel);
	free(initrd);
}

/* EFI/NAME/: a grub.cfg, options for rEFInd's kernels, or a unified kernel image. */
static void read_efi_directory(const struct reader *r, const char *path)
{
	char *grub = join_path(path, "grub.cfg"), *refind = join_path(path, "refind_linux.conf");

	read_file(r, grub, loader_parse_grub);
	read_file(r, refind, loader_parse_refind_linux);
	if (strstr(path, "/Pop_OS-"))
		read_kernelstub(r, path);
	else if (!ends_with(path, "/Linux"))
		read_directory(r, path, read_program);
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

static void read_base(const struct reader *from, const char *base)
{
	const struct reader r = { from->h, from->l, from->run, base };
	char *entries = join_path(base, "loader/entries"), *ukis = join_path(base, "EFI/Linux");
	char *efi = join_path(base, "EFI"), *addons = join_path(base, "loader/addons");

	for (size_t i = 0; i < ARRAY(files); i++) {
		char *path = join_path(base, files[i].name);
		read_file(&r, path, files[i].parse);
		free(path);
	}
	read_directory(&r, entries, read_bls);
	read_directory(&r, ukis, read_uki);
	read_directory(&r, addons, read_addon);
	read_directory(&r, efi, read_efi_directory);
	free(entries);
	free(ukis);
	free(efi);
	free(addons);
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

/* The firmware boots a kernel by an EFI variable, with its image on the command line. */
static void read_firmware(const struct reader *from)
{
	const struct reader r = { from->h, from->l, from->run, "boot" };
	struct slice rest = slice_of(from->run->initrd), word;
	unsigned first = r.l->n;
	char path[512];

	if (!*from->run->initrd)
		return;
	struct loader_entry *e = loader_add(r.l, LOADER_FIRMWARE, "proc/cmdline", 1);
	e->version = xstrdup(from->run->kernel);
	while ((word = slice_next(&rest, '"')).n)
		/* It begins at the root of its volume, with or without a slash in front. */
		loader_add_initrd(e, text_make(path, sizeof(path), "%s%pv",
					       strchr("/\\", *word.p) ? "" : "/", &word));
	end_entries(&r, first);
}

/* The firmware may boot a unified kernel image in any directory, which the stub in it says. */
static void read_stub(const struct reader *from)
{
	const char *stub = from->run->stub;

	for (unsigned i = 0; i < from->l->n; i++)
		if (from->l->entry[i].kind == LOADER_UKI &&
		    from->l->entry[i].use == LOADER_BOOTED)
			return;
	for (size_t i = 0; *stub && i < ARRAY(bases); i++) {
		const struct reader r = { from->h, from->l, from->run, bases[i] };
		char *path = join_path(bases[i], stub);
		read_pe(&r, path, false);
		free(path);
	}
}

static bool is_beside(const char *a, const char *b)
{
	size_t n = (size_t)(strrchr(a, '/') - a);

	return !strncmp(a, b, n + 1) && !strchr(b + n + 1, '/');
}

/* GRUB of openSUSE reads entries of the firmware's partition: where it booted one of them, the
 * others beside it are in its menu, too. */
static void use_neighbors(struct loader *l)
{
	for (unsigned i = 0; i < l->n; i++)
		for (unsigned k = 0; l->entry[i].use == LOADER_BOOTED &&
				     l->entry[i].kind == LOADER_BLS && k < l->n; k++)
			if (l->entry[k].use == LOADER_UNUSED &&
			    is_beside(l->entry[i].file, l->entry[k].file))
				l->entry[k].use = LOADER_UNKNOWN;
}

static const char *base_name(const char *path)
{
	return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

static bool is_deployment(const struct loader_entry *e)
{
	return e->kind == LOADER_BLS && e->version && e->kernel.path &&
	       !strncmp(base_name(e->file), "ostree-", 7);
}

/* An older deployment of ostree is kept to go back to, with the image that it had. */
static void leave_old_deployments(struct loader *l)
{
	for (struct loader_entry *a = l->entry; a < l->entry + l->n; a++)
		for (struct loader_entry *b = l->entry; b < l->entry + l->n; b++)
			if (is_deployment(a) && is_deployment(b) && is_beside(a->file, b->file) &&
			    !strcmp(base_name(a->kernel.path), base_name(b->kernel.path)) &&
			    strverscmp(b->version, a->version) > 0)
				a->use = LOADER_FOREIGN;
}

void loader_read(const struct host *h, struct loader *ret)
{
	struct loader_running run;
	const struct reader r = { h, ret, &run, NULL };

	*ret = (struct loader){ .n = 0 };
	loader_read_running(h, &run);
	for (size_t i = 0; i < ARRAY(bases); i++)
		if (!is_known_base(h, i))
			read_base(&r, bases[i]);
	read_firmware(&r);
	read_stub(&r);
	use_neighbors(ret);
	leave_old_deployments(ret);
}

void loader_free(struct loader *l)
{
	for (unsigned i = 0; i < l->n; i++)
		free_entry(&l->entry[i]);
	free(l->entry);
	*l = (struct loader){ .n = 0 };
}
