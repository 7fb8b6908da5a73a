/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images.c - boot images: do they hold what is configured and installed now? */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/machine/image_look.h"
#include "cli/machine/rebuild.h"
#include "runtime/io/sysfs.h"

/* Says what an image is; `level` is that of one that is not what it should be. */
static void look_at_image(struct check *c, const struct kernel *k, const struct boot_image *image,
			  enum check_level level)
{
	char text[IMAGE_TEXT_MAX];
	enum image_state state = image_look(c->host, k, image, text);
	const char *at = check_line(image->path, 0);

	if (state == IMAGE_GOOD && image_is_idle(c->host))
		return;
	if (state == IMAGE_GOOD)
		check_say(c, CHECK_OK, at, "%s\n", text);
	else if (state == IMAGE_DENIED)
		check_say(c, CHECK_WARNING, at, "%s\nrun vgapass check as root", text);
	else if (state == IMAGE_FAILED)
		check_say(c, CHECK_WARNING, at, "%s\nrun vgapass check again", text);
	else if (state != IMAGE_MISSING || !image_is_idle(c->host))
		check_say(c, state == IMAGE_LEFT ? CHECK_WARNING : level, at, "%s\n%s, and reboot",
			  text, rebuild_advice_for(c->host, k->version,
						   state == IMAGE_LEFT ? NULL : image));
}

/* Says that no image of a kernel is known. */
static void say_unknown(struct check *c, const struct kernels *kernels, const struct kernel *k,
			enum check_level level)
{
	if (k->bare_entry)
		check_say(c, level, check_line(k->bare_entry, 0), "boots kernel %s without a boot "
			  "image, so nothing binds before the drivers load\nmake one, "
			  "name it there, and reboot: %s", k->version,
			  rebuild_advice_for(c->host, k->version, NULL));
	else if (kernels->unmounted)
		check_say(c, CHECK_WARNING, check_line(kernels->unmounted, 0), "is not mounted, so "
			  "which image boots kernel %s is not known\nmount /%s, and run "
			  "vgapass check again", k->version, kernels->unmounted);
	else
		check_say(c, CHECK_WARNING, "", "kernel %s: which image boots it is not "
			  "known: neither an entry of a boot loader nor a file in /boot "
			  "tells\nmount the partition that boots, if it is not, and run vgapass "
			  "check again; else %s", k->version,
			  rebuild_advice_for(c->host, k->version, NULL));
}

static void look_at_kernels(struct check *c, const struct kernels *kernels)
{
	bool idle = image_is_idle(c->host);

	for (unsigned i = 0; i < kernels->n; i++) {
		const struct kernel *k = &kernels->kernel[i];
		enum check_level level = kernels_is_next(kernels, i) ? CHECK_ERROR : CHECK_WARNING;
		for (unsigned j = 0; j < k->images; j++)
			look_at_image(c, k, &k->image[j], level);
		if (!k->images && !idle)
			say_unknown(c, kernels, k, level);
	}
	if (kernels->unmounted && !kernels->entries && kernels->n && !idle &&
	    kernels->kernel[kernels->n - 1].images)
		check_say(c, CHECK_WARNING, check_line(kernels->unmounted, 0), "is not mounted, so "
			  "which image the boot loader takes is not known\nmount /%s, "
			  "and run vgapass check again", kernels->unmounted);
}

static bool say_denied(struct check *c, const char *directory)
{
	if (!faccessat(c->host->roots.root, directory, R_OK | X_OK, 0) || errno != EACCES)
		return false;
	check_say(c, CHECK_WARNING, check_line(directory, 0), "cannot be read, so which "
		  "image boots, and what it holds, is not known\nrun vgapass check as root");
	return true;
}

void check_images(struct check *c)
{
	bool idle = image_is_idle(c->host);
	const char *text, *instead;
	struct kernels kernels;

	if (say_denied(c, "boot"))
		return;
	if (!idle && !image_early(c->host))
		check_say(c, CHECK_ERROR, "/usr/lib/vgapass/vgapass-early", "not found: it does "
			  "the work at boot\ninstall vgapass again");
	if (!idle && rebuild_unsupported(c->host, &text, &instead)) {
		check_say(c, CHECK_ERROR, "", "%s\n%s", text, instead);
		return;
	}
	kernels_find(c->host, &kernels);
	/* GRUB's entries are enough: /boot/efi is closed on most systems. */
	if (kernels.entries || (!say_denied(c, "boot/loader/entries") && !say_denied(c, "efi") &&
				!say_denied(c, "boot/efi")))
		look_at_kernels(c, &kernels);
	kernels_free(&kernels);
}
