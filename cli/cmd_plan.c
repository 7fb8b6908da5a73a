/* cmd_plan.c - vgapass plan: what the next boot will do. Reads, and writes nothing. */
#include <string.h>

#include "../runtime/core/plan_text.h"
#include "cmd.h"
#include "host.h"

static const char help[] =
	"usage: vgapass plan [--profile NAME] [--cmdline TEXT] [--sysroot DIR]\n\n"
	"Shows function by function what the next boot will do, in its own words.\n\n"
	"  --profile NAME  as with vgapass=NAME on the kernel command line\n"
	"  --cmdline TEXT  a kernel command line instead of the running one\n"
	"  --sysroot DIR   the machine whose /etc, /sys and /proc are below DIR\n\n"
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

static void print_problems(const struct run *r)
{
	char at_buf[PLAN_LINE_MAX], what_buf[PLAN_LINE_MAX];
	struct text at, what;

	for (unsigned k = 0;; k++) {
		text_start(&at, at_buf, sizeof(at_buf));
		text_start(&what, what_buf, sizeof(what_buf));
		if (!plan_text_problem(r, k, &at, &what))
			return;
		printf("%s%s%s\n", at_buf, *at_buf ? ": " : "", what_buf);
	}
}

int cmd_plan(int argc, char **argv)
{
	static struct host host;
	struct host_options o = { 0 };
	const struct cmd_option options[] = {
		{ .name = "sysroot", .text = &o.sysroot },
		{ .name = "cmdline", .text = &o.cmdline },
		{ .name = "profile", .text = &o.profile },
		{ .name = NULL },
	};
	const struct run *run = &host.run;
	int first = cmd_options(argc, argv, options, help);

	if (first < 0)
		return -1 - first;
	if (first < argc) {
		cmd_complain("plan: %s: it takes no arguments: see vgapass plan --help", argv[first]);
		return CMD_USAGE;
	}
	if (host_open(&host, &o))
		return CMD_FAILED;
	if (run->plan.state == PLAN_OFF)
		puts("nothing: vgapass=off is on the kernel command line");
	else if (!run->config.rules && !run->config.errors)
		puts("nothing: /etc/vgapass.conf has no rule");
	print_functions(run);
	print_problems(run);
	bool wrong = run->plan.state == PLAN_BROKEN_CONFIG ||
		     run->plan.state == PLAN_UNKNOWN_PROFILE || run->input_error;
	host_close(&host);
	return wrong ? CMD_FAILED : CMD_OK;
}
