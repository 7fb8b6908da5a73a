/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysfs.h - the only calls that touch files, directories, links and modules.
 *
 * All take a directory fd and a path below it, so that a program can work on a tree beside
 * the real one, and goes on working on the right one after the boot has moved its mounts.
 * The unit tests link a scripted kernel in place of this file.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "runtime/core/text.h"

/* The directory, or -errno. That in place of `at` gives -EBADF in every call. */
int sysfs_dir(int at, const char *path);

/* Reads an attribute into buf and ends it with a NUL: one read(2), as it comes whole or not
 * at all. Its length without the NUL, or -errno; -E2BIG: it has cap bytes or more. */
ssize_t sysfs_read(int at, const char *path, char *buf, size_t cap);

/* The same for a file of any kind and length, read to its end. -EISDIR: a directory. */
ssize_t sysfs_read_file(int at, const char *path, char *buf, size_t cap);

/* Calls each(line, arg) for every line of a file of any length, without its newline and cut
 * behind 128 bytes, until it returns other than 0, which is returned then. 0, or -errno: there is
 * no such file. */
int sysfs_lines(int at, const char *path, int (*each)(struct slice line, void *arg), void *arg);

/* Reads exactly n bytes at an offset (config space); -EIO where there are fewer. */
int sysfs_read_at(int at, const char *path, void *buf, size_t n, off_t offset);

/* One write(2) of the whole text: an attribute takes it whole or not at all. 0 or -errno. */
int sysfs_write(int at, const char *path, const char *text);

/* The last component of a link's target (a driver's name, a group's number), whole = 1: the
 * target itself. Its length, or -errno; -ENOENT: no such link. */
ssize_t sysfs_link(int at, const char *path, int whole, char *buf, size_t cap);

/* True: a line of the file has this word, between blanks and in its first 128 bytes. */
int sysfs_has_word(int at, const char *path, const char *word);

/* True: somebody has claimed the block device for himself: who mounts it, md, ZFS. */
int sysfs_is_claimed(int at, const char *path);

/* Calls each(name, arg) for every entry whose name does not begin with a dot, until it
 * returns other than 0, which is returned then. 0, or -errno. With NULL for `path` the entries
 * are those of `at` itself, which nobody has listed before. */
int sysfs_list(int at, const char *path, int (*each)(const char *name, void *arg), void *arg);

/* True: something is there. */
int sysfs_exists(int at, const char *path);

/* Loads a module from an uncompressed file. 0, or -errno: -EEXIST it is loaded already,
 * -ENOEXEC of another kernel, -EKEYREJECTED unsigned under lockdown. */
int sysfs_load_module(int at, const char *path, const char *params);

/* What a boot needs none of. */

/* From now on what a path below this fd leads to is below it: a --sysroot, where an absolute
 * link or ".." must not lead to the host's files. 0, or -errno: -ENOSYS before Linux 5.6. */
int sysfs_confine(int root);

/* What open(2) gives, or -errno. */
int sysfs_open(int at, const char *path, int flags);

/* The absolute path of what is there, through links, for libraries that open it themselves.
 * Its length, or -errno. */
ssize_t sysfs_path(int at, const char *path, char *buf, size_t cap);
