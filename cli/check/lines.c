/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lines.c - settings of other programs, a line at a time; see check.h */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/io/sysfs.h"

#define FILES_MAX 256

void check_lines(struct check *c, const char *path, check_line_fn *fn)
{
	char *text = check_read(c, path), *rest = text, *line;
	struct check_at at = { path, 0 };

	while (rest && (line = strsep(&rest, "\n"))) {
		at.line++;
		line += strspn(line, " \t");
		size_t n = strlen(line);
		while (n && strchr(" \t\r", line[n - 1]))
			line[--n] = '\0';
		if (*line && *line != '#')
			fn(c, &at, line);
	}
	free(text);
}

struct names {
	const char *end;
	unsigned n;
	char *name[FILES_MAX];
};

static int add_name(const char *name, void *arg)
{
	struct names *names = arg;
	size_t n = strlen(name), m = strlen(names->end);

	if (n < m || strcmp(name + n - m, names->end) != 0 || names->n == FILES_MAX)
		return 0;
	names->name[names->n] = strdup(name);
	if (!names->name[names->n++])
		abort();
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void check_folder(struct check *c, const char *folder, const char *end, check_line_fn *fn)
{
	struct names names = { .end = end };
	char path[512];

	sysfs_list(c->host->roots.root, folder, add_name, &names);
	qsort(names.name, names.n, sizeof(names.name[0]), compare);
	for (unsigned i = 0; i < names.n; i++) {
		check_lines(c, text_make(path, sizeof(path), "%s/%s", folder, names.name[i]), fn);
		free(names.name[i]);
	}
}

char *check_word(char **rest, const char *separators)
{
	char *word;

	while ((word = strsep(rest, separators)))
		if (*word)
			return word;
	return NULL;
}

bool check_same_module(const char *a, const char *b)
{
	return module_same_name(slice_of(a), slice_of(b));
}

/* True: the module is one of a list with commas between. */
static bool is_listed(const char *list, const char *name)
{
	char copy[HOST_NAME_MAX], *rest = copy, *word;

	text_make(copy, sizeof(copy), "%s", list);
	while ((word = check_word(&rest, ",")))
		if (check_same_module(word, name))
			return true;
	return false;
}

bool check_is_host_driver(const struct check *c, const char *name)
{
	const struct inventory *inv = &c->host->run.inv;
	char names[HOST_NAME_MAX];

	if (is_listed("amdgpu,radeon,nouveau,nvidia,nvidia_drm,nvidia_modeset,nvidia_uvm,nvidiafb,"
		      "i915,xe,snd_hda_intel", name))
		return true;
	for (unsigned i = 0; i < inv->functions; i++)
		if (check_is_planned(c, &inv->function[i]) &&
		    is_listed(host_candidates(c->host, &inv->function[i], names), name))
			return true;
	return false;
}

/* True: an entry of such a list, "10de:1b80" or "10de:1b80:ffff:...", has the function's ID. */
static bool is_of(const struct pci_function *f, const char *entry)
{
	unsigned vendor, device;
	char *end;

	vendor = (unsigned)strtoul(entry, &end, 16);
	if (*end != ':')
		return false;
	device = (unsigned)strtoul(end + 1, &end, 16);
	return vendor == f->vendor && device == f->device;
}

void check_say_ids(struct check *c, const char *at, const char *what, const char *ids,
		   const char *fix)
{
	const struct inventory *inv = &c->host->run.inv;
	char copy[1024], others[512], *rest = copy, *entry;
	struct text t;

	text_start(&t, others, sizeof(others));
	text_make(copy, sizeof(copy), "%s", ids);
	while ((entry = check_word(&rest, ", \"'")))
		for (unsigned i = 0; i < inv->functions; i++)
			if (is_of(&inv->function[i], entry) && !check_is_planned(c, &inv->function[i]))
				text_add(&t, "%s%pa", t.len ? ", " : "", &inv->function[i].at);
	if (t.len)
		check_say(c, CHECK_ERROR, at, "%s takes every function of its IDs, also %s, which is "
			  "not to be taken by a rule\n%s", what, others, fix);
	else
		check_say(c, CHECK_WARNING, at, "%s is needless: the rules say which functions are "
			  "taken\n%s", what, fix);
}
