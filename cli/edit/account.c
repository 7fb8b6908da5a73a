/* SPDX-License-Identifier: GPL-2.0-or-later */
/* account.c - see account.h */
#include "account.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/machine/function_json.h"
#include "cli/out/table.h"
#include "cli/out/wrap.h"
#include "cli/out/xalloc.h"

static struct {
	const struct cmd_verb *verb;
	bool json;
	struct findings findings;
	unsigned printed; /* of the findings */
	json_object *rules, *functions;
	bool written, applies, applied;
} account;

void account_start(const struct cmd_verb *verb, bool json)
{
	account.verb = verb;
	account.json = json;
	account.rules = json_object_new_array();
	account.functions = json_object_new_array();
}

bool account_is_json(void)
{
	return account.json;
}

struct findings *account_findings(void)
{
	return &account.findings;
}

/* --- findings */

static void add_finding(enum finding_level level, const char *code, const char *at,
			const char *format, va_list arguments)
{
	char *text = xvasprintf(format, arguments);

	findings_add(&account.findings, level, code, at, "%s", text);
	free(text);
}

int account_error(const char *code, const char *at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_finding(FINDING_ERROR, code, at, format, arguments);
	va_end(arguments);
	return CMD_FAILED;
}

void account_warning(const char *code, const char *at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_finding(FINDING_WARNING, code, at, format, arguments);
	va_end(arguments);
}

void account_note(const char *code, const char *at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_finding(FINDING_NOTE, code, at, format, arguments);
	va_end(arguments);
}

void account_fix(enum fix_kind kind, const char *at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = xvasprintf(format, arguments);
	va_end(arguments);
	finding_fix(&account.findings.finding[account.findings.n - 1], kind, at, "%s", text);
	free(text);
}

void account_advise(const char *advice)
{
	finding_advise(&account.findings.finding[account.findings.n - 1], advice);
}

void account_flush(void)
{
	while (!account.json && account.printed < account.findings.n)
		finding_complain(&account.findings.finding[account.printed++]);
}

void account_print(const char *format, ...)
{
	va_list arguments;

	account_flush();
	va_start(arguments, format);
	if (!account.json)
		vprintf(format, arguments);
	va_end(arguments);
}

void account_print_wrapped(const char *format, ...)
{
	va_list arguments;

	account_flush();
	if (account.json)
		return;
	va_start(arguments, format);
	char *text = xvasprintf(format, arguments);
	va_end(arguments);
	wrap_print(stdout, 0, 4, wrap_width(), text);
	free(text);
}

int account_unchanged(void)
{
	account_flush();
	return account.json ? CMD_FAILED : cmd_complain("nothing is changed");
}

/* --- the document */

void account_rule(const char *at, struct slice text, const char *action)
{
	json_object *o = json_object_new_object();

	json_set(o, "at", at);
	json_object_object_add(o, "text", json_text(text.p, text.n));
	json_set(o, "action", action);
	json_object_array_add(account.rules, o);
}

void account_functions(const struct host *h, const bool *wanted)
{
	for (unsigned i = 0; i < h->run.inv.functions && account.json; i++)
		if (wanted[i])
			json_object_array_add(account.functions,
					      function_json(h, &h->run.inv.function[i]));
}

void account_written(void)
{
	account.written = true;
}

void account_applied(bool applied)
{
	account.applies = true;
	account.applied = applied;
}

static void print_document(void)
{
	json_object *o = json_document("rules", account.rules);

	json_object_object_add(o, "functions", account.functions);
	json_set_flag(o, "written", account.written);
	json_object_object_add(o, "applied", account.applies ?
			       json_object_new_boolean(account.applied) : NULL);
	json_object_object_add(o, "findings", findings_json(&account.findings));
	json_print(o);
}

int account_end(int code)
{
	/* What was printed by others, on stderr. */
	if (code && account.json && !account.findings.count[FINDING_ERROR])
		account_error("failed", "", "failed; the reason is on stderr");
	account_flush();
	if (account.json)
		print_document();
	findings_free(&account.findings);
	return code;
}

/* --- the command line */

static void put_word(FILE *to, const char *word)
{
	static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ_./:=,@%+-";

	if (*word && !word[strspn(word, plain)]) {
		fputs(word, to);
		return;
	}
	fputc('\'', to);
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", to);
		else
			fputc((unsigned char)*word < ' ' || *word == 0x7f ? '?' : *word, to);
	fputc('\'', to);
}

const char *account_command(const char *more)
{
	static char *text;
	char *word = NULL;
	size_t n = 0, cap = 0;
	bool verb_seen = false, first = true;
	FILE *from = fopen("/proc/self/cmdline", "re");

	free(text);
	FILE *to = xopen_text(&text, &n);
	fprintf(to, "%svgapass", geteuid() ? "sudo " : "");
	for (; from && getdelim(&word, &cap, '\0', from) > 0; first = false) {
		if (first)
			continue;
		fputc(' ', to);
		put_word(to, word);
		if (!verb_seen && !strcmp(word, account.verb->name))
			fprintf(to, "%s%s", *more ? " " : "", more);
		verb_seen |= !strcmp(word, account.verb->name);
	}
	free(word);
	if (from)
		fclose(from);
	if (!verb_seen)
		fprintf(to, " %s %s ...", account.verb->name, more);
	xclose_text(to);
	return text;
}
