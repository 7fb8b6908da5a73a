/* SPDX-License-Identifier: GPL-2.0-or-later */
/* efi.c - the token as a variable of the firmware, which no boot loader has to know. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <linux/magic.h>

#include "runtime/io/sysfs.h"
#include "cli/machine/whole_file.h"
#include "once.h"
#include "variable.h"

#define EFI "sys/firmware/efi"
#define VARIABLE_MAX 4096

static bool is_mounted(const struct roots *roots)
{
	struct statfs fs;
	int dir = sysfs_dir(roots->root, VARIABLE_DIR);
	/* Below --sysroot the variables are files of a directory. */
	bool is = dir >= 0 && (!roots->real || (!fstatfs(dir, &fs) &&
						fs.f_type == EFIVARFS_MAGIC));

	if (dir >= 0)
		close(dir);
	return is;
}

static bool efi_there(const struct roots *roots, char *why, size_t size)
{
	if (!sysfs_exists(roots->root, EFI))
		text_make(why, size, "this machine has not booted by EFI");
	else if (!is_mounted(roots))
		/* The mount tells a kernel without variables: ENODEV. */
		text_make(why, size,
			  "efivarfs is not mounted: mount -t efivarfs efivarfs /" VARIABLE_DIR
			  " (\"unknown filesystem type\" and \"no such device\" mean that the "
			  "kernel has no variables, as with noefi)");
	else
		return true;
	return false;
}

static int efi_pending(const struct roots *roots, char *token, size_t size)
{
	char *text;
	ssize_t n = whole_file(roots->root, VARIABLE_DIR "/" TOKEN_VARIABLE, VARIABLE_MAX, &text);

	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return (int)n;
	/* What is half there, or is not of this version, is no token for the boot either. */
	struct token found = { .word = TOKEN_NONE };
	if (n > TOKEN_ATTRIBUTES && (size_t)n - TOKEN_ATTRIBUTES < size)
		token_parse((struct slice){ text + TOKEN_ATTRIBUTES, (size_t)n - TOKEN_ATTRIBUTES },
			    &found);
	if (found.word)
		memcpy(token, text + TOKEN_ATTRIBUTES, (size_t)n - TOKEN_ATTRIBUTES + 1);
	free(text);
	return found.word != TOKEN_NONE;
}

/* True: the variable has this text. */
static bool holds(const struct roots *roots, const char *token)
{
	char *text;
	ssize_t n = whole_file(roots->root, VARIABLE_DIR "/" TOKEN_VARIABLE, VARIABLE_MAX, &text);
	bool is = n > TOKEN_ATTRIBUTES && !strcmp(text + TOKEN_ATTRIBUTES, token);

	if (n >= 0)
		free(text);
	return is;
}

static int efi_arm(const struct roots *roots, const char *token, char *why, size_t size)
{
	int r = strlen(token) < ONCE_TOKEN_MAX ?
		variable_put(roots, TOKEN_VARIABLE, token, strlen(token)) : -E2BIG;

	if (!r && !holds(roots, token))
		r = -EIO;
	return r ? variable_failed(r, TOKEN_VARIABLE, why, size) : 0;
}

static int efi_cancel(const struct roots *roots, char *why, size_t size)
{
	int r = variable_delete(roots, TOKEN_VARIABLE);

	return r && r != -ENOENT ? variable_failed(r, TOKEN_VARIABLE, why, size) : 0;
}

const struct once_means once_efi = {
	.name = "EFI variable",
	.probe = "0 profile that has a name of the length that is the longest one\n",
	.there = efi_there,
	.arm = efi_arm,
	.pending = efi_pending,
	.cancel = efi_cancel,
};
