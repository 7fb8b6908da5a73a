/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vgapass.c - the command that people type: the table of its verbs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/out/ascii.h"
#include "cli/out/near.h"
#include "cli/out/xalloc.h"

const struct cmd_verb *const cmd_verbs[] = {
	&verb_list, &verb_add, &verb_remove, &verb_import, &verb_plan, &verb_check, &verb_status,
	&verb_bind, &verb_release, &verb_assign, &verb_explain, &verb_report, NULL,
};

/* Of --sysroot only its form is needed here: what stands before the verb is moved behind it. */
static const struct cmd_option before_verb[] = {
	{ "version", 'V', NULL, "print the version", NULL, NULL },
	CMD_SYSROOT(NULL),
	CMD_END,
};

static void print_help(FILE *to)
{
	fputs("usage: vgapass [VERB] [OPTION ...]\n\n"
	      "Without a verb: status.\n\n", to);
	for (unsigned i = 0; cmd_verbs[i]; i++)
		fprintf(to, "  %-8s  %s\n", cmd_verbs[i]->name, cmd_verbs[i]->summary);
	fputs("\nOptions of every verb, before or behind it:\n", to);
	if (to == stdout) {
		cmd_print_options(cmd_everywhere);
		cmd_print_options(before_verb);
	}
	fputs("\nFrom a card to a guest: list, add --apply, reboot, status, assign.\n"
	      "See vgapass VERB --help, or vgapass(8).\n", to);
}

/* A full disk must not look like success. */
static int flushed(int code)
{
	if (!fflush(stdout) && !ferror(stdout))
		return code;
	return cmd_complain("stdout: cannot be written: see whether the disk is full");
}

static int complain_verb(const char *name)
{
	struct near near;

	near_start(&near, name);
	for (unsigned i = 0; cmd_verbs[i]; i++)
		near_try(&near, cmd_verbs[i]->name);
	return cmd_misused(NULL, "%s: no such verb%s", name, near_hint(&near, ""));
}

/* True: the value of this option, which stands before the verb, is the next word. */
static bool takes_next(const char *word)
{
	return !strcmp(word, "--sysroot") || !strcmp(word, "--color");
}

/* Returns the index of the verb; argc: there is none. */
static int find_verb(int argc, char **argv)
{
	int i = 1;

	while (i < argc && argv[i][0] == '-' && argv[i][1])
		i += 1 + takes_next(argv[i]);
	return i < argc ? i : argc;
}

static bool has_word(char **argv, int n, const char *letter, const char *name)
{
	for (int i = 1; i < n; i++)
		if (!strcmp(argv[i], letter) || !strcmp(argv[i], name))
			return true;
	return false;
}

/* vgapass help [VERB] */
static int help(const char *name)
{
	const struct cmd_verb *verb = name ? cmd_find_verb(name) : NULL;

	if (name && !verb)
		return complain_verb(name);
	if (verb)
		cmd_print_help(verb);
	else
		print_help(stdout);
	return flushed(CMD_OK);
}

int main(int argc, char **argv)
{
	int at, code;

	/* Which characters a terminal shows; nothing else of a locale is wanted. */
	utf8_set_locale();
	at = find_verb(argc, argv);
	if (has_word(argv, at, "-V", "--version")) {
		puts("vgapass " VGAPASS_VERSION);
		return flushed(CMD_OK);
	}
	if (at == argc && has_word(argv, at, "-h", "--help"))
		return help(NULL);
	const char *name = at < argc ? argv[at] : verb_status.name;
	if (!strcmp(name, "help"))
		return help(at + 1 < argc ? argv[at + 1] : NULL);
	const struct cmd_verb *verb = cmd_find_verb(name);
	if (!verb)
		return complain_verb(name);
	/* The verb, what stood before it, and what stands behind it. */
	char **words = xcalloc((size_t)argc + 2, sizeof(*words));
	int n = 0;
	words[n++] = (char *)verb->name;
	for (int i = 1; i < argc; i++)
		if (i != at)
			words[n++] = argv[i];
	code = cmd_run(verb, n, words);
	free(words);
	return flushed(code);
}
