/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_receipt.c - runtime/io/receipt.c: valid JSON, whatever is in it */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/io/receipt.h"
#include "bench.h"
#include "fake_kernel.h"

static const struct roots roots = { FAKE_ROOT, FAKE_SYS, FAKE_PROC, FAKE_DEV, false };
static char folder[64];
static int dir;

static int start(void **state)
{
	(void)state;
	fake_start();
	bench_start();
	strcpy(folder, "/tmp/vgapass-test-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int stop(void **state)
{
	static const char *const names[] = { "receipt.json", "receipt.json.new", "booted.conf",
					     "booted.conf.new" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		if (unlinkat(dir, names[i], 0))
			unlinkat(dir, names[i], AT_REMOVEDIR);
	close(dir);
	return rmdir(folder);
}

static const char *read_back(const char *name)
{
	static char text[1 << 20];
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	assert_true(n >= 0);
	close(fd);
	text[n] = '\0';
	return text;
}

/* --- a reader of JSON: behind a value, or NULL where there is none */

static const char *skip_space(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

static const char *skip_string(const char *p)
{
	for (p++; *p != '"'; p++) {
		if ((unsigned char)*p < ' ')
			return NULL;
		if (*p != '\\')
			continue;
		if (*++p == 'u') {
			if (strspn(p + 1, "0123456789abcdefABCDEF") < 4)
				return NULL;
			p += 4;
		} else if (!*p || !strchr("\"\\/bfnrt", *p)) {
			return NULL;
		}
	}
	return p + 1;
}

static const char *skip_value(const char *p);

/* "[...]" or "{...}", `member`: each with a name and a colon before it. */
static const char *skip_list(const char *p, char end, bool member)
{
	p = skip_space(p + 1);
	if (*p == end)
		return p + 1;
	for (;;) {
		p = skip_space(p);
		if (member) {
			p = *p == '"' ? skip_string(p) : NULL;
			p = p ? skip_space(p) : NULL;
			if (!p || *p++ != ':')
				return NULL;
		}
		p = skip_value(p);
		p = p ? skip_space(p) : NULL;
		if (!p || (*p != ',' && *p != end))
			return NULL;
		if (*p++ == end)
			return p;
	}
}

static const char *skip_value(const char *p)
{
	static const char *const words[] = { "null", "true", "false" };

	p = skip_space(p);
	if (*p == '"')
		return skip_string(p);
	if (*p == '[' || *p == '{')
		return skip_list(p, *p == '[' ? ']' : '}', *p == '{');
	for (size_t i = 0; i < COUNT(words); i++)
		if (!strncmp(p, words[i], strlen(words[i])))
			return p + strlen(words[i]);
	size_t digits = strspn(p, "0123456789");
	return digits ? p + digits : NULL;
}

static void expect_json(void)
{
	const char *text = read_back("receipt.json"), *end = skip_value(text);

	if (!end || *skip_space(end))
		fail_msg("no JSON: ...%s", text + (strlen(text) > 200 ? strlen(text) - 200 : 0));
}

/* --- tests */

static void writes_a_run(void **state)
{
	struct pci_function *f = bench_add("01:00.0", "1002:6608", 0x030000);
	const char *text;

	(void)state;
	f->driver = "radeon";
	f->group = 1;
	bench_add("01:00.1", "1002:aab0", 0x040300)->group = -1;
	fake_file("proc/sys/kernel/osrelease", "6.1.0-28-amd64\n");
	fake_file("proc/sys/kernel/random/boot_id", "11111111-2222\n");
	fake_file("etc/c", "1002:6608\n1002:aab0\n10de:2684\n");
	bench_plan("1002:6608\n1002:aab0\n10de:2684\n", "");
	bench_outcome("01:00.0")->state = STATE_BOUND;
	bench_outcome("01:00.0")->viable = VIABLE_NO;
	f->boot_display = true;
	strcpy(bench_outcome("01:00.0")->driver, "vfio-pci");
	bench_outcome("01:00.0")->us = 77;
	bench.claim_us = 12;
	bench.took_us = 1234;
	assert_int_equal(receipt_write(&roots, dir, &bench), 0);
	expect_json();
	text = read_back("receipt.json");
	assert_non_null(strstr(text, "\"kernel\": \"6.1.0-28-amd64\",\n"));
	assert_non_null(strstr(text, "\"boot_id\": \"11111111-2222\",\n"));
	assert_non_null(strstr(text, "\"mode\": \"on\",\n  \"profile\": null,\n  \"result\": "
				     "\"partial\",\n  \"claim_us\": 12,\n  \"took_us\": 1234"));
	assert_non_null(strstr(text, "{ \"address\": \"0000:01:00.0\", \"id\": \"1002:6608\", "
				     "\"rule\": \"c:1\", \"state\": \"bound\", \"driver\": "
				     "\"vfio-pci\", \"was\": \"radeon\", \"group\": 1, \"viable\": "
				     "false, \"boot_display\": true, \"reason\": null, "
				     "\"reason_code\": null, \"us\": 77 }"));
	assert_non_null(strstr(text, "\"state\": \"refused\", \"driver\": null, \"was\": null, "
				     "\"group\": null, \"viable\": null, \"boot_display\": false, "
				     "\"reason\": \"no IOMMU"));
	assert_non_null(strstr(text, "\"reason_code\": \"no-group\", \"us\": "));
	assert_non_null(strstr(text, "  \"strays\": [ ],\n"));
	assert_non_null(strstr(text, "{ \"at\": \"c:3\", \"matched\": 0 }"));
	assert_non_null(
		strstr(text, "{ \"at\": \"c:3\", \"text\": \"the rule matches nothing\" }"));
}

/* What only some machines have is named where there is any. */
static void names_the_place(void **state)
{
	(void)state;
	bench_add("01:00.0", "1002:6608", 0x030000)->group = 1;
	bench_add("02:00.0", "1002:6608", 0x030000)->group = 2;
	bench.inv.devices = FAKE_DEVICES;
	fake_file("sys/bus/pci/devices/0000:01:00.0/numa_node", "1\n");
	fake_file("sys/bus/pci/devices/0000:01:00.0/vfio-dev/vfio12/dev", "511:12\n");
	fake_file("sys/bus/pci/devices/0000:02:00.0/numa_node", "-1\n");
	fake_file("sys/bus/pci/devices/0000:02:00.0/vfio-dev/vfio13/uevent", "");
	bench_plan("1002:6608\n", "");
	assert_int_equal(receipt_write(&roots, dir, &bench), 0);
	expect_json();
	assert_non_null(strstr(read_back("receipt.json"),
			       "\"group\": 1, \"numa_node\": 1, \"cdev\": "
			       "\"/dev/vfio/devices/vfio12\", \"viable\""));
	assert_non_null(strstr(read_back("receipt.json"), "\"group\": 2, \"viable\""));
}

/* What was asked for this boot alone, and whether it counts. */
static void names_the_token(void **state)
{
	static const struct {
		struct token token;
		bool trial;
		const char *once;
	} cases[] = {
		{ { .word = TOKEN_NONE }, false, "null" },
		{ { .word = TOKEN_NONE }, true,
		  "{ \"word\": \"trial\", \"from\": \"cmdline\", \"state\": \"taken\", "
		  "\"error\": 0 }" },
		{ { TOKEN_TRIAL, TOKEN_EFI, TOKEN_TAKEN, 0, "" }, false,
		  "{ \"word\": \"trial\", \"from\": \"efi-variable\", \"state\": \"taken\", "
		  "\"error\": 0 }" },
		{ { TOKEN_OFF, TOKEN_CREDENTIAL, TOKEN_TAKEN, 0, "" }, false,
		  "{ \"word\": \"off\", \"from\": \"credential\", \"state\": \"taken\", "
		  "\"error\": 0 }" },
		/* It is younger than the word of the command line. */
		{ { TOKEN_OFF, TOKEN_EFI, TOKEN_TAKEN, 0, "" }, true,
		  "{ \"word\": \"off\", \"from\": \"efi-variable\", \"state\": \"taken\", "
		  "\"error\": 0 }" },
		{ { TOKEN_PROFILE, TOKEN_EFI, TOKEN_STUCK, -30, "a" }, false,
		  "{ \"word\": \"profile\", \"from\": \"efi-variable\", \"state\": "
		  "\"stuck\", \"error\": 30 }" },
		{ { TOKEN_NONE, TOKEN_EFI, TOKEN_HUNG, 0, "" }, false,
		  "{ \"word\": null, \"from\": \"efi-variable\", \"state\": \"hung\", "
		  "\"error\": 0 }" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bench_plan("1002:6608\n", cases[i].trial ? "vgapass=trial" : "");
		bench.token = cases[i].token;
		assert_int_equal(receipt_write(&roots, dir, &bench), 0);
		expect_json();
		const char *once = strstr(read_back("receipt.json"), "\"once\": ");
		if (!once || strncmp(once + 8, cases[i].once, strlen(cases[i].once)))
			fail_msg("case %zu: %.120s", i, once ? once : "none");
	}
	bench.token = (struct token){ .word = TOKEN_NONE };
	bench_plan("1002:6608\n", "");
}

/* Apart from those that keep a group from its guest, which are problems alone. */
static void lists_strays(void **state)
{
	(void)state;
	bench_plan("1002:6608\n", "");
	bench.others = 3;
	bench.other[0] = (struct other){ { 0, 3, 0 }, STRAY, "vfio-pci" };
	bench.other[1] = (struct other){ { 0, 4, 0 }, 7, "nvme" };
	bench.other[2] = (struct other){ { 1, 5, 8 }, STRAY, "pci-stub" };
	assert_int_equal(receipt_write(&roots, dir, &bench), 0);
	expect_json();
	assert_non_null(strstr(read_back("receipt.json"),
			       "\"strays\": [\n    { \"address\": \"0000:03:00.0\", \"driver\": "
			       "\"vfio-pci\" },\n    { \"address\": \"0001:05:01.0\", \"driver\": "
			       "\"pci-stub\" } ]"));
	bench.others = 0;
}

/* Group 0 is one; functions of an earlier run are none of this one. */
static void writes_what_there_is(void **state)
{
	(void)state;
	bench_add("01:00.0", "1002:6608", 0x030000)->group = 0;
	bench_add("01:00.1", "1002:6608", 0x030000);
	bench_plan("1002:6608\n", "");
	bench.inv.functions = 1;
	bench_plan("1002:6608\n", "");
	assert_int_equal(receipt_write(&roots, dir, &bench), 0);
	expect_json();
	assert_non_null(strstr(read_back("receipt.json"), "\"group\": 0, "));
	assert_null(strstr(read_back("receipt.json"), "01:00.1"));
}

/* Until it is bound a function is with whom it was. */
static void tells_the_driver_of_a_dry_run(void **state)
{
	(void)state;
	bench_add("01:00.0", "1002:6608", 0x030000)->driver = "radeon";
	bench_plan("1002:6608\n", "vgapass=dry-run");
	assert_int_equal(receipt_write(&roots, dir, &bench), 0);
	expect_json();
	assert_non_null(strstr(read_back("receipt.json"), "\"state\": \"bind\", \"driver\": "
							  "\"radeon\", \"was\": \"radeon\""));
}

static void copies_the_configuration(void **state)
{
	(void)state;
	fake_file("etc/c", "1002:6608 # \xc3\xa9\n");
	bench_plan("1002:6608\n", "");
	assert_int_equal(receipt_write(&roots, dir, &bench), 0);
	assert_string_equal(read_back("booted.conf"), "# /etc/c\n1002:6608 # \xc3\xa9\n");
	/* Each name begins a line. */
	fake_file("etc/c", "1002:6608");
	fake_file("etc/d", "1002:aab0\n");
	config_add_file(&bench.config, "d");
	assert_int_equal(receipt_write(&roots, dir, &bench), 0);
	assert_string_equal(read_back("booted.conf"), "# /etc/c\n1002:6608\n# /etc/d\n"
						      "1002:aab0\n");
	/* And no line is added where there is an end. */
	fake_file("etc/c", "1002:6608\n");
	assert_int_equal(receipt_write(&roots, dir, &bench), 0);
	assert_string_equal(read_back("booted.conf"), "# /etc/c\n1002:6608\n# /etc/d\n"
						      "1002:aab0\n");
	fake_remove("etc/d");
	bench_plan("1002:6608\n", "");
	/* gone since: what is known is its name */
	fake_remove("etc/c");
	assert_int_equal(receipt_write(&roots, dir, &bench), 0);
	assert_string_equal(read_back("booted.conf"), "# /etc/c\n");
}

static void lists_all_problems(void **state)
{
	(void)state;
	bench_plan("1002:6608\n10de:2684\n8086:1912\n", "");
	assert_int_equal(receipt_write(&roots, dir, &bench), 0);
	expect_json();
#define NOTHING ", \"text\": \"the rule matches nothing\" }"
	assert_non_null(strstr(read_back("receipt.json"),
			       "\"problems\": [\n    { \"at\": \"c:1\"" NOTHING ",\n"
			       "    { \"at\": \"c:2\"" NOTHING ",\n"
			       "    { \"at\": \"c:3\"" NOTHING " ]"));
}

static void writes_with_nothing(void **state)
{
	const struct roots none = { FAKE_ROOT, -ENOENT, -ENOENT, -ENOENT, false };

	(void)state;
	bench_plan("", "vgapass=off");
	assert_int_equal(receipt_write(&none, dir, &bench), 0);
	expect_json();
	assert_non_null(strstr(read_back("receipt.json"), "\"kernel\": \"\""));
	assert_non_null(strstr(read_back("receipt.json"), "\"functions\": [ ]"));
}

/* Nobody's link is followed, and what is in the way is replaced whole or not at all. */
static void replaces_in_one_step(void **state)
{
	char target[80];

	(void)state;
	snprintf(target, sizeof(target), "%s/target", folder);
	assert_int_equal(symlinkat(target, dir, "receipt.json.new"), 0);
	assert_int_equal(symlinkat(target, dir, "receipt.json"), 0);
	bench_plan("", "");
	assert_int_equal(receipt_write(&roots, dir, &bench), 0);
	assert_int_equal(access(target, F_OK), -1);
	expect_json();
}

static void tells_what_cannot_be_written(void **state)
{
	(void)state;
	bench_plan("", "");
	assert_int_equal(mkdirat(dir, "receipt.json", 0755), 0);
	assert_int_equal(receipt_write(&roots, dir, &bench), -EISDIR);
	/* no half of it stays behind */
	assert_int_equal(faccessat(dir, "receipt.json.new", F_OK, 0), -1);
	assert_int_equal(receipt_write(&roots, -1, &bench), -EBADF);
}

/* A full file system takes some of it, and then no more. */
static void tells_what_finds_no_room(void **state)
{
	struct rlimit before, few;

	(void)state;
	bench_plan("", "");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	few = before;
	few.rlim_cur = 16;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
	alarm(10);
	int r = receipt_write(&roots, dir, &bench);
	alarm(0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(r, -EFBIG);
	assert_int_equal(faccessat(dir, "receipt.json", F_OK, 0), -1);
	assert_int_equal(faccessat(dir, "receipt.json.new", F_OK, 0), -1);
}

/* The boot's /run is there, its folder may be. The fake kernel opens it, the call is real. */
static void makes_its_folder(void **state)
{
	const struct roots real = { .root = dir };

	(void)state;
	fake_file("run/vgapass/file", "");
	assert_int_equal(receipt_dir(&real), -ENOENT);
	assert_int_equal(mkdirat(dir, "run", 0755), 0);
	for (unsigned i = 0; i < 2; i++) {
		int fd = receipt_dir(&real);
		assert_true(fd >= 0);
		close(fd);
		assert_int_equal(faccessat(dir, "run/vgapass", F_OK, 0), 0);
	}
	assert_int_equal(unlinkat(dir, "run/vgapass", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(dir, "run", AT_REMOVEDIR), 0);
}

static void writes_4096_functions(void **state)
{
	char address[16];
	struct text t;

	(void)state;
	for (unsigned i = 0; i < PCI_FUNCTIONS_MAX; i++) {
		text_start(&t, address, sizeof(address));
		text_add(&t, "%02x:%02x.%x", i >> 8, i >> 3 & 31, i & 7);
		bench_add(address, "8086:10fb", 0x0c0500);
	}
	bench_plan("8086:10fb\n", "");
	assert_int_equal(receipt_write(&roots, dir, &bench), 0);
	expect_json();
}

/* Every byte of the command line can be in the receipt, six bytes long. */
static void escapes_a_long_profile(void **state)
{
	static char cmdline[4096] = "vgapass=";

	(void)state;
	for (size_t n = 1; n < 3000; n += 97) {
		memset(cmdline + 8, 0xc3, n);
		cmdline[8 + n] = '\0';
		bench_plan("1002:6608\n", cmdline);
		assert_int_equal(receipt_write(&roots, dir, &bench), 0);
		expect_json();
	}
}

/* So can every byte of a file's name, once for each rule and each problem. */
static void escapes_long_file_names(void **state)
{
	static const char rule[] = "1002:6608 class=display\n";
	char name[270] = "vgapass.conf.d/";

	(void)state;
	bench_add("01:00.0", "1002:6608", 0x030000);
	cmdline_parse(slice_of(""), &bench.cmd);
	for (unsigned n = 225; n <= 250; n++) {
		memset(name + 15, 0xc3, n);
		config_start(&bench.config);
		const char *kept = config_add_file(&bench.config, name);
		for (unsigned i = 0; i < 12; i++)
			config_parse(&bench.config, kept, rule, sizeof(rule) - 1);
		plan_build(&bench.config, &bench.cmd, &bench.inv, &bench.plan);
		assert_int_equal(receipt_write(&roots, dir, &bench), 0);
		expect_json();
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(writes_a_run),
		TEST(names_the_place),
		TEST(names_the_token),
		TEST(lists_strays),
		TEST(writes_what_there_is),
		TEST(tells_the_driver_of_a_dry_run),
		TEST(copies_the_configuration),
		TEST(lists_all_problems),
		TEST(writes_with_nothing),
		TEST(replaces_in_one_step),
		TEST(tells_what_cannot_be_written),
		TEST(tells_what_finds_no_room),
		TEST(makes_its_folder),
		TEST(writes_4096_functions),
		TEST(escapes_a_long_profile),
		TEST(escapes_long_file_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
