/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iomem.c - see iomem.h */
#include "iomem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/driver.h"
#include "cli/out/xalloc.h"

/* Returns the owner in a line of /proc/iomem, the text behind " : ". */
static const char *owner_of(const char *line)
{
	const char *colon = strstr(line, " : ");

	return colon ? colon + 3 : "";
}

/* Deeper lines lie in the memory of the line above them. */
unsigned iomem_holders(const char *iomem, const char *address,
		       void (*each)(const char *line, void *arg), void *arg)
{
	char *copy = xstrdup(iomem), *rest = copy, *line;
	size_t outer = SIZE_MAX;
	unsigned n = 0;

	while ((line = strsep(&rest, "\n"))) {
		size_t depth = strspn(line, " ");
		const char *owner = owner_of(line);
		if (!strcmp(owner, address))
			outer = depth;
		else if (depth <= outer)
			outer = SIZE_MAX;
		if (outer == SIZE_MAX || depth <= outer || driver_is_for_guests(owner))
			continue;
		each(line + depth, arg);
		n++;
	}
	free(copy);
	return n;
}

struct framebuffer {
	const char *name;
};

static void look_for_framebuffer(const char *line, void *arg)
{
	static const char *const names[] = { "simpledrm", "simplefb", "efifb", "vesafb", "BOOTFB",
					     "efidrm", "vesadrm", "ofdrm", "offb" };
	struct framebuffer *found = arg;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !found->name; i++)
		if (!strcmp(owner_of(line), names[i]))
			found->name = names[i];
}

const char *iomem_framebuffer(const char *iomem, const char *address)
{
	struct framebuffer found = { NULL };

	iomem_holders(iomem, address, look_for_framebuffer, &found);
	return found.name;
}
