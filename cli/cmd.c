/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd.c - see cmd.h */
#include "cmd.h"

#include <assert.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/out/near.h"
#include "cli/out/wrap.h"
#include "cli/out/xalloc.h"

#define OPTIONS_MAX 32
#define HELP_WIDTH 80

/* What the options of every verb say. */
static bool quiet;
static const char *color;

const struct cmd_option cmd_everywhere[] = {
	{ "help", 'h', NULL, "show this help, or that of the verb", NULL, NULL },
	{ "quiet", 'q', NULL, "print errors only", &quiet, NULL },
	{ "color", 0, "auto|always|never", "colour the output; auto: on a terminal", NULL, &color },
	CMD_END,
};

static void complain(const char *format, va_list arguments)
{
	/* Where stdout and stderr go to one place, their order stays. */
	fflush(stdout);
	fputs("vgapass: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

int cmd_complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(format, arguments);
	va_end(arguments);
	return CMD_FAILED;
}

void cmd_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (!quiet)
		complain(format, arguments);
	va_end(arguments);
}

int cmd_misused(const struct cmd_verb *verb, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = xvasprintf(format, arguments);
	va_end(arguments);
	bool asks = text[strlen(text) - 1] == '?';
	cmd_complain("%s%s vgapass%s%s --help", text, asks ? " See" : ": see", verb ? " " : "",
		     verb ? verb->name : "");
	free(text);
	return CMD_USAGE;
}

const struct cmd_verb *cmd_find_verb(const char *name)
{
	const struct cmd_verb *const *v = cmd_verbs;

	while (*v && strcmp((*v)->name, name) != 0)
		v++;
	return *v;
}

bool cmd_wants_color(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (color && strcmp(color, "auto") != 0)
		return !strcmp(color, "always");
	return isatty(STDOUT_FILENO) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}

/* --- help */

/* "-J, --json" or "    --sysroot DIR", as the help shows it; returns its length. */
static int option_text(const struct cmd_option *o, char text[128])
{
	const char letter[] = { '-', o->letter, ',', ' ', '\0' };

	return snprintf(text, 128, "%s--%s%s%s", o->letter ? letter : "    ", o->name,
			o->value ? " " : "", o->value ? o->value : "");
}

#define OPTION_WIDTH 21 /* of the column; a longer option has a line for itself */

void cmd_print_options(const struct cmd_option *o)
{
	char text[128];

	for (; o->name; o++) {
		int n = option_text(o, text);
		printf("  %-*s", OPTION_WIDTH, text);
		if (n > OPTION_WIDTH)
			printf("\n  %*s", OPTION_WIDTH, "");
		fputs("  ", stdout);
		wrap_print(stdout, OPTION_WIDTH + 4, OPTION_WIDTH + 4, HELP_WIDTH, o->help);
	}
}

void cmd_print_help(const struct cmd_verb *verb)
{
	printf("usage: vgapass %s [OPTION ...]%s%s\n\n", verb->name, *verb->arguments ? " " : "",
	       verb->arguments);
	wrap_print(stdout, 0, 0, HELP_WIDTH, verb->about);
	putchar('\n');
	cmd_print_options(verb->options);
	cmd_print_options(cmd_everywhere);
	if (verb->notes) {
		putchar('\n');
		wrap_print(stdout, 0, 0, HELP_WIDTH, verb->notes);
	}
	if (verb->print_more)
		verb->print_more();
	putchar('\n');
	fputs("Exit code: ", stdout);
	wrap_print(stdout, 11, 0, HELP_WIDTH, verb->exits);
}

/* --- options */

/* The option that is at c as getopt_long() returns it: 256 + k for option k of the verb's and then
 * of those of every verb, or a letter. */
static const struct cmd_option *find_option(const struct cmd_verb *verb, int c)
{
	const struct cmd_option *lists[] = { verb->options, cmd_everywhere };
	int k = 256;

	for (unsigned i = 0; i < 2; i++)
		for (const struct cmd_option *o = lists[i]; o->name; o++, k++)
			if (c == k || (o->letter && c == o->letter))
				return o;
	return NULL;
}

static int complain_option(const struct cmd_verb *verb, char **argv, int c)
{
	char letter[] = { '-', (char)optopt, '\0' };
	bool is_letter = optopt && optopt <= UCHAR_MAX;
	const char *word = is_letter ? letter : argv[optind - 1];
	struct near near;

	if (c == ':')
		return cmd_misused(verb, "%s requires an argument", word);
	if (optopt > UCHAR_MAX)
		return cmd_misused(verb, "%s takes no argument", word);
	near_start(&near, is_letter ? "" : word + strspn(word, "-"));
	for (int k = 256; find_option(verb, k); k++)
		near_try(&near, find_option(verb, k)->name);
	return cmd_misused(verb, "%s: no such option%s", word, near_hint(&near, "--"));
}

/* True: `value` is one of the words of "one|two", or o has other values. */
static bool is_value(const struct cmd_option *o, const char *value)
{
	const char *word = o->value;

	if (!strchr(word, '|'))
		return true;
	for (size_t n; *word; word += n + (word[n] == '|')) {
		n = strcspn(word, "|");
		if (n == strlen(value) && !strncmp(word, value, n))
			return true;
	}
	return false;
}

static int set_option(const struct cmd_verb *verb, const struct cmd_option *o)
{
	if (o->flag)
		*o->flag = true;
	else if (!is_value(o, optarg))
		return cmd_misused(verb, "--%s %s: expected one of %s", o->name, optarg, o->value);
	else
		*o->text = optarg;
	return CMD_OK;
}

/* Returns the index of the first argument, where all of them are moved to the end; or -1, and the
 * verb ends with *code. */
static int read_options(const struct cmd_verb *verb, int argc, char **argv, int *code)
{
	struct option table[OPTIONS_MAX + 1] = { 0 };
	char letters[2 * OPTIONS_MAX + 2] = ":", *letter = letters + 1;
	const struct cmd_option *o;
	int c;

	for (int k = 0; (o = find_option(verb, 256 + k)); k++) {
		assert(k < OPTIONS_MAX);
		table[k] = (struct option){ o->name, o->value ? 1 : 0, NULL, 256 + k };
		if (o->letter)
			*letter++ = o->letter;
		if (o->letter && o->value)
			*letter++ = ':';
	}
	optind = 0;
	while ((c = getopt_long(argc, argv, letters, table, NULL)) >= 0) {
		o = c == '?' || c == ':' ? NULL : find_option(verb, c);
		if (o && !o->flag && !o->text) {
			cmd_print_help(verb);
			*code = CMD_OK;
			return -1;
		}
		*code = o ? set_option(verb, o) : complain_option(verb, argv, c);
		if (*code)
			return -1;
	}
	return optind;
}

/* Nothing but errors is wanted: what is printed on stdout goes nowhere. */
static void be_quiet(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	fflush(stdout);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		cmd_complain("/dev/null cannot be opened, so --quiet does nothing");
	close(fd);
}

int cmd_run(const struct cmd_verb *verb, int argc, char **argv)
{
	int code, first = read_options(verb, argc, argv, &code);

	if (first < 0)
		return code;
	if (quiet)
		be_quiet();
	return verb->run(argc - first, argv + first);
}

int cmd_no_arguments(const struct cmd_verb *verb, int argc, char **argv)
{
	return argc ? cmd_misused(verb, "%s: unexpected argument", argv[0]) : CMD_OK;
}
