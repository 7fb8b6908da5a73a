/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pe.h - the sections of a PE file, such as a unified kernel image.
 *
 * systemd-stub(7) says what the sections hold: .linux a kernel, .initrd all archives of a boot
 * image one behind the other, .cmdline and .uname a text. Sections in front of the first .profile
 * belong to all profiles; each .profile begins a profile, whose sections take precedence. The
 * stub boots profile 0 unless it is told another.
 *
 * No number in the file is trusted: what these functions return lies within the file.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#define PE_TEXT_MAX ((size_t)64 << 10)

struct pe_section {
	uint64_t at; /* offset in the file */
	uint64_t size;
};

/* Finds a section by its name, at most eight bytes with the dot, as the stub does that boots the
 * profile. A file without .profile has profile 0. Leaves the offset of fd alone. Returns 0, or
 * -errno: -ENOEXEC, it is no PE file; -ENOENT, no such section or profile; -EBADMSG, the file is
 * damaged or cut short. */
int pe_find(int fd, unsigned profile, const char *name, struct pe_section *ret);

/* Reads a section of text, up to its first NUL and without blanks and newlines at its end. *ret is
 * malloc()ed. Returns its length, or -errno: as pe_find(), or -EFBIG, it exceeds PE_TEXT_MAX. */
ssize_t pe_text(int fd, unsigned profile, const char *name, char **ret);
