/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h - writing: a text is built in the caller's buffer.
 *
 * Pure. Used in place of stdio, which would make the boot binary a third larger.
 */
#pragma once

#include <stdarg.h>

#include "slice.h"

/* A text under construction. It is always NUL-terminated and never grows past cap. What does not
 * fit is dropped, and `cut` is set. */
struct text {
	char *buf;
	size_t cap;
	size_t len;
	bool cut;
};

void text_start(struct text *t, char *buf, size_t cap);

/* Appends to t what `format` says. The conversions are those of printf(), so that the compiler
 * checks the arguments. As in the kernel, a letter after %p stands for a type
 * (Documentation/core-api/printk-formats.rst):
 *     %s  const char *
 *     %u  unsigned, decimal
 *     %x  unsigned, hex; %02x and %04x with at least that many digits
 *     %pa const struct pci_address *: 0000:01:00.0
 *     %pi const struct pci_function *: its vendor:device
 *     %pj const char *, as a JSON string; bytes outside printable ASCII become \u00XX, so
 *         that the result is valid JSON whatever they are
 *     %pn the same, but null for ""
 *     %pp const struct place *: /etc/vgapass.conf:3, with its column unless that is 0
 *     %pr const struct pci_path *: 00:01.0/00.0, with its domain unless that is 0; nothing
 *         for an unknown path
 *     %pv const struct slice *
 * There is no %%. scripts/lint refuses every other letter after %p. */
void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vadd(struct text *t, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* Formats into buf, drops what does not fit, and returns buf. */
const char *text_make(char *buf, size_t cap, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A place in a text: the file, line and column from 1. Line 0: the file as a whole. A file of the
 * configuration is named as below /etc: "vgapass.conf". */
struct place {
	const char *file;
	uint32_t line, column;
};
