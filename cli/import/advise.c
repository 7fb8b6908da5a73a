/* SPDX-License-Identifier: GPL-2.0-or-later */
/* advise.c - what can go once the rules hold; see rule.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out/table.h"
#include "cli/out/wrap.h"
#include "cli/out/xalloc.h"
#include "rule.h"

static bool is_planned(const struct host *h, const struct setting *s)
{
	for (unsigned i = 0; i < h->run.inv.functions; i++)
		if (h->run.plan.entry[i].state == STATE_PLANNED &&
		    (!s || setting_means(h, s, &h->run.inv.function[i])))
			return true;
	return false;
}

static bool can_go(struct host *h, const struct setting *s)
{
	switch (s->kind) {
	case SETTING_GIVES:
	case SETTING_BINDS:
	case SETTING_WRONG:
		return !s->left_out;
	case SETTING_BLACKLIST:
		return setting_is_for_rules(h, s);
	case SETTING_GUESTS:
		return !s->left_out && is_planned(h, s);
	case SETTING_REMOVES:
		return is_planned(h, s);
	case SETTING_STOPS:
		return !*s->entry;
	case SETTING_LOADS:
	case SETTING_NEEDLESS:
		return true;
	default:
		return false;
	}
}

/* What the line says beside the words: "options vfio-pci disable_vga=1". */
static const char *rest_of(const struct setting *s, char buf[SETTING_FIX_MAX])
{
	const char *words = strstr(s->text, s->words);
	struct slice before = { s->text, words ? (size_t)(words - s->text) : 0 };

	if (!words)
		return s->text;
	words += strlen(s->words);
	return text_make(buf, SETTING_FIX_MAX, "%pv%s", &before, words + strspn(words, " \t"));
}

/* What can be deleted of a setting, for a line or a finding. */
static void put_setting(FILE *to, struct host *h, const struct setting *s)
{
	char buf[SETTING_FIX_MAX];
	struct setting_fix fix;

	setting_fix(h, s, &fix);
	if (s->source == SOURCE_DRIVERCTL || s->source == SOURCE_UNRAID ||
	    s->source == SOURCE_TRUENAS)
		fputs(*fix.command ? fix.command : fix.edit, to);
	else if (*s->words)
		fputs(s->words, to);
	else
		fprintf(to, "what it does to %s", s->items);
	if (*setting_kept(h, s, buf))
		fprintf(to, "  (keep the rest: %s)", buf);
	if (s->kind == SETTING_BLACKLIST)
		fputs("  (unless other hardware needs it)", to);
	else if (s->kind == SETTING_REMOVES)
		fputs("  (it removes functions that the rules take)", to);
	else if (s->kind == SETTING_STOPS || s->kind == SETTING_WRONG)
		fprintf(to, "  (%s)", s->why);
	else if (s->source == SOURCE_MODPROBE && s->more)
		fprintf(to, "  (keep the rest: %s)", rest_of(s, buf));
	else if (s->source == SOURCE_SCRIPT && !*s->words)
		fprintf(to, "  (keep the rest; it %s)", s->why);
	else if (s->kind == SETTING_BINDS)
		fprintf(to, "  (%s: %s)", s->why, s->items);
}

static void print_setting(const char *at, const char *text)
{
	char *line = xasprintf("%s: %s", at, text);

	fputs("  ", stdout);
	wrap_print(stdout, 2, 4, wrap_width(), line);
	free(line);
}

static void say_setting(struct host *h, const struct setting *s, struct findings *l)
{
	char buf[SETTING_PLACE_MAX], *text;
	const char *at = setting_place(s, buf);
	size_t n = 0;
	FILE *to = xopen_text(&text, &n);

	put_setting(to, h, s);
	xclose_text(to);
	if (l)
		finding_fix(findings_add(l, FINDING_NOTE, "can-be-deleted", at,
					 "is not needed once the rules are active"),
			    FIX_EDIT, at, "delete: %s", text);
	else
		print_setting(at, text);
	free(text);
}

void import_advise(struct host *h, const struct settings *found, struct findings *l)
{
	bool some = false;

	for (unsigned i = 0; i < found->n && is_planned(h, NULL); i++) {
		if (!can_go(h, &found->list[i]))
			continue;
		if (!some && !l)
			puts("Once these rules are active, these can be deleted:");
		some = true;
		say_setting(h, &found->list[i], l);
	}
}
