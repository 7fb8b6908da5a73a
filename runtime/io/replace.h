/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replace.h - files that are whole or not there: written under another name, then renamed. */
#pragma once

#include "runtime/core/slice.h"

/* Writes all of the text to fd. Returns 0, or -errno: then some of it may be written. */
int replace_write(int fd, struct slice text);

/* Makes `name` in the directory `dir` a file of mode 0644 with this text, in one step for
 * readers. Until then the text is in the file `temporary` of the same directory, which is removed
 * first and is not left behind. Returns 0, or -errno: then `name` is what it was. Nothing is
 * synced: this is for files that need not survive a power cut. */
int replace_file(int dir, const char *name, const char *temporary, struct slice text);
