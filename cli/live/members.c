/* SPDX-License-Identifier: GPL-2.0-or-later */
/* members.c - see members.h */
#include "members.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/out/xalloc.h"

#define ADDRESS_LENGTH (sizeof("0000:01:00.0") - 1)

struct search {
	const struct roots *roots;
	const char *class;
	const struct in_use_of *of;
	struct members *members;
};

/* The nearest of the functions that the path leads through: there may be one behind another,
 * as behind VMD. NULL: none. */
static const struct pci_function *function_above(const char *path, const struct in_use_of *of)
{
	const struct pci_function *found = NULL;
	struct slice rest = slice_of(path);

	while (rest.n) {
		struct slice part = slice_cut(&rest, '/');
		struct pci_address at = { 0 };
		if (part.n < ADDRESS_LENGTH || !pci_parse_address(part, &at, NULL))
			continue;
		for (unsigned i = 0; i < of->n; i++)
			if (!pci_compare(&of->f[i]->at, &at))
				found = of->f[i];
	}
	return found;
}

const char *member_name(const struct member *m)
{
	return strrchr(m->path, '/') + 1;
}

static int add_member(const char *name, void *arg)
{
	const struct search *s = arg;
	struct members *all = s->members;
	char path[1024];

	if (sysfs_link(s->roots->sys, path_make("class/%s/%s", s->class, name), 1, path,
		       sizeof(path)) < 0)
		text_make(path, sizeof(path), "/%s", name);
	all->member = xreallocarray(all->member, all->n + 1, sizeof(*all->member));
	struct member *member = &all->member[all->n++];
	*member = (struct member){ .f = function_above(path, s->of), .path = xstrdup(path) };
	return 0;
}

static int compare_members(const void *a, const void *b)
{
	return strverscmp(member_name(a), member_name(b));
}

void members_find(const struct roots *roots, const char *class, const struct in_use_of *of,
		  struct members *ret)
{
	struct search s = { roots, class, of, ret };
	char path[64];

	*ret = (struct members){ 0 };
	sysfs_list(roots->sys, text_make(path, sizeof(path), "class/%s", class), add_member, &s);
	if (ret->n)
		qsort(ret->member, ret->n, sizeof(ret->member[0]), compare_members);
}

void members_free(struct members *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->member[i].path);
	free(m->member);
	*m = (struct members){ 0 };
}

bool member_is_virtual(const struct member *m)
{
	return strstr(m->path, "/devices/virtual/");
}

const char *class_attribute(const struct roots *roots, const char *class, const char *name,
			    const char *attribute, char value[256])
{
	if (sysfs_read(roots->sys, path_make("class/%s/%s/%s", class, name, attribute), value,
		       256) < 0)
		*value = '\0';
	value[strcspn(value, "\n")] = '\0';
	return value;
}
