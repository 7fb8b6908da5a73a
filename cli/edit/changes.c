/* SPDX-License-Identifier: GPL-2.0-or-later */
/* changes.c - see changes.h */
#include "changes.h"

#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "cli/out/xalloc.h"
#include "conf_edit.h"

#define OPTIONS_LENGTH (sizeof(((struct rule_change *)0)->options) + 1)

bool changes_need(const struct rules_how *how, const struct rule *rule,
		  const struct pci_function *f, const char *with, struct rule_change *ret)
{
	static const char *const words[] = { "function", "slot", "group" };
	struct text t;

	text_make(ret->file, sizeof(ret->file), "%s", rule->at.file);
	ret->line = rule->at.line;
	ret->moves = how->profile && how->profile != config_trial && !rule->profile;
	text_start(&t, ret->options, sizeof(ret->options));
	if (how->take_boot_display && f->boot_display && !rule->take_boot_display)
		text_add(&t, "take=boot-display ");
	if (how->no_iommu && f->group < 0 && !rule->iommu_ignore)
		text_add(&t, "iommu=ignore ");
	if (how->required && !rule->required)
		text_add(&t, "required=yes ");
	if (with && strcmp(words[rule->with], with) != 0)
		text_add(&t, "with=%s ", with);
	return t.len || ret->moves;
}

void changes_add(struct changes *all, const struct rule_change *change)
{
	unsigned i = 0;
	struct slice rest = slice_of(change->options), word;
	struct text t;

	while (i < all->n && (all->change[i].line != change->line ||
			      strcmp(all->change[i].file, change->file) != 0))
		i++;
	if (i == all->n) {
		all->change[all->n++] = *change;
		return;
	}
	char *options = all->change[i].options;
	size_t n = strlen(options);
	text_start(&t, options + n, sizeof(change->options) - n);
	while ((word = slice_next(&rest, '\0')).n)
		if (!memmem(options, strlen(options), word.p, word.n))
			text_add(&t, "%pv ", &word);
}

/* The changes of one file: what its lines become, and the lines that go elsewhere in it. */
struct edits {
	unsigned n;
	struct conf_change change[CONFIG_RULES_MAX];
	char *text[CONFIG_RULES_MAX];
	struct text moved;
};

static void collect_edits(const struct conf_file *f, const struct changes *all, struct edits *ret)
{
	const struct slice old = { f->text, f->n };

	for (unsigned i = 0; i < all->n; i++) {
		const struct rule_change *c = &all->change[i];
		struct text t;
		if (strcmp(c->file, f->name) != 0)
			continue;
		struct slice line = conf_edit_line(old, c->line);
		char *buf = xmalloc(line.n + OPTIONS_LENGTH);
		text_start(&t, buf, line.n + OPTIONS_LENGTH);
		conf_edit_set(line, c->options, &t);
		if (c->moves)
			text_add(&ret->moved, "%s%s", ret->moved.len ? "\n" : "", buf);
		ret->text[ret->n] = buf;
		ret->change[ret->n++] = (struct conf_change){ c->line, c->moves ? NULL : buf };
	}
}

/* Returns false after printing the reason. */
static bool edit_file(struct conf_file *f, const struct rules_how *how, const struct changes *all)
{
	const size_t size = f->n + all->n * OPTIONS_LENGTH + 512;
	struct edits *edits = xcalloc(1, sizeof(*edits));
	char *changed = xmalloc(size), *added = xmalloc(size), *moved = xmalloc(size);
	struct text t, u;
	bool good = true;

	text_start(&edits->moved, moved, size);
	collect_edits(f, all, edits);
	text_start(&t, changed, size);
	conf_edit_change((struct slice){ f->text, f->n }, edits->change, edits->n, &t);
	text_start(&u, added, size);
	if (edits->moved.len)
		conf_edit_add((struct slice){ t.buf, t.len }, how->profile,
			      (struct slice){ moved, edits->moved.len }, &u);
	if (edits->n)
		good = conf_file_take(f, edits->moved.len ? &u : &t);
	for (unsigned i = 0; i < edits->n; i++)
		free(edits->text[i]);
	free(changed);
	free(added);
	free(moved);
	free(edits);
	return good;
}

int changes_make(struct host *h, struct conf_set *set, const struct rules_how *how,
		 const struct changes *all)
{
	for (unsigned i = 0; i < set->files; i++)
		if (!edit_file(&set->file[i], how, all))
			return account_unchanged();
	conf_set_plan(set, h, how->profile);
	return conf_set_errors(h) ? account_unchanged() : CMD_OK;
}
