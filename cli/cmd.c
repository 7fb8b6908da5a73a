/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd.c - see cmd.h */
#include "cmd.h"

#include <assert.h>
#include <ctype.h>
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

/* No verb was typed, or "help": usage errors name the help of all. */
static bool is_general;

const struct cmd_option cmd_everywhere[] = {
	{ "quiet", 'q', NULL, "print errors only", &quiet, NULL },
	{ "color", 0, "WHEN=auto|always|never", "color the output: auto (on a terminal), always or "
	  "never", NULL, &color },
	{ "help", 'h', NULL, "print this help", NULL, NULL },
	{ "version", 'V', NULL, "print the version", NULL, NULL },
	CMD_END,
};

/* Of --sysroot only its form counts here: the verb reads it, if it has this option. */
const struct cmd_option cmd_before_verb[] = {
	CMD_SYSROOT(NULL),
	CMD_END,
};

/* So that what was typed, or read from a file, does nothing to the terminal. From 0x80 to 0x9f,
 * after 0xc2 in UTF-8, terminals have control characters, too. */
static void hide_controls(char *text, const char *but)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++)
		if ((*c < ' ' && !strchr(but, *c)) || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
			c[0] = c[1] = '?';
}

static void complain(const char *format, va_list arguments)
{
	char *text = xvasprintf(format, arguments);

	hide_controls(text, "\n\t");
	/* Where stdout and stderr go to one place, their order stays. */
	fflush(stdout);
	fprintf(stderr, "vgapass: %s\n", text);
	free(text);
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
	hide_controls(text, "");
	bool asks = text[strlen(text) - 1] == '?';
	bool general = !verb || is_general;
	cmd_complain("%s%s vgapass%s%s --help", text, asks ? " See" : ": see",
		     general ? "" : " ", general ? "" : verb->name);
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
	const char *value = o->value ? o->value : "";

	return snprintf(text, 128, "%s--%s%s%.*s", o->letter ? letter : "    ", o->name,
			*value ? " " : "", (int)strcspn(value, "="), value);
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

static void print_words(const struct cmd_words *w)
{
	struct cmd_word word;
	size_t width = 0;

	for (unsigned i = 0; w->get(i, &word); i++)
		width = strlen(word.word) > width ? strlen(word.word) : width;
	printf("\n%s:\n", w->heading);
	for (unsigned i = 0; w->get(i, &word); i++) {
		printf("  %-*s  ", (int)width, word.word);
		wrap_print(stdout, (unsigned)width + 4, (unsigned)width + 4, HELP_WIDTH,
			   word.help);
	}
}

void cmd_print_help(const struct cmd_verb *verb)
{
	printf("usage: vgapass %s [OPTION ...]%s%s\n\n", verb->name, *verb->arguments ? " " : "",
	       verb->arguments);
	wrap_print(stdout, 0, 0, HELP_WIDTH, verb->about);
	putchar('\n');
	cmd_print_options(verb->options);
	fputs("\nOf every verb, see vgapass --help:", stdout);
	for (const struct cmd_option *o = cmd_everywhere; o->name; o++)
		printf(" --%s", o->name);
	putchar('\n');
	for (const struct cmd_words *w = verb->words; w && w->value; w++)
		print_words(w);
	if (verb->notes) {
		putchar('\n');
		wrap_print(stdout, 0, 0, HELP_WIDTH, verb->notes);
	}
	fputs("\nExit code: ", stdout);
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

static struct cmd_given read_long(const struct cmd_option *const *tables, const char *name)
{
	struct cmd_given ret = { NULL, NULL, NULL, false };
	size_t n = strcspn(name, "=");

	for (; *tables; tables++)
		for (const struct cmd_option *o = *tables; o->name; o++) {
			if (strncmp(o->name, name, n) != 0)
				continue;
			if (!o->name[n]) {
				ret = (struct cmd_given){ .option = o };
				goto found;
			}
			if (!ret.option)
				ret.option = o;
			else if (strcmp(ret.option->name, o->name) != 0)
				ret.other = o;
		}
found:
	ret.value = name[n] ? name + n + 1 : NULL;
	ret.next = ret.option && ret.option->value && !ret.value;
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
	const char *equals = strchr(o->value, '=');

	return equals ? equals + 1 : islower((unsigned char)*o->value) ? o->value : NULL;
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

/* Returns the index of the first argument, where all of them are moved to the end; or -1, and the
 * verb ends with *code. */
static int read_options(const struct cmd_verb *verb, int argc, char **argv,
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

/* Nothing but errors is wanted: what is printed on stdout goes nowhere. */
static void be_quiet(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	fflush(stdout);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		cmd_complain("/dev/null cannot be opened, so --quiet does nothing");
	close(fd);
}

int cmd_run(const struct cmd_verb *verb, int argc, char **argv, void (*print_help)(void))
{
	is_general = print_help != NULL;
	int code, first = read_options(verb, argc, argv, print_help, &code);

	if (first < 0)
		return code;
	if (quiet)
		be_quiet();
	return verb->run(argc - first, argv + first);
}

int cmd_no_arguments(const struct cmd_verb *verb, int argc, char **argv)
{
	if (!argc)
		return CMD_OK;
	return cmd_misused(verb, "%s: unexpected argument", *argv[0] ? argv[0] : "\"\"");
}
