/* SPDX-License-Identifier: GPL-2.0-or-later */
/* once.h - what is asked for the next boot alone: a trial, no passthrough, a profile; and where
 * this machine can keep it.
 *
 * It is a token (the text of one line, "1 trial\n", "1 off\n", "1 profile NAME\n"), which the next
 * boot takes away before it binds anything. So whatever becomes of that boot, the one after it is
 * as if nothing had been asked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "runtime/core/token.h"
#include "runtime/io/gather.h"

#define ONCE_TOKEN_MAX TOKEN_MAX
#define ONCE_TRIAL "1 trial\n"
#define ONCE_OFF "1 off\n"
#define ONCE_WHY_MAX 512   /* bytes that hold any reason */

/* A place for a token that a boot takes away. A reason is a part of a sentence, and behind a colon
 * what to do: "efivarfs is not mounted: mount -t ...". */
struct once_means {
	const char *name; /* as messages have it: "EFI variable" */

	/* A text that arm() takes and no boot takes for a token, to find out whether there is
	 * room. NULL: none is needed. */
	const char *probe;

	/* Returns true if this machine has it; else `why` gets the reason. It may still be
	 * read-only or full. Changes nothing. */
	bool (*there)(const struct roots *roots, char *why, size_t size);

	/* Leaves the token, in place of one that is there. Returns 0, or -errno: `why` gets the
	 * reason, and the next boot finds no token. -ENOENT: no such entry of a boot menu. */
	int (*arm)(const struct roots *roots, const char *token, char *why, size_t size);

	/* Returns 1 if the next boot finds a token, whose text goes to `token`; 0: it finds none;
	 * or -errno. */
	int (*pending)(const struct roots *roots, char *token, size_t size);

	/* Takes the token away. Returns 0, also if there is none; or -errno, and `why` gets the
	 * reason: then it is still there. */
	int (*cancel)(const struct roots *roots, char *why, size_t size);
};

/* A variable of the firmware, which vgapass-early deletes. */
extern const struct once_means once_efi;

/* One-shot entries of boot menus, which `vgapass menu` has made. */
extern const struct once_means once_grub, once_loader;

/* All means, the best first; ends with NULL. */
extern const struct once_means *const once_all[];

/* Returns the first means that this machine has, but for `but` (NULL: of all). NULL: none, and
 * `why` gets each one's reason. */
const struct once_means *once_find(const struct roots *roots, const struct once_means *but,
				   char *why, size_t size);

/* Finds the means that has a token for the next boot, whose text goes to `token`. NULL: none, or
 * that cannot be read. */
const struct once_means *once_pending(const struct roots *roots, char *token, size_t size);

/* Leaves a token by the means, and takes away what another means has: there is one next boot.
 * Returns 0, or -errno, and `why` gets the reason. */
int once_arm(const struct roots *roots, const struct once_means *means, const char *token,
	     char *why, size_t size);

/* Takes away the tokens of all means. Returns how many there were, or -errno, and `why` gets the
 * reason. */
int once_cancel(const struct roots *roots, char *why, size_t size);
