/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernels.c - see kernels.h */
#include "kernels.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook/image/pe.h"
#include "kernels_places.h"
#include "loader.h"
#include "preset.h"
#include "cli/out/xalloc.h"
#include "runtime/io/sysfs.h"

struct finder {
	const struct host *h;
	struct kernels *to;
	struct loader loader;
	struct presets presets;
	char running[128];
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* --- images of a kernel */

static void free_image(struct boot_image *i)
{
	for (unsigned k = 0; k < i->parts; k++)
		free(i->part[k]);
	free(i->part);
	free(i->path);
	free(i->entry);
}

static void add_part(struct boot_image *i, const char *path)
{
	i->part = xreallocarray(i->part, i->parts + 1, sizeof(*i->part));
	i->part[i->parts++] = xstrdup(path);
}

/* Adds the image unless it is known: then it is used if one of both is. Takes what *i has. */
static void add_image(struct kernel *k, struct boot_image *i)
{
	for (unsigned n = 0; n < k->images; n++)
		if (!strcmp(k->image[n].path, i->path)) {
			k->image[n].unused &= i->unused;
			free_image(i);
			return;
		}
	k->image = xreallocarray(k->image, k->images + 1, sizeof(*k->image));
	k->image[k->images++] = *i;
}

static void add_usual_image(struct kernel *k, const char *path)
{
	struct boot_image i = { .path = xstrdup(path), .found = true };

	add_part(&i, path);
	add_image(k, &i);
}

/* Which part of an image matters: microcode least, then archives of other names (keys, tables of
 * ACPI), and most what has the name of a boot image. */
static unsigned rank_part(const char *path)
{
	const char *name = base_name(path);

	if (strstr(name, "ucode") || strstr(name, "microcode") || strstr(name, "-uc.img"))
		return 0;
	return !strncmp(name, "initr", 5) ? 2 : 1;
}

/* Adds what an entry boots. Some entries of GRUB are of other systems, on partitions that are not
 * mounted, as that of the firmware may be. */
static void add_entry_image(struct kernel *k, const struct loader_entry *e)
{
	struct boot_image i = { .unused = e->use == LOADER_UNUSED };
	const struct loader_path *main = NULL;

	for (unsigned n = 0; n < e->initrds; n++) {
		if (e->initrd[n].found)
			add_part(&i, e->initrd[n].path);
		if (!main || rank_part(e->initrd[n].path) >= rank_part(main->path))
			main = &e->initrd[n];
	}
	if (!main && e->kernel.found && e->use != LOADER_UNUSED && !k->bare_entry &&
	    !preset_is_rescue(e->kernel.path))
		k->bare_entry = xstrdup(e->file);
	bool may_lead_out = e->kind == LOADER_FIRMWARE ||
			    (e->kind == LOADER_GRUB && e->use != LOADER_BOOTED);
	if (!main || preset_is_rescue(main->path) || (!main->found && may_lead_out)) {
		free_image(&i);
		return;
	}
	i.path = xstrdup(main->path);
	i.found = main->found;
	i.entry = xstrdup(e->file);
	add_image(k, &i);
}

/* True: the kernel boots with an image that is known by an entry. */
static bool has_used_image(const struct kernel *k)
{
	for (unsigned i = 0; i < k->images; i++)
		if (k->image[i].found && !k->image[i].unused)
			return true;
	return false;
}

/* Images of entries that nobody uses, or that lead nowhere, do not count beside others. */
static void drop_unused_images(struct kernel *k)
{
	unsigned kept = 0;

	if (!has_used_image(k))
		return;
	for (unsigned i = 0; i < k->images; i++)
		if (k->image[i].unused || !k->image[i].found)
			free_image(&k->image[i]);
		else
			k->image[kept++] = k->image[i];
	k->images = kept;
}

/* --- which kernel an entry is of */

/* True: the version is a part of the text of its own, not the beginning of another. */
static bool has_version(const char *text, const char *version)
{
	size_t n = strlen(version);

	for (const char *p = text; (p = strstr(p, version)); p++) {
		const char *end = p + n;
		if ((p == text || strchr("-/_@", p[-1])) &&
		    (!*end || strchr("/_ ", *end) ||
		     (*end == '.' && (end[1] < '0' || end[1] > '9'))))
			return true;
	}
	return false;
}

/* The kernel with the longest version that the text has. */
static struct kernel *find_by_text(const struct finder *f, const char *text)
{
	struct kernel *best = NULL;

	for (unsigned i = 0; text && i < f->to->n; i++) {
		struct kernel *k = &f->to->kernel[i];
		if (has_version(text, k->version) &&
		    (!best || strlen(k->version) > strlen(best->version)))
			best = k;
	}
	return best;
}

/* Arch and its derivatives name kernel and image after the package. */
static struct kernel *find_by_package(const struct finder *f, const char *file, bool image)
{
	char package[64], name[128];

	for (unsigned i = 0; i < f->to->n; i++) {
		struct kernel *k = &f->to->kernel[i];
		if (!places_package(f->h, k->version, package, sizeof(package)))
			continue;
		text_make(name, sizeof(name), image ? "initramfs-%s" : "vmlinuz-%s", package);
		size_t n = strlen(name);
		if (!strncmp(file, name, n) && (!file[n] || (image && file[n] == '.')))
			return k;
		text_make(name, sizeof(name), "booster-%s.img", package);
		if (image && !strcmp(file, name))
			return k;
		for (unsigned p = 0; p < f->presets.n; p++)
			if (!strcmp(f->presets.image[p].package, package) &&
			    !strcmp(base_name(image ? f->presets.image[p].path :
					      f->presets.image[p].kernel ?: ""), file))
				return k;
	}
	return NULL;
}

/* vmlinuz, a link to vmlinuz-VERSION. */
static struct kernel *find_by_link(const struct finder *f, const char *path)
{
	char target[512];

	if (sysfs_link(f->h->roots.root, path, 1, target, sizeof(target)) < 0)
		return NULL;
	return find_by_text(f, target);
}

/* Returns where the kernel begins in a file: 0, or its section of a unified kernel image. */
static uint64_t find_kernel_offset(int root, const char *path)
{
	int fd = sysfs_open(root, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct pe_section section = { .at = 0 };

	if (fd >= 0 && pe_find(fd, 0, ".linux", &section))
		section.at = 0;
	if (fd >= 0)
		close(fd);
	return section.at;
}

/* A kernel for x86 says its version (Documentation/arch/x86/boot.rst, kernel_version). */
static struct kernel *find_by_header(const struct finder *f, const char *path)
{
	unsigned char head[16];
	char version[128] = "";
	int root = f->h->roots.root;
	off_t at = (off_t)find_kernel_offset(root, path);

	if (sysfs_read_at(root, path, head, sizeof(head), at + 0x202) ||
	    memcmp(head, "HdrS", 4) != 0 ||
	    sysfs_read_at(root, path, version, sizeof(version) - 1,
			  at + 0x200 + (head[12] | head[13] << 8)))
		return NULL;
	version[strcspn(version, " ")] = '\0';
	return find_by_text(f, version);
}

static struct kernel *find_kernel(const struct finder *f, const struct loader_entry *e)
{
	const struct loader_path *image = e->initrds ? &e->initrd[e->initrds - 1] : NULL;
	struct kernel *k = find_by_text(f, e->version);

	if (!k)
		k = find_by_text(f, e->kernel.path);
	if (!k && image)
		k = find_by_text(f, image->path);
	if (!k && e->kernel.path)
		k = find_by_package(f, base_name(e->kernel.path), false);
	if (!k && image)
		k = find_by_package(f, base_name(image->path), true);
	if (!k && e->kernel.found)
		k = find_by_link(f, e->kernel.path);
	if (!k && image && image->found)
		k = find_by_link(f, image->path);
	if (!k && e->kernel.found)
		k = find_by_header(f, e->kernel.path);
	return k;
}

/* What an entry boots whose kernel cannot be told: kernelstub's copies of the newest kernel for
 * Pop!_OS, and else the newest kernel where nothing else is known of it. */
static void add_unknown(struct finder *f)
{
	struct kernel *newest = f->to->n ? &f->to->kernel[f->to->n - 1] : NULL;
	bool is_bare = newest && !newest->images;

	for (unsigned i = 0; newest && i < f->loader.n; i++) {
		const struct loader_entry *e = &f->loader.entry[i];
		const char *path = e->initrds ? e->initrd[e->initrds - 1].path : "";
		bool is_pop = strstr(path, "/Pop_OS-") && !strstr(path, "previous");
		if (e->initrds && e->use != LOADER_FOREIGN && (is_pop || is_bare) &&
		    e->initrd[e->initrds - 1].found && !find_kernel(f, e))
			add_entry_image(newest, e);
	}
}

/* --- all kernels */

static int add_kernel(const char *version, void *arg)
{
	struct finder *f = arg;
	struct kernels *to = f->to;

	to->kernel = xreallocarray(to->kernel, to->n + 1, sizeof(*to->kernel));
	to->kernel[to->n++] = (struct kernel){ .version = xstrdup(version),
					       .runs = !strcmp(version, f->running) };
	return 0;
}

static int compare_versions(const void *a, const void *b)
{
	const struct kernel *left = a, *right = b;

	return strverscmp(left->version, right->version);
}

static void free_kernel(struct kernel *k)
{
	for (unsigned i = 0; i < k->images; i++)
		free_image(&k->image[i]);
	free(k->image);
	free(k->version);
	free(k->bare_entry);
}

static void add_usual_images(struct finder *f, struct kernel *k)
{
	struct place_list found;

	places_of_images(f->h, &f->presets, k->version, &found);
	for (unsigned i = 0; i < found.n; i++)
		add_usual_image(k, found.path[i]);
	places_free(&found);
}

static void find_images(struct finder *f)
{
	struct kernels *to = f->to;
	unsigned kept = 0;

	for (unsigned i = 0; i < f->loader.n; i++) {
		const struct loader_entry *e = &f->loader.entry[i];
		bool boots = e->kernel.path || e->initrds;
		struct kernel *k = boots && e->use != LOADER_FOREIGN ? find_kernel(f, e) : NULL;
		if (k)
			add_entry_image(k, e);
		to->entries += boots && e->kind != LOADER_FIRMWARE && e->use != LOADER_UNUSED;
	}
	for (unsigned i = 0; i < to->n; i++) {
		struct kernel *k = &to->kernel[i];
		if (!has_used_image(k) && (!k->bare_entry || k->images))
			add_usual_images(f, k);
		if (k->images || k->runs || places_has_kernel(f->h, k->version))
			to->kernel[kept++] = *k;
		else
			free_kernel(k);
	}
	to->n = kept;
	add_unknown(f);
	for (unsigned i = 0; i < to->n; i++)
		drop_unused_images(&to->kernel[i]);
}

void kernels_find(const struct host *h, struct kernels *ret)
{
	struct finder f = { .h = h, .to = ret };

	*ret = (struct kernels){ .unmounted = places_unmounted(h) };
	if (sysfs_read_file(h->roots.proc, "sys/kernel/osrelease", f.running,
			    sizeof(f.running)) < 0)
		*f.running = '\0';
	f.running[strcspn(f.running, " \n")] = '\0';
	loader_read(h, &f.loader);
	presets_read(h, &f.presets);
	sysfs_list(h->roots.root, "lib/modules", add_kernel, &f);
	if (ret->n)
		qsort(ret->kernel, ret->n, sizeof(ret->kernel[0]), compare_versions);
	find_images(&f);
	presets_free(&f.presets);
	loader_free(&f.loader);
}

void kernels_free(struct kernels *k)
{
	for (unsigned i = 0; i < k->n; i++)
		free_kernel(&k->kernel[i]);
	free(k->kernel);
	*k = (struct kernels){ .n = 0 };
}
