/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shell.c - see shell.h */
#include "shell.h"

#include <stdlib.h>
#include <string.h>

#include "cli/out/xalloc.h"

struct variable {
	struct variable *next;
	char *name, *value;
};

struct shell {
	const char *p, *end; /* what is still to be read */
	unsigned line;
	const char *prefix;
	struct variable *variables;
	/* the assignment that is being read */
	char *name;
	bool append;
	size_t n, cap;
	char *value;
	unsigned *lines;
};

static void add_byte(struct shell *s, char c)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 256;
		s->value = xreallocarray(s->value, s->cap, 1);
		s->lines = xreallocarray(s->lines, s->cap, sizeof(*s->lines));
	}
	s->lines[s->n] = s->line;
	s->value[s->n++] = c;
}

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool ends_word(char c)
{
	return is_blank(c) || c == '\n' || c == ';' || c == '&' || c == '|' || c == '(' || c == ')';
}

static char take_byte(struct shell *s)
{
	s->line += *s->p == '\n';
	return *s->p++;
}

static void add_variable(struct shell *s, struct slice name)
{
	if (s->name && name.n == strlen(s->name) && !memcmp(name.p, s->name, name.n)) {
		s->append = true;
		return;
	}
	if (name.n >= strlen(s->prefix) && *s->prefix &&
	    !memcmp(name.p, s->prefix, strlen(s->prefix)))
		return;
	for (const struct variable *v = s->variables; v; v = v->next)
		if (slice_is(name, v->name)) {
			for (const char *p = v->value; *p; p++)
				add_byte(s, *p);
			return;
		}
	add_byte(s, '$');
	for (size_t i = 0; i < name.n; i++)
		add_byte(s, name.p[i]);
}

/* "$NAME", "${NAME}", "${NAME:-...}", "$(command)": what is behind the '$'. */
static void read_dollar(struct shell *s)
{
	struct slice name = { s->p, 0 };
	char close = 0;

	if (s->p < s->end && (*s->p == '{' || *s->p == '('))
		close = *s->p++ == '{' ? '}' : ')';
	name.p = s->p;
	while (s->p < s->end && is_name_byte(*s->p))
		s->p++;
	name.n = (size_t)(s->p - name.p);
	while (close && s->p < s->end && *s->p != close)
		take_byte(s);
	if (close && s->p < s->end)
		s->p++;
	add_variable(s, close == ')' ? (struct slice){ name.p, 0 } : name);
}

static void read_quoted(struct shell *s, char quote)
{
	while (s->p < s->end && *s->p != quote) {
		char c = take_byte(s);
		if (quote == '"' && c == '$') {
			read_dollar(s);
		} else if (quote == '"' && c == '\\' && s->p < s->end &&
			   strchr("\"\\$`\n", *s->p)) {
			if (*s->p == '\n')
				take_byte(s);
			else
				add_byte(s, *s->p++);
		} else {
			add_byte(s, c == '\n' || c == '\t' || c == '\r' ? ' ' : c);
		}
	}
	if (s->p < s->end)
		s->p++;
}

/* A word up to what ends it outside of quotes. */
static void read_word(struct shell *s)
{
	while (s->p < s->end && !ends_word(*s->p)) {
		char c = take_byte(s);
		if (c == '"' || c == '\'') {
			read_quoted(s, c);
		} else if (c == '$') {
			read_dollar(s);
		} else if (c == '\\' && s->p < s->end) {
			char next = take_byte(s);
			if (next != '\n')
				add_byte(s, next);
		} else {
			add_byte(s, c);
		}
	}
}

static void skip_comment(struct shell *s)
{
	while (s->p < s->end && *s->p != '\n')
		s->p++;
}

static void read_array(struct shell *s)
{
	while (s->p < s->end && *s->p != ')') {
		if (*s->p == '#') {
			skip_comment(s);
		} else if (ends_word(*s->p)) {
			take_byte(s);
		} else {
			read_word(s);
			add_byte(s, ' ');
		}
	}
	if (s->p < s->end)
		s->p++;
}

/* The bytes of a name with "=" or "+=" behind it, "[default]" included; 0: none is here. */
static size_t name_length(const struct shell *s)
{
	const char *p = s->p;

	while (p < s->end && is_name_byte(*p))
		p++;
	if (p == s->p)
		return 0;
	if (p < s->end && *p == '[') {
		while (p < s->end && *p != ']' && *p != '\n')
			p++;
		if (p == s->end || *p++ != ']')
			return 0;
	}
	const char *sign = p < s->end && *p == '+' ? p + 1 : p;
	return sign < s->end && *sign == '=' ? (size_t)(p - s->p) : 0;
}

static void keep_variable(struct shell *s)
{
	struct variable *v = xcalloc(1, sizeof(*v));

	v->name = s->name;
	v->value = xstrndup(s->n ? s->value : "", s->n);
	v->next = s->variables;
	s->variables = v;
}

static void read_assignment(struct shell *s, size_t n, shell_fn *fn, void *arg)
{
	unsigned first = s->line;

	s->name = xstrndup(s->p, n);
	s->p += n;
	s->append = *s->p == '+';
	s->p += s->append ? 2 : 1;
	s->n = 0;
	if (s->p < s->end && *s->p == '(') {
		s->p++;
		read_array(s);
	} else {
		read_word(s);
	}
	fn(arg, &(struct shell_assignment){
			s->name, s->append, { s->n ? s->value : "", s->n }, s->lines, first });
	keep_variable(s);
	s->name = NULL;
}

void shell_read(struct slice text, const char *prefix, shell_fn *fn, void *arg)
{
	struct shell s = { .p = text.p, .end = text.p + text.n, .line = 1, .prefix = prefix };
	struct variable *v;
	size_t n;

	while (s.p < s.end) {
		if (*s.p == '#') {
			skip_comment(&s);
		} else if (ends_word(*s.p)) {
			take_byte(&s);
		} else if ((n = name_length(&s))) {
			read_assignment(&s, n, fn, arg);
		} else {
			s.n = 0;
			read_word(&s);
		}
	}
	while ((v = s.variables)) {
		s.variables = v->next;
		free(v->name);
		free(v->value);
		free(v);
	}
	free(s.value);
	free(s.lines);
}
