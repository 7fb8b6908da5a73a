/* cmd_plan.c - vgapass plan: what the next boot will do. Reads, and writes nothing. */
#include <string.h>

#include "../runtime/core/plan_text.h"
#include "../runtime/io/receipt.h"
#include "cmd.h"
#include "hint.h"
#include "host.h"

static const char help[] =
	"usage: vgapass plan [OPTION ...]\n\n"
	"Shows function by function what the next boot will do, in its own words.\n\n"
	"  -J, --json         as the receipt that a boot with vgapass=dry-run would leave\n"
	"  --profile PROFILE  as with vgapass=PROFILE on the kernel command line\n"
	"  --cmdline TEXT     a kernel command line instead of the running one\n"
	"  --sysroot DIR      the machine whose files are below DIR\n\n"
	"Exit code: 0 the plan holds, 1 something is wrong with it, 2 usage.\n";

static void print_functions(const struct run *r)
{
	char buf[PLAN_LINE_MAX];
	struct text t;

	for (unsigned i = 0; i < r->inv.functions; i++) {
		if (!r->plan.entry[i].rule)
			continue;
		text_start(&t, buf, sizeof(buf));
		plan_text_function(&t, r, &r->inv.function[i], &r->plan.entry[i]);
		puts(buf);
	}
}

static void print_text(const struct run *r)
{
	const char *line;

	if (r->plan.state == PLAN_OFF)
		puts("nothing: vgapass=off is on the kernel command line");
	else if (!r->config.rules && !r->config.errors)
		puts("nothing: /etc/vgapass.conf has no rule");
	print_functions(r);
	for (unsigned k = 0; (line = plan_text_problem_line(r, k)); k++)
		puts(line);
}

static void print_json(const struct roots *roots, struct run *r)
{
	static char buf[RECEIPT_MAX];
	struct text t;

	if (r->cmd.mode == MODE_ON)
		r->cmd.mode = MODE_DRY_RUN;
	text_start(&t, buf, sizeof(buf));
	receipt_fill(&t, roots, r);
	fputs(buf, stdout);
}

static int plan(const struct host_options *o, bool json)
{
	static struct host host;
	const struct run *r = &host.run;

	if (host_open(&host, o))
		return CMD_FAILED;
	if (json)
		print_json(&host.roots, &host.run);
	else
		print_text(r);
	hint_serials(&host, false);
	if (!json)
		hint_later(&host);
	bool wrong = r->plan.state == PLAN_BROKEN_CONFIG ||
		     r->plan.state == PLAN_UNKNOWN_PROFILE || r->input_error;
	host_close(&host);
	return wrong ? CMD_FAILED : CMD_OK;
}

int cmd_plan(int argc, char **argv)
{
	struct host_options o = { .as_boot = true };
	bool json = false;
	const struct cmd_option options[] = {
		{ .name = "json", .letter = 'J', .flag = &json },
		{ .name = "sysroot", .text = &o.sysroot },
		{ .name = "cmdline", .text = &o.cmdline },
		{ .name = "profile", .text = &o.profile },
		{ .name = NULL },
	};
	int first = cmd_options(argc, argv, options, help);

	if (first < 0)
		return -1 - first;
	if (first < argc) {
		cmd_complain("plan: %s: it takes no arguments: see vgapass plan --help", argv[first]);
		return CMD_USAGE;
	}
	return plan(&o, json);
}
