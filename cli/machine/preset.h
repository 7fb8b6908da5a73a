/* SPDX-License-Identifier: GPL-2.0-or-later */
/* preset.h - which images mkinitcpio makes: /etc/mkinitcpio.d/ *.preset. */
#pragma once

#include "host.h"

/* A boot image of a preset that is in use, but none for rescue. */
struct preset_image {
	char *package; /* the kernel's: the name of the preset's file without ".preset" */
	char *kernel;  /* ALL_kver: a path or a version; NULL: it is not said */
	char *path;    /* below the root */
	char *config;  /* the configuration that it is made by, below the root */
};

struct presets {
	unsigned files; /* how many presets there are */
	unsigned n;
	struct preset_image *image;
};

/* presets_free() is needed afterwards. */
void presets_read(const struct host *h, struct presets *ret);
void presets_free(struct presets *p);

/* Returns the value that a shell script gives a variable, to be freed: quotes and parentheses are
 * blanks; "+=" adds to what was before, an array may go over several lines. NULL: none. */
char *preset_value(const char *text, const char *name);

/* Returns true if the path is that of an image for rescue, crash dumps or recovery, of a copy of
 * an older image, or of ZFSBootMenu, which is a boot loader: these need nothing of vgapass. */
bool preset_is_rescue(const char *path);
