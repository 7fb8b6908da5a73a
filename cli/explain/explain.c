/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain.c - see explain.h */
#include "explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out/xalloc.h"
#include "runtime/core/words.h"

/* How far before a message its address may stand: "vfio 0000:01:00.0: ...". */
#define ADDRESS_REACH 256

/* What libvirt writes to a guest's log first, at each start (src/qemu/qemu_domain.c). */
#define STARTING ": starting up libvirt version"

/* --- which signatures may begin with a character */

struct entry {
	struct slice pattern;
	const struct signature *s;
	const struct entry *next; /* in the order of the table */
};

static const struct entry *first[256];

static void index_pattern(struct slice pattern, const struct signature *s)
{
	struct entry *e = xmalloc(sizeof(*e));
	const struct entry **end = &first[(unsigned char)*pattern.p];

	while (*end)
		end = (const struct entry **)&(*end)->next;
	*e = (struct entry){ pattern, s, NULL };
	*end = e;
}

/* The index is made once and stays. */
static void make_index(void)
{
	static bool made;

	for (const struct signature *s = explain_signatures; s->code && !made; s++)
		for (struct slice rest = slice_of(s->patterns); rest.n;)
			index_pattern(slice_cut(&rest, '\n'), s);
	made = true;
}

static size_t match_at(struct slice s, const struct signature **ret, struct capture *c)
{
	size_t n;

	for (const struct entry *e = first[(unsigned char)*s.p]; e && s.n > 1; e = e->next)
		if (e->pattern.p[1] == s.p[1] && (n = pattern_match(e->pattern, s, c))) {
			*ret = e->s;
			return n;
		}
	return 0;
}

/* --- findings */

static void *grow(void *list, unsigned n, size_t size)
{
	return n & (n - 1) ? list : xreallocarray(list, n ? 2 * n : 1, size);
}

/* What is there already is not added again. */
static void add_string(struct strings *s, const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, format, arguments) < 0)
		xalloc_fail(strlen(format));
	for (unsigned i = 0; i < s->n; i++)
		if (!strcmp(s->text[i], text)) {
			free(text);
			return;
		}
	s->text = grow(s->text, s->n, sizeof(*s->text));
	s->text[s->n++] = text;
}

void explain_say(struct explanation *f, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_string(&f->evidence, format, arguments);
	va_end(arguments);
}

/* What is there already is not added again, as several functions can have the same evidence. */
void explain_fix(struct explanation *f, enum fix_kind kind, const char *format, ...)
{
	va_list arguments;
	bool known = false;

	va_start(arguments, format);
	char *text = xvasprintf(format, arguments);
	va_end(arguments);
	for (unsigned i = 0; i < f->todo.fixes; i++)
		known |= !strcmp(f->todo.fix[i].text, text);
	if (!known)
		finding_fix(&f->todo, kind, NULL, "%s", text);
	free(text);
}

static void free_strings(struct strings *s)
{
	for (unsigned i = 0; i < s->n; i++)
		free(s->text[i]);
	free(s->text);
}

static void free_findings(struct explain *e)
{
	for (unsigned i = 0; i < e->n; i++) {
		struct explanation *f = e->finding[i];
		free_strings(&f->evidence);
		finding_free(&f->todo);
		free(f->line);
		free(f);
	}
	e->n = 0;
	e->dropped = 0;
}

void explain_free(struct explain *e)
{
	free_findings(e);
}

/* True: the message names nothing that the finding lacks, as the second line of one that QEMU
 * prints in two. */
static bool is_part(const struct explanation *f, const struct capture *c)
{
	const struct capture *own = &f->capture;

	return (!c->has_address || (own->has_address && !pci_compare(&own->at, &c->at))) &&
	       (c->group < 0 || own->group == c->group) &&
	       (c->number < 0 || own->number == c->number) &&
	       (!c->word.n || slice_equal(own->word, c->word));
}

static bool is_same(const struct explanation *f, const struct capture *c)
{
	const struct capture *own = &f->capture;

	return is_part(f, c) && own->has_address == c->has_address && own->group == c->group &&
	       own->number == c->number && own->word.n == c->word.n;
}

static void add_finding(struct explain *e, const struct signature *s, const struct capture *c,
			size_t start)
{
	for (unsigned i = e->n; i--;) {
		struct explanation *f = e->finding[i];
		if (f->s != s || !is_part(f, c))
			continue;
		f->count += is_same(f, c);
		return;
	}
	if (e->n == EXPLAIN_FINDINGS_MAX) {
		e->dropped++;
		return;
	}
	struct explanation *f = xcalloc(1, sizeof(*f));
	f->s = s;
	f->capture = *c;
	memcpy(f->word, c->word.p ? c->word.p : "", c->word.n);
	f->capture.word = slice_of(f->word);
	f->count = 1;
	f->line = xasprintf("%.*s", (int)e->length, e->line);
	f->start = start;
	e->finding[e->n++] = f;
}

/* Most messages have the function before them: reads the last address in line[from..to], unless
 * the message itself has one. Returns where the message begins with its address. */
static size_t find_address(const struct explain *e, size_t from, size_t to, struct capture *c)
{
	size_t start = to;

	if (to - from > ADDRESS_REACH)
		from = to - ADDRESS_REACH;
	for (size_t i = to; !c->has_address && i-- > from;) {
		/* Not within a longer one: "1:00.0" of "01:00.0". */
		if (i && (slice_digit(e->line[i - 1]) < 16 || e->line[i - 1] == ':'))
			continue;
		if (pattern_address((struct slice){ e->line + i, to - i }, &c->at))
			c->has_address = true;
		start = c->has_address ? i : to;
	}
	return start;
}

/* --- the text */

/* Looks for messages that begin at e->seen or behind it, and before `limit`. Returns where it
 * has come to. */
static size_t look_at_line(struct explain *e, size_t limit)
{
	const struct signature *s;
	struct capture c;
	size_t at = e->seen, from = 0, n;

	while (at < limit) {
		n = match_at((struct slice){ e->line + at, e->length - at }, &s, &c);
		if (!n) {
			at++;
			continue;
		}
		add_finding(e, s, &c, find_address(e, from, at, &c));
		from = at += n;
	}
	return at;
}

/* A record of /dev/kmsg is "6,339,5140900,-;text" (Documentation/ABI/testing/dev-kmsg). */
static void cut_record(struct explain *e)
{
	const char *end = memchr(e->line, ';', e->length);
	size_t n = end ? (size_t)(end + 1 - e->line) : 0;

	memmove(e->line, e->line + n, e->length - n);
	e->length -= n;
}

static void end_line(struct explain *e)
{
	if (e->records && !e->seen)
		cut_record(e);
	if (e->last_start && memmem(e->line, e->length, STARTING, strlen(STARTING)))
		free_findings(e);
	look_at_line(e, e->length);
	e->length = e->seen = 0;
}

static void put_byte(struct explain *e, char c)
{
	if (e->length == sizeof(e->line)) {
		size_t done = look_at_line(e, sizeof(e->line) - EXPLAIN_OVERLAP);
		/* What stands before the next message may be its address. */
		memmove(e->line, e->line + done - ADDRESS_REACH, e->length - done + ADDRESS_REACH);
		e->length -= done - ADDRESS_REACH;
		e->seen = ADDRESS_REACH;
	}
	e->line[e->length++] = c;
}

/* The states of an escape sequence (ECMA-48): none; behind ESC; in a control sequence, which ends
 * with a byte from @ to ~; in a string, which ends with BEL or ESC \. */
enum { TEXT, ESCAPE, CONTROL, STRING };

static void feed_byte(struct explain *e, char c)
{
	if (c == '\n' || c == '\r') {
		e->escape = TEXT;
		end_line(e);
	} else if (c == '\033')
		e->escape = ESCAPE;
	else if (e->escape == ESCAPE)
		e->escape = c == '[' ? CONTROL : c == ']' ? STRING : TEXT;
	else if (e->escape == CONTROL)
		e->escape = c >= '@' && c <= '~' ? TEXT : CONTROL;
	else if (e->escape == STRING)
		e->escape = c == '\a' ? TEXT : STRING;
	else if (c) /* UTF-16, as Windows writes it, has a NUL beside each letter */
		put_byte(e, (c >= 0 && c < ' ') || c == 0x7f ? ' ' : c);
}

void explain_feed(struct explain *e, const char *data, size_t n)
{
	make_index();
	for (size_t i = 0; i < n; i++)
		feed_byte(e, data[i]);
}

void explain_end(struct explain *e)
{
	end_line(e);
}

/* An option for the rule of the function, whose place is named where it is known. */
static void fix_rule(struct explanation *f, struct slice option)
{
	const struct inventory *inv = &f->host->run.inv;
	const struct plan_entry *e = NULL;
	char at[PLAN_LINE_MAX];

	for (unsigned i = 0; i < inv->functions && f->capture.has_address && !e; i++)
		if (!pci_compare(&inv->function[i].at, &f->capture.at))
			e = host_entry(f->host, &inv->function[i]);
	if (e && e->rule)
		finding_fix(&f->todo, FIX_EDIT, text_make(at, sizeof(at), "%pp", &e->rule->at),
			    "add %.*s", (int)option.n, option.p);
	else
		explain_fix(f, FIX_ADVICE, "write %.*s to its rule", (int)option.n, option.p);
}

/* A line of signature.fix. */
static void fix_by_line(struct explanation *f, struct slice line)
{
	static const char boot[] = "kernel command line: ";
	const char *colon = memmem(line.p, line.n, ": ", 2);

	if (line.p[0] == '$')
		explain_fix(f, FIX_COMMAND, "%.*s", (int)line.n - 2, line.p + 2);
	else if (line.p[0] == '%')
		fix_rule(f, (struct slice){ line.p + 2, line.n - 2 });
	else if (colon && (line.p[0] == '/' || !strncmp(line.p, boot, strlen(boot)))) {
		char *at = xstrndup(line.p, (size_t)(colon - line.p));
		finding_fix(&f->todo, FIX_EDIT, at, "%.*s", (int)(line.p + line.n - colon) - 2,
			    colon + 2);
		free(at);
	} else
		explain_fix(f, FIX_ADVICE, "%.*s", (int)line.n, line.p);
}

void explain_look(struct explain *e, struct host *h)
{
	for (unsigned i = 0; i < e->n; i++) {
		struct explanation *f = e->finding[i];
		f->host = h;
		if (f->s->look)
			f->s->look(f);
		bool has = f->todo.fixes;
		for (struct slice rest = slice_of(f->s->fix); rest.n && !has;)
			fix_by_line(f, slice_cut(&rest, '\n'));
	}
}
