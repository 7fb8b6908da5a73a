/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_plan.c - vgapass plan: what the next boot will do. Reads, and writes nothing. */
#include <stdlib.h>
#include <string.h>

#include "runtime/core/words.h"
#include "cli/cmd.h"
#include "cli/live/in_use.h"
#include "cli/machine/function_json.h"
#include "cli/machine/next_boot.h"
#include "cli/out/table.h"
#include "cli/out/wrap.h"
#include "cli/out/xalloc.h"

/* What is printed. */
struct plan_view {
	struct host host;
	struct obstacles in_use;
	struct next_image image;
	struct findings findings;
};

/* The host loses what it lives on. */
static void find_in_use(struct plan_view *v)
{
	char at[PCI_ADDRESS_SIZE];

	for (unsigned i = 0; i < v->in_use.n && i < OBSTACLES_MAX; i++) {
		const struct obstacle *o = &v->in_use.obstacle[i];
		pci_put_address(at, &o->f->at);
		struct finding *f = findings_add(&v->findings, FINDING_ERROR, "host-needs-it", at,
						 "the host needs it: %.*s", (int)o->who, o->text);
		if (o->text[o->who])
			finding_fix(f, FIX_ADVICE, NULL, "%s", o->text + o->who + 2);
	}
}

static void look_at_plan(struct plan_view *v)
{
	const struct run *r = &v->host.run;

	in_use_by_plan(&v->host.roots, &r->inv, &r->plan, NULL, &v->in_use);
	findings_of_plan(&v->host, &v->findings);
	find_in_use(v);
	if (r->plan.state == PLAN_READY && !r->input_error)
		next_image_look(&v->host, &v->image, &v->findings);
	findings_merge(&v->findings);
}

/* --- text */

/* Adds the driver, if all functions get the same one. */
static void add_driver(const struct run *r, struct text *t)
{
	const char *driver = NULL;

	for (unsigned i = 0; i < r->inv.functions; i++) {
		const struct plan_entry *e = &r->plan.entry[i];
		if (e->state != STATE_PLANNED)
			continue;
		if (driver && strcmp(driver, e->driver) != 0)
			return;
		driver = e->driver;
	}
	if (driver)
		text_add(t, " to %s", driver);
}

/* Adds what the answer holds for: kernel, profile, boot image. */
static void add_circumstances(const struct plan_view *v, struct text *t)
{
	static const char *const states[] = {
		[NEXT_CURRENT] = "; boot image is up to date",
		[NEXT_STALE] = "; boot image is out of date",
		[NEXT_MISSING] = "; boot image is missing",
	};
	const struct run *r = &v->host.run;
	const char *state = states[v->image.state];

	text_add(t, " (");
	if (v->image.kernel)
		text_add(t, "kernel %s, ", v->image.kernel);
	text_add(t, r->plan.profile ? "profile %s" : "no profile%s",
		 r->plan.profile ? r->plan.profile : "");
	text_add(t, "%s)", state ? state : "");
}

static void print_headline(const struct plan_view *v)
{
	const struct run *r = &v->host.run;
	char buf[PLAN_LINE_MAX + HOST_NAME_MAX];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	text_add(&t, "Next boot: ");
	if (r->token.word == TOKEN_TRIAL)
		text_add(&t, "a trial: ");
	if (!next_boot_is_idle(&v->host, &t)) {
		text_add(&t, r->plan.planned == 1 ? "%u function %s be bound" :
						    "%u functions %s be bound", r->plan.planned,
			 r->cmd.mode == MODE_DRY_RUN ? "would" : "will");
		add_driver(r, &t);
		text_add(&t, ", %u refused", r->plan.refused);
		next_boot_add_late(&v->host, &t);
		if (r->cmd.mode == MODE_DRY_RUN)
			text_add(&t, ", as vgapass=dry-run binds nothing");
		add_circumstances(v, &t);
	}
	wrap_print(stdout, 0, 0, wrap_width(), buf);
}

static void print_text(struct plan_view *v)
{
	print_headline(v);
	next_boot_table(&v->host, NULL);
	findings_print(&v->findings);
}

/* --- JSON */

static json_object *json_in_use(const struct obstacles *o, const struct pci_function *f)
{
	json_object *list = json_object_new_array();

	for (unsigned i = 0; i < o->n && i < OBSTACLES_MAX; i++)
		if (o->obstacle[i].f == f)
			json_object_array_add(list, json_text(o->obstacle[i].text,
							      strlen(o->obstacle[i].text)));
	return list;
}

static json_object *json_functions(const struct plan_view *v)
{
	const struct run *r = &v->host.run;
	json_object *list = json_object_new_array();

	for (unsigned i = 0; i < r->inv.functions; i++) {
		const struct pci_function *f = &r->inv.function[i];
		if (!host_promise(&v->host, f)->rule)
			continue;
		json_object *o = function_json(&v->host, f);
		json_object_object_add(o, "in_use", json_in_use(&v->in_use, f));
		json_object_array_add(list, o);
	}
	return list;
}

static json_object *json_rules(const struct run *r)
{
	json_object *list = json_object_new_array();
	char at[PLAN_LINE_MAX];

	for (unsigned i = 0; i < r->config.rules; i++) {
		json_object *o = json_object_new_object();
		json_set(o, "at", text_make(at, sizeof(at), "%pp", &r->config.rule[i].at));
		json_set_number(o, "matched", r->plan.matched[i]);
		json_object_array_add(list, o);
	}
	return list;
}

/* What the next boot is asked; NULL: nothing. */
static json_object *json_once(const struct host *h)
{
	const struct token *token = &h->run.token;
	json_object *o = h->once_means ? json_object_new_object() : NULL;

	if (!o)
		return NULL;
	json_set(o, "word", token_word(token->word));
	json_set(o, "profile", *token->profile ? token->profile : NULL);
	json_set(o, "from", h->once_means);
	return o;
}

static void print_json(struct plan_view *v)
{
	struct run *r = &v->host.run;
	json_object *o = json_document("functions", json_functions(v));
	const char *mode = mode_word(r->cmd.mode);

	/* The engine calls a boot by what it has bound; only a dry run by what it would. */
	if (r->cmd.mode == MODE_ON)
		r->cmd.mode = MODE_DRY_RUN;
	json_object_object_add(o, "rules", json_rules(r));
	json_object_object_add(o, "findings", findings_json(&v->findings));
	json_set(o, "result", run_result(r));
	json_set(o, "mode", mode);
	json_set(o, "kernel", v->image.kernel);
	json_set(o, "profile", r->plan.profile);
	json_object_object_add(o, "image", next_image_json(&v->image));
	json_object_object_add(o, "once", json_once(&v->host));
	json_print(o);
}

/* --- the verb */

static struct host_options opt = { .as_boot = true, .once = true };
static bool json;

static int show_plan(void)
{
	struct plan_view *v = xcalloc(1, sizeof(*v));
	int r = host_open(&v->host, &opt);

	if (!r) {
		look_at_plan(v);
		(json ? print_json : print_text)(v);
		r = v->findings.count[FINDING_ERROR] ? CMD_FAILED : CMD_OK;
	}
	findings_free(&v->findings);
	next_image_free(&v->image);
	host_close(&v->host);
	free(v);
	return r;
}

static const struct cmd_option options[] = {
	CMD_JSON(&json),
	CMD_PROFILE(&opt.profile),
	CMD_CMDLINE(&opt.cmdline),
	CMD_SYSROOT(&opt.sysroot),
	CMD_END,
};

static int run_plan(int argc, char **argv)
{
	if (cmd_no_arguments(&verb_plan, argc, argv))
		return CMD_USAGE;
	return show_plan();
}

const struct cmd_verb verb_plan = {
	.name = "plan",
	.summary = "show what the next boot will do, and why",
	.arguments = "",
	.about = "Shows what the next boot will do with each function that a rule is about, what\n"
		 "keeps it from the rest and what to do, and what the host loses by it.",
	.options = options,
	.exits = "0 all that the rules want will be bound, 1 it will not, or the host needs a "
		 "function, 2 usage.",
	.plural = "functions",
	.run = run_plan,
};
