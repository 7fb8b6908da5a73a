/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_plan.c - vgapass plan: what the next boot will do. Reads, and writes nothing. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/words.h"
#include "runtime/io/receipt.h"
#include "cli/cmd.h"
#include "cli/machine/hint.h"
#include "cli/machine/host.h"
#include "cli/machine/problem.h"
#include "cli/live/in_use.h"
#include "cli/machine/receipt_read.h"
#include "cli/out/table.h"
#include "cli/out/xalloc.h"

/* Under each function, what the host needs of it. */
static void print_functions(const struct run *r, const struct obstacles *o)
{
	char buf[PLAN_LINE_MAX];
	struct text t;

	for (unsigned i = 0; i < r->inv.functions; i++) {
		if (!r->plan.entry[i].rule)
			continue;
		text_start(&t, buf, sizeof(buf));
		words_function(&t, r, &r->inv.function[i], &r->plan.entry[i]);
		puts(buf);
		for (unsigned k = 0; k < o->n && k < OBSTACLES_MAX; k++)
			if (o->obstacle[k].f == &r->inv.function[i])
				printf("    %sbut the host needs it%s: %s\n",
				       color_bad(), color_off(), o->obstacle[k].text);
	}
}

static void print_text(const struct host *h, const struct obstacles *o)
{
	const struct run *r = &h->run;
	const char *line;
	char why[HOST_NAME_MAX];

	if (r->plan.state == PLAN_OFF)
		printf("nothing: %s\n", hint_off(r, why));
	else if (!r->config.rules && !r->config.errors)
		puts("nothing: /etc/vgapass.conf has no rule");
	print_functions(r, o);
	for (unsigned k = 0; (line = problem_line(h, k)); k++)
		puts(line);
}

/* The receipt with a list in_use in the functions that the host needs. */
static void print_in_use(const char *receipt, const struct obstacles *o)
{
	json_object *all = json_tokener_parse(receipt);
	json_object *list = all ? receipt_list(all, "functions") : NULL, *one, *texts;
	char at[64];

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		one = json_object_array_get_idx(list, i);
		for (unsigned k = 0; k < o->n && k < OBSTACLES_MAX; k++) {
			text_make(at, sizeof(at), "%pa", &o->obstacle[k].f->at);
			if (strcmp(receipt_text(one, "address"), at) != 0)
				continue;
			if (!json_object_object_get_ex(one, "in_use", &texts)) {
				texts = json_object_new_array();
				json_object_object_add(one, "in_use", texts);
			}
			json_object_array_add(texts, json_object_new_string(o->obstacle[k].text));
		}
	}
	puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
						 JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
}

static void print_json(const struct roots *roots, struct run *r, const struct obstacles *o)
{
	size_t size = 1 << 16;
	char *buf = NULL;
	struct text t;

	if (r->cmd.mode == MODE_ON)
		r->cmd.mode = MODE_DRY_RUN;
	do {
		buf = xreallocarray(buf, size *= 2, 1);
		text_start(&t, buf, size);
		receipt_fill(&t, roots, r);
	} while (t.cut && size < RECEIPT_MAX);
	if (o->n)
		print_in_use(buf, o);
	else
		fputs(buf, stdout);
	free(buf);
}

static int show_plan(const struct host_options *o, bool json)
{
	struct host *host = xcalloc(1, sizeof(*host));
	const struct run *r = &host->run;
	struct obstacles in_use;

	if (host_open(host, o))
		return CMD_FAILED;
	in_use_by_plan(&host->roots, &r->inv, &r->plan, NULL, &in_use);
	if (json)
		print_json(&host->roots, &host->run, &in_use);
	else
		print_text(host, &in_use);
	hint_serials(host, false);
	hint_no_group(host);
	if (!json)
		hint_later(host);
	bool wrong = r->plan.state == PLAN_BROKEN_CONFIG ||
		     r->plan.state == PLAN_UNKNOWN_PROFILE || r->input_error || in_use.n;
	host_close(host);
	free(host);
	return wrong ? CMD_FAILED : CMD_OK;
}

static struct host_options opt = { .as_boot = true };
static bool json;

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
	return show_plan(&opt, json);
}

const struct cmd_verb verb_plan = {
	.name = "plan",
	.summary = "show what the next boot will do, and why",
	.arguments = "",
	.about = "Shows function by function what the next boot will do, in its own words, and\n"
		 "what the host loses by it.",
	.options = options,
	.exits = "0 the plan holds, 1 something is wrong with it, or the host needs a function, 2 usage.",
	.run = run_plan,
};
