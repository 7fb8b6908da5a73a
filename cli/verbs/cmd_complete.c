/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_complete.c - vgapass complete WORD...: for the completions of bash, zsh and fish, the words
 * that the last WORD can become. The WORDs are what is typed behind "vgapass"; the last one, up to
 * the cursor, may be "".
 *
 * Each line is a whole word, a tab, and what it means. A line without a word asks the shell for
 * names of files: "\tFILE", or "\tDIR" for directories alone; behind "--NAME=", where the last WORD
 * has that.
 *
 * Verbs, options and most values come from the tables of cmd.h; the machine is only looked at for
 * cards, profiles and guests. No error is printed: a person is in the middle of a line.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/io/sysfs.h"
#include "cli/cmd.h"
#include "cli/edit/rules.h"
#include "cli/machine/host.h"
#include "cli/out/xalloc.h"

#define GUEST_LOGS "var/log/libvirt/qemu"

/* The command line so far. */
struct typed {
	const struct cmd_verb *verb; /* NULL: none yet */
	bool help;                   /* help VERB */
	const struct cmd_option *tables[4];
	const char *sysroot;
	char **argument; /* those of the verb */
	int arguments;
	bool ended; /* by "--": no more options */

	/* The last word: what stays of it, and what is to be completed. */
	const char *last, *word;
	const struct cmd_option *option; /* whose value it is; NULL: it is none */
};

/* --- printing */

/* Prints a candidate, if the word that is typed begins it; an argument only once. */
static void offer(const struct typed *t, const char *word, const char *help)
{
	for (int i = 0; i < t->arguments && !t->option; i++)
		if (!strcmp(t->argument[i], word))
			return;
	if (!strncmp(word, t->word, strlen(t->word)) && !strpbrk(word, "\t\n"))
		printf("%.*s%s\t%s\n", (int)(t->word - t->last), t->last, word, help);
}

static void offer_options(const struct typed *t)
{
	for (unsigned i = 0; t->tables[i]; i++)
		for (const struct cmd_option *o = t->tables[i]; o->name; o++) {
			char *name = xasprintf("--%s", o->name);
			char letter[] = { '-', o->letter, '\0' };
			if (o->letter)
				offer(t, letter, o->help);
			offer(t, name, o->help);
			free(name);
		}
}

static void offer_verbs(const struct typed *t)
{
	for (unsigned i = 0; cmd_verbs[i]; i++)
		offer(t, cmd_verbs[i]->name, cmd_verbs[i]->summary);
	if (!t->help)
		offer(t, "help", "print the help of a verb");
}

/* --- values that the tables have */

static void offer_choice(const struct typed *t, const char *words)
{
	const char *word = words;

	for (size_t n; (n = cmd_next_word(&words)); word = words) {
		char *copy = xstrndup(word, n);
		offer(t, copy, "");
		free(copy);
	}
}

static bool list_has(const char *list, const char *end, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; p < end; p += strcspn(p, ",+"), p += p < end)
		if (strcspn(p, ",+") == n && !strncmp(p, name, n))
			return true;
	return false;
}

/* COLUMNS is a list: the last of it is completed to a name that is not in it yet. */
static void offer_words(struct typed *t, const struct cmd_words *w)
{
	bool is_list = !strcmp(w->value, "COLUMNS");
	const char *list = t->word;
	struct cmd_word word;

	for (const char *p = list; is_list && *p; p++)
		if (*p == ',' || *p == '+')
			t->word = p + 1;
	for (unsigned i = 0; w->get(i, &word); i++)
		if (!list_has(list, t->word, word.word))
			offer(t, word.word, word.help);
}

/* --- values that the machine has */

/* Marks the functions that a rule takes, of whichever profile. */
static void find_ruled(const struct run *run, bool ruled[PCI_FUNCTIONS_MAX])
{
	for (unsigned k = 0; k < run->config.rules; k++) {
		const struct plan *plan = rules_alone(run, &run->config.rule[k]);
		for (unsigned i = 0; i < run->inv.functions; i++)
			ruled[i] |= plan->entry[i].rule && !plan->entry[i].rule->keep;
	}
}

/* True: release can give this function back. */
static bool is_taken(const struct host *h, const struct pci_function *f)
{
	const struct plan_entry *e = host_entry(h, f);

	return !strcmp(f->driver, "vfio-pci") ||
	       (e->rule && !e->rule->keep && !strcmp(f->driver, e->driver));
}

static void offer_cards(const struct typed *t, const struct host *h)
{
	/* 01:00.0 is short for 0000:01:00.0. */
	bool is_short = strlen(t->word) > 2 && t->word[2] == ':';
	bool ruled[PCI_FUNCTIONS_MAX] = { false };
	char at[64], name[HOST_NAME_MAX];

	if (t->verb == &verb_remove)
		find_ruled(&h->run, ruled);
	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		const struct pci_function *f = &h->run.inv.function[i];
		bool useful = t->verb == &verb_list ? true :
			      t->verb == &verb_remove ? ruled[i] :
			      t->verb == &verb_release ? is_taken(h, f) :
							 f->class >> 16 != PCI_BASE_BRIDGE;
		if (!useful || (is_short && f->at.domain))
			continue;
		text_make(at, sizeof(at), "%pa", &f->at);
		offer(t, is_short ? at + strlen("0000:") : at, host_device(h, f, name));
	}
}

static void offer_profiles(const struct typed *t, const struct host *h)
{
	for (unsigned i = 0; i < h->run.config.profiles; i++)
		offer(t, h->run.config.profile[i], "");
}

/* A guest of libvirt has a log. */
static int offer_guest(const char *name, void *typed)
{
	size_t n = strlen(name);

	if (n > 4 && !strcmp(name + n - 4, ".log")) {
		char *guest = xstrndup(name, n - 4);
		offer(typed, guest, "");
		free(guest);
	}
	return 0;
}

static void offer_guests(const struct typed *t, const struct host *h)
{
	struct typed copy = *t;

	sysfs_list(h->roots.root, GUEST_LOGS, offer_guest, &copy);
}

static const struct {
	const char *name; /* in cmd_option.value or cmd_verb.arguments */
	void (*offer)(const struct typed *t, const struct host *h);
} kinds[] = {
	{ "CARD", offer_cards },
	{ "PROFILE", offer_profiles },
	{ "GUEST", offer_guests },
};

static void offer_of_machine(const struct typed *t, unsigned kind)
{
	const struct host_options o = { .sysroot = t->sysroot };
	struct host *h = xcalloc(1, sizeof(*h));

	if (!host_open(h, &o))
		kinds[kind].offer(t, h);
	host_close(h);
	free(h);
}

static void offer_kind(struct typed *t, const char *name)
{
	if (!strcmp(name, "DIR") || !strcmp(name, "FILE"))
		printf("\t%s\n", name);
	for (const struct cmd_words *w = t->verb ? t->verb->words : NULL; w && w->value; w++)
		if (!strcmp(name, w->value))
			offer_words(t, w);
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(name, kinds[i].name))
			offer_of_machine(t, i);
}

/* --- the command line */

static void offer_value(struct typed *t)
{
	const char *words = cmd_value_words(t->option);

	if (words)
		offer_choice(t, words);
	else
		offer_kind(t, t->option->value);
}

/* Arguments by the usage line, as "--for SOFTWARE [CARD ...]": what stands behind an option there
 * is its value. Where no argument is left, an option is what can follow. */
static void offer_arguments(struct typed *t)
{
	char *usage = xstrdup(t->verb->arguments), *save = NULL;
	bool several = strstr(usage, "...") != NULL, is_value = false, any = false;

	for (char *word, *rest = usage; (word = strtok_r(rest, " []", &save)); rest = NULL) {
		if (!is_value && *word >= 'A' && *word <= 'Z' && (several || !t->arguments)) {
			offer_kind(t, word);
			any = true;
		}
		is_value = *word == '-';
	}
	if (!any && !*t->last && !t->ended)
		offer_options(t);
	free(usage);
}

static void set_tables(struct typed *t)
{
	const struct cmd_option *own = t->verb ? t->verb->options : cmd_before_verb;

	t->tables[0] = t->help ? NULL : own;
	t->tables[1] = cmd_everywhere;
}

/* Reads a word that is complete. Returns true if the next one is the value of t->option. */
static bool read_word(struct typed *t, char *word)
{
	t->option = NULL;
	if (!t->ended && !strcmp(word, "--")) {
		t->ended = t->verb != NULL;
	} else if (!t->ended && word[0] == '-' && word[1]) {
		struct cmd_given given = cmd_read_option(t->tables, word);
		t->option = given.option;
		if (given.value && given.option && !strcmp(given.option->name, "sysroot"))
			t->sysroot = given.value;
		return given.next;
	} else if (!t->verb && !t->help) {
		t->verb = cmd_find_verb(word);
		t->help = !strcmp(word, "help");
		set_tables(t);
		if (!t->verb && !t->help)
			t->ended = true;
	} else {
		t->argument[t->arguments++] = word;
	}
	return false;
}

/* The last word: where an option has its value in the same word, that is what is completed. */
static void read_last(struct typed *t, const char *word, bool is_value)
{
	t->last = t->word = word;
	if (is_value || t->ended || word[0] != '-')
		return;
	struct cmd_given given = cmd_read_option(t->tables, word);
	if (given.option && given.option->value && given.value) {
		t->option = given.option;
		t->word = given.value;
	}
}

int cmd_complete(int argc, char **argv)
{
	struct typed t = { 0 };
	bool is_value = false;

	if (!argc || !freopen("/dev/null", "w", stderr))
		return CMD_OK;
	t.argument = xcalloc((size_t)argc, sizeof(*t.argument));
	set_tables(&t);
	for (int i = 0; i < argc - 1; i++) {
		if (is_value && !strcmp(t.option->name, "sysroot"))
			t.sysroot = argv[i];
		is_value = !is_value && read_word(&t, argv[i]);
	}
	if (!is_value)
		t.option = NULL;
	read_last(&t, argv[argc - 1], is_value);
	if (!t.verb && !t.help && !t.option && t.ended)
		; /* no such verb */
	else if (t.option)
		offer_value(&t);
	else if (*t.last == '-' && !t.ended)
		offer_options(&t);
	else if (!t.verb)
		offer_verbs(&t);
	else
		offer_arguments(&t);
	free(t.argument);
	return CMD_OK;
}
