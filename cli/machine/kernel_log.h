/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_log.h - the kernel's log, from /dev/kmsg or the journal. */
#pragma once

#include <sys/types.h>

#include "host.h"

/* Opens /dev/kmsg of the machine, whose lines are records. Returns an fd, or -errno. */
int kernel_log_open(const struct host *h);

/* Starts journalctl(1) for the kernel's lines of a boot: "-1" is the one before this one, else its
 * ID. format: as its option -o takes it. journalctl itself prints what is wrong. Returns an fd, and
 * *pid for kernel_log_end(); or -errno. */
int kernel_log_journal(const struct host *h, const char *boot, const char *format, pid_t *pid);

/* Waits for journalctl. Returns waitpid()'s status. */
int kernel_log_end(pid_t pid);

/* Feeds all that can be read of fd. records: it is /dev/kmsg. Returns 0, or -errno. */
int kernel_log_read(int fd, bool records, void (*feed)(const char *data, size_t n, void *arg),
		    void *arg);

/* Finds vgapass's own lines of a boot: "[    2.345678] vgapass: ...", to be freed, each with a
 * newline behind it. boot_id: as the receipt has it; "": not known. Returns NULL where there are
 * none; then *why says why, for a sentence. */
char *kernel_log_of_vgapass(const struct host *h, const char *boot_id, const char **why);
