/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd.c - see cmd.h */
#include "cmd.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/out/json.h"
#include "cli/out/wrap.h"
#include "cli/out/xalloc.h"

#define MESSAGE_MAX 1000 /* bytes of a message; the longest of ours has 300 */
#define HELP_WIDTH 80

/* What the options of every verb say. */
static bool quiet;
static const char *color;

/* What cmd_complain() has said: texts of JSON. NULL: nothing. */
static json_object *complaints;

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

/* A word that is repeated in a message may be of any length: its middle is left out, as what is
 * wrong with it stands behind it. */
static void cut_message(char *text)
{
	size_t n = MESSAGE_MAX / 2, length = strlen(text), rest = length - MESSAGE_MAX / 2;

	if (length <= MESSAGE_MAX + 3)
		return;
	/* Not within a character of UTF-8. */
	while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	while (rest < length && ((unsigned char)text[rest] & 0xc0) == 0x80)
		rest++;
	for (unsigned dots = 0; dots < 3; dots++)
		text[n++] = '.';
	memmove(text + n, text + rest, length - rest + 1);
}

/* Prints one line, which a terminal gets in lines that fit; several lines are in their form
 * already. Returns it, to be freed. */
static char *complain(const char *format, va_list arguments)
{
	char *text = xvasprintf(format, arguments);

	hide_controls(text, "\n\t");
	cut_message(text);
	/* Where stdout and stderr go to one place, their order stays. */
	fflush(stdout);
	fputs("vgapass: ", stderr);
	if (strchr(text, '\n'))
		fprintf(stderr, "%s\n", text);
	else
		wrap_print(stderr, 9, 4, wrap_error_width(), text);
	return text;
}

int cmd_complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = complain(format, arguments);
	va_end(arguments);
	if (!complaints)
		complaints = json_object_new_array();
	json_object_array_add(complaints, json_text(text, strlen(text)));
	free(text);
	return CMD_FAILED;
}

void cmd_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (!quiet)
		free(complain(format, arguments));
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

/* --- running a verb */

/* Nothing but errors is wanted: what is printed on stdout goes nowhere. */
static void be_quiet(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	fflush(stdout);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		cmd_complain("/dev/null cannot be opened, so --quiet does nothing");
	close(fd);
}

/* Prints the document of a verb that fails before it has one of its own. */
static void print_failure(const struct cmd_verb *verb)
{
	json_object *o = json_document(verb->plural, json_object_new_array());

	json_object_object_add(o, "messages",
			       complaints ? json_object_get(complaints) : json_object_new_array());
	json_print(o);
}

static bool wants_json(const struct cmd_verb *verb)
{
	const struct cmd_option *o = verb->options;

	while (o->name && strcmp(o->name, "json") != 0)
		o++;
	return o->name && *o->flag;
}

int cmd_run(const struct cmd_verb *verb, int argc, char **argv, void (*print_help)(void))
{
	is_general = print_help != NULL;
	int code, first = cmd_read_options(verb, argc, argv, print_help, &code);

	if (first < 0)
		return code;
	if (quiet)
		be_quiet();
	code = verb->run(argc - first, argv + first);
	if (code == CMD_FAILED && wants_json(verb) && !json_was_printed())
		print_failure(verb);
	json_object_put(complaints);
	complaints = NULL;
	return code;
}

int cmd_no_arguments(const struct cmd_verb *verb, int argc, char **argv)
{
	if (!argc)
		return CMD_OK;
	return cmd_misused(verb, "%s: unexpected argument", *argv[0] ? argv[0] : "\"\"");
}
