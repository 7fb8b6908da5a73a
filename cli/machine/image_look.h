/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image_look.h - does a boot image hold what is configured and installed now? */
#pragma once

#include "kernels.h"

enum image_state {
	IMAGE_GOOD,    /* it holds the current configuration; or no rule, and nothing of vgapass */
	IMAGE_LEFT,    /* it holds vgapass, and there is no rule */
	IMAGE_WITHOUT, /* it has nothing of vgapass */
	IMAGE_OTHER,   /* it holds an older configuration or program, or starts nothing */
	IMAGE_BOOSTER, /* booster made it, which cannot put vgapass into it */
	IMAGE_DAMAGED, /* it is damaged, or no boot image */
	IMAGE_MISSING, /* the entry of a boot loader names it, and it is not found */
	IMAGE_DENIED,  /* this user may not read it */
	IMAGE_FAILED,  /* reading it failed */
};

#define IMAGE_TEXT_MAX 1024

/* Looks into an image of a kernel. text: what is so, without the image's name, for a message
 * "/PATH: TEXT". */
enum image_state image_look(const struct host *h, const struct kernel *k,
			    const struct boot_image *image, char text[IMAGE_TEXT_MAX]);

/* True: the configuration requires nothing of boot images. */
bool image_is_idle(const struct host *h);

/* Finds vgapass-early as it is installed, which hooks copy into boot images: a path below the
 * root, good until the next call. NULL: it is not found. */
const char *image_early(const struct host *h);
