/* SPDX-License-Identifier: GPL-2.0-or-later */
/* path.c - see path.h */
#include "path.h"

static struct path path;

const char *path_make(const char *format, ...)
{
	struct text t;
	va_list args;

	text_start(&t, path.s, sizeof(path.s));
	va_start(args, format);
	text_vadd(&t, format, args);
	va_end(args);
	return path.s;
}

const char *path_function(const struct pci_function *f, const char *rest)
{
	char *to = pci_put_address(path.s, &f->at), *end = path.s + sizeof(path.s) - 1;

	*to++ = '/';
	while (*rest && to < end)
		*to++ = *rest++;
	*to = '\0';
	return path.s;
}
