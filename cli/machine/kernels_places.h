/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernels_places.h - where kernels and boot images lie by the customs of distributions, for
 * kernels.c: no entry of a boot loader names them. */
#pragma once

#include "preset.h"

struct place_list {
	unsigned n;
	char **path; /* below the root */
};

/* Finds the images of a kernel. places_free() is needed afterwards. */
void places_of_images(const struct host *h, const struct presets *presets, const char *version,
		      struct place_list *ret);
void places_free(struct place_list *l);

/* True: the kernel's own file is found. */
bool places_has_kernel(const struct host *h, const char *version);

/* Reads the name of the package that brought the kernel, as Arch has it. False: none. */
bool places_package(const struct host *h, const char *version, char *to, size_t cap);

/* Returns the first of boot, efi and boot/efi that /etc/fstab has and that is not mounted: what
 * boots lies there. NULL: none. */
const char *places_unmounted(const struct host *h);
