/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_late.c - runtime/late: one function that appears after the boot, on the fake kernel */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot.h"
#include "fake_kernel.h"

#include "runtime/late/booted.c" // NOLINT(bugprone-suspicious-include)
#include "runtime/late/late.c"   // NOLINT(bugprone-suspicious-include)

int late_main(int argc, char **argv);
#define main late_main
#include "runtime/late/main.c" // NOLINT(bugprone-suspicious-include)
#undef main

#define CARD "0000:01:00.0"
#define SOUND "0000:01:00.1"
#define USB "0000:02:00.0"
#define UNSET "(null)\n"
#define AT(address) address "/"
#define RECEIPT(mode, result) \
	"{\n  \"version\": 1,\n  \"mode\": \"" mode "\",\n  \"profile\": null,\n  \"result\": \"" \
	result "\",\n  \"claim_us\": 3,\n  \"functions\": [" LISTED " ],\n  \"rules\": [ ] }\n"
#define LISTED \
	"\n    { \"address\": \"" SOUND "\", \"id\": \"1002:aab0\", " \
	"\"rule\": \"/etc/vgapass.conf:2\", \"state\": \"bound\", \"driver\": \"vfio-pci\", " \
	"\"was\": null }"

static struct late late;
static char folder[64];
static int dir;

/* The running system of boot_machine(): vgapass has bound what was there, and no module files of
 * a boot image are here. */
static void set_running(const char *conf)
{
	boot_machine();
	fake_remove(MODULES_LIST);
	fake_add_driver("vfio-pci");
	fake_file(BOOTED_CONFIG, conf);
	fake_file(BOOTED_RECEIPT, RECEIPT("on", "ok"));
	fake_file("proc/cmdline", "");
	fake_attr(CARD, "power/runtime_active_time", "700\n");
	fake_attr(CARD, "power/runtime_suspended_time", "34\n");
}

static int start(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/vgapass-test-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int stop(void **state)
{
	(void)state;
	unlinkat(dir, CARD ".json", 0);
	close(dir);
	return rmdir(folder);
}

/* The function's file; "" if there is none. */
static const char *file_text(void)
{
	static char text[FILE_MAX];
	int fd = openat(dir, CARD ".json", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static bool decide(const char *address)
{
	if (late.run.inv.devices > 0)
		close(late.run.inv.devices);
	memset(&late, 0, sizeof(late));
	late.work.roots = (struct roots){ FAKE_ROOT, FAKE_SYS, FAKE_PROC, FAKE_DEV, false };
	pci_parse_address(slice_of(address), &late.at, NULL);
	if (!late_asks(&late, NULL) || !late_plan(&late))
		return false;
	late.dir = dir;
	return true;
}

/* What the program does with a new function, without processes of its own. */
static void appear(const char *address)
{
	if (!decide(address))
		return;
	late_write(&late, late.i);
	for (unsigned i = 0; i < LATE_ITEMS && late_is_planned(&late); i++)
		late_item(&late, i);
	late_finish(&late);
	late_write(&late, late.i);
}

static const char *state_of(void)
{
	return late.work.run ? state_word(run_state(&late.run, late.i)) : "none";
}

static void expect_override(const char *address, const char *text)
{
	assert_string_equal(fake_attr_text(address, "driver_override"), text);
}

static void expect_order(const char *first, const char *second)
{
	size_t a = 0, b = 0;

	if (!boot_logged(first, &a) || !boot_logged(second, &b) || a > b)
		fail_msg("not \"%s\", then \"%s\":\n%s", first, second, fake_log());
}

/* --- what goes well */

static void takes_a_free_function(void **state)
{
	(void)state;
	set_running("# /etc/vgapass.conf\n1002:6608 attr.d3cold_allowed=0\n1002:aab0\n");
	appear(CARD);
	assert_string_equal(state_of(), "bound");
	assert_string_equal(fake_driver_of(CARD), "vfio-pci");
	assert_string_equal(fake_attr_text(CARD, "d3cold_allowed"), "0\n");
	expect_order(AT(CARD) "driver_override=vfio-pci", "bus/pci/drivers/vfio-pci/bind=" CARD);
	/* The boot has decided about the other one. */
	expect_override(SOUND, UNSET);
	assert_string_equal(fake_driver_of(SOUND), "");
	assert_non_null(strstr(file_text(), "{ \"address\": \"" CARD "\", \"id\": \"1002:6608\", "
					    "\"rule\": \"/etc/vgapass.conf:1\", \"state\": "
					    "\"bound\", \"driver\": \"vfio-pci\", "
					    "\"was\": null,"));
	assert_non_null(strstr(file_text(), ", \"late\": true, \"host_ms\": 0 }\n"));
	assert_int_equal(*file_text(), '{');
}

static void takes_from_the_host(void **state)
{
	(void)state;
	set_running("# /etc/vgapass.conf\n1002:6608\n");
	boot_host_drivers();
	appear(CARD);
	assert_string_equal(fake_driver_of(CARD), "vfio-pci");
	expect_order(AT(CARD) "driver_override=vfio-pci", AT(CARD) "driver/unbind=" CARD);
	expect_order(AT(CARD) "driver/unbind=" CARD, "../drivers/vfio-pci/bind=" CARD);
	assert_non_null(strstr(file_text(), "\"was\": \"radeon\""));
	assert_non_null(strstr(file_text(), "\"host_ms\": 734 }"));
	assert_string_equal(fake_driver_of(SOUND), "snd_hda_intel");
}

/* Nobody tells how long, where the kernel has no account of the function's power. */
static void does_not_guess_a_time(void **state)
{
	static const char *const odd[] = { "", "x\n", "-1\n", "99999999999\n", "4294967295\n" };

	(void)state;
	for (size_t i = 0; i < COUNT(odd); i++) {
		set_running("# /etc/vgapass.conf\n1002:6608\n");
		fake_attr(CARD, "power/runtime_active_time", odd[i]);
		boot_host_drivers();
		appear(CARD);
		assert_string_equal(state_of(), "bound");
		assert_non_null(strstr(file_text(), "\"host_ms\": null }"));
	}
}

static void loads_modules_in_the_image(void **state)
{
	(void)state;
	boot_machine();
	fake_file("etc/vgapass.conf", "1002:6608\n");
	fake_file("proc/cmdline", "");
	appear(CARD);
	assert_string_equal(state_of(), "bound");
	expect_order(AT(CARD) "driver_override=vfio-pci", "load vfio");
	assert_string_equal(fake_driver_of(CARD), "vfio-pci");
}

/* Its driver may make virtual functions as soon as it has the card. */
static void holds_for_virtual_functions(void **state)
{
	(void)state;
	set_running("# /etc/vgapass.conf\n1002:6608 vfs=2\n");
	fake_add_virtual(CARD, 4, "1002:6609", NULL);
	assert_true(decide(CARD));
	late_hold(&late);
	assert_string_equal(fake_attr_text(CARD, "sriov_drivers_autoprobe"), "0\n");
	expect_override(CARD, UNSET);
	/* It has been served before. */
	set_running("# /etc/vgapass.conf\n1002:6608 vfs=2\n");
	fake_add_virtual(CARD, 4, "1002:6609", NULL);
	fake_file("run/vgapass/late/" CARD ".json", "{ }\n");
	assert_true(decide(CARD));
	late_hold(&late);
	assert_string_equal(fake_attr_text(CARD, "sriov_drivers_autoprobe"), "1\n");
	/* It has its driver: whatever that has made, is there. */
	set_running("# /etc/vgapass.conf\n1002:6608 vfs=2\n");
	fake_add_virtual(CARD, 4, "1002:6609", NULL);
	boot_host_drivers();
	assert_true(decide(CARD));
	late_hold(&late);
	assert_string_equal(fake_attr_text(CARD, "sriov_drivers_autoprobe"), "1\n");
	/* Nothing is written for a look. */
	set_running("# /etc/vgapass.conf\n1002:6608 vfs=2\n");
	fake_file("proc/cmdline", "vgapass=dry-run");
	fake_add_virtual(CARD, 4, "1002:6609", NULL);
	decide(CARD);
	late_hold(&late);
	assert_string_equal(fake_attr_text(CARD, "sriov_drivers_autoprobe"), "1\n");
}

static const char *autoprobe(void)
{
	return fake_attr_text(CARD, "sriov_drivers_autoprobe");
}

/* Its driver lets go of it: the next one may make virtual functions at once. */
static void holds_again(void **state)
{
	static const char mark[] = "run/vgapass/held-" CARD;
	static const char file[] = "run/vgapass/late/" CARD ".json";

	(void)state;
	set_running("# /etc/vgapass.conf\n1002:6608 vfs=2\n");
	fake_add_virtual(CARD, 4, "1002:6609", NULL);
	assert_true(decide(CARD));
	late_hold_again(&late);
	late_hold_again(&late);
	assert_string_equal(autoprobe(), "0\n");
	assert_non_null(fake_text(mark));
	apply_unhold(&late.work, late.i);
	assert_string_equal(autoprobe(), "1\n");
	assert_null(fake_text(mark));
	/* The old driver has left them behind: they are served. */
	fake_link("sys/devices/pci0000:00/0000:00:01.0/" CARD "/virtfn0", "../" SOUND);
	fake_file(file, "{ }\n");
	late_hold_again(&late);
	assert_string_equal(autoprobe(), "1\n");
	/* The next driver was faster, and has made them. */
	boot_host_drivers();
	late_hold_again(&late);
	assert_string_equal(autoprobe(), "0\n");
	/* A rule of another kind. */
	set_running("# /etc/vgapass.conf\n1002:6608\n");
	fake_add_virtual(CARD, 4, "1002:6609", NULL);
	assert_true(decide(CARD));
	late_hold_again(&late);
	assert_string_equal(autoprobe(), "1\n");
}

/* A new function has no match_driver until the kernel has looked for a driver itself. */
static void asks_again(void **state)
{
	unsigned call = 0;

	(void)state;
	do {
		set_running("# /etc/vgapass.conf\n1002:6608\n");
		fake_fail(++call, ENODEV, false);
		appear(CARD);
	} while (!strstr(fake_failed(), "drivers/vfio-pci/bind=") && call < 500);
	assert_true(call < 500);
	assert_string_equal(state_of(), "bound");
}

/* --- what is left alone */

static void obeys_the_boot(void **state)
{
	static const struct {
		const char *conf, *receipt, *cmdline;
	} scenes[] = {
		{ "1002:6608\n", RECEIPT("on", "ok"), "vgapass=off" },
		{ "1002:6608\n", RECEIPT("on", "ok"), "single" },
		{ "1002:6608\n", RECEIPT("on", "ok"), "vgapass=dry-run" },
		{ "1002:6608\n", RECEIPT("on", "ok"), "vgapass=other" },
		{ "1002:6608\n", RECEIPT("off", "off"), "" },
		{ "1002:6608\n", RECEIPT("on", "error"), "" },
		{ "1002:6608\n", RECEIPT("dry-run", "ok"), "" },
		{ "1002:6608\n", "", "" },
		{ "1002:6608\n", "{ }\n", "" },
		{ "1002:6608\n", NULL, "" },
		{ "1002:6608 nonsense=1\n", RECEIPT("on", "ok"), "" },
		{ "keep 1002:6608\n", RECEIPT("on", "ok"), "" },
		{ "1002:6608 address=09:00.0\n", RECEIPT("on", "ok"), "" },
		{ "1002:6608 expect=2\n", RECEIPT("on", "ok"), "" },
		{ "[profile x]\n1002:6608\n", RECEIPT("on", "ok"), "" },
		{ "", RECEIPT("on", "ok"), "" },
		{ NULL, RECEIPT("on", "ok"), "" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(scenes); i++) {
		snprintf(text, sizeof(text), "# /etc/vgapass.conf\n%s",
			 scenes[i].conf ? scenes[i].conf : "");
		set_running(text);
		/* Rules that are edited since then. */
		fake_file("etc/vgapass.conf", "1002:6608\n");
		fake_file("proc/cmdline", scenes[i].cmdline);
		fake_remove(BOOTED_RECEIPT);
		if (scenes[i].receipt)
			fake_file(BOOTED_RECEIPT, scenes[i].receipt);
		if (!scenes[i].conf)
			fake_remove(BOOTED_CONFIG);
		appear(CARD);
		if (*fake_log())
			fail_msg("scene %zu: %s", i, fake_log());
	}
}

/* What was asked for this boot alone holds for functions that come later, too. */
static void obeys_the_token(void **state)
{
	static const struct {
		const char *conf, *token, *state;
	} scenes[] = {
		{ "1002:6608\n", NULL, "bound" },
		{ "1002:6608\n", "1 off\n", "none" },
		{ "1002:6608\n", "1 trial\n", "bound" },
		{ "[trial]\n1002:6608\n", NULL, "none" },
		{ "[trial]\n1002:6608\n", "1 trial\n", "bound" },
		{ "[trial]\n1002:6608\n", "1 trial", "none" },
		{ "[trial]\n1002:6608\n", "1 profile a\n", "none" },
		{ "[profile a]\n1002:6608\n", "1 profile a\n", "bound" },
		{ "[profile a]\n1002:6608\n", "1 trial\n", "none" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(scenes); i++) {
		snprintf(text, sizeof(text), "# /etc/vgapass.conf\n%s", scenes[i].conf);
		set_running(text);
		if (scenes[i].token)
			fake_file(TOKEN_FILE, scenes[i].token);
		appear(CARD);
		if (strcmp(state_of(), scenes[i].state))
			fail_msg("scene %zu: %s", i, state_of());
	}
}

/* The boot's rules hold, not those that somebody has written since. */
static void follows_the_booted_rules(void **state)
{
	(void)state;
	set_running("# /etc/vgapass.conf\n1002:6608\n");
	fake_file("etc/vgapass.conf", "keep 1002:6608\n");
	appear(CARD);
	assert_string_equal(state_of(), "bound");
}

static void refuses_as_the_boot_does(void **state)
{
	(void)state;
	set_running("# /etc/vgapass.conf\n1b21:2142\n");
	appear(USB);
	assert_string_equal(state_of(), "refused");
	assert_string_equal(fake_log(), "");
	set_running("# /etc/vgapass.conf\n1b21:2142 path=00:1c.0/00.0\n");
	boot_host_drivers();
	boot_mount();
	appear(USB);
	assert_string_equal(state_of(), "failed");
	assert_false(fake_pulled());
	assert_string_equal(fake_driver_of(USB), "xhci_hcd");
	unlinkat(dir, USB ".json", 0);
}

/* The same few calls, however many functions there are: most are of no rule. */
static void asks_little_of_others(void **state)
{
	(void)state;
	set_running("# /etc/vgapass.conf\n1002:6608\n");
	fake_fail(0, 0, false);
	assert_false(decide(USB));
	assert_true(fake_calls() < 10);
	assert_null(late.work.run);
	/* A companion has any ID. */
	set_running("# /etc/vgapass.conf\n1002:6608 with=slot\n");
	appear(SOUND);
	assert_string_equal(fake_driver_of(SOUND), "vfio-pci");
	assert_string_equal(fake_driver_of(CARD), "");
	unlinkat(dir, SOUND ".json", 0);
	fake_fail(0, 0, false);
	assert_false(decide(USB));
	assert_true(fake_calls() < 20);
	/* A rule with a path is about one ID all the same. */
	set_running("# /etc/vgapass.conf\n1002:6608 path=00:01.0/00.0\n");
	fake_fail(0, 0, false);
	assert_false(decide(SOUND));
	assert_true(fake_calls() < 10);
}

/* with=group: the one that takes it along is in another slot. */
static void goes_along_with_its_group(void **state)
{
	static const struct fake_function far = { "pci0000:00/0000:00:01.0/0000:03:00.0",
						  "1002:AAB0", "1028:AAB0", "40300", NULL, 1 };

	(void)state;
	set_running("# /etc/vgapass.conf\n1002:6608 with=group\n");
	fake_add_function(&far);
	appear("0000:03:00.0");
	assert_string_equal(fake_driver_of("0000:03:00.0"), "vfio-pci");
	unlinkat(dir, "0000:03:00.0.json", 0);
}

/* --- calls that are ended, and later events */

/* Ended before any step: the file says so, and the next event ends the work. */
static void begins_again(void **state)
{
	(void)state;
	for (unsigned steps = 0; steps < LATE_ITEMS; steps++) {
		set_running("# /etc/vgapass.conf\n1002:6608\n");
		boot_host_drivers();
		assert_true(decide(CARD));
		late_write(&late, late.i);
		for (unsigned i = 0; i < steps; i++)
			late_item(&late, i);
		fake_file("run/vgapass/late/" CARD ".json", file_text());
		assert_true(slice_is(late_read(&late).state, "bind"));
		appear(CARD);
		assert_string_equal(state_of(), "bound");
		assert_string_equal(fake_driver_of(CARD), "vfio-pci");
	}
}

static void knows_what_was_decided(void **state)
{
	struct late_known known;

	(void)state;
	set_running("# /etc/vgapass.conf\n1002:6608\n1002:aab0\n");
	decide(SOUND);
	/* by the boot's receipt; but the function is on no driver */
	known = late_read(&late);
	assert_true(slice_is(known.state, "bound") && slice_is(known.rule, "/etc/vgapass.conf:2"));
	assert_false(late_is_current(&late, &known));
	appear(SOUND);
	assert_true(late_is_current(&late, &known));
	/* another card at the same address */
	known.id = slice_of("1002:aab1");
	assert_false(late_is_current(&late, &known));
	unlinkat(dir, SOUND ".json", 0);
	/* A file of its own counts more than the receipt. */
	fake_file("run/vgapass/late/" SOUND ".json",
		  "{ \"address\": \"" SOUND "\", \"id\": \"1002:aab0\", "
		  "\"rule\": \"a\\\"b\\\\:3\", \"state\": \"refused\", \"driver\": null }\n");
	known = late_read(&late);
	assert_true(slice_is(known.state, "refused") && slice_is(known.rule, "a\\\"b\\\\:3"));
	assert_int_equal(known.driver.n, 0);
	assert_true(late_is_current(&late, &known));
	decide(CARD);
	assert_int_equal(late_read(&late).state.n, 0);
}

static void splits_the_booted_configuration(void **state)
{
	static const char text[] = "# /etc/vgapass.conf\n"
				   "with=slot\n"
				   "# /etc/nothing\n"
				   "1002:6608\n"
				   "# /etc/vgapass.conf.d/b.conf\n"
				   "1002:aab0\n"
				   "with=slot\n"
				   "# /etc/vgapass.conf.d/a.conf\n"
				   "10de:2684\n"
				   "# /etc/vgapass.conf.d/b.conf.conf\n"
				   "10de:2685";
	static struct config c;

	(void)state;
	booted_parse(&c, slice_of(text));
	assert_int_equal(c.errors, 0);
	assert_int_equal(c.files, 3);
	assert_string_equal(c.file[1], "vgapass.conf.d/b.conf");
	assert_int_equal(c.rules, 4);
	assert_int_equal(c.rule[0].with, WITH_SLOT);
	assert_int_equal(c.rule[0].at.line, 3);
	/* Defaults end with their file, and not at a comment that is out of order. */
	assert_int_equal(c.rule[1].with, WITH_FUNCTION);
	assert_int_equal(c.rule[2].with, WITH_SLOT);
	assert_int_equal(c.rule[2].at.line, 4);
	assert_int_equal(c.rule[3].with, WITH_FUNCTION);
	booted_parse(&c, slice_of("1002:6608\n"));
	assert_int_equal(c.rules, 0);
	booted_parse(&c, slice_of(""));
	assert_int_equal(c.rules, 0);
}

/* --- the program */

#define ARGUMENTS_MAX 6
#define ROOT "--sysroot", "sys/.." /* of the fake kernel; not "/", which has the host's log */

/* Runs the program in a process of its own. Returns its exit code; what it prints for udev is in
 * *printed, what it logs or complains of in *said. */
static int run(const char *const *argv, char printed[512], char said[1024])
{
	int out[2], err[2], status = -1, argc = 0;

	while (argc < ARGUMENTS_MAX && argv[argc])
		argc++;
	assert_int_equal(pipe(out) | pipe(err), 0);
	pid_t child = fork();
	if (!child) {
		dup2(out[1], 1);
		dup2(err[1], 2);
		_exit(late_main(argc, (char **)(uintptr_t)argv));
	}
	close(out[1]);
	close(err[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	ssize_t n = read(out[0], printed, 511), m = read(err[0], said, 1023);
	assert_true(n >= 0 && m >= 0);
	printed[n] = said[m] = '\0';
	close(out[0]);
	close(err[0]);
	return WEXITSTATUS(status);
}

/* While early boot is on, a function that a driver holds is vgapass-early's: it waits for udev's
 * end, and its receipt says "bind" until then. */
static void leaves_to_early_boot_what_it_has_begun(void **state)
{
	const char *const call[] = { "x", "event", CARD, ROOT, NULL };
	char printed[512], said[1024];

	(void)state;
	set_running("# /etc/vgapass.conf\n1002:6608\n");
	fake_file(MODULES_LIST, "");
	fake_file("etc/vgapass.conf", "1002:6608\n");
	fake_file(BOOTED_RECEIPT, "{\n  \"version\": 1,\n  \"mode\": \"on\",\n"
		  "  \"result\": \"ok\",\n  \"functions\": [\n"
		  "    { \"address\": \"" CARD "\", \"id\": \"1002:6608\", "
		  "\"rule\": \"/etc/vgapass.conf:1\", \"state\": \"bind\", \"driver\": "
		  "\"radeon\", \"was\": \"radeon\" } ],\n  \"rules\": [ ] }\n");
	assert_int_equal(run(call, printed, said), 0);
	if (strstr(said, "bound"))
		fail_msg("it said \"%s\"", said);
	/* In the real root the same receipt is one that early boot was ended over. */
	fake_remove(MODULES_LIST);
	assert_int_equal(run(call, printed, said), 0);
	if (!strstr(said, "bound"))
		fail_msg("it said \"%s\", printed \"%s\"", said, printed);
}

static void prints_properties(void **state)
{
	static const struct {
		const char *argv[ARGUMENTS_MAX];
		const char *printed, *said;
	} calls[] = {
		{ { "x", "device", CARD, ROOT },
		  "VGAPASS_STATE=bound\nVGAPASS_RULE=/etc/vgapass.conf:1\n",
		  CARD " [1002:6608] bound to vfio-pci (/etc/vgapass.conf:1)\n" },
		/* of no rule */
		{ { "x", "device", USB, ROOT }, "", "" },
		{ { "x", "event", USB, ROOT }, "", "" },
		/* not known yet */
		{ { "x", "event", CARD, ROOT },
		  "VGAPASS_STATE=bound\nVGAPASS_RULE=/etc/vgapass.conf:1\n",
		  CARD " [1002:6608] bound to vfio-pci (/etc/vgapass.conf:1)\n" },
		/* bound by the boot, and not any more */
		{ { "x", "event", SOUND, ROOT }, "", "" },
		{ { "x", "gone", CARD, ROOT }, "", "" },
		{ { "x", "unbind", CARD, ROOT }, "", "" },
		{ { "x", "unbind", USB, ROOT }, "", "" },
		{ { "x", "device", "0000:09:00.0", ROOT }, "", "" },
	};
	char printed[512], said[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		set_running("# /etc/vgapass.conf\n1002:6608\n1002:aab0\n");
		int code = run(calls[i].argv, printed, said);
		if (code || strcmp(printed, calls[i].printed) ||
		    (*calls[i].said ? !strstr(said, calls[i].said) : *said != '\0'))
			fail_msg("call %zu: exit code %d, \"%s\", \"%s\"", i, code, printed, said);
	}
	/* What the boot has bound and is so still. */
	set_running("# /etc/vgapass.conf\n1002:aab0\n");
	fake_attr(SOUND, "driver_override", "vfio-pci\n");
	fake_link("sys/devices/pci0000:00/0000:00:01.0/" SOUND "/driver",
		  "../../../../bus/pci/drivers/vfio-pci");
	const char *const call[] = { "x", "event", SOUND, ROOT, NULL };
	assert_int_equal(run(call, printed, said), 0);
	assert_string_equal(printed, "VGAPASS_STATE=bound\nVGAPASS_RULE=/etc/vgapass.conf:2\n");
	assert_string_equal(said, "");
}

static void refuses_wrong_calls(void **state)
{
	static const char *const calls[][ARGUMENTS_MAX] = {
		{ "x" }, { "x", "device" }, { "x", CARD }, { "x", "device", "event", CARD },
		{ "x", "device", CARD, CARD }, { "x", "device", "01:00" }, { "x", "bind", CARD },
		{ "x", "device", CARD, "--sysroot" }, { "x", "device", "01:00.*" }, { NULL },
	};
	char printed[512], said[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		int code = run(calls[i], printed, said);
		if (code != EXIT_USAGE || *printed || strcmp(said, USAGE) != 0)
			fail_msg("call %zu: exit code %d, \"%s\"", i, code, said);
	}
	assert_int_equal(run((const char *[]){ "x", "device", CARD, "--sysroot", "none", NULL },
			     printed, said), EXIT_USAGE);
	assert_string_equal(said, "vgapass: none cannot be opened (error 2)\n");
}

/* --- every call fails in turn, every read is garbled, the function goes at every moment */

static const int errors[] = { EIO, ENOENT, ENODEV, EBUSY, EINVAL, EACCES, EPERM, ENOMEM };

static void set_scene(unsigned scene)
{
	set_running("# /etc/vgapass.conf\n1002:6608 attr.reset_method=bus\n");
	if (scene & 1)
		boot_host_drivers();
	if (scene & 2)
		fake_refuse("vfio-pci");
}

/* What is said must be so, others are as they were, and no override is left without a file that
 * says "bind" or "bound". */
static void judge_scene(unsigned scene, unsigned call, int error)
{
	const char *now = fake_driver_of(CARD), *wrong = NULL;
	const char *override = fake_attr_text(CARD, "driver_override");
	const char *said = *file_text() ? file_text() : "none";
	bool set = override && strcmp(override, UNSET) != 0;

	if (strcmp(fake_driver_of(SOUND), scene & 1 ? "snd_hda_intel" : "") ||
	    strcmp(fake_attr_text(SOUND, "driver_override"), UNSET))
		wrong = "another function was changed";
	if (override && strstr(said, "\"state\": \"bound\"") && strcmp(now, "vfio-pci"))
		wrong = "is not bound";
	if (set && !strstr(said, "\"state\": \"bound\"") && !strstr(said, "\"planned\"") &&
	    !strstr(fake_failed(), "driver_override=\n"))
		wrong = "its override is left";
	if (wrong)
		fail_msg("scene %u, call %u (%s), error %d: %s\n%s\n%s", scene, call,
			 fake_failed(), error, wrong, said, fake_log());
	unlinkat(dir, CARD ".json", 0);
}

static void survives_every_fault(void **state)
{
	unsigned faults = 0;

	(void)state;
	for (unsigned scene = 0; scene < 4; scene++) {
		set_scene(scene);
		fake_fail(0, 0, false);
		appear(CARD);
		unsigned calls = fake_calls();
		judge_scene(scene, 0, 0);
		for (unsigned call = 1; call <= calls; call++) {
			for (size_t i = 0; i < 2 * COUNT(errors); i++, faults++) {
				set_scene(scene);
				fake_fail(call, errors[i / 2], i % 2);
				appear(CARD);
				judge_scene(scene, call, errors[i / 2]);
			}
			for (enum fake_garble how = GARBLE_EMPTY; how < GARBLES; how++, faults++) {
				set_scene(scene);
				fake_fail(0, 0, false);
				fake_garble_at(call, how);
				appear(CARD);
				judge_scene(scene, call, (int)how);
			}
			set_scene(scene);
			fake_fail(0, 0, false);
			fake_vanish_at(call, CARD);
			appear(CARD);
			judge_scene(scene, call, 0);
			faults++;
		}
	}
	printf("# %u faults injected\n", faults);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(takes_a_free_function),
		TEST(takes_from_the_host),
		TEST(does_not_guess_a_time),
		TEST(loads_modules_in_the_image),
		TEST(leaves_to_early_boot_what_it_has_begun),
		TEST(asks_again),
		TEST(holds_for_virtual_functions),
		TEST(holds_again),
		TEST(obeys_the_boot),
		TEST(obeys_the_token),
		TEST(follows_the_booted_rules),
		TEST(refuses_as_the_boot_does),
		TEST(asks_little_of_others),
		TEST(goes_along_with_its_group),
		TEST(begins_again),
		TEST(knows_what_was_decided),
		TEST(splits_the_booted_configuration),
		TEST(prints_properties),
		TEST(refuses_wrong_calls),
		TEST(survives_every_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
