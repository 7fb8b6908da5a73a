/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config.c - the configuration: who can write it, its errors, and rules without effect. The
 * texts come from the engine. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/machine/problem.h"
#include "cli/out/near.h"
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
	if (st.st_uid != top.st_uid) {
		check_say(c, FINDING_ERROR, CODE_CONFIG_OWNER, check_line(path, 0),
			  "belongs to user %u, yet it names drivers that root loads", st.st_uid);
		check_run(c, "chown root:root /%s", path);
	}
	if (st.st_mode & S_IWOTH || (st.st_mode & S_IWGRP && st.st_gid != top.st_gid)) {
		check_say(c, FINDING_ERROR, CODE_CONFIG_WRITABLE, check_line(path, 0),
			  "others than root can write it, yet it names drivers that root loads");
		check_run(c, "chmod go-w /%s", path);
	}
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

/* Cuts "what: remedy" at its colon. Returns the remedy, or NULL if there is none. */
static const char *cut_remedy(char *phrase)
{
	char *colon = strstr(phrase, ": ");

	if (!colon)
		return NULL;
	*colon = '\0';
	return colon + 2;
}

static void say_errors(struct check *c)
{
	const unsigned errors = c->host->run.config.errors;
	static struct problem p;

	for (unsigned k = 0; problem_get(c->host, k, &p) && p.in; k++) {
		if (p.denied) {
			check_say(c, FINDING_WARNING, CODE_CONFIG_UNREADABLE, p.at,
				  "%s, so the rules are not known", p.text);
			check_as_root(c);
			continue;
		}
		check_say(c, FINDING_ERROR, p.foreign ? CODE_CONFIG_FOREIGN : CODE_CONFIG_ERROR,
			  p.at, "%s", p.text);
		check_edit(c, p.at, "%s", *p.fix ? p.fix :
						   "correct it, as no rule holds until then");
	}
	if (errors > CONFIG_ERRORS_MAX) {
		check_say(c, FINDING_ERROR, CODE_CONFIG_ERROR, "/etc/vgapass.conf",
			  "has %u more errors", errors - CONFIG_ERRORS_MAX);
		check_advise(c, "correct those above first");
	}
}

/* A run without functions, or without the chosen profile. */
static void say_general(struct check *c)
{
	const struct run *r = &c->host->run;
	struct near near;
	char name[CHECK_PLACE_MAX];

	if (r->input_error == -E2BIG) {
		check_say(c, FINDING_ERROR, CODE_FUNCTIONS_UNREADABLE, "",
			  "the machine has more than 4096 PCI functions, so nothing is bound");
	} else if (r->input_error) {
		check_say(c, FINDING_ERROR, CODE_FUNCTIONS_UNREADABLE, "/sys/bus/pci/devices",
			  "cannot be listed (%s)", strerror(-r->input_error));
		check_advise(c, "mount /sys");
	} else if (r->plan.state == PLAN_UNKNOWN_PROFILE) {
		near_start(&near, text_make(name, sizeof(name), "%pv", &r->cmd.profile));
		for (unsigned i = 0; i < r->config.profiles; i++)
			near_try(&near, r->config.profile[i]);
		check_say(c, FINDING_ERROR, CODE_PROFILE_UNKNOWN, "",
			  "no profile is named %s, so nothing is bound%s", name,
			  near_hint(&near, ""));
		check_advise(c, "correct vgapass= on the kernel command line");
	}
}

/* True: the rule matches only functions that appear later. check_later() reports those. */
static bool is_for_later(struct check *c, const struct rule *rule)
{
	const struct plan *all = host_plan_of_all(c->host);

	return !c->host->run.plan.matched[rule - c->host->run.config.rule] &&
	       all->matched[rule - c->host->run.config.rule];
}

static void say_unmatched(struct check *c, const struct rule *rule, const char *what)
{
	struct plan_miss miss = plan_explain(rule, &c->host->run.inv);

	check_say(c, FINDING_WARNING, miss.taken ? CODE_RULE_SHADOWED : CODE_RULE_UNMATCHED,
		  check_place(&rule->at), "%s", what);
	check_edit(c, check_place(&rule->at), "correct or remove the rule");
	if (miss.taken)
		return;
	check_run(c, "vgapass list -a");
	if (!miss.there && !miss.same)
		check_advise(c, "if its function appears later (a virtual function, or one that is "
			     "plugged in), vgapass bind takes it then");
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

/* Rules that match nothing, or less than they were written for. */
static void say_rules(struct check *c)
{
	const struct run *r = &c->host->run;
	char at_buf[PLAN_LINE_MAX], what_buf[PLAN_LINE_MAX];
	struct text at, what;

	for (unsigned k = 0;; k++) {
		text_start(&at, at_buf, sizeof(at_buf));
		text_start(&what, what_buf, sizeof(what_buf));
		if (!words_problem(r, k, &at, &what))
			return;
		const struct rule *rule = rule_at(&r->config, at_buf);
		if (!rule || is_for_later(c, rule))
			continue;
		if (!r->plan.alone[rule - r->config.rule]) {
			say_unmatched(c, rule, what_buf);
			continue;
		}
		const char *fix = cut_remedy(what_buf);
		check_say(c, FINDING_WARNING, CODE_RULE_ALONE, check_place(&rule->at), "%s",
			  what_buf);
		check_edit(c, check_place(&rule->at), "%s", fix ? fix : "correct the rule");
	}
}

void check_rules(struct check *c)
{
	const struct run *r = &c->host->run;

	if (check_is_idle(c)) {
		check_say(c, FINDING_WARNING, CODE_NO_RULE, "/etc/vgapass.conf",
			  "has no rule, so no function is kept for guests");
		check_run(c, "vgapass add");
	}
	say_errors(c);
	say_general(c);
	if (!r->config.errors && !r->input_error)
		say_rules(c);
}

void check_later(struct check *c)
{
	const struct plan *all = host_plan_of_all(c->host);
	char why[HOST_NAME_MAX], *fix;

	for (unsigned i = 0; i < c->host->run.inv.functions; i++) {
		const struct pci_function *f = &c->host->run.inv.function[i];
		const struct plan_entry *e = &all->entry[i];
		enum host_later later = host_later(c->host, f);
		if (e->state != STATE_PLANNED || later == HOST_NOT_LATER)
			continue;
		host_later_text(c->host, f, why);
		/* "it is behind VMD and appears after ...: turn VMD off ..." */
		fix = strstr(why, ": ");
		if (fix)
			*fix = '\0';
		/* Without advice there is nothing to mend. */
		check_say(c, fix ? FINDING_WARNING : FINDING_OK,
			  fix ? CODE_RULE_TOO_LATE : CODE_REMOVABLE, check_address(f), "%s",
			  why + (strncmp(why, "it ", 3) ? 0 : 3));
		if (fix)
			check_advise(c, "%s", fix + 2);
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
		check_say(c, FINDING_WARNING, CODE_RULE_BY_ID_ALONE, check_place(&rule->at),
			  "takes cards by their ID alone, %s and %s, and any that is added later",
			  check_address(k.first), check_address(k.other));
		check_edit(c, check_place(&rule->at), "write path=%s or path=%s behind the ID, or "
			   "expect=%u if all are meant", host_path(k.first, first),
			   host_path(k.other, other), k.n);
	}
}

static enum check_code code_of(enum reason reason)
{
	switch (reason) {
	case REASON_BRIDGE:
		return CODE_REFUSED_BRIDGE;
	case REASON_BOOT_DISPLAY:
		return CODE_REFUSED_BOOT_DISPLAY;
	case REASON_IDENTITY:
		return CODE_REFUSED_IDENTITY;
	case REASON_SEVERAL:
		return CODE_REFUSED_SEVERAL;
	case REASON_STRANGER:
		return CODE_REFUSED_STRANGER;
	case REASON_EXPECT:
		return CODE_REFUSED_EXPECT;
	default:
		return CODE_REFUSED;
	}
}

/* Functions refused for lack of an IOMMU group are reported by the topic iommu. */
void check_refused(struct check *c)
{
	const struct run *r = &c->host->run;
	char phrase[PLAN_LINE_MAX];
	struct text t;

	for (unsigned i = 0; i < r->inv.functions; i++) {
		const struct pci_function *f = &r->inv.function[i];
		const struct plan_entry *e = &r->plan.entry[i];
		if (e->state != STATE_REFUSED || e->reason == REASON_NO_GROUP)
			continue;
		text_start(&t, phrase, sizeof(phrase));
		words_reason(&t, r, f, e);
		const char *fix = cut_remedy(phrase);
		check_say(c, FINDING_ERROR, code_of(e->reason), check_address(f),
			  "is refused: %s", phrase);
		check_edit(c, check_place(&e->rule->at), "%s",
			   fix ? fix : "narrow or remove the rule, see vgapass.conf(5)");
	}
}
