/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rebuild_plan.c - see rebuild_plan.h */
#include "rebuild_plan.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/out/xalloc.h"
#include "hook/image/modprobe.h"
#include "preset.h"
#include "runtime/io/sysfs.h"

#define ARRAY(a) (sizeof(a) / sizeof((a)[0]))

static bool is_program(const struct host *h, const char *path)
{
	struct stat st;
	int fd = sysfs_open(h->roots.root, path, O_PATH);
	bool ret = fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_mode & 0111;

	if (fd >= 0)
		close(fd);
	return ret;
}

bool rebuild_find_program(const struct host *h, const char *name, char *path, size_t cap)
{
	static const char *const directories[] = { "/usr/sbin", "/usr/bin", "/sbin", "/bin",
						   "/usr/local/sbin", "/usr/local/bin" };

	for (size_t i = 0; i < ARRAY(directories); i++) {
		text_make(path, cap, "%s/%s", directories[i], name);
		if (is_program(h, path + 1))
			return true;
	}
	return false;
}

static bool has_program(const struct host *h, const char *name)
{
	char path[128];

	return rebuild_find_program(h, name, path, sizeof(path));
}

/* Adds a command, whose words end with the first NULL. */
static struct rebuild_step *add_words(struct rebuild_plan *p, const char *const *words)
{
	p->step = xreallocarray(p->step, p->n + 1, sizeof(*p->step));
	struct rebuild_step *s = &p->step[p->n++];
	*s = (struct rebuild_step){ .n = 0 };
	for (; *words && s->n < STEP_WORDS_MAX; words++)
		s->word[s->n++] = xstrdup(*words);
	return s;
}

#define add_step(p, ...) add_words(p, (const char *const[]){ __VA_ARGS__, NULL })

void rebuild_plan_free(struct rebuild_plan *p)
{
	for (unsigned i = 0; i < p->n; i++)
		for (unsigned k = 0; k < p->step[i].n; k++)
			free(p->step[i].word[k]);
	free(p->step);
	*p = (struct rebuild_plan){ .n = 0 };
}

void rebuild_plan_text(const struct rebuild_plan *p, struct text *t)
{
	if (p->unmounted)
		text_add(t, "mount /%s && ", p->unmounted);
	for (unsigned i = 0; i < p->n; i++)
		for (unsigned k = 0; k < p->step[i].n; k++) {
			const char *word = p->step[i].word[k];
			bool plain = !word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
						  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						  "0123456789_./@+=:,%-")];
			text_add(t, "%s%s%s%s", k ? " " : i ? " && " : "", plain ? "" : "'", word,
				 plain ? "" : "'");
		}
}

/* --- systems whose boot images cannot carry vgapass */

#define BY_ANOTHER "make the boot images by mkinitcpio or dracut"

/* Generators without a hook of vgapass, where no other is installed. */
static const struct {
	const char *program, *text;
} generators[] = {
	{ "booster", "booster is not supported: it cannot put vgapass into a boot image" },
	{ "mkinitfs", "mkinitfs is not supported: it cannot put vgapass into a boot image" },
	{ "genkernel", "genkernel is not supported: it cannot put vgapass into a boot image" },
	{ "ugrd", "ugrd is not supported: it cannot put vgapass into a boot image" },
	{ "mkosi-initrd", "mkosi-initrd is not supported: it cannot put vgapass into a "
	  "boot image" },
	{ "mkinitrd", "mkinitrd is not supported: it cannot put vgapass into a boot image" },
	{ "tinyramfs", "tinyramfs is not supported: it cannot put vgapass into a boot image" },
};

static bool is_made_by_booster(const struct kernels *kernels)
{
	for (unsigned i = 0; i < kernels->n; i++) {
		const struct kernel *kernel = &kernels->kernel[i];
		for (unsigned k = 0; kernels_is_next(kernels, i) && k < kernel->images; k++)
			if (strstr(kernel->image[k].path, "/booster-"))
				return true;
	}
	return false;
}

static void refuse(struct rebuild_plan *p, const char *text, const char *instead)
{
	p->unsupported = text;
	p->instead = instead;
}

static void refuse_system(const struct host *h, const struct kernels *kernels,
			  struct rebuild_plan *p)
{
	int root = h->roots.root;

	if (sysfs_exists(root, "etc/NIXOS") ||
	    (sysfs_exists(root, "nix/store") && sysfs_exists(root, "run/current-system")))
		refuse(p, "NixOS is not supported: its boot images are made of its own "
			  "configuration, without vgapass",
		       "bind the functions by boot.initrd.kernelModules and boot.kernelParams in "
		       "configuration.nix");
	else if (sysfs_exists(root, "gnu/store") && sysfs_exists(root, "run/current-system"))
		refuse(p, "Guix is not supported: its boot images are made of its own "
			  "configuration, without vgapass",
		       "bind the functions by initrd-modules and kernel-arguments of the "
		       "operating-system");
	else if (sysfs_exists(root, "etc/unraid-version"))
		refuse(p, "Unraid is not supported: its boot image comes from its makers, without "
			  "vgapass",
		       "bind the functions in Tools, System Devices, which writes "
		       "/boot/config/vfio-pci.cfg");
	else if (sysfs_exists(root, "run/ostree-booted") && !has_program(h, "rpm-ostree"))
		refuse(p, "the boot image comes with the image of the system (ostree, bootc), and "
			  "rpm-ostree is not installed",
		       "build the system's image with vgapass and its configuration in it");
	else if (is_made_by_booster(kernels))
		refuse(p, generators[0].text, BY_ANOTHER);
}

static void refuse_generator(const struct host *h, struct rebuild_plan *p)
{
	for (size_t i = 0; !p->n && !p->unsupported && i < ARRAY(generators); i++)
		if (has_program(h, generators[i].program))
			refuse(p, generators[i].text, BY_ANOTHER);
}

/* --- images one by one */

typedef void image_step(const struct host *h, const struct kernel *k,
			const struct boot_image *image, struct rebuild_plan *p);

static bool is_unified(const struct boot_image *image)
{
	size_t n = strlen(image->path);

	return n > 4 && !strcasecmp(image->path + n - 4, ".efi");
}

static void each_image(const struct host *h, const struct kernels *kernels, const char *kernel,
		       image_step *step, struct rebuild_plan *p)
{
	for (unsigned i = 0; i < kernels->n; i++) {
		const struct kernel *k = &kernels->kernel[i];
		for (unsigned n = 0; n < k->images; n++)
			if (!kernel || !strcmp(k->version, kernel))
				step(h, k, &k->image[n], p);
	}
}

/* "/PATH", good until the next call. */
static const char *absolute(const char *path)
{
	static char buf[4096];

	return text_make(buf, sizeof(buf), "/%s", path);
}

/* kernel-install(8) wants the kernel's file. False: it is not found. */
static bool add_kernel_install(const struct host *h, const struct kernel *k,
			       struct rebuild_plan *p)
{
	static const char *const places[] = { "usr/lib/modules/%s/vmlinuz",
					      "lib/modules/%s/vmlinuz", "boot/vmlinuz-%s" };
	char path[512];

	if (!has_program(h, "kernel-install"))
		return false;
	for (size_t i = 0; i < ARRAY(places); i++) {
		const char *percent = strchr(places[i], '%');
		text_make(path, sizeof(path), "%pv%s%s",
			  &(struct slice){ places[i], (size_t)(percent - places[i]) }, k->version,
			  percent + 2);
		if (!sysfs_exists(h->roots.root, path))
			continue;
		add_step(p, "kernel-install", "add", k->version, absolute(path));
		return true;
	}
	return false;
}

static void add_dracut(const struct host *h, const struct kernel *k,
		       const struct boot_image *image, struct rebuild_plan *p)
{
	if (!is_unified(image))
		add_step(p, "dracut", "--force", absolute(image->path), k->version);
	else if (!add_kernel_install(h, k, p))
		add_step(p, "dracut", "--force", "--uefi", absolute(image->path), k->version);
}

static void add_mkinitcpio(const struct host *h, const struct kernel *k,
			   const struct boot_image *image, struct rebuild_plan *p)
{
	const char *version = strstr(image->path, k->version);

	/* In a directory of the kernel's version, and for a unified kernel image with the version
	 * in its name, it is kernel-install that calls mkinitcpio. */
	if (version && (strchr(version, '/') || is_unified(image)) && add_kernel_install(h, k, p))
		return;
	add_step(p, "mkinitcpio", "--kernel", k->version, is_unified(image) ?
		 "--uki" : "--generate", absolute(image->path));
}

/* Debian's systemd-boot has the image copied to its partition by a script of its own, which
 * update-initramfs calls; where it is not there kernel-install must. */
static void add_copy(const struct host *h, const struct kernel *k,
		     const struct boot_image *image, struct rebuild_plan *p)
{
	if (image->entry && strncmp(image->path, "boot/initrd.img", 15) != 0 &&
	    !sysfs_exists(h->roots.root, "etc/initramfs/post-update.d/systemd-boot"))
		add_kernel_install(h, k, p);
}

/* --- the tool that is in charge */

/* True: dracut alone, without a path, writes the images that boot: /boot/initramfs-VERSION.img, or
 * SUSE's /boot/initrd-VERSION. Where a directory of the machine's ID is found it writes there
 * (dracut(8), OUTPUT FILE). */
static bool has_usual_images(const struct host *h, const struct kernels *kernels)
{
	static const char *const bases[] = { "boot", "efi", "boot/efi" };
	char machine[64], path[512];
	int root = h->roots.root;

	if (sysfs_read_file(root, "etc/machine-id", machine, sizeof(machine)) < 0)
		*machine = '\0';
	machine[strcspn(machine, "\n")] = '\0';
	for (size_t i = 0; *machine && i < ARRAY(bases); i++)
		if (sysfs_exists(root, text_make(path, sizeof(path), "%s/%s", bases[i], machine)))
			return false;
	for (unsigned i = 0; i < kernels->n; i++)
		for (unsigned k = 0; k < kernels->kernel[i].images; k++) {
			const char *version = kernels->kernel[i].version;
			const char *image = kernels->kernel[i].image[k].path;
			if (strcmp(image, text_make(path, sizeof(path), "boot/initramfs-%s.img",
						    version)) != 0 &&
			    strcmp(image, text_make(path, sizeof(path), "boot/initrd-%s",
						    version)) != 0)
				return false;
		}
	return true;
}

/* True: an image that boots is one of a preset's, or none is known. */
static bool is_preset_made(const struct presets *presets, const struct kernels *kernels)
{
	unsigned images = 0;

	for (unsigned i = 0; i < kernels->n; i++)
		for (unsigned k = 0; k < kernels->kernel[i].images; k++, images++)
			for (unsigned n = 0; n < presets->n; n++)
				if (!strcmp(kernels->kernel[i].image[k].path,
					    presets->image[n].path))
					return true;
	return presets->n && !images;
}

static void plan_dracut(const struct host *h, const struct kernels *kernels, const char *kernel,
			struct rebuild_plan *p)
{
	static const char *const wrappers[] = { "dracut-rebuild", "reinstall-kernels" };

	for (size_t i = 0; i < ARRAY(wrappers); i++)
		if (has_program(h, wrappers[i])) {
			add_step(p, wrappers[i]);
			return;
		}
	if (!has_usual_images(h, kernels))
		each_image(h, kernels, kernel, add_dracut, p);
	if (!p->n)
		add_step(p, "dracut", "--regenerate-all", "--force");
}

/* mkinitcpio or dracut, whichever makes the images that boot. */
static void plan_generator(const struct host *h, const struct kernels *kernels,
			   const char *kernel, struct rebuild_plan *p)
{
	bool mkinitcpio = has_program(h, "mkinitcpio"), dracut = has_program(h, "dracut");
	struct presets presets;

	presets_read(h, &presets);
	if (mkinitcpio && (!dracut || is_preset_made(&presets, kernels))) {
		if (!presets.files)
			each_image(h, kernels, kernel, add_mkinitcpio, p);
		if (!p->n)
			add_step(p, "mkinitcpio", "-P");
	} else if (dracut)
		plan_dracut(h, kernels, kernel, p);
	presets_free(&presets);
}

/* Tools that know where their images go; the first one that is installed is in charge.
 * Debian's dracut brings an update-initramfs along, which calls dracut. */
static const struct {
	const char *program, *word[3];
} tools[] = {
	{ "update-initramfs", { "-u", "-k", "all" } },
	{ "limine-mkinitcpio", { NULL } },
	{ "limine-dracut", { NULL } },
	{ "transactional-update", { "initrd" } },
	{ "sdbootutil", { "mkinitrd" } },
};

/* True: images are known, and all are where dracut alone puts them. Then sdbootutil, which serves
 * images on the firmware's partition, is installed and not in charge. */
static bool are_all_by_dracut(const struct host *h, const struct kernels *kernels)
{
	unsigned images = 0;

	for (unsigned i = 0; i < kernels->n; i++)
		images += kernels->kernel[i].images;
	return images && has_usual_images(h, kernels);
}

static void plan_tool(const struct host *h, const struct kernels *kernels, const char *kernel,
		      struct rebuild_plan *p)
{
	for (size_t i = 0; !p->n && i < ARRAY(tools); i++)
		if (has_program(h, tools[i].program) &&
		    (strcmp(tools[i].program, "sdbootutil") != 0 || !are_all_by_dracut(h, kernels)))
			add_step(p, tools[i].program, tools[i].word[0], tools[i].word[1],
				 tools[i].word[2]);
	if (p->n && !strcmp(p->step[0].word[0], "update-initramfs"))
		each_image(h, kernels, kernel, add_copy, p);
	if (!p->n)
		plan_generator(h, kernels, kernel, p);
}

/* What copies the images to where the firmware or the boot loader reads them. */
static void plan_copies(const struct host *h, struct rebuild_plan *p)
{
	if (p->n && has_program(h, "kernelstub"))
		add_step(p, "kernelstub");
	if (p->n && sysfs_exists(h->roots.root, "etc/kernel/proxmox-boot-uuids") &&
	    has_program(h, "proxmox-boot-tool"))
		add_step(p, "proxmox-boot-tool", "refresh");
}

/* rpm-ostree's images are those of a deployment, with files of /etc as far as they are tracked. */
static void plan_ostree(struct rebuild_plan *p)
{
	add_step(p, "rpm-ostree", "initramfs", "--enable")->may_fail = true;
	add_step(p, "rpm-ostree", "initramfs-etc", "--track=/etc/vgapass.conf",
		 "--track=/etc/vgapass.conf.d", "--force-sync");
	p->later = true;
}

void rebuild_plan(const struct host *h, const struct kernels *kernels, const char *kernel,
		  struct rebuild_plan *ret)
{
	*ret = (struct rebuild_plan){ .n = 0 };
	refuse_system(h, kernels, ret);
	if (ret->unsupported)
		return;
	if (sysfs_exists(h->roots.root, "run/ostree-booted"))
		plan_ostree(ret);
	else
		plan_tool(h, kernels, kernel, ret);
	plan_copies(h, ret);
	refuse_generator(h, ret);
	if (kernels->unmounted && (!strcmp(kernels->unmounted, "boot") || !kernels->entries))
		ret->unmounted = kernels->unmounted;
}
