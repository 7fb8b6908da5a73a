/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_gather.c - runtime/io/gather.c: what a run starts from, and what is missing of it */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "runtime/io/gather.h"
#include "runtime/io/sysfs.h"
#include "bench.h"
#include "fake_kernel.h"

#define E_KIND "not a regular file: replace it by one, or remove it"
#define E_READ "cannot be read: make it a file that root can read"
#define E_LIST "cannot be listed: make it a directory that root can read"
#define E_BIG "larger than 64 KiB: move rules to vgapass.conf.d"
#define E_CMDLINE "cannot be read or is longer than 16 KiB: nothing is bound"

static const struct roots roots = { FAKE_ROOT, FAKE_SYS, FAKE_PROC, FAKE_DEV, false };

static int start(void **state)
{
	static const struct fake_function card = {
		"pci0000:00/0000:00:01.0/0000:01:00.0", "1002:6608", "1028:2120", "30000", NULL, 1
	};

	(void)state;
	bench_start();
	fake_start();
	fake_add_function(&card);
	fake_file("proc/cmdline", "quiet\n");
	return 0;
}

static void gather(void)
{
	gather_run(&roots, NULL, &bench);
}

static void expect_problem(const char *problem)
{
	gather();
	assert_string_equal(bench_problem(0), problem);
	assert_int_equal(bench.plan.state, PLAN_BROKEN_CONFIG);
	assert_int_equal(bench.plan.planned, 0);
}

static void opens_roots(void **state)
{
	struct roots r = { .real = false };

	(void)state;
	fake_file("sys/class/a", "");
	fake_file("proc/b", "");
	fake_file("dev/c", "");
	assert_int_equal(gather_root(NULL, &r), 0);
	assert_true(r.real);
	assert_int_equal(r.sys, -EBADF);
	assert_int_equal(r.proc, -EBADF);
	assert_int_equal(r.dev, -EBADF);
	assert_int_equal(gather_roots(NULL, &r), 0);
	assert_true(r.real);
	assert_true(sysfs_exists(r.root, "sys/class/a") && sysfs_exists(r.sys, "class/a"));
	assert_true(sysfs_exists(r.proc, "b") && sysfs_exists(r.dev, "c"));
	assert_int_equal(gather_roots("/", &r), 0);
	assert_true(r.real);
	fake_file("elsewhere/etc/x", "");
	assert_int_equal(gather_roots("/elsewhere", &r), 0);
	assert_false(r.real);
	assert_int_equal(r.sys, -ENOENT);
	assert_int_equal(gather_roots("/nowhere", &r), -ENOENT);
}

static void plans_without_files(void **state)
{
	(void)state;
	gather();
	assert_int_equal(bench.plan.state, PLAN_READY);
	assert_int_equal(bench.config.rules + bench.config.errors + bench.config.files, 0);
	/* With nothing to do nothing is read. */
	assert_int_equal(bench.inv.functions, 0);
}

static void reads_files_in_order(void **state)
{
	static const char *const names[] = { "vgapass.conf", "vgapass.conf.d/10-b.conf",
					     "vgapass.conf.d/9-a.conf", "vgapass.conf.d/Z.conf",
					     "vgapass.conf.d/a.conf" };
	char path[64];

	(void)state;
	for (size_t i = COUNT(names); i-- > 0;) {
		snprintf(path, sizeof(path), "etc/%s", names[i]);
		fake_file(path, "1002:6608\n");
	}
	fake_file("etc/vgapass.conf.d/.conf", "broken");
	fake_file("etc/vgapass.conf.d/.hidden.conf", "broken");
	fake_file("etc/vgapass.conf.d/x.conf.bak", "broken");
	fake_file("etc/vgapass.conf.d/x.confx", "broken");
	fake_file("etc/vgapass.conf.d/conf", "broken");
	gather();
	assert_int_equal(bench.config.errors, 0);
	assert_int_equal(bench.config.files, COUNT(names));
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_string_equal(bench.config.file[i], names[i]);
		assert_string_equal(bench.config.rule[i].at.file, names[i]);
	}
	assert_int_equal(bench.plan.planned, 1);
}

/* What the image's own file says comes last; files without a line are read as any other. */
static void reads_the_file_of_the_image(void **state)
{
	(void)state;
	fake_file("etc/vgapass.conf", "");
	fake_file("etc/vgapass.conf.d/z.conf", "");
	fake_file("etc/vgapass.auto", "1002:6608\n");
	gather();
	assert_int_equal(bench.config.errors, 0);
	assert_int_equal(bench.config.files, 3);
	assert_string_equal(bench.config.file[2], "vgapass.auto");
	assert_string_equal(bench.config.rule[0].at.file, "vgapass.auto");
	assert_int_equal(bench.config.rules, 1);
}

/* A name has up to 255 bytes (NAME_MAX), and one may begin as another. */
static void reads_long_names(void **state)
{
	char path[300], name[256];

	(void)state;
	memset(name, 'n', 255);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(name + 249, 7, "%u.conf", i);
		snprintf(path, sizeof(path), "etc/vgapass.conf.d/%s", name);
		fake_file(path, "1002:6608\n");
	}
	gather();
	assert_int_equal(bench.config.errors, 0);
	assert_int_equal(bench.config.files, 3);
	assert_int_equal(bench.config.rules, 3);
	assert_string_equal(bench.config.file[2], path + strlen("etc/"));
}

static void limits_a_file(void **state)
{
	static char text[CONFIG_FILE_MAX + 2];

	(void)state;
	memset(text, '\n', sizeof(text) - 2);
	memcpy(text, "1002:6608", 9);
	fake_file("etc/vgapass.conf", text);
	gather();
	assert_int_equal(bench.config.errors, 0);
	assert_int_equal(bench.plan.planned, 1);
	text[CONFIG_FILE_MAX] = '\n';
	fake_file("etc/vgapass.conf", text);
	expect_problem("/etc/vgapass.conf: " E_BIG);
}

static void limits_files(void **state)
{
	char path[64];

	(void)state;
	fake_file("etc/vgapass.conf", "1002:6608\n");
	for (unsigned i = 1; i < CONFIG_FILES_MAX; i++) {
		snprintf(path, sizeof(path), "etc/vgapass.conf.d/%u.conf", i);
		fake_file(path, "# none\n");
	}
	gather();
	assert_int_equal(bench.config.errors, 0);
	assert_int_equal(bench.config.files, CONFIG_FILES_MAX);
	for (unsigned i = 0; i < 9; i++) {
		snprintf(path, sizeof(path), "etc/vgapass.conf.d/more%u.conf", i);
		fake_file(path, "1002:6608\n");
		gather();
		/* Said once, and no more of them is read. */
		assert_int_equal(bench.config.errors, 1);
		assert_int_equal(bench.config.rules, 1);
		assert_int_equal(bench.plan.state, PLAN_BROKEN_CONFIG);
	}
	assert_string_equal(bench.config.error[0].at.file, "vgapass.conf.d");
}

static void needs_files_that_can_be_read(void **state)
{
	(void)state;
	for (unsigned call = 1; call <= 2; call++) { /* look at it, read it */
		start(NULL);
		fake_file("etc/vgapass.conf", "1002:6608\n");
		fake_fail(call, EACCES, false);
		expect_problem("/etc/vgapass.conf: " E_READ);
	}
	start(NULL);
	fake_fail(3, EACCES, false); /* the list of vgapass.conf.d */
	expect_problem("/etc/vgapass.conf.d: " E_LIST);
	start(NULL);
	fake_file("etc/vgapass.conf", "1002:6608\n");
	fake_fifo("etc/vgapass.conf.d");
	expect_problem("/etc/vgapass.conf.d: " E_LIST);
}

/* Others read as empty files, or not at all: rules that nobody would miss. */
static void needs_regular_files(void **state)
{
	static const char *const names[] = { "vgapass.conf", "vgapass.conf.d/a.conf" };
	char path[64], problem[128];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		start(NULL);
		snprintf(path, sizeof(path), "etc/%s", names[i]);
		snprintf(problem, sizeof(problem), "/etc/%s: " E_KIND, names[i]);
		fake_fifo(path);
		expect_problem(problem);
		start(NULL);
		snprintf(path, sizeof(path), "etc/%s/file", names[i]);
		fake_file(path, "");
		expect_problem(problem);
	}
}

static void needs_what_a_link_names(void **state)
{
	(void)state;
	fake_link("etc/vgapass.conf", "/srv/vgapass.conf");
	expect_problem("/etc/vgapass.conf: " E_READ);
	fake_file("srv/vgapass.conf", "1002:6608\n");
	gather();
	assert_int_equal(bench.config.errors, 0);
	assert_int_equal(bench.plan.planned, 1);
	fake_link("etc/vgapass.conf.d/a.conf", "b");
	expect_problem("/etc/vgapass.conf.d/a.conf: " E_READ);
	start(NULL);
	fake_link("etc/vgapass.conf", "/srv/vgapass.conf");
	fake_fifo("srv/vgapass.conf");
	expect_problem("/etc/vgapass.conf: " E_KIND);
}

/* Whoever wrote vgapass=off must be obeyed, and that cannot be known. */
static void needs_the_command_line(void **state)
{
	static char cmdline[CMDLINE_MAX + 1];

	(void)state;
	fake_file("etc/vgapass.conf", "1002:6608\n");
	fake_remove("proc/cmdline");
	expect_problem("cmdline: " E_CMDLINE);
	fake_remove("proc");
	expect_problem("cmdline: " E_CMDLINE);
	memset(cmdline, 'x', CMDLINE_MAX);
	fake_file("proc/cmdline", cmdline);
	expect_problem("cmdline: " E_CMDLINE);
	gather_run(&roots, cmdline, &bench);
	assert_string_equal(bench_problem(0), "cmdline: " E_CMDLINE);
	assert_string_equal(bench.cmdline, "");
	cmdline[CMDLINE_MAX - 1] = '\0';
	gather_run(&roots, cmdline, &bench);
	assert_int_equal(bench.plan.planned, 1);
	fake_file("proc/cmdline", cmdline);
	gather();
	assert_int_equal(bench.plan.planned, 1);
	fake_file("proc/cmdline", "");
	gather();
	assert_int_equal(bench.plan.planned, 1);
}

static void prefers_the_given_command_line(void **state)
{
	(void)state;
	fake_file("etc/vgapass.conf", "1002:6608\n");
	fake_file("proc/cmdline", "vgapass=off\n");
	gather();
	assert_int_equal(bench.plan.state, PLAN_OFF);
	assert_int_equal(bench.inv.functions, 0);
	gather_run(&roots, "", &bench);
	assert_int_equal(bench.plan.planned, 1);
}

static void adds_ids(void **state)
{
	(void)state;
	fake_file("proc/cmdline", "quiet vgapass.ids=1002:6608\n");
	gather();
	assert_int_equal(bench.plan.planned, 1);
	assert_string_equal(bench_says("01:00.0"), "to be bound to vfio-pci (cmdline:1)");
}

static void adds_rules_of_the_command_line(void **state)
{
	(void)state;
	fake_file("proc/cmdline", "quiet vgapass.ids=8086:0001 vgapass.rule=keep,1002:aab0 "
				  "vgapass.rule=1002:6608,with=slot\n");
	gather();
	assert_int_equal(bench.config.rules, 3);
	assert_int_equal(bench.config.errors, 0);
	assert_string_equal(bench_says("01:00.0"), "to be bound to vfio-pci (cmdline:1)");
	fake_file("proc/cmdline", "quiet vgapass.rule=1002:6608,wiht=slot\n");
	gather();
	assert_int_equal(bench.config.error[0].at.column, 30);
	assert_int_equal(bench.plan.planned, 0);
}

static void add(const char *path, const char *id, const char *class)
{
	const struct fake_function f = { path, id, "0000:0000", class, NULL, 2 };

	fake_add_function(&f);
}

/* Of what may go along it is asked whether it is a bridge or a virtual function. */
static void asks_about_followers(void **state)
{
	(void)state;
	add("pci0000:00/0000:00:01.0/0000:01:00.1", "1002:AAB0", "40300");
	add("pci0000:00/0000:00:01.0/0000:01:00.2", "1002:AAB1", "40300");
	add("pci0000:00/0000:00:01.0/0000:01:00.3", "1002:AAB2", "40300");
	fake_link("sys/devices/pci0000:00/0000:00:01.0/0000:01:00.2/physfn",
		  "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0");
	fake_attr("0000:01:00.3", "secondary_bus_number", "2\n");
	fake_file("etc/vgapass.conf", "1002:6608 with=slot\n");
	bench.inv.function[4].group = 1; /* of an earlier run, and none of this one */
	gather();
	assert_int_equal(bench.inv.functions, 4);
	assert_int_equal(bench.inv.function[4].known, 0);
	assert_string_equal(bench_says("01:00.1"), "to be bound to vfio-pci (with 0000:01:00.0, "
			    "/etc/vgapass.conf:1)");
	assert_string_equal(bench_says("01:00.2"), "");
	assert_string_equal(bench_says("01:00.3"), "");
}

/* Also of one that comes before it. */
static void asks_about_earlier_followers(void **state)
{
	(void)state;
	add("pci0000:00/0000:00:01.0/0000:01:00.1", "1002:AAB0", "40300");
	fake_attr("0000:01:00.0", "boot_vga", "1\n");
	fake_file("etc/vgapass.conf", "1002:aab0 with=slot\n");
	gather();
	assert_int_equal(bench_entry("01:00.0")->reason, REASON_BOOT_DISPLAY);
	assert_int_equal(bench_entry("01:00.1")->state, STATE_PLANNED);
}

/* A refusal says the path to write, and every function with the ID of a rule with a serial number
 * is asked for its own. */
static void asks_about_identities(void **state)
{
	static uint8_t config[4096] = { [0x100] = 3, [0x102] = 1 };

	(void)state;
	add("pci0000:00/0000:00:1d.0/0000:02:00.0", "144D:A808", "10802");
	add("pci0000:00/0000:00:1d.1/0000:03:00.0", "144D:A808", "10802");
	fake_file("etc/vgapass.conf", "144d:a808\n");
	gather();
	assert_string_equal(bench_says("02:00.0"), "refused: a storage, SD or USB "
						   "controller: write path=00:1d.0/00.0 beside its "
						   "ID (/etc/vgapass.conf:1)");
	fake_bytes("sys/devices/pci0000:00/0000:00:1d.0/0000:02:00.0/config", config,
		   sizeof(config));
	fake_file("etc/vgapass.conf",
		  "144d:a808 serial=00-00-00-00-00-00-00-00\nkeep 144d:a808 address=03:00.0\n");
	gather();
	assert_string_equal(bench_says("02:00.0"), "to be bound to vfio-pci (/etc/vgapass.conf:1)");
	fake_bytes("sys/devices/pci0000:00/0000:00:1d.1/0000:03:00.0/config", config,
		   sizeof(config));
	gather();
	assert_int_equal(bench_entry("02:00.0")->reason, REASON_IDENTITY);
}

static void tells_what_is_not_there(void **state)
{
	(void)state;
	fake_file("etc/vgapass.conf", "1002:6608\n");
	fake_remove("sys/bus/pci/devices");
	gather();
	assert_int_equal(bench.input_error, -ENOENT);
	assert_int_equal(bench.inv.functions, 0);
	assert_string_equal(run_result(&bench), "error");
	fake_remove("sys");
	gather();
	assert_int_equal(bench.input_error, -ENOENT);
}

static void refuses_too_many_functions(void **state)
{
	char path[64];

	(void)state;
	fake_file("etc/vgapass.conf", "8086:10fb\n");
	for (unsigned i = 0; i < PCI_FUNCTIONS_MAX; i++) {
		snprintf(path, sizeof(path), "sys/bus/pci/devices/1000:%02x:%02x.%u/modalias",
			 i >> 8, i >> 3 & 31, i & 7);
		fake_file(path, "pci:v00008086d000010FBsv00000000sd00000000bc02sc00i00\n");
	}
	gather();
	assert_int_equal(bench.input_error, -E2BIG);
	assert_int_equal(bench.inv.functions, 0);
	assert_int_equal(bench.plan.planned, 0);
	assert_string_equal(run_result(&bench), "error");
}

/* Only those of functions with a rule are read. */
static void reads_the_drivers(void **state)
{
	(void)state;
	add("pci0000:00/0000:00:01.0/0000:01:00.1", "1002:AAB0", "40300");
	add("pci0000:00/0000:00:01.0/0000:01:00.2", "1002:AAB1", "40300");
	fake_file("etc/vgapass.conf", "1002:6608\nkeep 1002:aab1\n");
	gather();
	assert_int_equal(bench.inv.functions, 3);
	/* Where nothing goes along, nothing is asked about what is of no rule. */
	assert_int_equal(bench.inv.function[1].known, 0);
	for (unsigned i = 0; i < 4; i++)
		bench.inv.function[i].known &= (uint16_t)~PCI_DETAIL_DRIVER;
	gather_drivers(&roots, &bench);
	assert_true(bench.inv.function[0].known & PCI_DETAIL_DRIVER);
	assert_false(bench.inv.function[1].known & PCI_DETAIL_DRIVER);
	assert_true(bench.inv.function[2].known & PCI_DETAIL_DRIVER);
	assert_false(bench.inv.function[3].known & PCI_DETAIL_DRIVER);
}

/* One run after another leaves nothing of the first. */
static void gathers_anew(void **state)
{
	(void)state;
	fake_file("etc/vgapass.conf", "1002:6608\nx\n");
	gather();
	bench.others = 3;
	bench.module_error = -5;
	bench.input_error = -5;
	bench.loading = bench.waited = true;
	int before = bench.inv.devices;
	assert_int_equal(before, -EBADF); /* errors: nothing was looked at */
	fake_file("etc/vgapass.conf", "1002:6608\n");
	gather();
	assert_false(bench.loading || bench.waited);
	/* The directory of devices is opened once more, and the one before is closed. */
	before = bench.inv.devices;
	assert_true(before > 0);
	gather();
	assert_int_equal(bench.inv.devices, before);
	fake_remove("etc/vgapass.conf");
	gather();
	assert_int_equal(bench.inv.devices, -EBADF);
	assert_int_equal(bench.inv.functions, 0);
	assert_int_equal(fcntl(before, F_GETFD), -1);
	fake_file("etc/vgapass.conf", "1002:6608\n");
	gather();
	assert_int_equal(bench.others | bench.module_error | bench.input_error, 0);
	assert_int_equal(bench.plan.planned, 1);
	assert_string_equal(bench_problem(0), "");
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(opens_roots),
		TEST(plans_without_files),
		TEST(reads_files_in_order),
		TEST(reads_the_file_of_the_image),
		TEST(reads_long_names),
		TEST(limits_a_file),
		TEST(limits_files),
		TEST(needs_files_that_can_be_read),
		TEST(needs_regular_files),
		TEST(needs_what_a_link_names),
		TEST(needs_the_command_line),
		TEST(prefers_the_given_command_line),
		TEST(adds_ids),
		TEST(adds_rules_of_the_command_line),
		TEST(asks_about_followers),
		TEST(asks_about_earlier_followers),
		TEST(asks_about_identities),
		TEST(tells_what_is_not_there),
		TEST(refuses_too_many_functions),
		TEST(reads_the_drivers),
		TEST(gathers_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
