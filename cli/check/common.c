/* SPDX-License-Identifier: GPL-2.0-or-later */
/* common.c - what the checks share; see check.h */
#include "check.h"

#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/machine/rebuild.h"
#include "cli/out/json.h"
#include "cli/out/xalloc.h"
#include "runtime/io/sysfs.h"

#define BUFFERS 4
#define FILE_SIZE_MAX ((size_t)1 << 20)

/* Texts may contain any bytes, as they come from files of other programs. */
static void make_printable(char *s)
{
	for (; *s; s++)
		if (iscntrl((unsigned char)*s))
			*s = '?';
}

static json_object *as_json(const char *text)
{
	return json_text(text, strlen(text));
}

void check_say(struct check *c, enum check_level level, const char *at, const char *format, ...)
{
	static const char *const words[] = { "ok", "warning", "error" };
	char *place = xstrdup(at);
	va_list arguments;

	va_start(arguments, format);
	char *text = xvasprintf(format, arguments);
	va_end(arguments);
	char *fix = strrchr(text, '\n');
	if (fix)
		*fix++ = '\0';
	else
		fix = text + strlen(text);
	make_printable(text);
	make_printable(fix);
	make_printable(place);
	c->count[level]++;
	if (level != CHECK_OK || c->verbose) {
		json_object *o = json_object_new_object();
		json_object_object_add(o, "level", as_json(words[level]));
		json_object_object_add(o, "topic", as_json(c->topic));
		json_object_object_add(o, "at", as_json(place));
		json_object_object_add(o, "text", as_json(text));
		json_object_object_add(o, "fix", as_json(fix));
		json_object_array_add(c->findings, o);
	}
	free(text);
	free(place);
}

static char *next_buffer(void)
{
	static char buffers[BUFFERS][CHECK_PLACE_MAX];
	static unsigned turn;

	return buffers[turn++ % BUFFERS];
}

const char *check_address(const struct pci_function *f)
{
	return text_make(next_buffer(), CHECK_PLACE_MAX, "%pa", &f->at);
}

const char *check_place(const struct place *at)
{
	return text_make(next_buffer(), CHECK_PLACE_MAX, "%pp", at);
}

const char *check_line(const char *path, unsigned line)
{
	struct place at = { path, line, 0 };

	return text_make(next_buffer(), CHECK_PLACE_MAX, "/%pp", &at);
}

char *check_path(const struct check *c, const char *path)
{
	char *ret = host_file(c->host, path);

	/* No file has the name "". */
	return ret ? ret : xstrdup("");
}

bool check_exists(const struct check *c, const char *path)
{
	return sysfs_exists(c->host->roots.root, path);
}

char *check_read(struct check *c, const char *path)
{
	char *text = xmalloc(FILE_SIZE_MAX);
	ssize_t n = sysfs_read_file(c->host->roots.root, path, text, FILE_SIZE_MAX);
	if (n >= 0)
		return text;
	free(text);
	if (n != -ENOENT && n != -ENOTDIR && n != -EISDIR)
		check_say(c, CHECK_WARNING, check_line(path, 0), "cannot be read (%s)\n%s",
			  strerror((int)-n), n == -EACCES ? "run vgapass check as root" :
			  "look at it yourself");
	return NULL;
}

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

char *check_word(char **rest, const char *separators)
{
	char *word;

	while ((word = strsep(rest, separators)))
		if (*word)
			return word;
	return NULL;
}

const char *check_rebuild(const struct check *c, const char *kernel)
{
	return rebuild_advice_for(c->host, kernel, NULL);
}
