/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd.c - see cmd.h */
#include "cmd.h"

#include <assert.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>

#define OPTIONS_MAX 16

int cmd_complain(const char *format, ...)
{
	va_list arguments;

	/* Where stdout and stderr go to one place, their order stays. */
	fflush(stdout);
	fputs("vgapass: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return CMD_FAILED;
}

/* Prints what getopt_long() found wrong. Of several letters in one word it stays at the wrong
 * one. */
static void complain_option(char **argv, int c)
{
	const char *what = c == ':' ? "requires an argument" :
			   optopt > UCHAR_MAX ? "takes no argument" : "no such option";
	char letter[] = { '-', (char)optopt, '\0' };
	bool is_letter = optopt && optopt <= UCHAR_MAX;

	cmd_complain("%s: %s: see vgapass %s --help", is_letter ? letter : argv[optind - 1], what,
		     argv[0]);
}

int cmd_options(int argc, char **argv, const struct cmd_option *options, const char *help,
		int *code)
{
	struct option table[OPTIONS_MAX + 2] = { { "help", no_argument, NULL, 'h' } };
	char letters[2 * OPTIONS_MAX + 3] = ":h", *letter = letters + 2;
	unsigned n = 0;
	int c;

	/* getopt_long() returns 256 + k for option k, which is no letter. */
	for (; options[n].name; n++) {
		assert(n < OPTIONS_MAX);
		table[n + 1] = (struct option){ options[n].name, options[n].text ? 1 : 0, NULL,
						256 + (int)n };
		if (options[n].letter)
			*letter++ = options[n].letter;
		if (options[n].letter && options[n].text)
			*letter++ = ':';
	}
	optind = 0;
	while ((c = getopt_long(argc, argv, letters, table, NULL)) >= 0) {
		const struct cmd_option *o = options;
		if (c == 'h') {
			fputs(help ? help : "", stdout);
			*code = CMD_OK;
			return -1;
		}
		if (c == '?' || c == ':') {
			complain_option(argv, c);
			*code = CMD_USAGE;
			return -1;
		}
		while (o->name && c != o->letter && c != 256 + (int)(o - options))
			o++;
		if (o->flag)
			*o->flag = true;
		else if (o->text)
			*o->text = optarg;
	}
	return optind;
}

int cmd_no_arguments(int argc, char **argv, int first)
{
	if (first == argc)
		return CMD_OK;
	cmd_complain("%s: %s: unexpected argument: see vgapass %s --help", argv[0], argv[first],
		     argv[0]);
	return CMD_USAGE;
}
