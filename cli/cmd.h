/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd.h - the verbs of vgapass, one file each, and how they speak with people.
 *
 * "said" in a comment means that the error has been printed by cmd_complain(): whoever gets such a
 * result prints nothing more and returns it, up to main(). "0, or CMD_FAILED, said" is a function
 * that returns CMD_OK, or CMD_FAILED after printing the reason.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* Exit codes: as wished, not as wished, a usage error; of `check`, warnings and no error. */
enum { CMD_OK, CMD_FAILED, CMD_USAGE, CMD_WARNINGS };

/* One option of a verb: --NAME, or -LETTER where that is not 0. These tables feed the parser,
 * --help and the completion of words; the manual is tested against them.
 *
 * getopt_long() reads the options, by a table made of ours. argp and popt have tables, too, and
 * print their own help. But an argp table names no variable: each option needs a case in a function
 * beside it. A popt table does, and would be one library more. Neither has a place for the words
 * that a value can be, offers "did you mean", or lets an option stand before the verb; argp ends
 * the process with its own words. What they would save is cmd_print_help(), 40 lines. */
struct cmd_option {
	const char *name;
	char letter;
	const char *value; /* NULL: it takes none. Else the value's name, which also says how it is
			      completed (cmd_complete.c), the words that it can be, or both:
			      "DIR", "q35|pc", "WHEN=auto|always|never" */
	const char *help;  /* what it does, in the imperative; any length */
	bool *flag;        /* becomes true, for an option without a value; or */
	const char **text; /* becomes the value; of an option given twice, the last */
};

/* Options that several verbs have: each with its place. */
#define CMD_JSON(to) { "json", 'J', NULL, "print JSON, see vgapass-json(5)", to, NULL }
#define CMD_SYSROOT(to) \
	{ "sysroot", 0, "DIR", "look at the machine whose files are below DIR", NULL, to }
#define CMD_PROFILE(to) \
	{ "profile", 0, "PROFILE", "assume vgapass=PROFILE on the kernel command line", NULL, to }
#define CMD_CMDLINE(to) \
	{ "cmdline", 0, "TEXT", "use TEXT instead of the running kernel's command line", NULL, to }
#define CMD_DRY_RUN(to) \
	{ "dry-run", 0, NULL, "show what would be done, do nothing", to, NULL }
#define CMD_END { NULL, 0, NULL, NULL, NULL, NULL }

/* A word that can stand somewhere, and what it means. */
struct cmd_word {
	const char *word, *help;
};

/* All words of one kind: a list for --help, and for the completion of words. */
struct cmd_words {
	const char *value;   /* their name in cmd_option.value or cmd_verb.arguments: "TOPIC" */
	const char *heading; /* in --help: "Topics" */
	bool (*get)(unsigned i, struct cmd_word *ret); /* false: there are only i */
};
#define CMD_WORDS_END { NULL, NULL, NULL }

struct cmd_verb {
	const char *name;
	const char *summary;   /* one line, for the list of verbs */
	const char *arguments; /* as the usage line has them: "[CARD ...]"; "": it takes none */
	const char *about;     /* what it does: paragraphs, with an empty line between them */
	const struct cmd_option *options; /* ends with CMD_END */
	const char *notes;     /* behind the options: paragraphs, or NULL */
	const struct cmd_words *words; /* ends with CMD_WORDS_END; NULL: there are none */
	const char *exits;     /* what the exit codes mean: "0 ..., 1 ..., 2 usage" */
	const char *plural;    /* the list of its JSON, see cli/out/json.h */
	int (*run)(int argc, char **argv); /* with its arguments alone; returns an exit code */
};

extern const struct cmd_verb verb_list, verb_add, verb_remove, verb_import, verb_plan, verb_check;
extern const struct cmd_verb verb_status, verb_bind, verb_release, verb_assign, verb_explain;
extern const struct cmd_verb verb_report, verb_try, verb_confirm, verb_off, verb_profile;
extern const struct cmd_verb verb_menu;

/* All verbs, in the order of --help; ends with NULL. */
extern const struct cmd_verb *const cmd_verbs[];

/* Returns the verb of this name; NULL: there is none. */
const struct cmd_verb *cmd_find_verb(const char *name);

/* Options of every verb, which may also stand before it; and what else may. End with CMD_END. */
extern const struct cmd_option cmd_everywhere[], cmd_before_verb[];

/* Reads the options, which may stand in front of, between and behind the arguments, and runs the
 * verb. Where that fails and leaves --json without a document, cmd_run() prints one, with the
 * messages of cmd_complain(). argv[0] is its name. print_help is called for --help where no verb
 * was typed; else it is NULL. Returns an exit code. */
int cmd_run(const struct cmd_verb *verb, int argc, char **argv, void (*print_help)(void));

/* Part of cmd_run(). Returns the index of the first argument, where all of them are moved to the
 * end; or -1, and the verb ends with *code. */
int cmd_read_options(const struct cmd_verb *verb, int argc, char **argv,
		     void (*print_help)(void), int *code);

/* vgapass complete WORD...: see cmd_complete.c. Returns CMD_OK. */
int cmd_complete(int argc, char **argv);

/* Print a list of options, and the whole help of a verb. */
void cmd_print_options(const struct cmd_option *o);
void cmd_print_help(const struct cmd_verb *verb);

/* The words in cmd_option.value, "auto|always|never"; NULL: it names none. */
const char *cmd_value_words(const struct cmd_option *o);

/* Returns the length of the first word, and moves *words from it to the next. 0: no more. */
size_t cmd_next_word(const char **words);

/* What an option on the command line is, by tables[] of options, which end with NULL. */
struct cmd_given {
	const struct cmd_option *option; /* NULL: there is none */
	const struct cmd_option *other;  /* not NULL: an abbreviation of this one, too */
	const char *value;               /* that stands in the same word; NULL: none does */
	bool next;                       /* its value is the next word */
};

/* Reads a word that begins with "-" as getopt_long() does: of several letters, the last. */
struct cmd_given cmd_read_option(const struct cmd_option *const *tables, const char *word);

/* Returns CMD_OK if there is no argument, or CMD_USAGE after printing the reason. */
int cmd_no_arguments(const struct cmd_verb *verb, int argc, char **argv);

/* Prints "vgapass: ", the text and a newline on stderr: the place, what is wrong, what to do.
 * Returns CMD_FAILED. */
int cmd_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for what a person should know and is no error: nothing with --quiet. */
void cmd_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for a usage error, and behind it where the verb's help is; NULL: that of all. Returns
 * CMD_USAGE. */
int cmd_misused(const struct cmd_verb *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Whether what is printed on stdout has colors: by --color, or else NO_COLOR, TERM and whether it
 * is a terminal. */
bool cmd_wants_color(void);
