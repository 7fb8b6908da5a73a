/* SPDX-License-Identifier: GPL-2.0-or-later */
/* choose.c - see choose.h */
#include "choose.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "cli/out/table.h"
#include "cli/out/xalloc.h"

#define SHOWN_MAX 20 /* cards to choose from: the displays stay on the screen */

static bool is_display(const struct card *c)
{
	return PCI_CLASS_BASE(c->function[0]->class) == PCI_BASE_DISPLAY;
}

/* Lists all cards of the machine, displays first. Returns their number. */
static unsigned list_cards(const struct host *h, struct card *ret, unsigned cap)
{
	const struct inventory *inv = &h->run.inv;
	unsigned n = 0;

	for (int others = 0; others < 2; others++)
		for (unsigned i = 0; i < inv->functions && n < cap; i++) {
			struct card *c = &ret[n];
			card_of(h, &inv->function[i], c);
			if (c->n && c->function[0] == &inv->function[i] && is_display(c) == !others)
				n++;
		}
	return n;
}

/* --- the table */

enum { NUMBER, GROUP, ADDRESS, NAME, DRIVER, NOTE };

static const struct column columns[] = {
	[NUMBER] = { "NUMBER", 0, SCOLS_FL_RIGHT, 0, NULL },
	[GROUP] = { "GROUP", 0, SCOLS_FL_RIGHT, 0, NULL },
	[ADDRESS] = { "ADDRESS", 0, 0, 0, NULL },
	[NAME] = { "NAME", 0.35, SCOLS_FL_TRUNC, 0, NULL },
	[DRIVER] = { "DRIVER", 0, 0, 0, NULL },
	[NOTE] = { "NOTE", 0.3, SCOLS_FL_TRUNC, 0, NULL },
	{ NULL, 0, 0, 0, NULL },
};

/* What a person chooses from. */
struct menu {
	unsigned n, more; /* cards that are shown, and that were not looked at */
	struct card card[SHOWN_MAX];
	struct columns columns;
	struct libscols_table *table;
};

static void add_rows(const struct host *h, struct menu *m, const struct card *card,
		     const char *note)
{
	char text[HOST_NAME_MAX];

	for (unsigned i = 0; i < card->n; i++) {
		const struct pci_function *f = card->function[i];
		struct libscols_line *line = table_line(m->table, NULL);
		if (!i) {
			text_make(text, sizeof(text), "%u", m->n);
			table_set(line, &m->columns, NUMBER, text);
			table_set(line, &m->columns, NOTE, note);
			table_color(line, &m->columns, NOTE, *note ? color_warn() : "");
		}
		if (f->group >= 0)
			text_make(text, sizeof(text), "%u", (unsigned)f->group);
		table_set(line, &m->columns, GROUP, f->group >= 0 ? text : "");
		text_make(text, sizeof(text), "%pa", &f->at);
		table_set(line, &m->columns, ADDRESS, text);
		table_set(line, &m->columns, NAME, host_device(h, f, text));
		table_set(line, &m->columns, DRIVER, f->driver);
	}
}

/* Fills the menu with the cards that can go. */
static void fill_menu(const struct host *h, choose_fn *can_go, struct menu *m)
{
	const unsigned cap = h->run.inv.functions;
	struct card *all = xcalloc(cap + 1, sizeof(*all));
	unsigned n = list_cards(h, all, cap), i = 0;

	*m = (struct menu){ .columns = { .all = columns } };
	columns_choose_all(&m->columns);
	m->table = table_start(&m->columns);
	scols_table_set_stream(m->table, stderr);
	for (; i < n && m->n < SHOWN_MAX; i++) {
		char note[CHOOSE_NOTE_MAX] = "";
		if (!can_go(h, &all[i], note))
			continue;
		m->card[m->n++] = all[i];
		add_rows(h, m, &all[i], note);
	}
	m->more = n - i;
	free(all);
}

/* --- the answer */

enum answer { ANSWER_GOOD, ANSWER_WRONG, ANSWER_NONE };

/* Reads "1 3", "1,3" or "2-4". Returns whether all of it is in the menu. */
static bool read_numbers(const struct menu *m, const char *line, struct cards *cards)
{
	bool wanted[SHOWN_MAX + 1] = { false };
	char copy[256];
	char *rest = copy;

	text_make(copy, sizeof(copy), "%s", line);
	for (char *word; (word = strsep(&rest, " \t,"));) {
		struct slice last = slice_of(word), first = slice_cut(&last, '-');
		uint64_t from, to;
		if (!*word)
			continue;
		if (!slice_dec(first, m->n, &from) || !from)
			return false;
		to = from;
		if (strchr(word, '-') && (!slice_dec(last, m->n, &to) || to < from))
			return false;
		for (; from <= to; from++)
			wanted[from] = true;
	}
	cards->n = 0;
	for (unsigned i = 0; i < m->n; i++)
		if (wanted[i + 1])
			cards->card[cards->n++] = m->card[i];
	return cards->n;
}

static enum answer ask_once(const struct menu *m, struct cards *cards)
{
	char line[256] = "";

	fputs("Cards, as in 1,3-4 (q quits): ", stderr);
	if (!fgets(line, sizeof(line), stdin)) {
		fputc('\n', stderr);
		return ANSWER_NONE;
	}
	/* The rest of a long line is no answer to the next question. */
	for (int c = 0; !strchr(line, '\n') && c != '\n' && c != EOF;)
		c = getchar();
	line[strcspn(line, "\n")] = '\0';
	if (!line[strspn(line, " \t")] || !strcmp(line, "q"))
		return ANSWER_NONE;
	if (read_numbers(m, line, cards))
		return ANSWER_GOOD;
	fprintf(stderr, "%.40s: choose from 1 to %u\n", line, m->n);
	return ANSWER_WRONG;
}

static int ask_for_cards(const struct host *h, choose_fn *can_go, struct cards *cards)
{
	enum answer answer = ANSWER_WRONG;
	struct menu m;

	fill_menu(h, can_go, &m);
	if (!m.n) {
		scols_unref_table(m.table);
		account_error("no-card", "", "there is no card that this can be done for");
		account_fix(FIX_COMMAND, NULL, "vgapass list -a");
		return CMD_FAILED;
	}
	table_end(m.table, &m.columns, TABLE_PLAIN, true);
	if (m.more)
		fprintf(stderr, "and up to %u more: name any\n", m.more);
	while (answer == ANSWER_WRONG)
		answer = ask_once(&m, cards);
	cards->chosen = true;
	return answer == ANSWER_GOOD ? CMD_OK : account_unchanged();
}

/* --- names */

/* For JSON; a person is shown the cards that match, by card_pick(). */
static int say_not_found(const struct host *h, const char *name)
{
	struct card several[CARDS_MAX];
	unsigned n = card_find(h, name, several, CARDS_MAX);
	char at[64];

	if (!n && card_find_bridge(h, name))
		return account_error("bridge", name, "it is a bridge, which stays with the host");
	if (!n) {
		account_error("no-such-card", name, "no such card");
		account_fix(FIX_COMMAND, NULL, "vgapass list -a");
		return CMD_FAILED;
	}
	account_error("several-cards", name, "matches %u cards", n);
	for (unsigned i = 0; i < n && i < CARDS_MAX; i++)
		account_fix(FIX_ADVICE, NULL, "name %s",
			    text_make(at, sizeof(at), "%pa", &several[i].function[0]->at));
	return CMD_FAILED;
}

int choose_cards(const struct host *h, int n, char **names, choose_fn *can_go,
		 struct cards *cards)
{
	cards->n = 0;
	if (!n)
		return ask_for_cards(h, can_go, cards);
	for (int i = 0; i < n; i++) {
		if (cards->n == CARDS_MAX) {
			account_error("limit", "", "more than %u cards at once", CARDS_MAX);
			account_fix(FIX_ADVICE, NULL, "call it again for the others");
			return CMD_FAILED;
		}
		struct card *c = &cards->card[cards->n];
		unsigned k = 0;
		if (account_is_json() && card_find(h, names[i], c, 1) != 1)
			return say_not_found(h, names[i]);
		if (!card_pick(h, names[i], c))
			return CMD_FAILED;
		while (cards->card[k].function[0] != c->function[0])
			k++;
		cards->n += k == cards->n;
	}
	return CMD_OK;
}

int choose_check(const struct cmd_verb *verb, int n, bool json)
{
	if (n || (!json && isatty(STDIN_FILENO)))
		return CMD_OK;
	return cmd_misused(verb, "no card is named");
}

bool cards_have(const struct cards *cards, const struct pci_function *f)
{
	for (unsigned i = 0; i < cards->n; i++)
		if (card_has(&cards->card[i], f))
			return true;
	return false;
}
