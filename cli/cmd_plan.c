/* cmd_plan.c - vgapass plan: what the next boot will do. Reads, and writes nothing. */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "../runtime/core/plan_text.h"
#include "../runtime/io/gather.h"
#include "cmd.h"

static const char help[] =
	"usage: vgapass plan [--sysroot DIR] [--cmdline TEXT]\n\n"
	"Shows function by function what the next boot will do, in its own words.\n\n"
	"  --sysroot DIR   the machine whose /etc, /sys and /proc are below DIR\n"
	"  --cmdline TEXT  a kernel command line instead of the running one\n\n"
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
	static const struct option options[] = {
		{ "sysroot", required_argument, NULL, 's' },
		{ "cmdline", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	static struct run run;
	const char *sysroot = NULL, *cmdline = NULL;
	struct roots roots;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
		switch (c) {
		case 's':
			sysroot = optarg;
			break;
		case 'c':
			cmdline = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			return CMD_OK;
		default:
			return CMD_USAGE;
		}
	if (optind < argc) {
		fputs(help, stderr);
		return CMD_USAGE;
	}
	if (gather_roots(sysroot, &roots)) {
		fprintf(stderr, "vgapass: %s: cannot be opened\n", sysroot);
		return CMD_FAILED;
	}
	gather_run(&roots, cmdline, &run);
	if (run.plan.state == PLAN_OFF)
		puts("nothing: vgapass=off is on the kernel command line");
	else if (!run.config.rules && !run.config.errors)
		puts("nothing: /etc/vgapass.conf has no rule");
	print_functions(&run);
	print_problems(&run);
	return run.plan.state == PLAN_BROKEN_CONFIG || run.plan.state == PLAN_UNKNOWN_PROFILE ||
	       run.input_error ? CMD_FAILED : CMD_OK;
}
