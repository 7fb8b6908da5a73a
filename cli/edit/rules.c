/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules.c - see rules.h */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/core/words.h"
#include "cli/cmd.h"
#include "cli/machine/group.h"
#include "cli/out/xalloc.h"
#include "conf_edit.h"
#include "conf_write.h"
#include "cli/machine/rebuild.h"

#define FOLDER "vgapass.conf.d/"
#define NAME_LETTERS "0123456789-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

int rules_check_names(struct rules_how *how, const char *file)
{
	char section[128];

	text_make(how->file, sizeof(how->file), file ? FOLDER "%s.conf" : "vgapass.conf", file);
	if (file && (!*file || *file == '.' || strlen(file) > 40 ||
		     file[strspn(file, NAME_LETTERS)])) {
		cmd_complain("%s: --file: expected a name of at most 40 letters, digits, - and _",
			     how->verb);
		return CMD_USAGE;
	}
	if (!how->profile)
		return CMD_OK;
	struct config *scratch = xmalloc(sizeof(*scratch));
	config_start(scratch);
	text_make(section, sizeof(section), "[profile %s]", how->profile);
	config_parse(scratch, "", section, strlen(section));
	bool good = !scratch->errors && scratch->profiles &&
		    !strcmp(scratch->profile[0], how->profile);
	if (!good)
		cmd_complain("%s: --profile: %s", how->verb,
			     scratch->errors ? scratch->error[0].phrase : "expected a name");
	free(scratch);
	return good ? CMD_OK : CMD_USAGE;
}

struct new_rule *rules_new(struct new_rules *rules, const struct rules_how *how)
{
	if (rules->n == RULES_NEW_MAX) {
		cmd_complain("%s: more than %u rules, which is the limit: use an ID or class= for "
			     "many", how->verb, RULES_NEW_MAX);
		return NULL;
	}
	struct new_rule *r = &rules->rule[rules->n++];
	r->text[0] = r->comment[0] = '\0';
	r->f = NULL;
	return r;
}

void rules_identify(const struct host *h, const struct rules_how *how,
		    const struct pci_function *f, struct new_rule *ret)
{
	struct text t;

	ret->f = f;
	host_name(h, f, ret->comment);
	text_start(&t, ret->text, sizeof(ret->text));
	text_add(&t, "%pi", f);
	if (f->identity->path.hops)
		text_add(&t, " path=%pr", &f->identity->path);
	else
		text_add(&t, " address=%pa", &f->at);
	text_add(&t, "%s%s%s",
		 how->take_boot_display && f->boot_display ? " take=boot-display" : "",
		 how->no_iommu && f->group < 0 ? " iommu=ignore" : "",
		 how->required ? " required=yes" : "");
}

bool rules_new_card(const struct host *h, const struct rules_how *how, const struct card *card,
		    struct new_rules *rules)
{
	for (unsigned i = 0; i < card->n; i++) {
		struct new_rule *r = rules_new(rules, how);
		if (!r)
			return false;
		rules_identify(h, how, card->function[i], r);
	}
	return true;
}

const struct plan *rules_alone(const struct run *run, const struct rule *rule)
{
	/* The plan points into the configuration. */
	static struct {
		struct config config;
		struct plan plan;
	} *alone;
	struct cmdline cmd = { .mode = MODE_ON };

	if (!alone)
		alone = xcalloc(1, sizeof(*alone));
	alone->config = run->config;
	alone->config.rules = alone->config.errors = 0;
	config_add_rule(&alone->config, rule);
	if (rule->profile)
		cmd.profile = slice_of(rule->profile);
	plan_build(&alone->config, &cmd, &run->inv, &alone->plan);
	return &alone->plan;
}

struct slice rules_lines(const struct new_rules *rules)
{
	const size_t size = rules->n * (RULE_TEXT_MAX + HOST_NAME_MAX + 8) + 1;
	static char *buf;
	size_t width = 0;
	struct text t;

	for (unsigned i = 0; i < rules->n; i++)
		if (strlen(rules->rule[i].text) > width)
			width = strlen(rules->rule[i].text);
	buf = xreallocarray(buf, size, 1);
	text_start(&t, buf, size);
	for (unsigned i = 0; i < rules->n; i++) {
		const struct new_rule *r = &rules->rule[i];
		text_add(&t, "%s%s", i ? "\n" : "", r->text);
		for (size_t n = strlen(r->text); *r->comment && n < width + 2; n++)
			text_add(&t, " ");
		text_add(&t, "%s%s", *r->comment ? "# " : "", r->comment);
	}
	return (struct slice){ buf, t.len };
}

static bool is_new(const struct rule *r, const char *file, uint32_t first, unsigned n)
{
	return r && !strcmp(r->at.file, file) && r->at.line >= first && r->at.line < first + n;
}

const char *rules_way_out(const struct host *h, enum reason reason)
{
	switch (reason) {
	case REASON_BOOT_DISPLAY:
		return ": --take-boot-display writes that";
	case REASON_NO_GROUP:
		return host_has_no_iommu_mode(h) ?
			": --no-iommu allows that, for a guest that you trust with all memory" : "";
	default:
		return "";
	}
}

/* How many functions the new rules are refused. */
static unsigned say_refused(const struct host *h, const struct rules_how *how, uint32_t first,
			    unsigned n)
{
	char at[64], why[PLAN_LINE_MAX];
	struct text t;
	unsigned refused = 0;

	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		const struct pci_function *f = &h->run.inv.function[i];
		const struct plan_entry *e = &h->run.plan.entry[i];
		if (e->state != STATE_REFUSED || !is_new(e->rule, how->file, first, n))
			continue;
		text_start(&t, why, sizeof(why));
		words_reason(&t, &h->run, f, e);
		cmd_complain("%s: %s: the next boot would refuse it: %s%s", how->verb,
			     text_make(at, sizeof(at), "%pa", &f->at), why,
			     rules_way_out(h, e->reason));
		refused++;
	}
	return refused;
}

/* How many of the functions that rules were made for are not taken by any. */
static unsigned say_missed(const struct host *h, const struct rules_how *how,
			   const struct new_rules *rules)
{
	char at[64];
	unsigned missed = 0;

	for (unsigned i = 0; i < rules->n; i++) {
		const struct pci_function *f = rules->rule[i].f;
		if (!f || host_entry(h, f)->rule)
			continue;
		cmd_complain("%s: %s: a line of options in %s narrows the new rule too: use "
			     "--file NAME", how->verb, text_make(at, sizeof(at), "%pa", &f->at),
			     how->file);
		missed++;
	}
	return missed;
}

int rules_add(struct host *h, struct conf_set *set, const struct rules_how *how,
	      const struct new_rules *rules, uint32_t *first)
{
	struct conf_file *f = conf_set_file(set, how->file, how->verb);
	struct slice lines = rules_lines(rules);
	struct text t;

	if (!f)
		return CMD_FAILED;
	/* Each line may get a CR, and the section a line of its own. */
	const size_t size = f->n + lines.n + rules->n + 512;
	char *buf = xmalloc(size);
	text_start(&t, buf, size);
	*first = conf_edit_add((struct slice){ f->text, f->n }, how->profile, lines, &t);
	bool taken = conf_file_take(f, &t, how->verb);
	free(buf);
	if (!taken)
		return CMD_FAILED;
	conf_set_plan(set, h, how->profile);
	if (conf_set_errors(h) || say_refused(h, how, *first, rules->n) ||
	    say_missed(h, how, rules))
		return cmd_complain("%s: nothing is changed", how->verb);
	return CMD_OK;
}

void rules_show_plan(const struct host *h, const struct rules_how *how, uint32_t first,
		     unsigned n)
{
	char buf[PLAN_LINE_MAX];
	struct text t;

	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		const struct pci_function *f = &h->run.inv.function[i];
		const struct plan_entry *e = &h->run.plan.entry[i];
		enum host_later later = host_later(h, f);
		if (!is_new(e->rule, how->file, first, n) || later == HOST_BEHIND_VMD ||
		    later == HOST_VIRTUAL)
			continue;
		text_start(&t, buf, sizeof(buf));
		words_function(&t, &h->run, f, e);
		puts(buf);
	}
}

/* Says what comes too late for the boot. True: its group is not what keeps it from a guest. */
static bool say_later(const struct host *h, const struct pci_function *f)
{
	char at[64], why[HOST_NAME_MAX];
	enum host_later later = host_later(h, f);

	if (later != HOST_NOT_LATER)
		cmd_complain("warning: %s: %s", text_make(at, sizeof(at), "%pa", &f->at),
			     host_later_text(h, f, why));
	return later == HOST_BEHIND_VMD;
}

/* True: a function before this one in the cards has the group. */
static bool is_said(const struct card *cards, unsigned card, unsigned function)
{
	const struct pci_function *f = cards[card].function[function];

	for (unsigned i = 0; i <= card; i++)
		for (unsigned k = 0; k < (i < card ? cards[i].n : function); k++)
			if (cards[i].function[k]->group == f->group)
				return true;
	return false;
}

static void say_group(struct host *h, const struct pci_function *f)
{
	struct group_words words;
	char at[64];

	if (group_judge(h, f, NULL, &words))
		cmd_complain("warning: %s: %s: %s", text_make(at, sizeof(at), "%pa", &f->at),
			     words.what, words.advice);
}

void rules_show_strangers(struct host *h, const struct card *cards, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < cards[i].n; k++) {
			const struct pci_function *f = cards[i].function[k];
			if (!say_later(h, f) && f->group >= 0 && !is_said(cards, i, k))
				say_group(h, f);
		}
}

int rules_unchanged(const struct host *h, const struct rules_how *how)
{
	return how->apply && !how->dry_run ? rebuild_end(h, how->verb, true) : CMD_OK;
}

int rules_finish(const struct host *h, const struct conf_set *set, const struct rules_how *how)
{
	if (how->dry_run && conf_write_check(set, h, how->verb))
		return CMD_FAILED;
	if (how->dry_run) {
		conf_set_diff(set);
		return CMD_OK;
	}
	if (conf_write(set, h, how->verb))
		return CMD_FAILED;
	return rebuild_end(h, how->verb, how->apply);
}

int rules_edit(const struct host_options *o, const struct rules_how *how, int n, char **names,
	       rules_edit_fn *edit)
{
	struct host *host = xcalloc(1, sizeof(*host));
	struct conf_set *set = xcalloc(1, sizeof(*set));
	struct cards *cards = xcalloc(1, sizeof(*cards));
	int r = conf_set_open(set, host, o, how->verb, how->dry_run);

	if (!r)
		r = choose_cards(host, how->verb, n, names, cards);
	if (!r)
		r = conf_set_read(set, host, how->verb, how->dry_run);
	if (!r)
		r = edit(host, set, how, cards);
	conf_set_close(set, host);
	free(cards);
	free(set);
	free(host);
	return r;
}
