/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log.h - one line at a time into the kernel log.
 *
 * /dev/kmsg takes ten lines in five seconds from one opened file and drops the rest
 * (kernel/printk/printk.c, devkmsg_write()), so each line opens it anew.
 */
#pragma once

#include <stdbool.h>

enum log_level { LOG_IS_ERROR = 3, LOG_IS_WARNING = 4, LOG_IS_INFO = 6 };

/* Writes "vgapass: " and the line that text_add() makes of the rest: to the kernel log if `real`,
 * to standard error otherwise (--sysroot), or if there is no kernel log. */
void log_line(bool real, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
