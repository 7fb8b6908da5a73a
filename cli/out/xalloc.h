/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xalloc.h - memory for a command that cannot go on without it.
 *
 * Where there is none, each prints "cannot allocate N bytes" and ends the process with exit
 * code 1. What they return is to be freed.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

void *xmalloc(size_t n);

/* n zeroed objects of `size` bytes. Pages that are never touched take no memory. */
void *xcalloc(size_t n, size_t size);

void *xreallocarray(void *p, size_t n, size_t size);

char *xstrdup(const char *text);

/* At most n bytes of the text. */
char *xstrndup(const char *text, size_t n);

char *xvasprintf(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A file that becomes a text when it is closed, by xclose_text(). */
FILE *xopen_text(char **text, size_t *n);
void xclose_text(FILE *file);

/* For libraries that allocate by themselves: n is what they probably wanted. */
_Noreturn void xalloc_fail(size_t n);
