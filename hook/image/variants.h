/* SPDX-License-Identifier: GPL-2.0-or-later */
/* variants.h - which driver driver=auto is for which function.
 *
 * A kernel has drivers beside vfio-pci that give certain functions to guests: mlx5_vfio_pci,
 * nvgrace_gpu_vfio_pci. Their modules have aliases "vfio_pci:v...", which depmod(8) writes to
 * modules.alias. Of those that match a function, the one with the fewest wildcards is meant. If
 * two have as few, it is vfio-pci, as no alias is left.
 */
#pragma once

#include "runtime/core/config.h"
#include "runtime/core/pci.h"

/* In the boot image, below etc; the host computes the same. */
#define VARIANTS_FILE "vgapass.auto"

#define VARIANTS_MAX 128 /* aliases "vfio_pci:v..." of a kernel */

struct variant {
	struct rule rule;    /* what the alias says, as a rule; its driver is `module` */
	unsigned wildcards;
	bool wanted;         /* a rule with driver=auto may be about such a function */
	int error;           /* set by a caller: its module cannot be had */
	char module[CONFIG_NAME_MAX + 1];
	char driver[CONFIG_NAME_MAX + 1];
};

struct variants {
	unsigned n;
	struct variant variant[VARIANTS_MAX]; /* those with the fewest wildcards first */
};

/* Returns true if the configuration has a rule with driver=auto, and no file of a person's says, by
 * [auto], which driver that is. */
bool variants_are_wanted(const struct config *c);

/* Reads the aliases of a kernel, below the directory fd `root`. `inv` may be NULL: then nothing is
 * known of the machine. An alias is wanted if it matches a function of the machine that a rule
 * with driver=auto names; of a rule that names none of them, if it may match what the rule names;
 * of a rule with vfs=, if it has the vendor. Returns 0; -ENOENT: the kernel has no
 * modules.alias; -E2BIG: it has more than VARIANTS_MAX. */
int variants_read(struct variants *v, int root, const char *kernel, const struct config *c,
		  const struct inventory *inv);

/* Returns how many rules of [auto] the configuration has room for. Exceeding a limit would be an
 * error of the configuration, which binds nothing. */
unsigned variants_room(const struct config *c);

/* Adds the section [auto] with those that are wanted and have no error, at most `room` rules.
 * Calls said(a, b, arg), if it is not NULL, for each two that fit the same functions equally
 * well. */
void variants_write(const struct variants *v, struct text *t, unsigned room,
		    void (*said)(const struct variant *a, const struct variant *b, void *arg),
		    void *arg);
