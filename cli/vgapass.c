/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vgapass.c - the command that people type: the table of its verbs. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} verbs[] = {
	{ "list", cmd_list, "show PCI functions by IOMMU group, with names, drivers and rules" },
	{ "add", cmd_add, "write the rules that keep a card for guests" },
	{ "remove", cmd_remove, "remove the rules of a card" },
	{ "import", cmd_import, "make rules of vfio-pci.ids=, modprobe.d, driverctl and the like" },
	{ "plan", cmd_plan, "show what the next boot will do, and why" },
	{ "check", cmd_check, "find what keeps cards from guests, each with its fix" },
	{ "status", cmd_status, "show what the last boot did, and whether that still holds" },
	{ "bind", cmd_bind, "give a card to vfio-pci now" },
	{ "release", cmd_release, "give a card back to the host now" },
	{ "assign", cmd_assign, "print the text that gives a card to a guest" },
	{ "explain", cmd_explain, "find the cause of a message, on this machine" },
	{ "report", cmd_report, "write what a bug report needs into one text file" },
};

static void print_help(FILE *to)
{
	fputs("usage: vgapass VERB [OPTION ...]\n\n", to);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		fprintf(to, "  %-8s  %s\n", verbs[i].name, verbs[i].help);
	fputs("\nFrom a card to a guest: list, add --apply, reboot, status, assign.\n"
	      "See vgapass VERB --help, or vgapass(8).\n", to);
}

/* A full disk must not look like success. */
static int flushed(int code)
{
	if (!fflush(stdout) && !ferror(stdout))
		return code;
	return cmd_complain("stdout: cannot be written: see whether the disk is full");
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	/* Which characters a terminal shows; nothing else of a locale is wanted. */
	setlocale(LC_CTYPE, "");
	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
		print_help(stdout);
		return 0;
	}
	if (!strcmp(name, "--version")) {
		puts("vgapass " VGAPASS_VERSION);
		return 0;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(name, verbs[i].name))
			return flushed(verbs[i].run(argc - 1, argv + 1));
	if (*name)
		cmd_complain("%s: no such verb: see vgapass --help", name);
	else
		print_help(stderr);
	return CMD_USAGE;
}
