/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_options.c - reads the options of a verb by its table: see cmd.h */
#include <assert.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "cli/out/near.h"
#include "cli/out/xalloc.h"

#define OPTIONS_MAX 32

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

static struct cmd_given read_long(const struct cmd_option *const *tables, const char *word)
{
	const char *value = strchr(word, '=');
	size_t n = value ? (size_t)(value - word) : strlen(word);
	struct cmd_given ret = { NULL, NULL, NULL, false };
	bool whole = false;

	for (; *tables && !whole; tables++)
		for (const struct cmd_option *o = *tables; o->name && !whole; o++) {
			if (strncmp(o->name, word, n) != 0)
				continue;
			whole = !o->name[n];
			if (ret.option && !whole && strcmp(ret.option->name, o->name) != 0)
				ret.other = o;
			else
				ret.option = o;
		}
	if (whole)
		ret.other = NULL;
	ret.value = value ? value + 1 : NULL;
	ret.next = ret.option && ret.option->value && !value;
	return ret;
}

struct cmd_given cmd_read_option(const struct cmd_option *const *tables, const char *word)
{
	struct cmd_given ret = { NULL, NULL, NULL, false };

	if (word[1] == '-')
		return read_long(tables, word + 2);
	while (*++word) {
		ret.option = NULL;
		for (unsigned i = 0; tables[i] && !ret.option; i++)
			for (const struct cmd_option *o = tables[i]; o->name && !ret.option; o++)
				ret.option = o->letter == *word ? o : NULL;
		if (ret.option && ret.option->value) {
			ret.value = word[1] ? word + 1 : NULL;
			ret.next = !ret.value;
			break;
		}
	}
	return ret;
}

/* A letter that is not ASCII is part of a character, so that all of its word is shown. */
static const char *wrong_letter(int argc, char **argv, char text[3])
{
	for (int i = 1; i < argc && (unsigned)optopt > '~'; i++)
		if (argv[i][0] == '-' && argv[i][1] != '-' && strchr(argv[i], optopt))
			return argv[i];
	text[0] = '-';
	text[1] = (char)optopt;
	text[2] = '\0';
	return text;
}

/* --NAME that getopt_long() does not know. */
static int complain_name(const struct cmd_verb *verb, const char *word)
{
	const struct cmd_option *tables[] = { verb->options, cmd_everywhere, NULL };
	struct cmd_given given = cmd_read_option(tables, word);
	int length = (int)strcspn(word, "=");
	struct near near;

	if (given.other && length > 2)
		return cmd_misused(verb, "%.*s: is --%s or --%s meant?", length, word,
				   given.option->name, given.other->name);
	char *name = xstrndup(word + 2, (size_t)length - 2);
	near_start(&near, name);
	for (int k = 256; find_option(verb, k); k++)
		near_try(&near, find_option(verb, k)->name);
	int code = cmd_misused(verb, "%.*s: no such option%s", length, word,
			       near_hint(&near, "--"));
	free(name);
	return code;
}

static int complain_option(const struct cmd_verb *verb, int argc, char **argv, int c)
{
	const struct cmd_option *o = find_option(verb, optopt);
	char letter[3];

	if (!optopt)
		return complain_name(verb, argv[optind - 1]);
	if (optopt <= UCHAR_MAX && c != ':')
		return cmd_misused(verb, "%s: no such option", wrong_letter(argc, argv, letter));
	if (optopt <= UCHAR_MAX)
		return cmd_misused(verb, "-%c requires an argument", optopt);
	return cmd_misused(verb, "--%s %s", o->name,
			   c == ':' ? "requires an argument" : "takes no argument");
}

const char *cmd_value_words(const struct cmd_option *o)
{
	const char *equals = o->value ? strchr(o->value, '=') : NULL;

	if (equals)
		return equals + 1;
	return o->value && *o->value >= 'a' ? o->value : NULL;
}

size_t cmd_next_word(const char **words)
{
	size_t n = strcspn(*words, "|");

	*words += n + ((*words)[n] == '|');
	return n;
}

/* True: `value` is one of the option's words, or it has none. */
static bool is_value(const struct cmd_option *o, const char *value)
{
	const char *words = cmd_value_words(o), *word = words;

	for (size_t n; words && (n = cmd_next_word(&words)); word = words)
		if (n == strlen(value) && !strncmp(word, value, n))
			return true;
	return !word;
}

/* "auto, always or never", as a message has it; to be freed. */
static char *list_words(const char *words)
{
	char *ret = xstrdup("");
	const char *word = words;

	for (size_t n; (n = cmd_next_word(&words)); word = words) {
		char *longer = xasprintf("%s%s%.*s", ret, !*ret ? "" : *words ? ", " : " or ",
					 (int)n, word);
		free(ret);
		ret = longer;
	}
	return ret;
}

static int set_option(const struct cmd_verb *verb, const struct cmd_option *o)
{
	if (o->flag)
		*o->flag = true;
	else if (is_value(o, optarg))
		*o->text = optarg;
	else {
		char *words = list_words(cmd_value_words(o));
		cmd_misused(verb, "--%s %s: expected %s", o->name, optarg, words);
		free(words);
		return CMD_USAGE;
	}
	return CMD_OK;
}

/* --help or --version */
static void print_and_end(const struct cmd_verb *verb, const struct cmd_option *o,
			  void (*print_help)(void))
{
	if (o->letter == 'V')
		puts("vgapass " VGAPASS_VERSION);
	else if (print_help)
		print_help();
	else
		cmd_print_help(verb);
}

int cmd_read_options(const struct cmd_verb *verb, int argc, char **argv,
		     void (*print_help)(void), int *code)
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
			print_and_end(verb, o, print_help);
			*code = CMD_OK;
			return -1;
		}
		*code = o ? set_option(verb, o) : complain_option(verb, argc, argv, c);
		if (*code)
			return -1;
	}
	return optind;
}
