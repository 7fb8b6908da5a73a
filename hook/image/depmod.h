/* SPDX-License-Identifier: GPL-2.0-or-later */
/* depmod.h - are the indices that depmod(8) wrote whole? libkmod trusts each offset in them: a
 * damaged one makes it run for ever, crash, or ask for all memory. */
#pragma once

#include <stddef.h>

/* Returns the first damaged index in a kernel's module directory, or one that is no file, as a
 * path below the directory fd `root`, to be freed. NULL: there is none, or no memory. */
char *depmod_find_damage(int root, const char *folder);

/* Returns 0, or -EBADMSG: the index is damaged. */
int depmod_check(const unsigned char *index, size_t n);
