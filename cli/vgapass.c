/* vgapass.c - the command that people type: the table of its verbs. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} verbs[] = {
	{ "check", cmd_check, "everything that can go wrong, each with its fix" },
	{ "plan", cmd_plan, "what the next boot will do, and why" },
	{ "status", cmd_status, "what the last boot did, and whether it is still so" },
};

static void print_help(FILE *to)
{
	fputs("usage: vgapass VERB [OPTION ...]\n\n", to);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		fprintf(to, "  %-8s  %s\n", verbs[i].name, verbs[i].help);
	fputs("\nvgapass VERB --help tells more of each; vgapass --version the version.\n", to);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (!strcmp(name, "--help") || !strcmp(name, "help")) {
		print_help(stdout);
		return 0;
	}
	if (!strcmp(name, "--version")) {
		puts("vgapass " VGAPASS_VERSION);
		return 0;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(name, verbs[i].name))
			return verbs[i].run(argc - 1, argv + 1);
	if (*name)
		fprintf(stderr, "vgapass: %s: no such verb\n", name);
	print_help(stderr);
	return CMD_USAGE;
}
