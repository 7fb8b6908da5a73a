/* SPDX-License-Identifier: GPL-2.0-or-later */
/* common.c - what the checks share; see check.h */
#include "check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/machine/bootline.h"
#include "cli/machine/rebuild_plan.h"
#include "cli/out/xalloc.h"
#include "runtime/io/sysfs.h"

#define BUFFERS 4
#define FILE_SIZE_MAX ((size_t)1 << 20)

static const struct {
	const char *word, *meaning;
} codes[CODES] = {
#define ROW(name, word, meaning) [CODE_##name] = { word, meaning },
	CHECK_CODES_OF_TROUBLE(ROW) CHECK_CODES_OF_GOOD(ROW)
#undef ROW
};

const char *check_meaning(enum check_code code)
{
	return codes[code].meaning;
}

/* Formats into a text that the caller frees. */
#define FORMAT(text, format)                        \
	do {                                        \
		va_list arguments;                  \
		va_start(arguments, format);        \
		(text) = xvasprintf(format, arguments); \
		va_end(arguments);                  \
	} while (0)

void check_say(struct check *c, enum finding_level level, enum check_code code, const char *at,
	       const char *format, ...)
{
	char *text;

	FORMAT(text, format);
	findings_add(&c->found, level, codes[code].word, at, "%s", text);
	free(text);
}

static void add_step(struct check *c, enum fix_kind kind, const char *at, char *text)
{
	finding_fix(&c->found.finding[c->found.n - 1], kind, at, "%s", text);
	free(text);
}

void check_run(struct check *c, const char *format, ...)
{
	char *text;

	FORMAT(text, format);
	add_step(c, FIX_COMMAND, NULL, text);
}

void check_edit(struct check *c, const char *at, const char *format, ...)
{
	char *text;

	FORMAT(text, format);
	add_step(c, FIX_EDIT, at, text);
}

void check_advise(struct check *c, const char *format, ...)
{
	char *text;

	FORMAT(text, format);
	add_step(c, FIX_ADVICE, NULL, text);
}

void check_follow(struct check *c, const char *at, const char *advice)
{
	const char *other = strstr(advice, "; or, ");

	if (other) {
		check_advise(c, "%.*s", (int)(other - advice), advice);
		check_advise(c, "%s", other + 2);
	} else if (!strncmp(advice, "run ", 4))
		check_run(c, "%s", advice + 4);
	else if (at && !strncmp(advice, "write ", 6))
		check_edit(c, at, "%s", advice);
	else
		check_advise(c, "%s", advice);
}

void check_as_root(struct check *c)
{
	c->unread = true;
	check_run(c, "sudo vgapass check");
}

void check_reboot(struct check *c)
{
	check_run(c, "reboot");
}

void check_rebuild(struct check *c, const char *kernel, const struct boot_image *image)
{
	struct rebuild_plan plan;
	struct kernels kernels;
	char buf[4096];
	struct text t;

	kernels_find(c->host, &kernels);
	rebuild_plan(c->host, &kernels, kernel, &plan);
	text_start(&t, buf, sizeof(buf));
	if (image && rebuild_obstacle(c->host, &plan, image, &t))
		check_advise(c, "%s", buf);
	text_start(&t, buf, sizeof(buf));
	rebuild_plan_text(&plan, &t);
	if (plan.unsupported)
		check_advise(c, "%s", plan.instead);
	else if (plan.n)
		check_run(c, "%s", buf);
	else
		check_advise(c, "rebuild the boot images");
	rebuild_plan_free(&plan);
	kernels_free(&kernels);
	check_reboot(c);
}

void check_bootline(struct check *c, const char *format, ...)
{
	const struct bootline *line = bootline_find(c->host);
	char *text;

	FORMAT(text, format);
	if (line->file)
		check_edit(c, line->file, "%s %s", text, line->where);
	else
		check_advise(c, "%s %s", text, line->where);
	free(text);
	if (line->command)
		check_run(c, "%s", line->command);
	check_reboot(c);
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
	if (n == -ENOENT || n == -ENOTDIR || n == -EISDIR)
		return NULL;
	check_say(c, FINDING_WARNING, CODE_FILE_UNREADABLE, check_line(path, 0),
		  "cannot be read (%s)", strerror((int)-n));
	if (n == -EACCES)
		check_as_root(c);
	else
		check_advise(c, "look at it yourself");
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
