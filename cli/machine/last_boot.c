/* SPDX-License-Identifier: GPL-2.0-or-later */
/* last_boot.c - see last_boot.h */
#include "last_boot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/driver.h"
#include "runtime/core/words.h"
#include "cli/once/within.h"
#include "group.h"
#include "hint.h"

static size_t list_length(json_object *list)
{
	return list ? json_object_array_length(list) : 0;
}

static json_object *list_of(const struct last_boot *b, const char *name)
{
	return b->receipt ? receipt_list(b->receipt, name) : NULL;
}

size_t last_boot_functions(const struct last_boot *b)
{
	return list_length(list_of(b, "functions"));
}

json_object *last_boot_function(const struct last_boot *b, size_t i)
{
	return json_object_array_get_idx(list_of(b, "functions"), i);
}

const struct pci_function *last_boot_now(const struct last_boot *b, json_object *function)
{
	const struct inventory *inv = &b->host->run.inv;
	struct pci_address at = { 0 };

	if (!pci_parse_address(slice_of(receipt_text(function, "address")), &at, NULL))
		return NULL;
	for (unsigned i = 0; i < inv->functions; i++)
		if (!pci_compare(&inv->function[i].at, &at))
			return &inv->function[i];
	return NULL;
}

static bool is_state(json_object *function, const char *state)
{
	return !strcmp(receipt_text(function, "state"), state);
}

bool last_boot_is_changed(const struct last_boot *b, json_object *function)
{
	const struct pci_function *now = last_boot_now(b, function);

	return is_state(function, "bound") &&
	       strcmp(now ? now->driver : "", receipt_text(function, "driver")) != 0;
}

enum viability last_boot_viable(const struct last_boot *b, json_object *function,
				struct text *why)
{
	const struct pci_function *now = last_boot_now(b, function);
	char names[1024];
	struct text t;

	if (!now || now->group < 0 || !is_state(function, "bound"))
		return VIABLE_UNKNOWN;
	text_start(&t, names, sizeof(names));
	if (group_list(b->host, now->group, GROUP_HELD, false, &t)) {
		text_add(why, "no guest can have it: the host's drivers have %s of its IOMMU "
			      "group %u", names, (unsigned)now->group);
		return VIABLE_NO;
	}
	if (group_is_reserved(b->host, now->group)) {
		text_add(why, "no guest can have it: the firmware keeps memory through its IOMMU "
			      "group %u (RMRR)", (unsigned)now->group);
		return VIABLE_NO;
	}
	text_start(&t, names, sizeof(names));
	if (!group_list(b->host, now->group, GROUP_WANTED, false, &t))
		return VIABLE_YES;
	text_add(why, "a guest can have it until the host loads drivers for %s of its IOMMU "
		 "group %u", names, (unsigned)now->group);
	return VIABLE_UNKNOWN;
}

/* True: its rule says required=yes, and no guest can have it. */
static bool is_kept_from_guests(const struct last_boot *b, json_object *function)
{
	const struct pci_function *now = last_boot_now(b, function);
	const struct rule *rule = now ? host_entry(b->host, now)->rule : NULL;
	struct text why;
	char buf[1];

	text_start(&why, buf, sizeof(buf));
	return rule && rule->required && last_boot_viable(b, function, &why) == VIABLE_NO;
}

bool last_boot_is_required(const struct last_boot *b)
{
	const struct config *c = &b->host->run.config;

	for (unsigned i = 0; i < c->rules; i++)
		if (c->rule[i].required)
			return true;
	return false;
}

static bool is_result(const struct last_boot *b, const char *result)
{
	return !strcmp(receipt_text(b->receipt, "result"), result);
}

static json_object *once_of(const struct last_boot *b)
{
	json_object *once = NULL;

	if (b->receipt)
		json_object_object_get_ex(b->receipt, "once", &once);
	return once;
}

const char *last_boot_once(const struct last_boot *b)
{
	json_object *once = once_of(b);

	return once && is_state(once, "taken") ? receipt_text(once, "word") : NULL;
}

bool last_boot_is_trial(const struct last_boot *b)
{
	const char *word = last_boot_once(b);

	return word && !strcmp(word, "trial");
}

/* True: the boot was told to bind nothing. */
static bool is_told_off(const struct last_boot *b)
{
	return strcmp(receipt_text(b->receipt, "mode"), "on") != 0;
}

bool last_boot_is_good(const struct last_boot *b)
{
	if (!b->receipt)
		return !last_boot_is_required(b);
	if (is_result(b, "failed") || is_result(b, "error") ||
	    (is_told_off(b) && last_boot_is_required(b)))
		return false;
	for (size_t i = 0; i < last_boot_functions(b); i++) {
		json_object *f = last_boot_function(b, i);
		if (last_boot_is_changed(b, f) || is_kept_from_guests(b, f))
			return false;
	}
	return true;
}

bool last_boot_is_stray(const struct last_boot *b, const struct pci_function *f)
{
	const struct run *r = &b->host->run;
	const struct rule *rule = b->all->entry[f - r->inv.function].rule;

	if (!driver_is_for_guests(f->driver) || (rule && !rule->keep) || !r->config.rules ||
	    r->plan.state != PLAN_READY)
		return false;
	for (size_t i = 0; i < last_boot_functions(b); i++)
		if (last_boot_now(b, last_boot_function(b, i)) == f)
			return false;
	return true;
}

bool last_boot_is_outdated(const struct last_boot *b)
{
	return b->booted && !booted_is_same(b->booted);
}

void last_boot_read(struct host *h, struct last_boot *ret)
{
	*ret = (struct last_boot){ .host = h, .all = host_plan_of_all(h) };
	ret->receipt = receipt_read(&h->roots, &ret->why);
	ret->booted = booted_read(&h->roots, &h->run);
}

void last_boot_free(struct last_boot *b)
{
	json_object_put(b->receipt);
	booted_free(b->booted);
}

/* --- findings */

static void find_changed(const struct last_boot *b, json_object *f, struct findings *l)
{
	const struct pci_function *now = last_boot_now(b, f);
	const char *at = receipt_text(f, "address"), *driver = receipt_text(f, "driver");

	if (!last_boot_is_changed(b, f))
		return;
	if (!now) {
		finding_fix(findings_add(l, FINDING_ERROR, "function-gone", at,
					 "the boot bound it to %s, and it is gone", driver),
			    FIX_ADVICE, NULL, "see whether it lost power; vgapass explain --dmesg "
					      "knows messages of that kind");
		return;
	}
	finding_fix(findings_add(l, FINDING_ERROR, "driver-changed", at,
				 "the boot bound it to %s, and it is on %s now", driver,
				 *now->driver ? now->driver : "no driver"),
		    FIX_COMMAND, NULL, "vgapass bind %s", at);
}

static void find_group(const struct last_boot *b, json_object *f, struct findings *l)
{
	char buf[PLAN_LINE_MAX + 1024];
	struct text why;

	text_start(&why, buf, sizeof(buf));
	if (last_boot_is_changed(b, f))
		return;
	enum viability viable = last_boot_viable(b, f, &why);
	if (why.len)
		finding_fix(findings_add(l, is_kept_from_guests(b, f) ? FINDING_ERROR :
					    FINDING_WARNING,
					 viable == VIABLE_NO ? "group-not-viable" :
					 "group-viable-for-now", receipt_text(f, "address"), "%s",
					 buf),
			    FIX_COMMAND, NULL, "vgapass check iommu");
}

/* True: the next boot refuses it for the same reason, which is then told with a better fix. */
static bool is_same_refusal(const struct last_boot *b, json_object *f)
{
	const struct pci_function *now = last_boot_now(b, f);
	const struct plan_entry *e = now ? host_entry(b->host, now) : NULL;
	char buf[PLAN_LINE_MAX];
	struct text t;

	if (!e || e->state != STATE_REFUSED || !is_state(f, "refused"))
		return false;
	text_start(&t, buf, sizeof(buf));
	words_reason(&t, &b->host->run, now, e);
	return !strcmp(buf, receipt_text(f, "reason"));
}

/* The parts of a reason in the engine's words: "WHAT: WHAT TO DO (error N)". */
struct reason_parts {
	char what[PLAN_LINE_MAX];
	char fix[PLAN_LINE_MAX];
};

static void split_reason(const char *reason, struct reason_parts *ret)
{
	const char *end = strstr(reason, " (error "), *fix = strstr(reason, ": ");
	int n = (int)(end ? end - reason : (ptrdiff_t)strlen(reason));
	int error = end ? atoi(end + 8) : 0;
	int what = fix && fix - reason < n ? (int)(fix - reason) : n;

	snprintf(ret->what, sizeof(ret->what), "%.*s%s%s", what, reason, error ? ": " : "",
		 error ? strerror(error) : "");
	snprintf(ret->fix, sizeof(ret->fix), "%.*s", n > what ? n - what - 2 : 0,
		 n > what ? fix + 2 : "");
}

/* A function that the boot was to bind and did not. */
static void find_unbound(const struct last_boot *b, json_object *f, struct findings *l)
{
	const struct pci_function *now = last_boot_now(b, f);
	const char *at = receipt_text(f, "address"), *reason = receipt_text(f, "reason");
	bool refused = is_state(f, "refused");
	struct reason_parts parts;

	if (is_state(f, "bound") || is_state(f, "keep") || is_state(f, "shared") || !*reason)
		return;
	if (is_same_refusal(b, f)) {
		findings_of_function(b->host, now, host_entry(b->host, now), l);
		return;
	}
	split_reason(reason, &parts);
	if (now && driver_is_for_guests(now->driver)) {
		findings_add(l, FINDING_NOTE, "bound-since", at,
			     "the boot did not bind it, and it is on %s now: %s", now->driver,
			     parts.what);
		return;
	}
	const char *what = refused ? "the boot refused it" :
			   is_state(f, "held") ? "not bound, and kept without a driver" :
						 "not bound";
	struct finding *to = findings_add(l, FINDING_ERROR, refused ? "boot-refused" : "not-bound",
					  at, "%s: %s", what, parts.what);
	bool allowed = refused && now && host_entry(b->host, now)->state == STATE_PLANNED;
	if (allowed)
		finding_fix(to, FIX_ADVICE, NULL, "the configuration allows it by now: reboot, or");
	else if (*parts.fix)
		finding_fix(to, FIX_ADVICE, NULL, "%s", parts.fix);
	if (now && host_entry(b->host, now)->state == STATE_PLANNED)
		finding_fix(to, FIX_COMMAND, NULL, "vgapass bind %s", at);
}

static void find_strays(const struct last_boot *b, struct findings *l)
{
	const struct inventory *inv = &b->host->run.inv;
	json_object *list = list_of(b, "strays");
	char at[PCI_ADDRESS_SIZE];

	for (size_t i = 0; i < list_length(list); i++) {
		json_object *f = json_object_array_get_idx(list, i);
		finding_fix(findings_add(l, FINDING_WARNING, "stray-at-boot",
					 receipt_text(f, "address"),
					 "it was on %s when the boot ended, and no rule takes it",
					 receipt_text(f, "driver")),
			    FIX_COMMAND, NULL, "vgapass check elsewhere");
	}
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (!last_boot_is_stray(b, f))
			continue;
		pci_put_address(at, &f->at);
		finding_fix(findings_add(l, FINDING_WARNING, "stray", at,
					 "it is on %s now, and no rule takes it", f->driver),
			    FIX_COMMAND, NULL, "vgapass check elsewhere");
	}
}

/* True: the plan of now has the same problem, which findings_of_plan() says with what to do. */
static bool is_problem_now(const struct last_boot *b, json_object *problem)
{
	char at_buf[PLAN_LINE_MAX], what_buf[PLAN_LINE_MAX];
	struct text at, what;

	for (unsigned k = 0;; k++) {
		text_start(&at, at_buf, sizeof(at_buf));
		text_start(&what, what_buf, sizeof(what_buf));
		if (!words_problem(&b->host->run, k, &at, &what))
			return false;
		if (!strcmp(at_buf, receipt_text(problem, "at")) &&
		    !strcmp(what_buf, receipt_text(problem, "text")))
			return true;
	}
}

static void find_boot_problems(const struct last_boot *b, bool all, struct findings *l)
{
	json_object *list = list_of(b, "problems");

	for (size_t i = 0; i < list_length(list); i++) {
		json_object *p = json_object_array_get_idx(list, i);
		const char *text = receipt_text(p, "text");
		if (all || !is_problem_now(b, p))
			findings_add(l, FINDING_WARNING, "boot-problem", receipt_text(p, "at"),
				     "%s", *text ? text : "the receipt does not say which problem");
	}
}

/* The result as a whole: for what no function shows. */
static void find_result(const struct last_boot *b, struct findings *l)
{
	const char *mode = receipt_text(b->receipt, "mode");

	if (is_result(b, "failed") || is_result(b, "error"))
		findings_add(l, FINDING_ERROR, "boot-failed", "", "%s", is_result(b, "failed") ?
			     "the boot did not bind what a rule requires" :
			     "the boot bound nothing, as something was wrong");
	else if (is_told_off(b) && last_boot_is_required(b))
		finding_fix(findings_add(l, FINDING_ERROR, "boot-told-off", "",
					 "a rule says required=yes, and the boot was told to bind "
					 "nothing (%s)", mode),
			    FIX_ADVICE, NULL, "remove vgapass=%s from the kernel command line, and "
					      "reboot", mode);
}

/* vgapass confirm refuses a trial that did not go well; its time ends all the same. */
static void find_trial(const struct last_boot *b, struct findings *l)
{
	unsigned seconds = within_running(&b->host->roots);
	bool good = is_result(b, "ok");
	char timer[128] = "";

	if (!b->host->run.config.trial && !seconds)
		return; /* it is confirmed, or its rules are removed */
	if (seconds)
		text_make(timer, sizeof(timer), "; this one reboots by itself %s%u s %s its start",
			  good ? "unless it is confirmed within " : "", seconds,
			  good ? "of" : "after");
	struct finding *f = findings_add(l, FINDING_NOTE, "trial", "", "this boot is a trial, the "
					 "next one is as before it%s", timer);
	if (good)
		finding_fix(f, FIX_COMMAND, NULL, "vgapass confirm");
}

/* What was asked of the boot, and what became of that. */
static void find_once(const struct last_boot *b, struct findings *l)
{
	json_object *once = once_of(b), *error = NULL;

	if (last_boot_is_trial(b)) {
		find_trial(b, l);
	} else if (once && is_state(once, "stuck")) {
		json_object_object_get_ex(once, "error", &error);
		finding_fix(findings_add(l, FINDING_ERROR, "once-stuck", "EFI variable",
					 "asked for %s, but cannot be deleted (%s)",
					 !strcmp(receipt_text(once, "word"), "trial") ? "a trial" :
					 !strcmp(receipt_text(once, "word"), "off") ?
					 "no passthrough" :
					 "a profile",
					 strerror((int)json_object_get_int64(error))),
			    FIX_COMMAND, NULL, "vgapass try --cancel");
	} else if (once && is_state(once, "hung")) {
		finding_fix(findings_add(l, FINDING_ERROR, "once-hung", "EFI variable",
					 "the firmware did not answer, so whatever was asked did "
					 "not count"),
			    FIX_ADVICE, NULL, "update the firmware; without next-boot=yes and "
			    "rules in [trial], no boot asks it");
	}
}

static void find_no_receipt(const struct last_boot *b, struct findings *l)
{
	struct finding *f;

	if (!b->why) {
		f = findings_add(l, FINDING_ERROR, "no-receipt", "",
				 "this boot left no receipt: vgapass did not run in it");
		next_boot_fix(b->host, NULL, NULL, f);
		return;
	}
	/* "/run/vgapass/receipt.json WHAT" */
	size_t n = strcspn(b->why, " ");
	char *file = strndup(b->why, n);
	f = findings_add(l, FINDING_ERROR, "receipt-unusable", file ? file : "", "%s",
			 b->why + n + (b->why[n] == ' '));
	finding_fix(f, FIX_ADVICE, NULL, "%s",
		    strstr(b->why, "root") ? "run as root" :
		    strstr(b->why, "version") ? "update vgapass, or reboot" :
		    "reboot: each boot writes a new one");
	free(file);
}

static void find_outdated(const struct last_boot *b, struct findings *l)
{
	struct next_image image;

	if (!last_boot_is_outdated(b))
		return;
	struct finding *f = findings_add(l, FINDING_WARNING, "configuration-changed", "",
					 "the configuration has changed since the boot");
	next_image_look(b->host, &image, NULL);
	if (image.state == NEXT_CURRENT)
		finding_fix(f, FIX_ADVICE, NULL, "reboot: the boot image holds it already");
	else
		next_boot_fix(b->host, NULL, NULL, f);
	next_image_free(&image);
}

void findings_of_boot(const struct last_boot *b, struct findings *l)
{
	if (!b->receipt) {
		find_no_receipt(b, l);
		return;
	}
	for (size_t i = 0; i < last_boot_functions(b); i++) {
		json_object *f = last_boot_function(b, i);
		find_changed(b, f, l);
		find_group(b, f, l);
		find_unbound(b, f, l);
	}
	find_strays(b, l);
	find_boot_problems(b, false, l);
	find_once(b, l);
	if (!l->count[FINDING_ERROR])
		find_result(b, l);
	find_outdated(b, l);
}

void findings_required(const struct last_boot *b, struct findings *l)
{
	if (!b->receipt) {
		find_no_receipt(b, l);
		return;
	}
	for (size_t i = 0; i < last_boot_functions(b); i++) {
		json_object *f = last_boot_function(b, i);
		find_changed(b, f, l);
		if (is_kept_from_guests(b, f))
			find_group(b, f, l);
	}
	find_boot_problems(b, true, l);
	find_result(b, l);
}
