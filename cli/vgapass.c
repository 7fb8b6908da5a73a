/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vgapass.c - the command that people type: the table of its verbs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/out/ascii.h"
#include "cli/out/near.h"
#include "cli/out/xalloc.h"

/* The groups of --help, by the verb that begins each. */
static const struct {
	const struct cmd_verb *first;
	const char *heading;
} headings[] = {
	{ &verb_status, "What is, and why" },
	{ &verb_add, "From the next boot on" },
	{ &verb_bind, "Now, until the next boot" },
	{ &verb_assign, "Guests and reports" },
	{ NULL, NULL },
};

static void print_help(void)
{
	unsigned group = 0;

	puts("usage: vgapass [VERB] [OPTION ...] [ARGUMENT ...]\n\n"
	     "Without a verb: status.");
	for (unsigned i = 0; cmd_verbs[i]; i++) {
		if (cmd_verbs[i] == headings[group].first)
			printf("\n%s:\n", headings[group++].heading);
		printf("  %-8s  %s\n", cmd_verbs[i]->name, cmd_verbs[i]->summary);
	}
	puts("\nOptions of every verb, before or behind it:");
	cmd_print_options(cmd_before_verb);
	cmd_print_options(cmd_everywhere);
	puts("\nFrom a card to a guest: list, add --apply, reboot, status, assign.\n"
	     "See vgapass help VERB, or vgapass(8).");
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
	return cmd_misused(NULL, "%s: no such verb%s", *name ? name : "\"\"",
			   near_hint(&near, ""));
}

/* Where the verb stands, and what stands before it. */
struct verb_place {
	int at;              /* argc: there is none */
	int end;             /* of "--", which ends the options before the verb; 0: none */
	const char *unknown; /* a word that is no option there; NULL: none */
};

static struct verb_place find_verb(int argc, char **argv)
{
	const struct cmd_option *tables[] = { cmd_everywhere, cmd_before_verb,
					      verb_status.options, NULL };
	struct verb_place ret = { 1, 0, NULL };

	while (ret.at < argc && argv[ret.at][0] == '-' && argv[ret.at][1]) {
		if (!strcmp(argv[ret.at], "--")) {
			ret.end = ret.at++;
			break;
		}
		struct cmd_given given = cmd_read_option(tables, argv[ret.at]);
		if (!given.option)
			ret.unknown = argv[ret.at];
		ret.at += 1 + given.next;
	}
	ret.at = ret.at < argc ? ret.at : argc;
	return ret;
}

/* vgapass help [VERB] */
static int run_help(int argc, char **argv)
{
	const struct cmd_verb *verb = argc ? cmd_find_verb(argv[0]) : NULL;

	if (argc > 1)
		return cmd_misused(NULL, "%s: unexpected argument", argv[1]);
	if (verb)
		cmd_print_help(verb);
	else if (!argc || !strcmp(argv[0], "help"))
		print_help();
	else
		return complain_verb(argv[0]);
	return CMD_OK;
}

static const struct cmd_option no_options[] = { CMD_END };

/* It is a verb to the parser alone. */
static const struct cmd_verb verb_help = {
	.name = "help",
	.options = no_options,
	.run = run_help,
};

static int run(const struct cmd_verb *verb, struct verb_place place, int argc, char **argv)
{
	bool general = place.at == argc || verb == &verb_help;
	/* The verb, what stood before it, and what stands behind it. */
	char **words = xcalloc((size_t)argc + 2, sizeof(*words));
	int n = 0;

	words[n++] = (char *)verb->name;
	for (int i = 1; i < argc; i++)
		if (i != place.at && i != place.end)
			words[n++] = argv[i];
	int code = cmd_run(verb, n, words, general ? print_help : NULL);
	free(words);
	return code;
}

int main(int argc, char **argv)
{
	struct verb_place place = find_verb(argc, argv);
	const char *name = place.at < argc ? argv[place.at] : verb_status.name;
	const struct cmd_verb *verb = cmd_find_verb(name);

	/* Which characters a terminal shows; nothing else of a locale is wanted. */
	utf8_set_locale();
	if (!strcmp(name, "complete"))
		return flushed(cmd_complete(argc - place.at - 1, argv + place.at + 1));
	if (!strcmp(name, verb_help.name))
		verb = &verb_help;
	if (!verb && place.unknown)
		return cmd_misused(NULL, "%s: options of a verb stand behind it", place.unknown);
	if (!verb)
		return complain_verb(name);
	return flushed(run(verb, place, argc, argv));
}
