/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xalloc.c - see xalloc.h */
#include "xalloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void xalloc_fail(size_t n)
{
	fflush(stdout);
	fprintf(stderr, "vgapass: cannot allocate %zu bytes\n", n);
	exit(1);
}

static void *checked(void *p, size_t n)
{
	if (!p)
		xalloc_fail(n);
	return p;
}

void *xmalloc(size_t n)
{
	return checked(malloc(n ? n : 1), n);
}

void *xcalloc(size_t n, size_t size)
{
	size_t all;

	return checked(calloc(n ? n : 1, size),
		       __builtin_mul_overflow(n, size, &all) ? SIZE_MAX : all);
}

void *xreallocarray(void *p, size_t n, size_t size)
{
	size_t all;

	return checked(reallocarray(p, n ? n : 1, size),
		       __builtin_mul_overflow(n, size, &all) ? SIZE_MAX : all);
}

char *xstrdup(const char *text)
{
	return checked(strdup(text), strlen(text) + 1);
}

char *xstrndup(const char *text, size_t n)
{
	return checked(strndup(text, n), n + 1);
}

char *xvasprintf(const char *format, va_list arguments)
{
	char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		xalloc_fail(strlen(format));
	return text;
}

char *xasprintf(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = xvasprintf(format, arguments);
	va_end(arguments);
	return text;
}

FILE *xopen_text(char **text, size_t *n)
{
	*text = NULL;
	return checked(open_memstream(text, n), sizeof(FILE));
}

void xclose_text(FILE *file)
{
	if (fclose(file))
		xalloc_fail(sizeof(FILE));
}
