/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpio.h - named files out of a boot image, as the kernel would unpack them.
 *
 * hook/image reads and fills boot images. Its parts, from the file up:
 *
 *	pe       the sections of a unified kernel image, of which .initrd is the boot image
 *	stream   the segments of an image one behind the other, unpacked; packers has the formats
 *	cpio     the archives in the segments: a visitor gets the files that it wants
 *	unpack   one compressed file, such as a module
 *	modprobe what modprobe.d says of a module
 *	modules  which modules a kernel needs for the drivers of the configuration
 *	vgapass-image   the program that the hooks call: puts all that vgapass needs into an image
 *
 * The archives are those of cpio's "newc" format. A later archive overrides an earlier one, so a
 * file may be found several times: the last time counts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Files that are larger than this come without data. */
#define CPIO_FILE_MAX ((size_t)8 << 20)

struct cpio_visitor {
	/* Returns true if the file is wanted. The name has neither "/" nor "./" in front. */
	bool (*wants)(const char *name, void *arg);
	/* Takes a file that is wanted. data is its content, or a symbolic link's target, with a NUL
	 * behind its n bytes; NULL for what is neither. Returns 0 to go on, or what cpio_read()
	 * shall return. */
	int (*found)(const char *name, const void *data, size_t n, void *arg);
	void *arg;
};

/* Reads a boot image, or that of a unified kernel image (profile 0). Returns 0, what found()
 * returned, or -errno: -EBADMSG, it is damaged or no boot image; -ENODATA, it is a PE file, such
 * as a kernel, without .initrd; -EFBIG, it is larger than any boot image; -EINVAL, no regular
 * file; -E2BIG, too many names of the same files. */
int cpio_read(const char *path, const struct cpio_visitor *v);

/* As cpio_read(), but ends at the first name behind `last` in the order of bytes, in an archive in
 * which something has been found and whose names are in this order, as initramfs-tools, dracut
 * and mkinitcpio write them. Then neither the rest of that archive nor what is behind it has been
 * unpacked. last: the greatest name that can be wanted; NULL: reads to the end. */
int cpio_read_until(const char *path, const struct cpio_visitor *v, const char *last);

/* The same for a file that is open, from its beginning, wherever its offset is. */
int cpio_read_fd(int fd, const struct cpio_visitor *v, const char *last);
