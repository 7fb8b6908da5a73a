/* path.c - see path.h */
#include "path.h"

const char *path_make(const char *format, ...)
{
	static struct path path;
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
	return path_make("bus/pci/devices/%a/%s", &f->at, rest);
}
