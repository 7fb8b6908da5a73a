/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_early.c - runtime/early/main.c: how the program is called, on the fake kernel */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#include "boot.h"
#include "fake_kernel.h"

int early_main(int argc, char **argv);
#define main early_main
#include "runtime/early/main.c" // NOLINT(bugprone-suspicious-include)
#undef main

#define ARGUMENTS_MAX 6
#define TOUCHED 100 /* exit code: it has looked at the machine */

static int start(void **state)
{
	(void)state;
	boot_machine();
	fake_file("etc/vgapass.conf", "1002:6608\n");
	fake_file("proc/cmdline", "");
	return 0;
}

/* Runs the program in a process of its own. Returns its exit code, or TOUCHED; what it prints is in
 * *printed. */
static int run(const char *const *argv, char printed[256])
{
	int out[2], status = -1, argc = 0;

	while (argv[argc])
		argc++;
	assert_int_equal(pipe(out), 0);
	pid_t child = fork();
	if (!child) {
		dup2(out[1], 1);
		dup2(out[1], 2);
		int code = early_main(argc, (char **)(uintptr_t)argv);
		_exit(fake_calls() ? TOUCHED : code);
	}
	close(out[1]);
	ssize_t n = read(out[0], printed, 255);
	assert_true(n >= 0);
	printed[n] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status);
}

/* initramfs-tools asks each of its scripts for what must come before, on the running host. */
static void leaves_the_host_alone(void **state)
{
	static const char *const calls[][ARGUMENTS_MAX] = {
		{ "00-vgapass", "prereqs" },
		{ "vgapass", "prereqs" },
		{ "/scripts/init-top/00-vgapass", "prereqs" },
		{ "./init-bottom/vgapass", "prereqs" },
		{ "00-vgapass", "" },
		{ "00-vgapass", "bind" },
		{ "00-vgapass", "--help" },
	};
	char printed[256];

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		int code = run(calls[i], printed);
		if (code || *printed)
			fail_msg("%s %s: exit code %d, \"%s\"", calls[i][0], calls[i][1], code,
				 printed);
	}
}

static void refuses_wrong_calls(void **state)
{
	static const char *const calls[][ARGUMENTS_MAX] = {
		{ "vgapass-early" },
		{ "vgapass-early", "prereqs" },
		{ "vgapass-early", "bind", "wait" },
		{ "vgapass-early", "--background" },
		{ "vgapass-early", "wait", "--background" },
		{ "vgapass-early", "claim", "--background" },
		{ "vgapass-early", "bind", "--sysroot" },
		{ "vgapass-early", "bind", "--cmdline" },
		{ "vgapass-early", "--sysroot", "/" },
		{ "not-00-vgapass" },
		{ "00-vgapass-early" },
	};
	char printed[256];

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		int code = run(calls[i], printed);
		if (code != EXIT_USAGE || strcmp(printed, USAGE) != 0)
			fail_msg("call %zu: exit code %d, \"%s\"", i, code, printed);
	}
	assert_int_equal(run((const char *[]){ NULL }, printed), EXIT_USAGE);
}

/* By its own name it does look at the machine: the tests above see that it does not. */
static void works_by_its_own_name(void **state)
{
	static const char *const call[] = { "/x/vgapass-early", "claim", "--sysroot",
					    "/none", NULL };
	char printed[256];

	(void)state;
	assert_int_equal(run(call, printed), TOUCHED);
	assert_string_equal(printed, "vgapass: /none cannot be opened (error 2)\n");
}

/* vgapass-late reads the receipt: without it, nobody would give this back. */
static void holds_nothing_without_a_receipt(void **state)
{
	static struct shared s;
	static const struct roots roots = { FAKE_ROOT, FAKE_SYS, FAKE_PROC, FAKE_DEV, false };

	(void)state;
	fake_add_virtual("0000:01:00.0", 4, "1002:6609", NULL);
	fake_file("etc/vgapass.conf", "1002:6608 vfs=2\n");
	s.work = (struct work){ .run = &s.run, .roots = roots };
	gather_run(&roots, "", &s.run);
	for (unsigned i = 0; i < s.run.inv.functions; i++)
		apply_claim(&s.work, i);
	assert_string_equal(fake_attr_text("0000:01:00.0", "sriov_drivers_autoprobe"), "0\n");
	/* It has words for the console. */
	int out = dup(STDOUT_FILENO), error = dup(STDERR_FILENO);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	write_report(&s, -EROFS, true);
	dup2(out, STDOUT_FILENO);
	dup2(error, STDERR_FILENO);
	close(out);
	close(error);
	close(null);
	assert_string_equal(fake_attr_text("0000:01:00.0", "sriov_drivers_autoprobe"), "1\n");
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(leaves_the_host_alone),
		TEST(refuses_wrong_calls),
		TEST(works_by_its_own_name),
		TEST(holds_nothing_without_a_receipt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
