/* SPDX-License-Identifier: GPL-2.0-or-later */
/* problem.c - see problem.h */
#include "problem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/out/near.h"
#include "cli/out/xalloc.h"
#include "foreign.h"
#include "runtime/io/sysfs.h"

#define WORD_MAX 80 /* bytes that are quoted of a word */

void problem_error_words(char *text, size_t size)
{
	static const char start[] = " (error ";
	char *found = strstr(text, start), *end;

	if (!found)
		return;
	long number = strtol(found + sizeof(start) - 1, &end, 10);
	if (number <= 0 || *end != ')')
		return;
	char *rest = xstrdup(end);
	snprintf(found, size - (size_t)(found - text), " (%s%s", strerror((int)number), rest);
	free(rest);
}

/* Returns true if the place is a file or directory that this user cannot read. */
static bool is_denied(const struct host *h, const struct place *at)
{
	struct conf_path path;

	if (at->line)
		return false;
	int fd = sysfs_open(h->roots.root, gather_conf_path(&path, at->file),
			    O_RDONLY | O_NONBLOCK);
	if (fd >= 0)
		close(fd);
	return fd == -EACCES || fd == -EPERM;
}

const char *problem_denied(const struct host *h)
{
	static char at[PLAN_LINE_MAX];
	const struct config *c = &h->run.config;

	for (unsigned i = 0; i < c->errors && i < CONFIG_ERRORS_MAX; i++)
		if (is_denied(h, &c->error[i].at))
			return text_make(at, sizeof(at), "%pp", &c->error[i].at);
	return NULL;
}

/* Returns the text that the place is in, to be freed; *line gets its line, without a comment.
 * NULL: it cannot be read. */
static char *read_line(const struct host *h, const struct place *at, struct slice *line)
{
	struct conf_path path;
	char *text = xmalloc(CONFIG_FILE_MAX + 1);
	bool is_file = !strncmp(at->file, "vgapass.conf", 12);

	if (!is_file)
		text_make(text, CONFIG_FILE_MAX + 1, "%s", h->run.cmdline);
	else if (sysfs_read_file(h->roots.root, gather_conf_path(&path, at->file), text,
				 CONFIG_FILE_MAX + 1) < 0)
		*text = '\0';
	struct slice rest = slice_of(text);
	*line = slice_cut(&rest, '\n');
	for (unsigned n = 1; n < at->line && rest.n; n++)
		*line = slice_cut(&rest, '\n');
	if (is_file)
		*line = slice_cut(line, '#');
	return text;
}

/* Returns the word of the line that the column is in: an ID, or an option with its value. */
static struct slice word_at(struct slice line, uint32_t column, const char *separators)
{
	struct slice word = { line.p, 0 };
	size_t i = column - 1;

	if (!column || i > line.n)
		return word;
	while (i && !strchr(separators, line.p[i - 1]))
		i--;
	word.p += i;
	while (i < line.n && !strchr(separators, line.p[i]))
		word.n++, i++;
	return word;
}

/* The same for the kernel command line, without the vgapass.rule= or vgapass.ids= before it. */
static struct slice cmdline_word_at(struct slice line, uint32_t column)
{
	struct slice word = word_at(line, column, " ,\""), value = word, key;

	key = slice_cut(&value, '=');
	return slice_is(key, "vgapass.rule") || slice_is(key, "vgapass.ids") ? value : word;
}

/* Adds which option was probably meant by this one, if any is near. */
static void add_near_option(struct slice option, struct text *fix)
{
	struct slice key = slice_cut(&option, '=');
	char mistyped[WORD_MAX];
	const char *name, *words;
	struct near near;

	near_start(&near, text_make(mistyped, sizeof(mistyped), "%pv", &key));
	near_try(&near, "cmdline-rules");
	for (unsigned i = 0; (name = config_option(i, &words)); i++)
		near_try(&near, name);
	if (near_best(&near))
		text_add(fix, "did you mean %s=?", near_best(&near));
}

/* Adds which value was probably meant; or else, if `all`, all that the option takes. */
static void add_near_value(struct slice option, bool all, struct text *fix)
{
	struct slice key = slice_cut(&option, '='), list, one, word;
	char mistyped[WORD_MAX], names[16][16];
	const char *name, *words = "";
	struct near near;
	unsigned n = 0;

	near_start(&near, text_make(mistyped, sizeof(mistyped), "%pv", &option));
	for (unsigned i = 0; (name = config_option(i, &words)) && !slice_is(key, name); i++)
		;
	for (list = slice_of(name ? words : ""); list.n && n < 16; n++) {
		one = slice_cut(&list, '|');
		word = slice_cut(&one, '=');
		near_try(&near, text_make(names[n], sizeof(names[n]), "%pv", &word));
	}
	if (near_best(&near)) {
		text_add(fix, "did you mean %pv=%s?", &key, near_best(&near));
		return;
	}
	for (unsigned i = 0, shown = 0; all && i < n; i++)
		if (*names[i])
			text_add(fix, shown++ ? " or %s" : "write %s", names[i]);
}

/* Puts the phrase of an error into words, with the word that it is about. */
static void say_error(const char *phrase, struct slice word, struct text *text, struct text *fix)
{
	const char *colon = strstr(phrase, ": ");
	struct slice head = { phrase, colon ? (size_t)(colon - phrase) : strlen(phrase) };
	bool about_all = !strncmp(phrase, "more than", 9) || !strncmp(phrase, "not a text", 10);
	struct slice key = word;

	if (!strncmp(phrase, "unknown option", 14)) {
		key = slice_cut(&key, '=');
		add_near_option(word, fix);
	} else if (!strncmp(phrase, "unknown value", 13) ||
		   !strncmp(phrase, "expected display", 16)) {
		add_near_value(word, *phrase == 'u', fix);
	}
	/* The other phrases begin with a verb: their subject is the word at the place. */
	if (word.n > WORD_MAX || !word.n || about_all)
		text_add(text, "%pv", &head);
	else if (!strncmp(phrase, "expected", 8))
		text_add(text, "found \"%pv\", %pv", &word, &head);
	else if (!strncmp(phrase, "unknown", 7) || !strncmp(phrase, "reserved", 8))
		text_add(text, "%pv \"%pv\"", &head, &key);
	else
		text_add(text, "\"%pv\" %pv", &key, &head);
	if (!fix->len && colon)
		text_add(fix, "%s", colon + 2);
}

static void get_config_error(const struct host *h, const struct config_error *e,
			     struct problem *ret)
{
	bool is_file = !strncmp(e->at.file, "vgapass.conf", 12);
	struct text text, fix;
	struct slice line;

	text_start(&text, ret->text, sizeof(ret->text));
	text_start(&fix, ret->fix, sizeof(ret->fix));
	text_make(ret->at, sizeof(ret->at), "%pp", &e->at);
	ret->in = &e->at;
	ret->denied = is_denied(h, &e->at);
	if (ret->denied) {
		text_add(&text, "Permission denied");
		text_add(&fix, "run as root");
		return;
	}
	char *file = read_line(h, &e->at, &line);
	ret->foreign = e->at.line && is_file && line.n && foreign_line(line, &text, &fix);
	if (!ret->foreign)
		say_error(e->phrase,
			  is_file ? word_at(line, e->at.column, " \t\r]") :
				    cmdline_word_at(line, e->at.column),
			  &text, &fix);
	free(file);
}

/* Splits "what: remedy", which the engine's phrases are, at the colon. */
static void split_phrase(struct problem *p)
{
	char *colon = strncmp(p->text, "never applies", 13) ? strstr(p->text, ": ") : NULL;

	if (!colon)
		return;
	*colon = '\0';
	text_make(p->fix, sizeof(p->fix), "%s", colon + 2);
}

bool problem_get(const struct host *h, unsigned k, struct problem *ret)
{
	const struct config *c = &h->run.config;
	struct text at, text;

	*ret = (struct problem){ .in = NULL };
	text_start(&at, ret->at, sizeof(ret->at));
	text_start(&text, ret->text, sizeof(ret->text));
	if (!words_problem(&h->run, k, &at, &text))
		return false;
	if (k < c->errors && k < CONFIG_ERRORS_MAX)
		get_config_error(h, &c->error[k], ret);
	else
		split_phrase(ret);
	problem_error_words(ret->text, sizeof(ret->text));
	return true;
}

const char *problem_line(const struct host *h, unsigned k)
{
	static char line[sizeof(struct problem)];
	static struct problem p;

	if (!problem_get(h, k, &p))
		return NULL;
	return text_make(line, sizeof(line), "%s%s%s%s%s", p.at, *p.at ? ": " : "", p.text,
			 !*p.fix ? "" : strncmp(p.fix, "did you", 7) ? ": " : ", ", p.fix);
}
