/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules.c - see rules.h */
#include "rules.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/core/words.h"
#include "cli/cmd.h"
#include "cli/machine/group.h"
#include "cli/machine/next_boot.h"
#include "cli/out/xalloc.h"
#include "account.h"
#include "conf_edit.h"
#include "conf_write.h"
#include "cli/machine/rebuild.h"
#include "cli/once/ask.h"

#define DIRECTORY "vgapass.conf.d/"
#define NAME_LETTERS "0123456789-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

int rules_check_names(struct rules_how *how, const char *file)
{
	char section[128];

	text_make(how->file, sizeof(how->file), file ? DIRECTORY "%s.conf" : "vgapass.conf", file);
	if (file && (!*file || *file == '.' || strlen(file) > 40 ||
		     file[strspn(file, NAME_LETTERS)]))
		return cmd_misused(how->verb, "--file: expected a name of at most 40 letters, "
				   "digits, - and _");
	if (!how->profile || how->profile == config_trial)
		return CMD_OK;
	struct config *scratch = xmalloc(sizeof(*scratch));
	config_start(scratch);
	text_make(section, sizeof(section), "[profile %s]", how->profile);
	config_parse(scratch, "", section, strlen(section));
	bool good = !scratch->errors && scratch->profiles &&
		    !strcmp(scratch->profile[0], how->profile);
	int r = good ? CMD_OK : cmd_misused(how->verb, "--profile: %s", scratch->errors ?
					    scratch->error[0].phrase : "expected a name");
	free(scratch);
	return r;
}

struct new_rule *rules_new(struct new_rules *rules)
{
	if (rules->n == RULES_NEW_MAX) {
		account_error("limit", "", "more than %u rules, which is the limit", RULES_NEW_MAX);
		account_fix(FIX_ADVICE, NULL, "use an ID or class= for many");
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
	if (how->vfs)
		text_add(&t, " vfs=%u", how->vfs);
	text_add(&t, "%s%s%s",
		 how->take_boot_display && f->boot_display ? " take=boot-display" : "",
		 how->no_iommu && f->group < 0 ? " iommu=ignore" : "",
		 how->required ? " required=yes" : "");
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
	if (rule->profile == config_trial)
		config_begin_trial(&alone->config);
	else if (rule->profile)
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

bool rules_is_new(const struct rule *r, const struct rules_how *how, uint32_t first, unsigned n)
{
	return r && !strcmp(r->at.file, how->file) && r->at.line >= first && r->at.line < first + n;
}

const char *rules_way_out(const struct host *h, enum reason reason)
{
	switch (reason) {
	case REASON_BOOT_DISPLAY:
		return "--take-boot-display";
	case REASON_NO_GROUP:
		return host_has_no_iommu_mode(h) ? "--no-iommu" : "";
	default:
		return "";
	}
}

/* Removes what to write in lines that are not written yet. */
static void drop_edits(struct finding *f)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < f->fixes; i++)
		if (f->fix[i].kind != FIX_EDIT)
			f->fix[kept++] = f->fix[i];
	f->fixes = kept;
}

void rules_say_refused(const struct host *h, const struct pci_function *f,
		       const struct plan_entry *e, bool ours)
{
	struct findings *l = account_findings();
	const char *option = rules_way_out(h, e->reason);
	unsigned before = l->n;

	findings_of_function(h, f, e, l);
	if (ours && l->n > before)
		drop_edits(&l->finding[l->n - 1]);
	if (*option && l->n > before)
		account_fix(FIX_COMMAND, NULL, "%s%s", account_command(option),
			    e->reason == REASON_NO_GROUP ?
			    "  # for a guest that you trust with all memory" : "");
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
		account_error("rule-narrowed", text_make(at, sizeof(at), "%pa", &f->at),
			      "a line of options in %s narrows the new rule too", how->file);
		account_fix(FIX_COMMAND, NULL, "%s", account_command("--file NAME"));
		missed++;
	}
	return missed;
}

int rules_add(struct host *h, struct conf_set *set, const struct rules_how *how,
	      const struct new_rules *rules, uint32_t *first)
{
	struct conf_file *f = conf_set_file(set, how->file);
	struct slice lines = rules_lines(rules);
	struct text t;

	if (!f)
		return account_unchanged();
	/* Each line may get a CR, and the section a line of its own. */
	const size_t size = f->n + lines.n + rules->n + 512;
	char *buf = xmalloc(size);
	text_start(&t, buf, size);
	*first = conf_edit_add((struct slice){ f->text, f->n }, how->profile, lines, &t);
	bool taken = conf_file_take(f, &t);
	free(buf);
	if (!taken)
		return account_unchanged();
	conf_set_plan(set, h, how->profile);
	if (conf_set_errors(h) || say_missed(h, how, rules))
		return account_unchanged();
	return CMD_OK;
}

void rules_account(struct conf_set *set, const struct rule *rule, const char *action)
{
	const struct conf_file *f = conf_set_file(set, rule->at.file);
	char at[PLAN_LINE_MAX];

	account_rule(text_make(at, sizeof(at), "%pp", &rule->at),
		     conf_edit_line((struct slice){ f->text, f->n }, rule->at.line), action);
}

void rules_show_plan(const struct host *h, const struct rules_how *how, const bool *wanted)
{
	char buf[PLAN_LINE_MAX];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	next_boot_headline(h, &t);
	if (how->profile == config_trial)
		account_print("The trial: %s\n", buf);
	else if (how->profile)
		account_print("Next boot with vgapass=%s: %s\n", how->profile, buf);
	else
		account_print("Next boot: %s\n", buf);
	if (!account_is_json())
		next_boot_table(h, wanted);
}

/* Says what comes too late for the boot. True: its group is not what keeps it from a guest. */
static bool say_later(const struct host *h, const struct pci_function *f)
{
	char at[64], why[HOST_NAME_MAX];
	enum host_later later = host_later(h, f);

	if (later == HOST_NOT_LATER)
		return false;
	host_later_text(h, f, why);
	char *advice = strstr(why, ": ");
	if (advice)
		*advice = '\0';
	account_warning("appears-later", text_make(at, sizeof(at), "%pa", &f->at), "%s", why);
	if (advice)
		account_advise(advice + 2);
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

	if (!group_judge(h, f, NULL, &words))
		return;
	account_warning("group-not-viable", text_make(at, sizeof(at), "%pa", &f->at), "%s",
			words.what);
	if (words.with)
		account_fix(FIX_COMMAND, NULL, "vgapass add --with=%s %s",
			    words.with == WITH_SLOT ? "slot" : "group", at);
	if (*words.advice)
		account_advise(words.advice);
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

/* --- asking and writing */

int rules_confirm(const struct rules_how *how)
{
	char line[16] = "";

	if (how->yes || how->dry_run)
		return CMD_OK;
	if (how->json || !isatty(STDIN_FILENO)) {
		account_error("needs-yes", "",
			      "this changes a rule, and there is no terminal to ask on");
		account_fix(FIX_COMMAND, NULL, "%s", account_command("--yes"));
		return account_unchanged();
	}
	account_flush();
	fflush(stdout);
	fputs("Write this? [y/N] ", stderr);
	if (!fgets(line, sizeof(line), stdin))
		fputc('\n', stderr);
	return *line == 'y' || *line == 'Y' ? CMD_OK : account_unchanged();
}

/* Ends a change of the configuration. */
static int rebuild_images(const struct host *h, const struct rules_how *how, bool apply)
{
	const struct rebuild_how rebuild = {
		.apply = apply, .verbose = how->verbose, .to = how->json ? stderr : stdout,
		.profile = how->profile == config_trial ? NULL : how->profile,
	};

	/* JSON has no line for a person. */
	if (how->json && !apply)
		return CMD_OK;
	account_flush();
	int r = rebuild_end(h, &rebuild, account_findings());
	if (apply)
		account_applied(!r);
	return r;
}

/* True: the image that boots next has the configuration already. */
static bool is_image_current(const struct host *h)
{
	struct next_image image;

	next_image_look(h, &image, NULL);
	bool is = image.state == NEXT_CURRENT;
	next_image_free(&image);
	return is;
}

int rules_unchanged(const struct host *h, const struct rules_how *how)
{
	if (!how->apply || how->dry_run)
		return CMD_OK;
	if (!how->once)
		return rebuild_images(h, how, true);
	int r = once_prepare(h, how->once);
	if (!r && !is_image_current(h))
		r = rebuild_images(h, how, true);
	return r ? once_say_not_armed() : once_ask(h, how->once);
}

int rules_finish(const struct host *h, const struct conf_set *set, const struct rules_how *how)
{
	if (how->dry_run)
		return conf_write_check(set, h);
	if (how->once && once_prepare(h, how->once))
		return account_unchanged();
	if (conf_write(set, h))
		return CMD_FAILED;
	int r = rebuild_images(h, how, how->apply);
	return !how->once ? r : r ? once_say_not_armed() : once_ask(h, how->once);
}

int rules_edit(const struct host_options *o, const struct rules_how *how, int n, char **names,
	       choose_fn *can_go, rules_edit_fn *edit)
{
	struct host *host = xcalloc(1, sizeof(*host));
	struct conf_set *set = xcalloc(1, sizeof(*set));
	struct cards *cards = xcalloc(1, sizeof(*cards));

	account_start(how->verb, how->json);
	int r = conf_set_open(set, host, o, how->dry_run);
	if (!r) {
		conf_set_plan_plainly(&host->run, how->profile);
		r = choose_cards(host, n, names, can_go, cards);
	}
	if (!r)
		r = conf_set_read(set, host, how->dry_run);
	if (!r)
		r = edit(host, set, how, cards);
	r = account_end(r);
	conf_set_close(set, host);
	free(cards);
	free(set);
	free(host);
	return r;
}

int rules_run(const struct host_options *o, const struct rules_how *how, rules_run_fn *run,
	      void *arg)
{
	struct host *host = xcalloc(1, sizeof(*host));
	struct conf_set *set = xcalloc(1, sizeof(*set));

	account_start(how->verb, how->json);
	int r = conf_set_open(set, host, o, how->dry_run);
	if (!r)
		r = conf_set_read(set, host, how->dry_run);
	if (!r)
		r = run(host, set, arg);
	r = account_end(r);
	conf_set_close(set, host);
	free(set);
	free(host);
	return r;
}
