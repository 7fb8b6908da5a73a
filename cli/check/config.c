/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config.c - the configuration: who can write it, its errors, and rules without effect. The
 * texts come from the engine. */
#include "check.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/machine/problem.h"
#include "runtime/io/sysfs.h"

/* The files name drivers that root loads, so only root may write them. The owner of / counts
 * as root, because --sysroot may be a copy that belongs to an ordinary user. */
static void look_at_owner(struct check *c, const char *path)
{
	struct stat st, top;
	int fd = sysfs_open(c->host->roots.root, path, O_PATH);
	bool known = fd >= 0 && !fstat(fd, &st) && !fstat(c->host->roots.root, &top);

	if (fd >= 0)
		close(fd);
	if (!known)
		return;
	if (st.st_uid != top.st_uid)
		check_say(c, CHECK_ERROR, check_line(path, 0), "belongs to user %u, and names "
			  "drivers that are loaded as root\nchown root:root /%s", st.st_uid, path);
	if (st.st_mode & S_IWOTH || (st.st_mode & S_IWGRP && st.st_gid != top.st_gid))
		check_say(c, CHECK_ERROR, check_line(path, 0), "others than root can write it, "
			  "and it names drivers that are loaded as root\nchmod go-w /%s", path);
}

void check_files(struct check *c)
{
	const struct config *config = &c->host->run.config;
	struct conf_path path;

	look_at_owner(c, "etc/vgapass.conf.d");
	for (unsigned i = 0; i < config->files; i++)
		if (check_exists(c, gather_conf_path(&path, config->file[i])))
			look_at_owner(c, path.s);
}

/* Splits "what: remedy" at its colon. Without a remedy, `otherwise` is the fix. */
static void say_phrase(struct check *c, enum check_level level, const char *at, char *phrase,
		       const char *otherwise)
{
	char *colon = strstr(phrase, ": ");

	if (colon)
		*colon = '\0';
	check_say(c, level, at, "%s\n%s", phrase, colon ? colon + 2 : otherwise);
}

/* Returns the rule at this place, written as in the problems of the plan, or NULL. */
static const struct rule *rule_at(const struct config *config, const char *place)
{
	char buf[PLAN_LINE_MAX];

	for (unsigned i = 0; i < config->rules; i++)
		if (!strcmp(text_make(buf, sizeof(buf), "%pp", &config->rule[i].at), place))
			return &config->rule[i];
	return NULL;
}

/* What to do about a rule that matches nothing. */
static const char *what_to_do(const struct check *c, const struct rule *rule)
{
	struct plan_miss miss = plan_explain(rule, &c->host->run.inv);

	return miss.taken || miss.there || miss.same ?
		"correct or remove the rule; vgapass list -a shows all functions" :
		"correct or remove the rule; vgapass list -a shows all functions. Virtual "
		"functions and what is plugged in appear later than the boot looks: vgapass bind "
		"takes them then";
}

/* True: the rule matches only functions that appear later. check_later() reports those. */
static bool is_for_later(struct check *c, const struct rule *rule)
{
	const struct plan *all = host_plan_of_all(c->host);

	return !c->host->run.plan.matched[rule - c->host->run.config.rule] &&
	       all->matched[rule - c->host->run.config.rule];
}

void check_rules(struct check *c)
{
	const struct run *r = &c->host->run;
	const struct rule *rule;
	static struct problem p;

	if (check_is_idle(c))
		check_say(c, CHECK_WARNING, "/etc/vgapass.conf", "has no rule, so no function is "
			  "kept for guests\nwrite one, such as 1002:6608 (man vgapass.conf)");
	for (unsigned k = 0; problem_get(c->host, k, &p); k++) {
		rule = p.in || r->input_error ? NULL : rule_at(&r->config, p.at);
		if (rule && is_for_later(c, rule))
			continue;
		bool bad = !rule && !p.denied;
		check_say(c, bad ? CHECK_ERROR : CHECK_WARNING, p.at, "%s\n%s", p.text,
			  *p.fix ? p.fix : rule ? what_to_do(c, rule) : "correct it");
	}
}

void check_later(struct check *c)
{
	const struct plan *all = host_plan_of_all(c->host);
	char phrase[HOST_NAME_MAX + CHECK_PLACE_MAX], why[HOST_NAME_MAX], *fix = phrase;

	for (unsigned i = 0; i < c->host->run.inv.functions; i++) {
		const struct pci_function *f = &c->host->run.inv.function[i];
		const struct plan_entry *e = &all->entry[i];
		enum host_later later = host_later(c->host, f);
		if (e->state != STATE_PLANNED || later == HOST_NOT_LATER)
			continue;
		text_make(phrase, sizeof(phrase), "%s: %s", check_address(f),
			  host_later_text(c->host, f, why));
		for (char *p = phrase; (p = strstr(p, ": ")); p++)
			fix = p;
		*fix = '\0';
		check_say(c, later == HOST_REMOVABLE ? CHECK_OK : CHECK_WARNING,
			  check_place(&e->rule->at), "%s\n%s", phrase, fix + 2);
	}
}

/* Functions in different slots that one rule takes by their ID: two of them, and how many. */
struct kind {
	const struct pci_function *first, *other;
	unsigned n;
};

static struct kind find_kind(const struct check *c, const struct rule *rule)
{
	const struct run *r = &c->host->run;
	struct kind k = { NULL, NULL, 0 };

	for (unsigned i = 0; i < r->inv.functions; i++) {
		const struct pci_function *f = &r->inv.function[i];
		const struct plan_entry *e = &r->plan.entry[i];
		if (e->rule != rule || e->companion)
			continue;
		k.n++;
		if (!k.first)
			k.first = f;
		else if (!k.other && !pci_same_slot(&f->at, &k.first->at))
			k.other = f;
	}
	return k;
}

/* A rule with only an ID takes every such card, including cards that are added later. */
void check_kinds(struct check *c)
{
	const struct run *r = &c->host->run;
	char first[HOST_NAME_MAX], other[HOST_NAME_MAX];

	for (unsigned i = 0; i < r->config.rules; i++) {
		const struct rule *rule = &r->config.rule[i];
		struct kind k = find_kind(c, rule);
		if (!k.other || rule->keep || rule->expect ||
		    (rule->vendor | rule->device) & PCI_ANY ||
		    rule->given & (RULE_LOCATION | RULE_BOOT_DISPLAY))
			continue;
		check_say(c, CHECK_WARNING, check_place(&rule->at), "takes cards of one "
			  "kind by their ID alone, %s and %s, and any that is put in later\nnarrow "
			  "it to the card that is meant: path=%s or path=%s; if all are, write "
			  "expect=%u", check_address(k.first), check_address(k.other),
			  host_path(k.first, first), host_path(k.other, other), k.n);
	}
}

/* Functions refused for lack of an IOMMU group are reported by the topic iommu. */
void check_refused(struct check *c)
{
	const struct run *r = &c->host->run;
	char buf[PLAN_LINE_MAX], phrase[PLAN_LINE_MAX + CHECK_PLACE_MAX];
	struct text t;

	for (unsigned i = 0; i < r->inv.functions; i++) {
		const struct pci_function *f = &r->inv.function[i];
		const struct plan_entry *e = &r->plan.entry[i];
		if (e->state != STATE_REFUSED || e->reason == REASON_NO_GROUP)
			continue;
		text_start(&t, buf, sizeof(buf));
		words_reason(&t, r, f, e);
		text_make(phrase, sizeof(phrase), "%s is refused, %s", check_address(f), buf);
		say_phrase(c, CHECK_ERROR, check_place(&e->rule->at), phrase,
			   "see man vgapass.conf");
	}
}
