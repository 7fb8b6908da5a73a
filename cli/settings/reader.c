/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reader.c - see reader.h */
#include "reader.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/out/xalloc.h"
#include "runtime/io/sysfs.h"

#define FILE_MAX ((size_t)1 << 20)

const char *reader_copy(struct reader *r, struct slice s)
{
	struct settings *all = r->found;
	char *copy = xstrndup(s.n ? s.p : "", s.n);

	if (all->texts == all->texts_cap) {
		all->texts_cap = all->texts_cap ? 2 * all->texts_cap : 64;
		all->text = xreallocarray(all->text, all->texts_cap, sizeof(*all->text));
	}
	all->text[all->texts++] = copy;
	return copy;
}

/* Files hold what people and programs write: a message has one line. */
static const char *printable_copy(struct reader *r, struct slice s)
{
	char *copy = (char *)reader_copy(r, s);

	for (char *p = copy; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = *p == '\t' ? ' ' : '?';
	return copy;
}

struct setting *reader_add(struct reader *r, enum setting_kind kind, struct slice words,
			   struct slice items, const char *why)
{
	struct settings *all = r->found;
	struct slice line = slice_trimmed(slice_of(r->text));

	if (all->n == all->cap) {
		all->cap = all->cap ? 2 * all->cap : 64;
		all->list = xreallocarray(all->list, all->cap, sizeof(*all->list));
	}
	all->list[all->n] = (struct setting){
		.kind = kind,
		.source = r->source,
		.line = r->line,
		.file = printable_copy(r, slice_of(r->file)),
		.text = printable_copy(r, line),
		.words = printable_copy(r, words),
		.more = !slice_equal(words, line),
		.items = printable_copy(r, items),
		.driver = "vfio-pci",
		.why = printable_copy(r, slice_of(why)),
		.entry = printable_copy(r, slice_of(r->entry)),
		.variable = reader_copy(r, slice_of(r->variable)),
	};
	return &all->list[all->n++];
}

void reader_add_item(struct reader *r, struct setting *s, struct slice item)
{
	struct slice rest = slice_of(s->items);
	size_t n = rest.n + item.n + 2;
	char *joined;

	while (rest.n)
		if (slice_equal(slice_cut(&rest, ','), item))
			return;
	joined = xmalloc(n);
	text_make(joined, n, "%s%s%pv", s->items, *s->items ? "," : "", &item);
	s->items = reader_copy(r, slice_of(joined));
	free(joined);
}

void reader_add_unread(struct reader *r, const char *path, ssize_t error)
{
	const char *was = r->file;

	if (error == -ENOENT || error == -ENOTDIR || error == -EISDIR || error == -EBADF)
		return;
	r->file = path;
	r->line = 0;
	r->text = "";
	reader_add(r, SETTING_UNREAD, slice_of(""), slice_of(""),
		   error == -E2BIG ? "too large" : strerror((int)-error))
		->denied = error == -EACCES;
	r->file = was;
}

char *reader_try(struct reader *r, const char *path, ssize_t *n)
{
	char *text = xmalloc(FILE_MAX);

	*n = sysfs_read_file(r->h->roots.root, path, text, FILE_MAX);
	for (char *p = text; p < text + *n; p++)
		*p = *p ? *p : ' ';
	if (*n >= 0)
		return text;
	free(text);
	return NULL;
}

char *reader_text(struct reader *r, const char *path, size_t *n)
{
	ssize_t got;
	char *text = reader_try(r, path, &got);

	if (!text)
		reader_add_unread(r, path, got);
	*n = text ? (size_t)got : 0;
	return text;
}

/* Where the line ends that starts at p; those that go on are joined in place. */
static char *join_line(char *p, char **end, unsigned *lines)
{
	char *stop = memchr(p, '\n', (size_t)(*end - p)), *last;

	*lines = 1;
	while (stop) {
		last = stop > p && stop[-1] == '\r' ? stop - 1 : stop;
		if (last == p || last[-1] != '\\')
			break;
		memmove(last - 1, stop + 1, (size_t)(*end - stop - 1));
		*end -= stop + 1 - (last - 1);
		++*lines;
		stop = memchr(last - 1, '\n', (size_t)(*end - (last - 1)));
	}
	if (!stop) { /* the file ends in a backslash */
		stop = *end;
		if (stop > p && stop[-1] == '\\')
			stop[-1] = ' ';
	}
	return stop;
}

void reader_lines(struct reader *r, const char *path, enum reader_join join, reader_line_fn *fn)
{
	size_t n;
	char *text = reader_text(r, path, &n), *end = text ? text + n : NULL;
	unsigned line = 0, lines = 1;

	for (char *p = text, *stop; p < end; p = stop + 1) {
		if (join == JOIN_NOT)
			stop = memchr(p, '\n', (size_t)(end - p)) ?: end;
		else
			stop = join_line(p, &end, &lines);
		struct slice rest = slice_trimmed((struct slice){ p, (size_t)(stop - p) });
		r->file = path;
		r->line = line + 1;
		line += lines;
		if (!rest.n || *rest.p == '#')
			continue;
		r->text = reader_copy(r, rest);
		fn(r, rest);
	}
	free(text);
}

struct names {
	unsigned n, cap;
	struct named {
		char *name;
		const char *folder;
	} * list;
	const char *end, *folder;
};

static int add_name(const char *name, void *arg)
{
	struct names *names = arg;
	size_t n = strlen(name), end = strlen(names->end);

	if (n < end || (end && n == end) || strcmp(name + n - end, names->end) != 0)
		return 0;
	for (unsigned i = 0; i < names->n; i++)
		if (!strcmp(names->list[i].name, name))
			return 0;
	if (names->n == names->cap) {
		names->cap = names->cap ? 2 * names->cap : 32;
		names->list = xreallocarray(names->list, names->cap, sizeof(*names->list));
	}
	names->list[names->n].folder = names->folder;
	names->list[names->n++].name = xstrdup(name);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

/* On merged systems /lib is a link to usr/lib, which has its turn. */
static bool is_linked(const struct reader *r, const char *folder)
{
	char target[256];
	const char *slash = strchr(folder, '/');
	struct slice top = { folder, slash ? (size_t)(slash - folder) : strlen(folder) };

	if (!slice_is(top, "lib") && !slice_is(top, "sbin") && !slice_is(top, "bin"))
		return false;
	return sysfs_link(r->h->roots.root, text_make(target, sizeof(target), "%pv", &top), 1,
			  target, sizeof(target)) > 0;
}

void reader_folders(struct reader *r, const char *const *folders, const char *end,
		    reader_file_fn *fn)
{
	struct names names = { .end = end };
	char path[512];

	for (; *folders; folders++) {
		names.folder = *folders;
		if (is_linked(r, *folders))
			continue;
		int error = sysfs_list(r->h->roots.root, *folders, add_name, &names);
		if (error < 0)
			reader_add_unread(r, *folders, error);
	}
	if (names.n)
		qsort(names.list, names.n, sizeof(*names.list), compare_names);
	for (unsigned i = 0; i < names.n; i++) {
		text_make(path, sizeof(path), "%s/%s", names.list[i].folder, names.list[i].name);
		fn(r, reader_copy(r, slice_of(path)));
		free(names.list[i].name);
	}
	free(names.list);
}

bool slice_starts(struct slice s, const char *with)
{
	struct slice head = { s.p, strlen(with) };

	return s.n >= head.n && slice_is(head, with);
}

bool slice_contains(struct slice s, const char *with)
{
	return memmem(s.p, s.n, with, strlen(with));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trimmed(struct slice s)
{
	while (s.n && is_blank(*s.p))
		s.p++, s.n--;
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct slice slice_unquoted(struct slice s)
{
	while (s.n && (*s.p == '"' || *s.p == '\''))
		s.p++, s.n--;
	while (s.n && (s.p[s.n - 1] == '"' || s.p[s.n - 1] == '\''))
		s.n--;
	return s;
}
