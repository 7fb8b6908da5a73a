/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_problem.c - cli/machine/problem: what a person reads about a wrong configuration
 *
 * A configuration is written below a temporary root, and its first problem is compared as a line.
 */
#include "folders.h"

#include <stdlib.h>

#include "cli/machine/problem.h"

#define AT "/etc/vgapass.conf:"
#define MODULE "an option of a module is not a rule: "
#define ONE " is all of the line: write only the ID"
#define SEVERAL " are rules of their own: write one ID per line"
#define ADDRESS "a rule begins with an ID, not with an address: "
#define BOM " the file begins with a byte order mark: save it as UTF-8 without BOM"
#define UTF16 " the file is UTF-16: save it as UTF-8 without BOM"

static struct host host;

static const char *first_problem(const char *cmdline)
{
	if (host.roots.root <= 0)
		assert_int_equal(gather_root(root, &host.roots), 0);
	gather_run(&host.roots, cmdline, &host.run);
	return problem_line(&host, 0);
}

static const struct {
	const char *text, *problem;
} cases[] = {
	/* a slip of the fingers */
	{ "1002:6608 adress=01:00.0\n",
	  AT "1:11: unknown option \"adress\", did you mean address=?" },
	{ "\nwiht=slot\n", AT "2:1: unknown option \"wiht\", did you mean with=?" },
	{ "cmdline-rule=yes\n", AT "1:1: unknown option \"cmdline-rule\", "
	  "did you mean cmdline-rules=?" },
	{ "1002:6608 glow=red\n", AT "1:11: unknown option \"glow\": see vgapass.conf(5)" },
	{ "1002:6608 with=solt\n",
	  AT "1:16: unknown value \"with=solt\", did you mean with=slot?" },
	{ "1002:6608 with=\n",
	  AT "1:16: unknown value \"with=\": write function or slot or group" },
	{ "1002:6608 take=all\n", AT "1:16: unknown value \"take=all\": write boot-display" },
	{ "*:* class=displya\n",
	  AT "1:11: found \"class=displya\", expected display audio usb network storage serial, or "
	     "2, 4 or 6 hex digits, did you mean class=display?" },
	/* the word at the place, whichever the error */
	{ "hello # 1002:6608\n",
	  AT "1:1: found \"hello\", expected vendor:device, four hex digits or * each, like "
	     "1002:6608" },
	{ "1002:6608 expect=0\n", AT "1:18: found \"expect=0\", expected a number from 1 to 4096" },
	{ "*:*\n", AT "1:1: \"*:*\" names everything: add class=, subsystem= or a location" },
	{ "keep 1002:6608\twith=slot\r\n",
	  AT "1:16: \"with=slot\" has no effect in a keep rule: remove it" },
	{ "with=slot with=slot", AT "1:11: \"with=slot\" is given twice: keep one" },
	{ "[profile off]\n", AT "1:10: reserved name \"off\": use another" },
	{ "1002:6608 \x01\n", AT "1:11: not a text character: write ASCII text" },
	/* what people paste */
	{ "[1002:6608]\n", AT "1:2: expected a bare ID: 1002:6608" ONE },
	{ "0x1002:0x6608\n", AT "1:1: expected a bare ID: 1002:6608" ONE },
	{ "\"1002:6608\"\n", AT "1:1: expected a bare ID: 1002:6608" ONE },
	{ "10de:2684,10de:22ba\n",
	  AT "1:1: expected a bare ID: 10de:2684 and 10de:22ba" SEVERAL },
	{ "vfio-pci.ids=10de:2684,10de:22ba\n",
	  AT "1:1: " MODULE "10de:2684 and 10de:22ba" SEVERAL },
	{ "options vfio-pci ids=10de:2684 disable_vga=1\n", AT "1:1: " MODULE "10de:2684" ONE },
	{ "01:00.0\n",
	  AT "1:1: " ADDRESS "vgapass add 01:00.0 writes the rule: an ID, and address=01:00.0 "
	     "behind it" },
	{ "01:00.0 VGA compatible controller [0300]: AMD Oland GL [1002:6608] (rev 81)\n",
	  AT "1:1: " ADDRESS "write 1002:6608, or 1002:6608 address=01:00.0" },
	{ "blacklist nouveau\n",
	  AT "1:1: \"blacklist\" is for modprobe.d: remove the line: rules keep drivers off "
	     "without it" },
	{ "\xef\xbb\xbf" "1002:6608\n", AT "1:1:" BOM },
	{ "\xff\xfe" "1", AT "1:1:" UTF16 },
	{ "\xfe\xff", AT "1:1:" UTF16 },
};

static void says_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put("etc/vgapass.conf", cases[i].text);
		assert_string_equal(first_problem(""), cases[i].problem);
		assert_null(problem_denied(&host));
	}
	/* Files from other systems. */
	put("etc/vgapass.conf", "1002:6608\r\n");
	assert_int_equal((first_problem("vgapass=off"), host.run.config.errors), 0);
}

/* The configuration of the command line is in no file. */
static void quotes_the_command_line(void **state)
{
	(void)state;
	put("etc/vgapass.conf", "");
	assert_string_equal(first_problem("quiet vgapass.ids=1002:6608,aab0 splash"),
			    "cmdline:1:29: found \"aab0\", expected vendor:device, four hex digits "
			    "or "
			    "* each, like 1002:6608");
	static const char *const lines[][2] = {
		{ "quiet vgapass.rule=1002:6608,adress=01:00.0 splash",
		  "cmdline:1:30: unknown option \"adress\", did you mean address=?" },
		{ "vgapass.rule=1002:6608,with=solt",
		  "cmdline:1:29: unknown value \"with=solt\", did you mean with=slot?" },
		{ "vgapass.rule=1002,with=slot",
		  "cmdline:1:14: found \"1002\", expected vendor:device, four hex digits or * "
		  "each, "
		  "like 1002:6608" },
		{ "\"vgapass.rule=1002:6608 with=\"",
		  "cmdline:1:30: unknown value \"with=\": write function or slot or group" },
	};
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_string_equal(first_problem(lines[i][0]), lines[i][1]);
}

static void names_the_limit(void **state)
{
	char text[257 * 10 + 1] = "";

	(void)state;
	for (unsigned i = 0; i < 257; i++)
		strcat(text, "1002:6608\n");
	put("etc/vgapass.conf", text);
	assert_string_equal(first_problem(""), AT "257:1: more than 256 rules");
}

static void makes_words_of_errors(void **state)
{
	char text[80] = "it failed (error 2): do this", none[] = "an (error ) here";
	char cut[] = "it failed (error 2)";

	(void)state;
	problem_error_words(text, sizeof(text));
	assert_string_equal(text, "it failed (No such file or directory): do this");
	problem_error_words(none, sizeof(none));
	assert_string_equal(none, "an (error ) here");
	problem_error_words(cut, sizeof(cut));
	assert_string_equal(cut, "it failed (No such ");
}

/* A file that only root can read says nothing about what is in it. */
static void knows_what_is_denied(void **state)
{
	char file[128], folder[128];
	struct problem p;

	(void)state;
	put("etc/vgapass.conf", "1002:6608\n");
	put_folder("etc/vgapass.conf.d");
	snprintf(file, sizeof(file), "%s/etc/vgapass.conf", root);
	snprintf(folder, sizeof(folder), "%s/etc/vgapass.conf.d", root);
	chmod(root, 0755);
	bool was_root = !geteuid();
	assert_int_equal(chmod(file, 0), 0);
	if (was_root)
		assert_int_equal(seteuid(65534), 0);
	const char *line = first_problem("");
	assert_string_equal(line, "/etc/vgapass.conf: Permission denied: run as root");
	assert_true(problem_get(&host, 0, &p) && p.denied && p.in);
	assert_string_equal(problem_denied(&host), "/etc/vgapass.conf");
	if (was_root)
		assert_int_equal(seteuid(0), 0);
	chmod(file, 0644);
	chmod(folder, 0);
	if (was_root)
		assert_int_equal(seteuid(65534), 0);
	assert_string_equal(first_problem(""),
			    "/etc/vgapass.conf.d: Permission denied: run as root");
	if (was_root)
		assert_int_equal(seteuid(0), 0);
	chmod(folder, 0755);
}

static int make_root(void **state)
{
	(void)state;
	text_make(root, sizeof(root), "/tmp/vgapass-problem-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(quotes_the_command_line),
		cmocka_unit_test(names_the_limit),
		cmocka_unit_test(makes_words_of_errors),
		cmocka_unit_test(knows_what_is_denied),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
