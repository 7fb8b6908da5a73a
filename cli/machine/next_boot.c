/* SPDX-License-Identifier: GPL-2.0-or-later */
/* next_boot.c - see next_boot.h */
#include "next_boot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out/near.h"
#include "cli/out/table.h"
#include "cli/out/xalloc.h"
#include "hint.h"
#include "mdev.h"
#include "problem.h"
#include "rebuild_plan.h"
#include "refusal.h"
#include "runtime/core/words.h"
#include "runtime/io/token.h"

#define VGAPASS_CONF "/etc/vgapass.conf"

/* --- the headline */

/* The functions that the boot takes or refuses. */
struct counts {
	unsigned bound, refused;
};

static struct counts count_entries(const struct host *h)
{
	struct counts c = { 0 };

	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		c.bound += h->run.plan.entry[i].state == STATE_PLANNED &&
			   !host_is_late(h, &h->run.inv.function[i]);
		c.refused += h->run.plan.entry[i].state == STATE_REFUSED;
	}
	return c;
}

/* True: rules that want something hold, or rules that only a profile makes hold are there. */
static bool is_any_rule(const struct host *h, bool holds)
{
	const struct config *c = &h->run.config;

	for (unsigned i = 0; i < c->rules; i++)
		if (plan_rule_holds(&c->rule[i], h->run.plan.profile) == holds)
			return true;
	return false;
}

bool next_boot_is_idle(const struct host *h, struct text *t)
{
	const struct run *r = &h->run;
	char why[HOST_NAME_MAX];

	if (r->plan.state == PLAN_OFF)
		text_add(t, "nothing: %s", hint_off(r, why));
	else if (r->plan.state == PLAN_BROKEN_CONFIG)
		text_add(t, problem_denied(h) ? "not known: the configuration cannot be read" :
						"nothing: the configuration has errors");
	else if (r->plan.state == PLAN_UNKNOWN_PROFILE)
		text_add(t, "nothing: no profile is named %pv", &r->cmd.profile);
	else if (r->input_error)
		text_add(t, "nothing is known: the PCI functions cannot be listed");
	else if (!r->config.rules)
		text_add(t, "nothing: " VGAPASS_CONF " has no rule");
	else if (!is_any_rule(h, true))
		text_add(t, r->config.profiles ? "nothing: no rule applies without a profile" :
						 "nothing: no rule applies but in a trial");
	else
		return false;
	return true;
}

void next_boot_headline(const struct host *h, struct text *t)
{
	struct counts c = count_entries(h);

	if (next_boot_is_idle(h, t))
		return;
	text_add(t, "%u of %u bound", c.bound, c.bound + c.refused);
	if (c.refused)
		text_add(t, ", %u refused", c.refused);
	next_boot_add_late(h, t);
}

void next_boot_add_late(const struct host *h, struct text *t)
{
	unsigned late = 0;

	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		const struct pci_function *f = &h->run.inv.function[i];
		late += host_promise(h, f)->state == STATE_PLANNED && host_is_late(h, f);
	}
	if (late)
		text_add(t, ", %u more when %s", late, late > 1 ? "they appear" : "it appears");
}

/* --- findings */

/* Adds a finding, and what to do unless it is "". */
static void add_split(struct findings *l, enum finding_level level, const char *code,
		      const char *at, const char *text, const char *fix)
{
	struct finding *f = findings_add(l, level, code, at, "%s", text);

	if (*fix)
		finding_fix(f, FIX_ADVICE, NULL, "%s", fix);
}

/* The names of all profiles, with the files that have them: "games (/etc/vgapass.conf)". */
static void add_profiles(const struct config *c, struct text *t)
{
	struct place place = { 0 };

	for (unsigned i = 0; i < c->profiles; i++) {
		for (unsigned k = c->rules; k-- > 0;)
			if (c->rule[k].profile == c->profile[i])
				place.file = c->rule[k].at.file;
		text_add(t, "%s%s", t->len ? ", " : "", c->profile[i]);
		if (place.file)
			text_add(t, " (%pp)", &place);
	}
}

static void find_unknown_profile(const struct host *h, struct findings *l)
{
	const struct config *c = &h->run.config;
	char word[HOST_NAME_MAX], names[4096];
	struct near near;
	struct text t;

	text_make(word, sizeof(word), "%pv", &h->run.cmd.profile);
	struct finding *f = findings_add(l, FINDING_ERROR, "unknown-profile", "kernel command line",
					 "vgapass=%s: no profile has that name", word);
	near_start(&near, word);
	for (unsigned i = 0; i < c->profiles; i++)
		near_try(&near, c->profile[i]);
	if (near_best(&near))
		finding_fix(f, FIX_ADVICE, NULL, "did you mean vgapass=%s?", near_best(&near));
	text_start(&t, names, sizeof(names));
	add_profiles(c, &t);
	finding_fix(f, FIX_ADVICE, NULL, c->profiles ? "profiles: %s%s" : "%sremove vgapass=%s",
		    names, c->profiles ? "" : word);
}

/* No rule holds, as a profile has to be chosen first. */
static void find_profiles(const struct host *h, struct findings *l)
{
	const struct config *c = &h->run.config;
	char names[4096];
	struct text t;

	if (h->run.plan.state != PLAN_READY || !c->profiles || is_any_rule(h, true))
		return;
	text_start(&t, names, sizeof(names));
	add_profiles(c, &t);
	struct finding *f = findings_add(l, FINDING_NOTE, "no-profile", "",
					 "profiles: %s", names);
	finding_fix(f, FIX_EDIT, "kernel command line", "add vgapass=%s", c->profile[0]);
	finding_fix(f, FIX_COMMAND, NULL, "vgapass plan --profile %s", c->profile[0]);
}

static const struct rule *find_rule_at(const struct host *h, const char *at)
{
	const struct config *c = &h->run.config;
	char place[PLAN_LINE_MAX];

	for (unsigned i = 0; i < c->rules; i++)
		if (!strcmp(text_make(place, sizeof(place), "%pp", &c->rule[i].at), at))
			return &c->rule[i];
	return NULL;
}

/* True: only a function that appears later is what the rule wants; see find_later(). */
static bool is_for_later(struct host *h, const struct rule *rule)
{
	return host_plan_of_all(h)->matched[rule - h->run.config.rule];
}

/* A rule that decides nothing. */
static void find_idle_rule(struct host *h, const struct problem *p, struct findings *l)
{
	const struct rule *rule = find_rule_at(h, p->at);
	unsigned i = rule ? (unsigned)(rule - h->run.config.rule) : 0;

	if (rule && h->run.plan.alone[i]) {
		add_split(l, FINDING_WARNING, "slot-on-root-bus", p->at, p->text, p->fix);
		return;
	}
	if (!rule || is_for_later(h, rule))
		return;
	struct plan_miss miss = plan_explain(rule, &h->run.inv);
	struct finding *f = findings_add(l, rule->keep || miss.taken ? FINDING_WARNING :
					 FINDING_ERROR, miss.taken ? "rule-never-applies" :
					 "rule-matches-nothing", p->at, "%s", p->text);
	refusal_fix_miss(h, rule, &miss, f);
}

static void find_problems(struct host *h, struct findings *l)
{
	const struct run *r = &h->run;
	struct problem p;

	for (unsigned k = 0; problem_get(h, k, &p); k++) {
		if (p.in)
			add_split(l, p.denied ? FINDING_WARNING : FINDING_ERROR, p.denied ?
				  "configuration-denied" : "configuration", p.at, p.text, p.fix);
		else if (*p.at)
			find_idle_rule(h, &p, l);
		else if (r->plan.state == PLAN_UNKNOWN_PROFILE && !r->input_error)
			find_unknown_profile(h, l);
		else if (!r->input_error)
			add_split(l, FINDING_ERROR, "configuration", p.at, p.text, p.fix);
	}
}

static void find_no_functions(const struct host *h, struct findings *l)
{
	int error = h->run.input_error;
	struct finding *f;

	if (error == -E2BIG) {
		findings_add(l, FINDING_ERROR, "no-functions", "/sys/bus/pci/devices",
			     "more than %u functions, which is the limit", PCI_FUNCTIONS_MAX);
	} else if (error) {
		f = findings_add(l, FINDING_ERROR, "no-functions", "/sys/bus/pci/devices", "%s",
				 strerror(-error));
		finding_fix(f, FIX_ADVICE, NULL, "see whether /sys is mounted");
	}
}

static void find_later(struct host *h, struct findings *l)
{
	const struct plan *all = host_plan_of_all(h);
	char at[PCI_ADDRESS_SIZE], why[HOST_NAME_MAX];

	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		const struct pci_function *f = &h->run.inv.function[i];
		if (all->entry[i].state == STATE_REFUSED && host_is_late(h, f))
			findings_of_function(h, f, &all->entry[i], l);
		if (all->entry[i].state != STATE_PLANNED || host_later(h, f) == HOST_NOT_LATER)
			continue;
		pci_put_address(at, &f->at);
		host_later_text(h, f, why);
		char *fix = strstr(why, ": ");
		/* With vfs= nothing is to be said of each: the table has it. */
		if (!fix && f->is_virtual)
			continue;
		if (fix)
			*fix = '\0';
		add_split(l, FINDING_NOTE, "appears-later", at, why, fix ? fix + 2 : "");
	}
}

/* A card that a rule takes has no host driver, which its mediated devices need. */
void findings_of_mediated(const struct host *h, struct findings *l)
{
	char at[PCI_ADDRESS_SIZE];
	const struct mdev *one;
	struct mdevs all;

	mdevs_read(h, &all);
	for (unsigned i = 0; all.n && i < h->run.inv.functions; i++) {
		const struct pci_function *f = &h->run.inv.function[i];
		if (host_entry(h, f)->state != STATE_PLANNED || !mdevs_of(h, &all, f, &one))
			continue;
		pci_put_address(at, &f->at);
		finding_fix(findings_add(l, FINDING_WARNING, "mdev-without-card", at,
					 "its mediated devices, like %s, are lost", one->uuid),
			    FIX_COMMAND, NULL, "vgapass check cards");
	}
	mdevs_free(&all);
}

/* What the next boot is asked, and what a trial is about that is none. */
static void find_once(const struct host *h, struct findings *l)
{
	const struct rule *rules[PCI_FUNCTIONS_MAX];
	char at[PCI_ADDRESS_SIZE], by[PLAN_LINE_MAX];
	struct token running;

	if (h->once_means)
		finding_fix(findings_add(l, FINDING_NOTE, "next-boot-asked", h->once_means, "%s",
					 h->run.token.word == TOKEN_TRIAL ?
					 "the next boot is a trial" :
					 h->run.token.word == TOKEN_OFF ?
					 "the next boot is without passthrough" :
					 "the next boot has another profile"),
			    FIX_COMMAND, NULL, "vgapass try --cancel");
	if (!h->run.config.trial || h->run.plan.state != PLAN_READY || !host_on_trial(h, rules))
		return;
	token_read(&h->roots, &running);
	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		if (!rules[i])
			continue;
		pci_put_address(at, &h->run.inv.function[i].at);
		finding_fix(findings_add(l, FINDING_NOTE, "on-trial", at, "stays with the host: "
					 "its rule %s is of a trial",
					 text_make(by, sizeof(by), "%pp", &rules[i]->at)),
			    FIX_COMMAND, NULL, running.word == TOKEN_TRIAL ? "vgapass confirm" :
			    "vgapass try");
	}
}

void findings_of_plan(struct host *h, struct findings *l)
{
	find_no_functions(h, l);
	find_problems(h, l);
	find_profiles(h, l);
	for (unsigned i = 0; i < h->run.inv.functions; i++)
		findings_of_function(h, &h->run.inv.function[i], &h->run.plan.entry[i], l);
	find_later(h, l);
	findings_of_mediated(h, l);
	find_once(h, l);
	if (hint_is_serial_hidden(h, false))
		finding_fix(findings_add(l, FINDING_WARNING, "serial-hidden", "",
					 "serial numbers cannot be read, and a rule has one"),
			    FIX_ADVICE, NULL, "run as root");
}

/* --- the boot image */

static enum next_image_state judge_state(enum image_state state)
{
	return state == IMAGE_GOOD ? NEXT_CURRENT : state == IMAGE_MISSING ? NEXT_MISSING :
	       state == IMAGE_DENIED || state == IMAGE_FAILED ? NEXT_UNKNOWN : NEXT_STALE;
}

void next_boot_fix(const struct host *h, const char *kernel, const struct boot_image *image,
		   struct finding *to)
{
	struct rebuild_plan plan;
	struct kernels kernels;
	char buf[8192];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	kernels_find(h, &kernels);
	rebuild_plan(h, &kernels, kernel, &plan);
	bool obstacle = image && rebuild_obstacle(h, &plan, image, &t);
	if (obstacle)
		text_add(&t, ", then run ");
	if (plan.unsupported)
		finding_fix(to, FIX_ADVICE, NULL, "%s", plan.instead);
	else if (plan.n) {
		rebuild_plan_text(&plan, &t);
		finding_fix(to, obstacle ? FIX_ADVICE : FIX_COMMAND, NULL, "%s", buf);
		finding_fix(to, FIX_ADVICE, NULL, "reboot");
	} else
		finding_fix(to, FIX_ADVICE, NULL, "%srebuild the boot images, and reboot", buf);
	rebuild_plan_free(&plan);
	kernels_free(&kernels);
}

/* Looks into one image. Returns false if another one of the kernel may say more. */
static bool look_at_next(const struct host *h, const struct kernel *k,
			 const struct boot_image *image, struct next_image *ret,
			 struct findings *l)
{
	char text[IMAGE_TEXT_MAX];
	enum image_state state = image_look(h, k, image, text);
	enum finding_level level = state == IMAGE_DENIED || state == IMAGE_FAILED ||
				   state == IMAGE_LEFT ? FINDING_WARNING : FINDING_ERROR;

	free(ret->path);
	ret->path = xstrdup(image->path);
	ret->state = judge_state(state);
	if (state == IMAGE_GOOD)
		return false;
	if (!l)
		return true;
	char *at = xasprintf("/%s", image->path);
	struct finding *f = findings_add(l, level, state == IMAGE_DENIED ? "image-denied" :
					 state == IMAGE_MISSING ? "image-missing" : "image-stale",
					 at, "%s", text);
	if (state == IMAGE_DENIED)
		finding_fix(f, FIX_ADVICE, NULL, "run as root");
	else
		next_boot_fix(h, k->version, state == IMAGE_LEFT ? NULL : image, f);
	free(at);
	return true;
}

static void find_bare_entry(const struct host *h, const struct kernel *k, struct findings *l)
{
	char *at = xasprintf("/%s", k->bare_entry);

	struct finding *f = findings_add(l, FINDING_ERROR, "image-missing", at,
					 "boots kernel %s without a boot image, so nothing binds "
					 "before the drivers load", k->version);
	finding_fix(f, FIX_EDIT, at, "name the boot image that the next line makes");
	next_boot_fix(h, k->version, NULL, f);
	free(at);
}

void next_image_look(const struct host *h, struct next_image *ret, struct findings *l)
{
	struct kernels kernels;

	*ret = (struct next_image){ .state = NEXT_UNKNOWN };
	kernels_find(h, &kernels);
	const struct kernel *k = kernels.n ? &kernels.kernel[kernels.n - 1] : NULL;
	if (k)
		ret->kernel = xstrdup(k->version);
	for (unsigned i = 0; k && i < k->images; i++)
		if (!k->image[i].unused && look_at_next(h, k, &k->image[i], ret, l))
			break;
	if (image_is_idle(h) && ret->state == NEXT_CURRENT)
		ret->state = NEXT_IDLE;
	if (k && !k->images && k->bare_entry && !image_is_idle(h)) {
		ret->state = NEXT_MISSING;
		if (l)
			find_bare_entry(h, k, l);
	}
	kernels_free(&kernels);
}

void next_image_free(struct next_image *i)
{
	free(i->kernel);
	free(i->path);
}

json_object *next_image_json(const struct next_image *i)
{
	static const char *const states[] = {
		[NEXT_UNKNOWN] = "unknown", [NEXT_CURRENT] = "current", [NEXT_STALE] = "stale",
		[NEXT_MISSING] = "missing", [NEXT_IDLE] = "not-needed",
	};
	json_object *o = json_object_new_object();
	char *path = i->path ? xasprintf("/%s", i->path) : NULL;

	json_set(o, "path", path);
	json_set(o, "state", states[i->state]);
	free(path);
	return o;
}

/* --- the table */

enum { ADDRESS, NAME, DRIVER, RULE };

static const struct column columns[] = {
	[ADDRESS] = { "ADDRESS", 0, 0, SCOLS_JSON_STRING, NULL },
	[NAME] = { "NAME", 0.35, SCOLS_FL_TRUNC, SCOLS_JSON_STRING, NULL },
	[DRIVER] = { "DRIVER -> TARGET", 0, 0, SCOLS_JSON_STRING, NULL },
	[RULE] = { "RULE", 0, 0, SCOLS_JSON_STRING, NULL },
	{ NULL, 0, 0, 0, NULL },
};

/* "radeon -> vfio-pci"; what stays where it is says why. */
static const char *change_of(const struct host *h, const struct pci_function *f,
			     char text[HOST_NAME_MAX])
{
	const struct plan_entry *e = host_promise(h, f);
	const char *now = *f->driver ? f->driver : "none";
	char when[HOST_NAME_MAX];

	if (e->state == STATE_SHARED)
		return text_make(text, HOST_NAME_MAX, "%s (%u VFs -> %s)", now, e->rule->vfs,
				 e->driver);
	if (e->state == STATE_PLANNED && host_is_late(h, f))
		return text_make(text, HOST_NAME_MAX, "%s%s%s %s", now,
				 strcmp(now, e->driver) ? " -> " : "",
				 strcmp(now, e->driver) ? e->driver : "", host_when(h, f, when));
	if (e->state != STATE_PLANNED)
		return text_make(text, HOST_NAME_MAX, "%s (%s)", now, state_word(e->state));
	if (!strcmp(now, e->driver))
		return text_make(text, HOST_NAME_MAX, "%s", now);
	return text_make(text, HOST_NAME_MAX, "%s -> %s", now, e->driver);
}

static void fill_row(const struct host *h, const struct columns *c, const struct pci_function *f,
		     struct libscols_line *line)
{
	static const char *const with[] = { "", " with=slot", " with=group" };
	const struct plan_entry *e = host_promise(h, f);
	char text[HOST_NAME_MAX];

	table_set(line, c, ADDRESS, text_make(text, sizeof(text), "%pa", &f->at));
	table_set(line, c, NAME, host_device(h, f, text));
	table_set(line, c, DRIVER, change_of(h, f, text));
	table_color(line, c, DRIVER, e->state == STATE_PLANNED ? color_good() :
		    e->state == STATE_REFUSED ? color_bad() : "");
	table_set(line, c, RULE, text_make(text, sizeof(text), "%pp%s", &e->rule->at,
					   e->companion ? with[e->rule->with] : ""));
}

void next_boot_table(const struct host *h, const bool *wanted)
{
	struct columns c = { .all = columns };
	struct libscols_table *table = NULL;

	columns_choose_all(&c);
	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		if (!host_promise(h, &h->run.inv.function[i])->rule || (wanted && !wanted[i]))
			continue;
		table = table ? table : table_start(&c);
		fill_row(h, &c, &h->run.inv.function[i], table_line(table, NULL));
	}
	if (table)
		table_end(table, &c, TABLE_PLAIN, true);
}
