/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images.c - boot images: do they hold what is configured and installed now? */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/machine/image_look.h"
#include "cli/machine/rebuild.h"
#include "runtime/io/sysfs.h"

static enum check_code code_of(enum image_state state)
{
	switch (state) {
	case IMAGE_GOOD:
		return CODE_IMAGE_CURRENT;
	case IMAGE_LEFT:
		return CODE_IMAGE_LEFTOVER;
	case IMAGE_WITHOUT:
		return CODE_IMAGE_WITHOUT_VGAPASS;
	case IMAGE_OTHER:
		return CODE_IMAGE_STALE;
	case IMAGE_BOOSTER:
		return CODE_IMAGE_BOOSTER;
	case IMAGE_DAMAGED:
		return CODE_IMAGE_DAMAGED;
	case IMAGE_MISSING:
		return CODE_IMAGE_MISSING;
	case IMAGE_DENIED:
		return CODE_IMAGE_UNREADABLE;
	default:
		return CODE_IMAGE_READ_FAILED;
	}
}

/* Says what an image is; `level` is that of one that is not what it should be. */
static void look_at_image(struct check *c, const struct kernel *k, const struct boot_image *image,
			  enum finding_level level)
{
	char text[IMAGE_TEXT_MAX];
	enum image_state state = image_look(c->host, k, image, text);

	if ((state == IMAGE_GOOD || state == IMAGE_MISSING) && image_is_idle(c->host))
		return;
	if (state == IMAGE_GOOD)
		level = FINDING_OK;
	else if (state == IMAGE_DENIED || state == IMAGE_FAILED || state == IMAGE_LEFT)
		level = FINDING_WARNING;
	check_say(c, level, code_of(state), check_line(image->path, 0), "%s", text);
	if (state == IMAGE_DENIED)
		check_as_root(c);
	else if (state == IMAGE_FAILED)
		check_run(c, "vgapass check images");
	else if (state != IMAGE_GOOD)
		check_rebuild(c, k->version, state == IMAGE_LEFT ? NULL : image);
}

static void say_unmounted(struct check *c, const char *directory, const char *what)
{
	check_say(c, FINDING_WARNING, CODE_BOOT_UNMOUNTED, check_line(directory, 0),
		  "is not mounted, so which image %s is not known", what);
	check_run(c, "mount /%s", directory);
	check_run(c, "vgapass check images");
}

/* Says that no image of a kernel is known. */
static void say_unknown(struct check *c, const struct kernels *kernels, const struct kernel *k,
			enum finding_level level)
{
	char what[CHECK_PLACE_MAX];

	if (k->bare_entry) {
		check_say(c, level, CODE_ENTRY_WITHOUT_IMAGE, check_line(k->bare_entry, 0),
			  "boots kernel %s without a boot image, so nothing binds before the "
			  "drivers load", k->version);
		check_edit(c, check_line(k->bare_entry, 0), "name a boot image there");
		check_rebuild(c, k->version, NULL);
	} else if (kernels->unmounted) {
		say_unmounted(c, kernels->unmounted, text_make(what, sizeof(what), "boots kernel "
							       "%s", k->version));
	} else {
		check_say(c, FINDING_WARNING, CODE_IMAGE_UNKNOWN, "", "kernel %s has no known boot "
			  "image, neither in a boot loader's entry nor in /boot", k->version);
		check_advise(c, "mount the partition that boots if it is not mounted");
		check_rebuild(c, k->version, NULL);
	}
}

static void look_at_kernels(struct check *c, const struct kernels *kernels)
{
	bool idle = image_is_idle(c->host);

	for (unsigned i = 0; i < kernels->n; i++) {
		const struct kernel *k = &kernels->kernel[i];
		enum finding_level level = kernels_is_next(kernels, i) ? FINDING_ERROR :
									 FINDING_WARNING;
		for (unsigned j = 0; j < k->images; j++)
			look_at_image(c, k, &k->image[j], level);
		if (!k->images && !idle)
			say_unknown(c, kernels, k, level);
	}
	if (kernels->unmounted && !kernels->entries && kernels->n && !idle &&
	    kernels->kernel[kernels->n - 1].images)
		say_unmounted(c, kernels->unmounted, "the boot loader takes");
}

static bool say_denied(struct check *c, const char *directory)
{
	if (!faccessat(c->host->roots.root, directory, R_OK | X_OK, 0) || errno != EACCES)
		return false;
	check_say(c, FINDING_WARNING, CODE_BOOT_UNREADABLE, check_line(directory, 0),
		  "cannot be read, so which image boots, and what it holds, is not known");
	check_as_root(c);
	return true;
}

void check_images(struct check *c)
{
	bool idle = image_is_idle(c->host);
	const char *text, *instead;
	struct kernels kernels;

	if (say_denied(c, "boot"))
		return;
	if (!idle && !image_early(c->host)) {
		check_say(c, FINDING_ERROR, CODE_PROGRAM_MISSING, "/usr/lib/vgapass/vgapass-early",
			  "not found, so the boot cannot bind anything");
		check_advise(c, "install vgapass again");
	}
	if (!idle && rebuild_unsupported(c->host, &text, &instead)) {
		check_say(c, FINDING_ERROR, CODE_SYSTEM_UNSUPPORTED, "", "%s", text);
		check_advise(c, "%s", instead);
		return;
	}
	kernels_find(c->host, &kernels);
	/* GRUB's entries are enough: /boot/efi is closed on most systems. */
	if (kernels.entries || (!say_denied(c, "boot/loader/entries") && !say_denied(c, "efi") &&
				!say_denied(c, "boot/efi")))
		look_at_kernels(c, &kernels);
	kernels_free(&kernels);
}
