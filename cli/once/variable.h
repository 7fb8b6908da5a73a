/* SPDX-License-Identifier: GPL-2.0-or-later */
/* variable.h - writes and deletes variables of the EFI firmware, which are files of efivarfs
 * (Documentation/filesystems/efivarfs.rst of the kernel). Below --sysroot a directory stands for
 * it.
 */
#pragma once

#include "runtime/io/gather.h"

#define VARIABLE_DIR "sys/firmware/efi/efivars"
#define VARIABLE_ATTRIBUTES 4 /* bytes before the data, in each file */
#define VARIABLE_DATA_MAX 1024

/* Makes the variable anew with n bytes of data, at most VARIABLE_DATA_MAX: it is non-volatile, for
 * boot and run time. One write(2) is one call of the firmware, so it is there whole or not at all.
 * Returns 0, or -errno. */
int variable_put(const struct roots *roots, const char *name, const void *data, size_t n);

/* Returns 0 if the variable is gone, or -errno. */
int variable_delete(const struct roots *roots, const char *name);

/* Writes what the error of one of these means to a person. Returns the error. */
int variable_failed(int error, const char *name, char *why, size_t size);
