/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernels.h - the installed kernels, and the boot images that they boot with. */
#pragma once

#include "host.h"

/* A boot image: what the kernel unpacks one after the other. */
struct boot_image {
	char *path; /* of the part that matters, below the root: no processor's microcode */
	unsigned parts;
	char **part; /* paths of all, path included, in their order */
	bool found;  /* false: the entry of a boot loader names it, and it is not there */
	bool unused; /* another boot loader than that of the entry booted the kernel that runs */
	char *entry; /* the file of the entry that names it; NULL: it has a usual name */
};

struct kernel {
	char *version;
	bool runs;
	unsigned images;
	struct boot_image *image;
	char *bare_entry; /* the file of an entry that boots it without a boot image; or NULL */
};

/* Kernels that can be booted: those with both modules and a kernel, the one that runs, and
 * those that have a boot image. Sorted; the last is the newest. */
struct kernels {
	unsigned n;
	struct kernel *kernel;
	unsigned entries;    /* that were found, but those of a loader that did not boot */
	const char *unmounted; /* "boot": /etc/fstab has it and it is not mounted; NULL: none */
};

/* kernels_free() is needed afterwards. */
void kernels_find(const struct host *h, struct kernels *ret);
void kernels_free(struct kernels *k);

/* True: this kernel is one that boots next: the one that runs, or the newest. */
static inline bool kernels_is_next(const struct kernels *k, unsigned i)
{
	return k->kernel[i].runs || i + 1 == k->n;
}
