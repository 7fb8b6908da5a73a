/* SPDX-License-Identifier: GPL-2.0-or-later */
/* finding.c - see finding.h */
#include "finding.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "table.h"
#include "wrap.h"
#include "xalloc.h"

static const char *const levels[] = { "ok", "note", "warning", "error" };
static const char *const kinds[] = { "command", "edit", "advice" };

/* Texts hold any bytes, as they come from files of other programs. */
static char *printable(char *s)
{
	for (char *p = s; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	return s;
}

struct finding *findings_add(struct findings *l, enum finding_level level, const char *code,
			     const char *at, const char *format, ...)
{
	va_list arguments;

	l->finding = xreallocarray(l->finding, l->n + 1, sizeof(*l->finding));
	struct finding *f = &l->finding[l->n++];
	*f = (struct finding){ .level = level, .code = code, .topic = l->topic,
			       .at = printable(xstrdup(at)) };
	va_start(arguments, format);
	f->text = printable(xvasprintf(format, arguments));
	va_end(arguments);
	l->count[level]++;
	return f;
}

void finding_fix(struct finding *f, enum fix_kind kind, const char *at, const char *format, ...)
{
	va_list arguments;

	f->fix = xreallocarray(f->fix, f->fixes + 1, sizeof(*f->fix));
	struct fix *fix = &f->fix[f->fixes++];
	fix->kind = kind;
	fix->at = printable(xstrdup(at ? at : ""));
	va_start(arguments, format);
	fix->text = printable(xvasprintf(format, arguments));
	va_end(arguments);
}

void finding_advise(struct finding *f, const char *advice)
{
	const char *other = strstr(advice, "; or, ");

	finding_fix(f, FIX_ADVICE, NULL, "%.*s",
		    (int)(other ? (size_t)(other - advice) : strlen(advice)), advice);
	if (other)
		finding_fix(f, FIX_ADVICE, NULL, "%s", other + 2);
}

static bool is_same_fix(const struct finding *a, const struct finding *b)
{
	if (a->fixes != b->fixes)
		return false;
	for (unsigned i = 0; i < a->fixes; i++)
		if (a->fix[i].kind != b->fix[i].kind || strcmp(a->fix[i].at, b->fix[i].at) != 0 ||
		    strcmp(a->fix[i].text, b->fix[i].text) != 0)
			return false;
	return true;
}

/* True: they differ at most in `at`. */
static bool is_like(const struct finding *a, const struct finding *b)
{
	bool same_topic = a->topic && b->topic ? !strcmp(a->topic, b->topic) :
						 a->topic == b->topic;

	return a->level == b->level && same_topic && !strcmp(a->code, b->code) &&
	       !strcmp(a->text, b->text) && is_same_fix(a, b);
}

void finding_free(struct finding *f)
{
	for (unsigned i = 0; i < f->fixes; i++) {
		free(f->fix[i].at);
		free(f->fix[i].text);
	}
	for (unsigned i = 0; i < f->alsos; i++)
		free(f->also[i]);
	free(f->also);
	free(f->fix);
	free(f->at);
	free(f->text);
}

void findings_drop(struct findings *l, enum finding_level level)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < l->n; i++)
		if (l->finding[i].level == level)
			finding_free(&l->finding[i]);
		else
			l->finding[kept++] = l->finding[i];
	l->n = kept;
	l->count[level] = 0;
}

/* True: f is about the place `at`. */
static bool is_about(const struct finding *f, const char *at)
{
	bool is = !strcmp(f->at, at);

	for (unsigned i = 0; i < f->alsos; i++)
		is |= !strcmp(f->also[i], at);
	return is;
}

void findings_merge(struct findings *l)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < l->n; i++) {
		struct finding *f = &l->finding[i], *like = l->finding;
		while (like < l->finding + kept && !is_like(like, f))
			like++;
		if (like == l->finding + kept) {
			l->finding[kept++] = *f;
			continue;
		}
		if (!is_about(like, f->at)) {
			like->also = xreallocarray(like->also, like->alsos + 1,
						    sizeof(*like->also));
			like->also[like->alsos++] = xstrdup(f->at);
		}
		l->count[f->level]--;
		finding_free(f);
	}
	l->n = kept;
}

static const char *color_of(enum finding_level level)
{
	return level == FINDING_ERROR ? color_bad() :
	       level == FINDING_OK    ? color_good() :
					color_warn();
}

/* Prints the further places. */
static void print_also(const struct finding *f, unsigned indent, unsigned width)
{
	char *line = xstrdup("also");

	for (unsigned i = 0; i < f->alsos; i++) {
		char *longer = xasprintf("%s %s", line, f->also[i]);
		free(line);
		line = longer;
	}
	printf("%*s", (int)indent, "");
	wrap_print(stdout, indent, indent, width, line);
	free(line);
}

static void print_fix(const struct finding *f, const struct fix *fix, unsigned indent,
		      unsigned width)
{
	/* The place of the finding itself, and one that the text names, need not be repeated. */
	bool at = *fix->at && (!f->at || strcmp(fix->at, f->at) != 0) &&
		  !strstr(fix->text, fix->at);
	char *line = xasprintf("%s%s%s", at ? fix->at : "", at ? ": " : "", fix->text);

	printf("%*s-> ", (int)indent, "");
	wrap_print(stdout, indent + 3, indent + 3, width, line);
	free(line);
}

void finding_print_fixes(const struct finding *f, unsigned indent, unsigned width)
{
	for (unsigned i = 0; i < f->fixes; i++)
		print_fix(f, &f->fix[i], indent, width);
}

int finding_complain(const struct finding *f)
{
	const unsigned width = wrap_error_width();
	char *text;
	size_t n = 0;
	FILE *to = xopen_text(&text, &n);
	char *line = xasprintf("%s%s%s%s", f->level == FINDING_WARNING ? "warning: " : "", f->at,
			       *f->at ? ": " : "", f->text);
	wrap_print(to, 9, 4, width, line);
	free(line);
	for (unsigned i = 0; i < f->fixes; i++) {
		const struct fix *fix = &f->fix[i];
		line = xasprintf("%s%s%s", fix->at, *fix->at ? ": " : "", fix->text);
		fputs("  -> ", to);
		wrap_print(to, 5, 5, width, line);
		free(line);
	}
	xclose_text(to);
	text[n - 1] = '\0';
	if (f->level == FINDING_ERROR)
		cmd_complain("%s", text);
	else
		cmd_note("%s", text);
	free(text);
	return CMD_FAILED;
}

static void finding_print(const struct finding *f, unsigned width)
{
	unsigned column = f->topic ? 20 : 9;
	/* A narrow terminal has no room for the column. */
	unsigned indent = width < 60 ? 2 : column;
	char more[32] = "";

	printf("%s%-7s%s  ", color_of(f->level), levels[f->level], color_off());
	if (f->topic)
		printf("%-9s  ", f->topic);
	if (f->alsos)
		snprintf(more, sizeof(more), " and %u more", f->alsos);
	char *line = xasprintf("%s%s%s%s", f->at, more, *f->at ? ": " : "", f->text);
	wrap_print(stdout, column, indent, width, line);
	free(line);
	if (f->alsos)
		print_also(f, indent, width);
	finding_print_fixes(f, indent, width);
}

void findings_print(const struct findings *l)
{
	for (unsigned i = 0; i < l->n; i++)
		finding_print(&l->finding[i], wrap_width());
}

const char *findings_count(const struct findings *l)
{
	static char text[64];
	unsigned e = l->count[FINDING_ERROR], w = l->count[FINDING_WARNING];
	int n = 0;

	*text = '\0';
	if (e)
		n = snprintf(text, sizeof(text), "%u error%s", e, e > 1 ? "s" : "");
	if (w)
		snprintf(text + n, sizeof(text) - (size_t)n, "%s%u warning%s", n ? ", " : "", w,
			 w > 1 ? "s" : "");
	return text;
}

json_object *finding_fixes_json(const struct finding *f)
{
	json_object *list = json_object_new_array();

	for (unsigned i = 0; i < f->fixes; i++) {
		json_object *fix = json_object_new_object();
		json_set(fix, "kind", kinds[f->fix[i].kind]);
		json_set(fix, "at", f->fix[i].at);
		json_set(fix, "text", f->fix[i].text);
		json_object_array_add(list, fix);
	}
	return list;
}

static json_object *finding_json(const struct finding *f)
{
	json_object *o = json_object_new_object(), *list = json_object_new_array();

	json_set(o, "level", levels[f->level]);
	json_set(o, "code", f->code);
	json_set(o, "topic", f->topic);
	json_set(o, "at", f->at);
	json_set(o, "text", f->text);
	for (unsigned i = 0; i < f->alsos; i++)
		json_object_array_add(list, json_text(f->also[i], strlen(f->also[i])));
	json_object_object_add(o, "also", list);
	json_object_object_add(o, "fix", finding_fixes_json(f));
	return o;
}

json_object *findings_json(const struct findings *l)
{
	json_object *list = json_object_new_array();

	for (unsigned i = 0; i < l->n; i++)
		json_object_array_add(list, finding_json(&l->finding[i]));
	return list;
}

void findings_free(struct findings *l)
{
	for (unsigned i = 0; i < l->n; i++)
		finding_free(&l->finding[i]);
	free(l->finding);
	*l = (struct findings){ .n = 0 };
}
