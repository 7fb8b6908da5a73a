/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_apply.c - runtime/io/apply.c: a plan carried out on the fake kernel, and looked at */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/time.h>

#include "boot.h"
#include "fake_kernel.h"

#define CARD "0000:01:00.0"
#define SOUND "0000:01:00.1"
#define USB "0000:02:00.0"
#define AT(address) address "/"
#define UNSET "(null)\n"

static unsigned waited_ms;
static void (*next_tick)(void);

/* Time passes at once, and something happens meanwhile. */
int poll(struct pollfd *fds, nfds_t n, int ms)
{
	(void)fds;
	assert_int_equal(n, 0);
	assert_int_equal(ms, 100);
	waited_ms += 100;
	if (next_tick)
		next_tick();
	return 0;
}

static struct timeval now;

/* A look at the clock takes 10 microseconds. */
int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	(void)zone;
	*ret = now;
	now.tv_usec += 10;
	if (now.tv_usec >= 1000000) {
		now.tv_usec -= 1000000;
		now.tv_sec++;
	}
	return 0;
}

/* What apply_finish() does to a function whose unbind does not come back. */
static void give_up(void)
{
	apply_finish(&boot_work);
}

static int start(void **state)
{
	(void)state;
	waited_ms = 0;
	next_tick = NULL;
	boot_machine();
	return 0;
}

static void expect(const char *address, const char *says)
{
	if (strcmp(boot_says(address), says))
		fail_msg("%s: \"%s\", not \"%s\"\n%s", address, boot_says(address), says,
			 fake_log());
}

static void expect_override(const char *address, const char *text)
{
	assert_string_equal(fake_attr_text(address, "driver_override"), text);
}

/* Held: no driver has it, and an override keeps all off it, whatever its text. */
static void expect_held(const char *address, const char *says)
{
	expect(address, says);
	assert_string_equal(fake_driver_of(address), "");
	assert_string_not_equal(fake_attr_text(address, "driver_override"), UNSET);
}

/* Both lines are in the log, in this order. */
static void expect_order(const char *first, const char *second)
{
	size_t a, b;

	if (!boot_logged(first, &a) || !boot_logged(second, &b) || a >= b)
		fail_msg("not \"%s\" before \"%s\":\n%s", first, second, fake_log());
}

/* --- what goes well */

static void binds_by_loading_the_module(void **state)
{
	(void)state;
	boot_run("1002:6608\n1002:aab0\n", "");
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
	expect(SOUND, "bound to vfio-pci (/etc/vgapass.conf:2)");
	assert_string_equal(fake_driver_of(CARD), "vfio-pci");
	assert_string_equal(run_result(&boot), "ok");
	expect_order(AT(CARD) "driver_override=vfio-pci", "load vfio");
	expect_order(AT(SOUND) "driver_override=vfio-pci", "load vfio");
	expect_order("load vfio", "load vfio_pci disable_vga=1");
	/* Loading bound it: nothing had to be probed, nobody else was written to. */
	assert_null(strstr(fake_log(), "bind="));
	expect_override(USB, UNSET);
	expect_override("0000:00:02.0", UNSET);
}

static void claims_before_all(void **state)
{
	(void)state;
	boot_gather("1002:6608 attr.reset_method=bus\n", "");
	boot_claim();
	assert_string_equal(fake_log(), AT(CARD) "driver_override=vfio-pci\n");
	/* The host's driver comes now and does not get it. */
	boot_host_drivers();
	assert_string_equal(fake_driver_of(CARD), "");
	assert_string_equal(fake_driver_of(SOUND), "snd_hda_intel");
	boot_bind();
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
}

static void claims_what_is_planned_only(void **state)
{
	(void)state;
	boot_gather("1002:6608\nkeep 1002:aab0\n1b21:2142 expect=2\n", "");
	boot_claim();
	assert_string_equal(fake_log(), AT(CARD) "driver_override=vfio-pci\n");
	boot_bind();
	expect(SOUND, "keep: a keep rule matches it (/etc/vgapass.conf:2)");
	expect_override(SOUND, UNSET);
	expect_override(USB, UNSET);
	assert_string_equal(run_result(&boot), "partial");
}

static void takes_from_the_holder(void **state)
{
	(void)state;
	boot_host_drivers();
	boot_run("1002:6608\n", "");
	expect(CARD, "bound to vfio-pci, taken from radeon (/etc/vgapass.conf:1)");
	expect_order("load vfio_pci disable_vga=1", AT(CARD) "driver/unbind=" CARD);
	expect_order(AT(CARD) "driver/unbind=" CARD, "../drivers/vfio-pci/bind=" CARD);
	assert_null(strstr(fake_log(), "drivers_probe"));
	assert_string_equal(fake_driver_of(SOUND), "snd_hda_intel");
}

/* The claim is not timed one by one, the steps after it are: two before it is late, one then. */
static void takes_the_time(void **state)
{
	(void)state;
	now = (struct timeval){ .tv_sec = 3, .tv_usec = 999995 };
	assert_int_equal(apply_clock_us(), 3999995);
	assert_int_equal(apply_clock_us(), 4000005);
	now.tv_usec = 999995;
	boot.claim_us = 0;
	boot_gather("1002:6608\n1002:aab0\n", "");
	boot_claim();
	assert_int_equal(boot_outcome(CARD)->us, 0);
	boot_bind();
	assert_int_equal(boot_outcome(CARD)->us, 20);
	assert_int_equal(boot_outcome(SOUND)->us, 20);
	boot_machine();
	boot_host_drivers();
	boot.claim_us = 0;
	boot_run("1002:6608\n", "");
	assert_int_equal(boot_outcome(CARD)->us, 30);
}

/* A boot's second run, or one with the functions bound already: nothing is disturbed. */
static void does_nothing_twice(void **state)
{
	(void)state;
	boot_run("1002:6608\n", "");
	fake_attr(CARD, "d3cold_allowed", "1\n");
	boot_run("1002:6608 attr.d3cold_allowed=0\n", "");
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
	assert_null(strstr(fake_log(), "unbind"));
	assert_string_equal(fake_attr_text(CARD, "d3cold_allowed"), "1\n");
}

static void uses_a_builtin_driver(void **state)
{
	(void)state;
	fake_remove(MODULES_LIST);
	fake_add_driver("vfio-pci");
	boot_run("1002:6608\n", "");
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
	assert_int_equal(boot.module_error, 0);
}

static void binds_others_than_vfio(void **state)
{
	(void)state;
	fake_add_driver("pci-stub");
	boot_host_drivers();
	boot_run("1002:6608 driver=pci-stub\n1002:aab0\n", "");
	expect(CARD, "bound to pci-stub, taken from radeon (/etc/vgapass.conf:1)");
	expect(SOUND, "bound to vfio-pci, taken from snd_hda_intel (/etc/vgapass.conf:2)");
}

/* --- modules */

static void loads_with_params(void **state)
{
	(void)state;
	boot_run("1002:6608\n", "quiet vfio-pci.disable_idle_d3=1 vfio.x=2");
	assert_true(boot_logged("load vfio x=2", NULL));
	assert_true(boot_logged("load vfio_pci disable_vga=1 disable_idle_d3=1", NULL));
}

static void leaves_loaded_modules(void **state)
{
	(void)state;
	fake_file("sys/module/vfio/initstate", "live\n");
	boot_run("1002:6608\n", "");
	assert_false(boot_logged("load vfio", NULL));
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
	assert_int_equal(boot.module_error, 0);
}

/* Somebody else loads it at this very moment. */
static void minds_no_other_loader(void **state)
{
	(void)state;
	for (unsigned i = 1; strcmp(fake_failed(), "exists module/vfio="); i++) {
		boot_machine();
		fake_file("sys/module/vfio/initstate", "live\n");
		fake_fail(i, ENOENT, false);
		boot_run("1002:6608\n", "");
		assert_true(fake_calls() >= i);
	}
	assert_int_equal(boot.module_error, 0);
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
}

static void names_the_first_module_that_fails(void **state)
{
	(void)state;
	fake_file(MODULES_LIST, "nowhere\nneither\nvfio_pci\n");
	boot_run("1002:6608\n", "");
	assert_int_equal(boot.module_error, -ENOENT);
	assert_string_equal(boot.module, "nowhere");
	/* and goes on */
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
}

/* Another process was loading it and failed, or is removing it. */
static void loads_what_another_process_failed_to(void **state)
{
	(void)state;
	for (unsigned i = 1; !strstr(fake_failed(), "/vfio_pci.ko="); i++) {
		boot_machine();
		fake_fail(i, EBUSY, false);
		boot_run("1002:6608\n", "");
		assert_true(fake_calls() >= i);
	}
	assert_true(boot_logged("load vfio_pci disable_vga=1", NULL));
	assert_int_equal(boot.module_error, 0);
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
}

static void fail_again(void)
{
	fake_fail(1, EBUSY, false);
}

/* And for ever: then it is given up. */
static void gives_up_a_module_that_stays_busy(void **state)
{
	unsigned i = 0;

	(void)state;
	do {
		boot_machine();
		next_tick = NULL;
		fake_fail(++i, EBUSY, false);
		boot_run("1002:6608\n", "");
	} while (!strstr(fake_failed(), "/vfio_pci.ko="));
	boot_machine();
	waited_ms = 0;
	next_tick = fail_again;
	fake_fail(i, EBUSY, false);
	boot_run("1002:6608\n", "");
	assert_int_equal(waited_ms, 4000);
	assert_int_equal(boot.module_error, -EBUSY);
	assert_string_equal(boot.module, "vfio_pci");
}

static char while_loading[PLAN_LINE_MAX];
static unsigned left_for_late;

/* What another worker does while the first one has not come back from the modules. */
static void work_on(void)
{
	unsigned items = apply_prepare(&boot_work);

	for (unsigned i = boot.inv.functions + 1; i < items; i++)
		apply_item(&boot_work, i);
	left_for_late = apply_finish(&boot_work);
	text_make(while_loading, sizeof(while_loading), "%s", words_problem_line(&boot, 0));
	assert_null(strstr(fake_log(), "load vfio_pci"));
}

/* A module needs those before it, so it is not tried while they are being loaded; nor is the card
 * given back for want of a driver that is on its way. */
static void keeps_the_order_of_modules(void **state)
{
	(void)state;
	fake_on_write(MODULES_DIR "/vfio.ko", work_on);
	boot_run("1002:6608\n", "");
	assert_int_equal(left_for_late, 1);
	assert_string_equal(while_loading, "the kernel has not returned from loading module vfio");
	assert_int_equal(boot.module_error, 0);
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
}

static unsigned calls_late;

static void do_what_is_late(void)
{
	unsigned before = fake_calls();

	boot_work.late = true;
	for (unsigned i = 0; i < boot.inv.functions; i++)
		apply_late(&boot_work, i);
	apply_finish(&boot_work);
	calls_late = fake_calls() - before;
}

/* In the end the host's driver gets the card, whatever becomes of the modules. The wait, a look
 * every 100 ms, is one for all functions. */
static void gives_up_modules_that_hang(void **state)
{
	(void)state;
	fake_on_write(MODULES_DIR "/vfio_pci.ko", do_what_is_late);
	boot_run("1002:6608\n1002:aab0 on-failure=hold\n", "");
	expect(CARD, "failed: the kernel has not returned from loading modules "
	       "(/etc/vgapass.conf:1)");
	expect(SOUND, "held: the kernel has not returned from loading modules "
	       "(/etc/vgapass.conf:2)");
	boot_host_drivers();
	assert_string_equal(fake_driver_of(CARD), "radeon");
	assert_string_equal(fake_driver_of(SOUND), "");
	assert_in_range(calls_late, 41, 80);
	assert_int_equal(waited_ms, 4000);
}

static void end_loading(void)
{
	if (waited_ms != 300)
		return;
	fake_add_driver("vfio-pci");
	boot.loading = false;
}

/* The kernel has begun to register the driver: it looks for functions, and nobody can bind yet. */
static void waits_for_modules_when_it_is_late(void **state)
{
	(void)state;
	boot_host_drivers();
	fake_file("sys/bus/pci/drivers/vfio-pci/new_id", "");
	boot_gather("1002:6608\n", "");
	boot_claim();
	boot.loading = true;
	next_tick = end_loading;
	do_what_is_late();
	assert_int_equal(waited_ms, 300);
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
}

static void refuses_overlong_params(void **state)
{
	static char cmdline[4096] = "vfio_pci.x=";

	(void)state;
	memset(cmdline + strlen(cmdline), 'y', 1100);
	boot_run("1002:6608\n", cmdline);
	assert_int_equal(boot.module_error, -E2BIG);
	assert_string_equal(boot.module, "vfio_pci");
	assert_null(strstr(fake_log(), "load vfio_pci"));
}

/* 1,023 bytes of parameters have room, those of the list and of the command line together. */
static void passes_params_that_have_room(void **state)
{
	static const char start[] = "vfio_pci.x=";
	static char cmdline[2048];
	const size_t room = 1023 - strlen("disable_vga=1 x=");

	(void)state;
	for (size_t n = room; n <= room + 1; n++) {
		boot_machine();
		memset(cmdline, 'y', sizeof(cmdline));
		memcpy(cmdline, start, strlen(start));
		cmdline[strlen(start) + n] = '\0';
		boot_run("1002:6608\n", cmdline);
		assert_int_equal(boot.module_error, n == room ? 0 : -E2BIG);
	}
}

static void survives_without_a_list(void **state)
{
	(void)state;
	fake_remove(MODULES_LIST);
	boot_host_drivers();
	boot_run("1002:6608\n", "");
	expect(CARD,
	       "failed: driver vfio-pci not found: rebuild the boot image; it is on radeon "
	       "(/etc/vgapass.conf:1)");
	/* A holder is not sent away for nobody. */
	assert_null(strstr(fake_log(), "unbind"));
	expect_override(CARD, UNSET);
	assert_string_equal(run_result(&boot), "failed");
}

static void counts_items(void **state)
{
	(void)state;
	boot_gather("1002:6608\n", "");
	assert_int_equal(apply_prepare(&boot_work), 2 * boot.inv.functions + 1);
	assert_string_equal(boot_work.list, "vfio\nvfio_pci disable_vga=1\n");
	fake_remove(MODULES_LIST);
	assert_int_equal(apply_prepare(&boot_work), 2 * boot.inv.functions + 1);
	assert_string_equal(boot_work.list, "");
}

/* Every function is bound before it is late, the first and the last too. */
static void binds_all_in_one_pass(void **state)
{
	(void)state;
	boot_gather("8086:1912 take=boot-display\n1b21:2142 path=00:1c.0/00.0\n", "");
	boot_claim();
	unsigned items = apply_prepare(&boot_work);
	for (unsigned i = 0; i < items; i++)
		apply_item(&boot_work, i);
	assert_int_equal(apply_finish(&boot_work), 0);
	expect("0000:00:02.0", "bound to vfio-pci (/etc/vgapass.conf:1)");
	expect(USB, "bound to vfio-pci (/etc/vgapass.conf:2)");
}

/* --- attributes */

static void writes_attributes_first(void **state)
{
	(void)state;
	fake_attr(CARD, "power/control", "auto\n");
	boot_run("1002:6608 attr.reset_method=bus attr.d3cold_allowed=0 attr.power/control=on\n",
		 "");
	assert_string_equal(fake_attr_text(CARD, "power/control"), "on\n");
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
	expect_order(AT(CARD) "driver_override=vfio-pci", AT(CARD) "reset_method=bus");
	expect_order(AT(CARD) "reset_method=bus", AT(CARD) "d3cold_allowed=0");
	expect_order(AT(CARD) "d3cold_allowed=0", "load vfio");
}

/* A held function's attributes are its holder's until that is gone. */
static void writes_attributes_between_drivers(void **state)
{
	(void)state;
	boot_host_drivers();
	boot_run("1002:6608 attr.reset_method=bus\n", "");
	expect(CARD, "bound to vfio-pci, taken from radeon (/etc/vgapass.conf:1)");
	expect_order(AT(CARD) "driver/unbind=" CARD, AT(CARD) "reset_method=bus");
	expect_order(AT(CARD) "reset_method=bus", "../drivers/vfio-pci/bind=" CARD);
}

/* Who had it in between had it from the state that he likes. */
static void writes_attributes_again(void **state)
{
	size_t first;

	(void)state;
	boot_gather("1002:6608 attr.reset_method=bus\n", "");
	boot_claim();
	apply_prepare(&boot_work);
	for (unsigned i = 0; i < boot.inv.functions; i++)
		apply_item(&boot_work, i);
	assert_true(boot_logged(AT(CARD) "reset_method=bus", &first));
	fake_link("sys/devices/pci0000:00/0000:00:01.0/" CARD "/driver",
		  "/sys/bus/pci/drivers/radeon");
	boot_host_drivers();
	boot_bind();
	expect(CARD, "bound to vfio-pci, taken from radeon (/etc/vgapass.conf:1)");
	assert_non_null(strstr(fake_log() + first + 1, AT(CARD) "reset_method=bus\n"));
}

static void keeps_attributes_from_companions(void **state)
{
	(void)state;
	boot_run("1002:6608 with=slot attr.reset_method=bus\n", "");
	expect(SOUND, "bound to vfio-pci (with " CARD ", /etc/vgapass.conf:1)");
	assert_null(fake_attr_text(SOUND, "reset_method"));
	assert_null(strstr(fake_log(), AT(SOUND) "reset_method"));
}

static void fails_with_a_missing_attribute(void **state)
{
	(void)state;
	boot_host_drivers();
	boot_run("1002:6608 attr.d3cold_allowed=0 attr.nonsense=1\n", "");
	expect(CARD,
	       "failed: attr.nonsense was not written: change or remove it (error 2); it is on "
	       "radeon (/etc/vgapass.conf:1)");
	expect_override(CARD, UNSET);
}

/* The kernel's word holds, whatever the file shows then; it splits at blanks. */
static void writes_reset_methods_apart(void **state)
{
	(void)state;
	boot_run("1002:6608 attr.reset_method=bus,flr attr.d3cold_allowed=0,1\n", "");
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
	assert_true(boot_logged(AT(CARD) "reset_method=bus flr", NULL));
	assert_true(boot_logged(AT(CARD) "d3cold_allowed=0,1", NULL));
}

/* 256M, 512M, 1G and 2G */
static void resizes(void **state)
{
	(void)state;
	fake_attr(CARD, "resource1_resize", "0000000000000f00\n");
	boot_run("1002:6608 attr.resource1_resize=11\n", "");
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
	assert_true(boot_logged(AT(CARD) "resource1_resize=11", NULL));
	assert_string_equal(fake_attr_text(CARD, "resource1_resize"), "0000000000000f00\n");
}

static void says_what_sizes_there_are(void **state)
{
	static const char *const sizes[] = { "7", "12", "63" };
	char conf[64];

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		boot_machine();
		fake_attr(CARD, "resource1_resize", "0000000000000f00\n");
		boot_run(text_make(conf, sizeof(conf), "1002:6608 attr.resource1_resize=%s\n",
				   sizes[i]), "");
		expect(CARD, "failed: BAR 1 can be 256M 512M 1G 2G: correct its size "
			     "(/etc/vgapass.conf:1)");
		assert_null(strstr(fake_log(), "resource1_resize="));
		expect_override(CARD, UNSET);
	}
	boot_machine();
	fake_attr(CARD, "resource0_resize", "8000000000000401\n");
	boot_run("1002:6608 attr.resource0_resize=9\n", "");
	expect(CARD, "failed: BAR 0 can be 1M 1G 8Y: correct its size (/etc/vgapass.conf:1)");
	boot_machine();
	fake_attr(CARD, "resource0_resize", "4010040100400200\n");
	boot_run("1002:6608 attr.resource0_resize=63\n", "");
	expect(CARD, "failed: BAR 0 can be 512M 4T 4P 4E 4Z 4Y: correct its size "
		     "(/etc/vgapass.conf:1)");
}

/* What cannot be judged is the kernel's to judge, like a file that is not there. */
static void leaves_other_sizes_to_the_kernel(void **state)
{
	(void)state;
	fake_attr(CARD, "resource1_resize", "nonsense\n");
	boot_run("1002:6608 attr.resource1_resize=3\n", "");
	assert_true(boot_logged(AT(CARD) "resource1_resize=3", NULL));
	boot_machine();
	fake_attr(CARD, "resource1_resize", "0000000000000f00\n");
	boot_run("1002:6608 attr.resource1_resize=0x8\n", "");
	assert_true(boot_logged(AT(CARD) "resource1_resize=0x8", NULL));
	boot_machine();
	fake_attr(CARD, "resource1_resize", "0000000000000f00\n");
	boot_run("1002:6608 attr.resource1_resize=64\n", "");
	assert_true(boot_logged(AT(CARD) "resource1_resize=64", NULL));
	/* nor is any other attribute a list of sizes */
	boot_machine();
	fake_attr(CARD, "as_long_a_name_1", "0000000000000f00\n");
	boot_run("1002:6608 attr.as_long_a_name_1=3\n", "");
	assert_true(boot_logged(AT(CARD) "as_long_a_name_1=3", NULL));
	boot_machine();
	fake_attr(CARD, "resource1_resize", "");
	boot_run("1002:6608 attr.resource1_resize=8\n", "");
	assert_true(boot_logged(AT(CARD) "resource1_resize=8", NULL));
	boot_machine();
	boot_run("1002:6608 attr.resource1_resize=8\n", "");
	expect(CARD, "failed: attr.resource1_resize was not written: change or remove it (error "
		     "2) (/etc/vgapass.conf:1)");
}

/* --- what fails: release and hold */

static void releases_when_the_driver_is_not_there(void **state)
{
	(void)state;
	fake_file(MODULES_LIST, "");
	boot_gather("1002:6608\n", "");
	boot_claim();
	boot_host_drivers();
	assert_string_equal(fake_driver_of(CARD), "");
	boot_bind();
	expect(CARD,
	       "failed: driver vfio-pci not found: rebuild the boot image; it is on radeon "
	       "(/etc/vgapass.conf:1)");
	expect_override(CARD, UNSET);
	assert_string_equal(fake_driver_of(CARD), "radeon");
}

static void holds_when_the_driver_is_not_there(void **state)
{
	(void)state;
	fake_file(MODULES_LIST, "");
	boot_host_drivers();
	boot_run("1002:6608 on-failure=hold\n", "");
	expect_held(CARD, "held: driver vfio-pci not found: rebuild the boot image "
			  "(/etc/vgapass.conf:1)");
}

static void releases_when_the_driver_refuses(void **state)
{
	(void)state;
	fake_refuse("vfio-pci");
	boot_host_drivers();
	boot_run("1002:6608\n", "");
	expect(CARD, "failed: driver vfio-pci did not accept it: see the kernel log (error 22); it "
		     "is on radeon (/etc/vgapass.conf:1)");
	expect_override(CARD, UNSET);
	assert_string_equal(fake_driver_of(CARD), "radeon");
}

static void holds_when_the_driver_refuses(void **state)
{
	(void)state;
	fake_refuse("vfio-pci");
	boot_host_drivers();
	boot_run("1002:6608 on-failure=hold\n", "");
	expect_held(CARD, "held: driver vfio-pci did not accept it: see the kernel log (error "
			  "22) (/etc/vgapass.conf:1)");
	assert_string_equal(run_result(&boot), "failed");
}

/* The call that begins so, in a run like the one that is to come. */
static unsigned call_of(const char *conf, const char *call)
{
	for (unsigned i = 1;; i++) {
		boot_machine();
		boot_host_drivers();
		fake_fail(i, EIO, false);
		boot_run(conf, "");
		if (!strncmp(fake_failed(), call, strlen(call)))
			return i;
		if (fake_calls() < i)
			fail_msg("no call \"%s\"", call);
	}
}

/* One failing call, on a machine with the host's drivers. */
static void run_with_fault(const char *conf, const char *call, int error)
{
	unsigned i = call_of(conf, call);

	boot_machine();
	boot_host_drivers();
	fake_fail(i, error, false);
	boot_run(conf, "");
}

static void releases_when_the_override_fails(void **state)
{
	(void)state;
	run_with_fault("1002:6608\n", "write " AT(CARD) "driver_override=vfio-pci", EACCES);
	expect(CARD, "failed: driver_override was not written (error 13); it is on radeon "
		     "(/etc/vgapass.conf:1)");
	assert_null(strstr(fake_log(), "unbind"));
}

static void fails_when_the_holder_stays(void **state)
{
	(void)state;
	run_with_fault("1002:6608\n", "write " AT(CARD) "driver/unbind", EBUSY);
	expect(CARD, "failed: driver radeon did not release it (error 16); it is on radeon "
		     "(/etc/vgapass.conf:1)");
	expect_override(CARD, UNSET);
	/* on-failure=hold cannot hold what another has: it is failed, and says who has it. */
	run_with_fault("1002:6608 on-failure=hold\n", "write " AT(CARD) "driver/unbind", EBUSY);
	expect(CARD, "failed: driver radeon did not release it (error 16); it is on radeon "
		     "(/etc/vgapass.conf:1)");
}

static void releases_when_the_attribute_fails(void **state)
{
	static const char conf[] = "1002:6608 attr.reset_method=bus\n",
			  hold[] = "1002:6608 attr.reset_method=bus on-failure=hold\n";

	(void)state;
	run_with_fault(conf, "write " AT(CARD) "reset_method", EINVAL);
	expect(CARD,
	       "failed: attr.reset_method was not written: change or remove it (error 22); it "
	       "is on radeon (/etc/vgapass.conf:1)");
	run_with_fault(hold, "write " AT(CARD) "reset_method", EINVAL);
	expect_held(CARD, "held: attr.reset_method was not written: change or remove it (error 22) "
			  "(/etc/vgapass.conf:1)");
}

/* The first report is written before it is late, and says it too. */
static void tells_early_who_has_it(void **state)
{
	(void)state;
	boot_gather("1002:6608 attr.nonsense=1\n", "");
	boot_claim();
	boot_host_drivers();
	unsigned items = apply_prepare(&boot_work);
	for (unsigned i = 0; i < items; i++)
		apply_item(&boot_work, i);
	assert_int_equal(apply_finish(&boot_work), 0);
	assert_string_equal(boot_outcome(CARD)->driver, "radeon");
	assert_int_equal(boot_outcome(CARD)->state, STATE_FAILED);
}

/* The modules come after the attributes of a free function: their driver must not have it. */
static void holds_from_its_own_driver_too(void **state)
{
	(void)state;
	boot_run("1002:6608 attr.nonsense=1 on-failure=hold\n", "");
	expect_held(CARD, "held: attr.nonsense was not written: change or remove it (error 2) "
			  "(/etc/vgapass.conf:1)");
	expect_override(CARD, "vgapass-hold\n");
}

/* Where the override could not be written, the one that holds is another write. */
static void holds_by_another_override(void **state)
{
	static const char conf[] = "1002:6608 on-failure=hold\n";
	unsigned i = call_of(conf, "write " AT(CARD) "driver_override=vfio-pci");

	(void)state;
	boot_machine();
	fake_fail(i, EIO, false);
	boot_run(conf, "");
	expect_held(CARD, "held: driver_override was not written (error 5) (/etc/vgapass.conf:1)");
}

/* Only the link is proof: a probe that reports an error and bound it all the same did. */
static void believes_the_link(void **state)
{
	unsigned i = call_of("1002:6608\n", "write ../drivers/vfio-pci/bind=" CARD);

	(void)state;
	boot_machine();
	boot_host_drivers();
	fake_fail(i, EIO, true);
	boot_run("1002:6608\n", "");
	expect(CARD, "bound to vfio-pci, taken from radeon (/etc/vgapass.conf:1)");
}

/* drivers/NAME/bind says EBUSY where a probe that was running has taken it. */
static void minds_no_probe_that_was_running(void **state)
{
	unsigned i = call_of("1002:6608\n", "write ../drivers/vfio-pci/bind=" CARD);

	(void)state;
	boot_machine();
	boot_host_drivers();
	fake_fail(i, EBUSY, true);
	boot_run("1002:6608\n", "");
	expect(CARD, "bound to vfio-pci, taken from radeon (/etc/vgapass.conf:1)");
	assert_int_equal(boot_outcome(CARD)->error, 0);
}

/* The error of a step that went well in the end is not the next one's. */
static void forgets_earlier_errors(void **state)
{
	static const char conf[] = "1002:6608 on-failure=hold\n";
	unsigned i = 1;

	(void)state;
	do {
		boot_machine();
		fake_remove(MODULES_LIST);
		boot_host_drivers();
		fake_fail(i, ENODEV, true);
		boot_run(conf, "");
		assert_true(fake_calls() >= i++);
	} while (strncmp(fake_failed(), "write " AT(CARD) "driver/unbind", 32) != 0);
	expect_held(CARD, "held: driver vfio-pci not found: rebuild the boot image "
			  "(/etc/vgapass.conf:1)");
}

/* An unbind that reports an error, and the holder is gone all the same. */
static void goes_on_without_a_holder(void **state)
{
	unsigned i = call_of("1002:6608\n", "write " AT(CARD) "driver/unbind");

	(void)state;
	boot_machine();
	boot_host_drivers();
	fake_fail(i, ENODEV, true);
	boot_run("1002:6608\n", "");
	expect(CARD, "bound to vfio-pci, taken from radeon (/etc/vgapass.conf:1)");
}

static void one_failure_does_not_stop_the_rest(void **state)
{
	(void)state;
	boot_run("1002:6608 attr.nonsense=1\n1002:aab0\n", "");
	assert_int_equal(boot_outcome(CARD)->state, STATE_FAILED);
	expect(SOUND, "bound to vfio-pci (/etc/vgapass.conf:2)");
	assert_string_equal(run_result(&boot), "partial");
}

/* --- what vanishes, what hangs */

static void survives_hot_unplug(void **state)
{
	(void)state;
	boot_gather("1002:6608 on-failure=hold\n1002:aab0\n", "");
	fake_vanish(CARD);
	boot_claim();
	boot_bind();
	expect(CARD, "failed: the function is gone (/etc/vgapass.conf:1)");
	expect(SOUND, "bound to vfio-pci (/etc/vgapass.conf:2)");
	boot_machine();
	boot_gather("1002:6608 attr.reset_method=bus\n", "");
	boot_claim();
	fake_vanish(CARD);
	boot_bind();
	expect(CARD, "failed: the function is gone (/etc/vgapass.conf:1)");
	assert_null(strstr(fake_log(), "reset_method"));
	/* Behind the modules: nothing is tried with what may be there next. */
	boot_machine();
	boot_gather("1002:6608\n", "");
	boot_claim();
	unsigned items = apply_prepare(&boot_work);
	for (unsigned i = 0; i < items; i++) {
		if (i == boot.inv.functions + 1)
			fake_vanish(CARD);
		apply_item(&boot_work, i);
	}
	apply_finish(&boot_work);
	expect(CARD, "failed: the function is gone (/etc/vgapass.conf:1)");
	assert_null(strstr(fake_log(), "/bind="));
}

/* A worker that does not come back leaves its entry planned, with the step that it was in. */
static void tells_what_hangs(void **state)
{
	(void)state;
	boot_gather("1002:6608\n1002:aab0\n", "");
	boot_claim();
	apply_prepare(&boot_work);
	boot_outcome(CARD)->step = STEP_UNBIND;
	boot_outcome(CARD)->error = -EIO; /* of what went wrong before */
	for (unsigned i = 0; i < 2 * boot.inv.functions + 1; i++)
		if (i % (boot.inv.functions + 1) != (unsigned)(boot_entry(CARD) - boot.plan.entry))
			apply_item(&boot_work, i);
	assert_int_equal(apply_finish(&boot_work), 0);
	expect(CARD, "failed: the kernel has not returned from unbinding it (/etc/vgapass.conf:1)");
	expect(SOUND, "bound to vfio-pci (/etc/vgapass.conf:2)");
}

static char given_up[PLAN_LINE_MAX];

static void give_up_card(void)
{
	give_up();
	if (!*given_up)
		strcpy(given_up, boot_says(CARD));
}

static void tells_where_it_hangs(void **state)
{
	static const struct {
		const char *path, *says;
	} cases[] = {
		{ AT(CARD) "driver_override", "driver_override" },
		{ AT(CARD) "reset_method", "writing an attribute" },
		{ AT(CARD) "driver/unbind", "unbinding it" },
		{ "../drivers/vfio-pci/bind", "binding it" },
	};
	char says[PLAN_LINE_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		boot_machine();
		boot_host_drivers();
		fake_on_write(cases[i].path, give_up_card);
		*given_up = '\0';
		boot_run("1002:6608 attr.reset_method=bus\n", "");
		text_make(says, sizeof(says), "failed: the kernel has not returned from %s",
			  cases[i].says);
		if (strncmp(given_up, says, strlen(says)) != 0)
			fail_msg("%s: \"%s\"", cases[i].path, given_up);
	}
}

/* One that no worker got to, because others hang, is given up when it is late, and not before. */
static void gives_up_what_nobody_got_to(void **state)
{
	(void)state;
	boot_gather("1002:6608\n", "");
	boot_claim();
	assert_int_equal(apply_finish(&boot_work), 1);
	expect(CARD, "to be bound to vfio-pci (/etc/vgapass.conf:1)");
	boot_work.late = true;
	assert_int_equal(apply_finish(&boot_work), 0);
	expect(CARD, "failed: the kernel has not returned from loading modules "
	       "(/etc/vgapass.conf:1)");
}

/* Somebody who comes later leaves alone what hangs: its lock is taken. */
static void leaves_what_hangs_alone(void **state)
{
	(void)state;
	fake_remove(MODULES_LIST);
	fake_add_driver("vfio-pci");
	boot_gather("1002:6608\n", "");
	boot_claim();
	boot_outcome(CARD)->step = STEP_UNBIND;
	boot_bind();
	expect(CARD, "failed: the kernel has not returned from unbinding it (/etc/vgapass.conf:1)");
	assert_null(strstr(fake_log(), "bind=" CARD));
}

/* --- what is in use */

#define NVME "0000:03:00.0"
#define DIRECTORY "pci0000:00/0000:00:1d.0/" NVME
#define CONF "144d:a808 path=00:1d.0/00.0\n"

/* A disk with a partition, whose driver is in the kernel itself. */
static void add_disk(void)
{
	static const struct fake_function nvme = { DIRECTORY, "144D:A808", "144D:A801", "10802",
						   "nvme", 3 };

	boot_machine();
	fake_add_driver("nvme");
	fake_add_function(&nvme);
	fake_link("sys/class/block/nvme0n1", "../../devices/" DIRECTORY "/nvme/nvme0/nvme0n1");
	fake_link("sys/class/block/nvme0n1p2",
		  "../../devices/" DIRECTORY "/nvme/nvme0/nvme0n1/nvme0n1p2");
	fake_file("sys/devices/" DIRECTORY "/nvme/nvme0/nvme0n1/dev", "259:0\n");
	fake_file("sys/devices/" DIRECTORY "/nvme/nvme0/nvme0n1/nvme0n1p2/dev", "259:2\n");
	fake_link("sys/class/block/sda", "../../devices/pci0000:00/0000:00:1f.2/ata1/block/sda");
	fake_file("sys/devices/pci0000:00/0000:00:1f.2/ata1/block/sda/dev", "8:0\n");
}

/* With several paths, the disk hangs elsewhere (drivers/nvme/host/multipath.c). */
static void add_multipath(void)
{
	add_disk();
	fake_remove("sys/class/block/nvme0n1");
	fake_remove("sys/class/block/nvme0n1p2");
	fake_link("sys/class/block/nvme0c1n1", "../../devices/" DIRECTORY "/nvme/nvme1/nvme0c1n1");
	fake_link("sys/class/block/nvme0n1",
		  "../../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1");
	fake_file("dev/nvme0n1", "");
}

static void mount_it(void)
{
	fake_file("proc/self/mountinfo", "26 1 0:31 /@ /root rw - btrfs /dev/nvme0n1p2 rw\n");
}

static void swap(void)
{
	fake_file("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n"
				"/dev/nvme0n1p2 partition\t8388604\t0\t-2\n");
}

/* As dm, md and ZFS do. */
static void claim(void)
{
	fake_claim("dev/nvme0n1p2");
}

static void (*const uses[])(void) = { mount_it, swap, claim };

/* Early, when no disk of it is in use, it is free before udev looks. */
static void frees_a_controller_early(void **state)
{
	static const char *const conf[] = { CONF, CONF "1002:6608\n" };

	(void)state;
	for (size_t i = 0; i < COUNT(conf); i++) {
		add_disk();
		boot_gather(conf[i], "");
		boot_claim();
		assert_string_equal(fake_driver_of(NVME), "");
		expect_order(AT(NVME) "driver_override=vfio-pci", AT(NVME) "driver/unbind=" NVME);
		boot_bind();
		expect(NVME, "bound to vfio-pci, taken from nvme (/etc/vgapass.conf:1)");
	}
	/* Every override is written before the first unbind, which may hang. */
	boot_machine();
	boot_host_drivers();
	boot_gather("1b21:2142 path=00:1c.0/00.0\n1002:6608\n", "");
	boot_claim();
	expect_order(AT(CARD) "driver_override=vfio-pci", AT(USB) "driver/unbind=" USB);
	/* A display is not taken before udev is through. */
	assert_string_equal(fake_driver_of(CARD), "radeon");
	assert_string_equal(fake_driver_of(USB), "");
}

static void gives_a_freed_controller_back(void **state)
{
	(void)state;
	add_disk();
	fake_remove(MODULES_LIST);
	boot_run(CONF, "");
	expect(NVME, "failed: driver vfio-pci not found: rebuild the boot image; it is on nvme "
		     "(/etc/vgapass.conf:1)");
	expect_override(NVME, UNSET);
}

/* A controller that nobody has, or the rule's own driver. */
static void leaves_a_free_controller(void **state)
{
	static const char conf[] = "1b21:2142 path=00:1c.0/00.0\n";

	(void)state;
	boot_gather(conf, "");
	boot_claim();
	assert_string_equal(fake_log(), AT(USB) "driver_override=vfio-pci\n");
	boot_bind();
	expect(USB, "bound to vfio-pci (/etc/vgapass.conf:1)");
	assert_null(strstr(fake_log(), "unbind"));
	boot_gather(conf, "");
	boot_claim();
	assert_string_equal(fake_driver_of(USB), "vfio-pci");
	assert_null(strstr(fake_log(), "unbind"));
	expect(USB, "to be bound to vfio-pci (/etc/vgapass.conf:1)");
}

/* Also the first of all functions. */
static void frees_the_first_function(void **state)
{
	static const struct fake_function nvme = { "pci0000:00/0000:00:00.3", "144D:A808",
						   "144D:A801", "10802", "nvme", 3 };

	(void)state;
	fake_add_driver("nvme");
	fake_add_function(&nvme);
	boot_gather("144d:a808 path=00:00.3\n", "");
	boot_claim();
	assert_string_equal(fake_driver_of("0000:00:00.3"), "");
	boot_bind();
	expect("0000:00:00.3", "bound to vfio-pci, taken from nvme (/etc/vgapass.conf:1)");
}

/* The name of a disk that was looked at is no word about anything else. */
static void forgets_free_disks(void **state)
{
	(void)state;
	add_disk();
	boot_run("144d:a808 path=00:1d.0/00.0 attr.nonsense=1\n", "");
	expect(NVME, "failed: attr.nonsense was not written: change or remove it (error 2); it is "
		     "on nvme (/etc/vgapass.conf:1)");
	assert_string_equal(boot_outcome(NVME)->detail, "");
}

/* One that did not let go early does later. */
static void frees_a_controller_late(void **state)
{
	unsigned call = 1;

	(void)state;
	for (;; call++) {
		add_disk();
		fake_fail(call, EBUSY, false);
		boot_gather(CONF, "");
		boot_claim();
		if (!strncmp(fake_failed(), "write " AT(NVME) "driver/unbind", 32))
			break;
		assert_true(fake_calls() >= call);
	}
	assert_string_equal(fake_driver_of(NVME), "nvme");
	boot_bind();
	expect(NVME, "bound to vfio-pci, taken from nvme (/etc/vgapass.conf:1)");
}

/* An unbind that comes back when nobody believes in it any longer: the function gets its
 * driver, if that has come meanwhile, or goes back. */
static void finishes_what_was_given_up(void **state)
{
	(void)state;
	add_disk();
	fake_add_driver("vfio-pci");
	boot_gather(CONF, "");
	for (unsigned i = 0; i < boot.inv.functions; i++)
		apply_claim(&boot_work, i);
	fake_on_write(AT(NVME) "driver/unbind", give_up);
	unsigned i = boot.inv.functions + (unsigned)(boot_entry(NVME) - boot.plan.entry);
	apply_claim(&boot_work, i);
	expect(NVME, "bound to vfio-pci, taken from nvme (/etc/vgapass.conf:1)");
	add_disk();
	boot_gather(CONF, "");
	for (i = 0; i < boot.inv.functions; i++)
		apply_claim(&boot_work, i);
	fake_on_write(AT(NVME) "driver/unbind", give_up);
	i = boot.inv.functions + (unsigned)(boot_entry(NVME) - boot.plan.entry);
	apply_claim(&boot_work, i);
	assert_string_equal(fake_driver_of(NVME), "nvme");
	expect_override(NVME, UNSET);
}

/* A device of the controller, that the kernel's list of them calls so, is in use by this name. */
static void expect_in_use(const char *listed, const char *name)
{
	char line[64];

	add_disk();
	fake_link(text_make(line, sizeof(line), "sys/class/block/%s", listed),
		  "../../devices/" DIRECTORY "/host0/block/any");
	fake_file("proc/swaps", text_make(line, sizeof(line), "/dev/%s partition\n", name));
	boot_run(CONF, "");
	assert_string_equal(fake_driver_of(NVME), "nvme");
	assert_string_equal(boot_outcome(NVME)->detail + strlen("/dev/"), name);
	assert_int_equal(boot_outcome(NVME)->reason, REASON_IN_USE);
}

/* Neither early nor late, and whoever uses it: nothing is written to it but its override. */
static void never_takes_what_is_in_use(void **state)
{
	static const char says[] = "failed: /dev/nvme0n1p2 on it is in use: free it, or remove "
				   "the rule; it is on nvme (/etc/vgapass.conf:1)";

	(void)state;
	for (size_t i = 0; i < COUNT(uses); i++) {
		add_disk();
		uses[i]();
		boot_run(CONF, "");
		expect(NVME, says);
		assert_null(strstr(fake_log(), "unbind="));
		expect_override(NVME, UNSET);
		/* Nor for a rule that holds: what the host has, stays. */
		add_disk();
		uses[i]();
		boot_run("144d:a808 path=00:1d.0/00.0 on-failure=hold\n", "");
		expect(NVME, says);
		assert_null(strstr(fake_log(), "unbind="));
	}
	add_multipath();
	claim();
	boot_run(CONF, "");
	expect(NVME, "failed: /dev/nvme0n1 on it is in use: free it, or remove the rule; "
		     "it is on nvme (/etc/vgapass.conf:1)");
	assert_null(strstr(fake_log(), "unbind="));
	expect_in_use("nvme12c90n3p10", "nvme12n3p10");
	expect_in_use("nvme1c209n3", "nvme1n3");
	/* After a letter, "c" and a number are a disk and its partition. */
	expect_in_use("sdac1", "sdac1");
	expect_in_use("sdc1", "sdc1");
	expect_in_use("c1", "c1");
	/* It was in use, and is not. */
	add_disk();
	mount_it();
	boot_gather(CONF, "");
	boot_claim();
	fake_remove("proc/self/mountinfo");
	boot_bind();
	expect(NVME, "bound to vfio-pci, taken from nvme (/etc/vgapass.conf:1)");
}

/* Disks of others, and words that only begin or end so. */
static void takes_beside_what_is_in_use(void **state)
{
	(void)state;
	add_disk();
	fake_claim("dev/sda");
	fake_file("proc/swaps", "/dev/nvme0n1p20 partition\n/dev/nvme0n1p partition\n"
				"/mnt/dev/nvme0n1p2 file\n");
	fake_file("proc/self/mountinfo", "26 1 8:0 / / rw - ext4 /dev/sda rw\n"
					 "259 2 1259:2 / /a rw - ext4 /dev/sdb rw\n"
					 "27 1 259:20 / /b rw - ext4 /dev/sdc rw\n");
	boot_run(CONF, "");
	expect(NVME, "bound to vfio-pci, taken from nvme (/etc/vgapass.conf:1)");
	/* the head of another controller's disks */
	add_multipath();
	fake_remove("sys/class/block/nvme0c1n1");
	claim();
	boot_run(CONF, "");
	expect(NVME, "bound to vfio-pci, taken from nvme (/etc/vgapass.conf:1)");
}

/* --- an IOMMU that shows itself late */

/* The plan lets it pass: here its place is taken by hand. */
static void plan_without_group(bool has_iommu)
{
	boot_gather("1002:6608\n", "");
	boot.inv.has_iommu = has_iommu;
	boot_entry(CARD)->state = STATE_PLANNED;
	boot_entry(CARD)->reason = REASON_NONE;
}

static void remove_group(void)
{
	boot_machine();
	fake_remove("sys/devices/pci0000:00/0000:00:01.0/" CARD "/iommu_group");
}

static void finds_the_group_behind_the_probe(void **state)
{
	(void)state;
	remove_group();
	fake_probe_adds_group(CARD, 5);
	plan_without_group(true);
	assert_int_equal(boot_entry(CARD) ? boot.inv.function[2].group : 0, -1);
	boot_claim();
	boot_bind();
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
	assert_int_equal(boot.inv.function[2].group, 5);
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_YES);
}

static void gives_back_without_a_group(void **state)
{
	(void)state;
	remove_group();
	plan_without_group(true);
	boot_claim();
	boot_host_drivers();
	boot_bind();
	assert_int_equal(boot_outcome(CARD)->state, STATE_FAILED);
	assert_int_equal(boot_outcome(CARD)->reason, REASON_NO_GROUP);
	assert_int_equal(boot_outcome(CARD)->error, 0);
	assert_string_equal(fake_driver_of(CARD), "radeon");
	expect_override(CARD, UNSET);
	/* The driver refuses for that very reason. */
	remove_group();
	fake_refuse("vfio-pci");
	plan_without_group(true);
	boot_claim();
	boot_bind();
	assert_int_equal(boot_outcome(CARD)->reason, REASON_NO_GROUP);
	assert_int_equal(boot_outcome(CARD)->error, 0);
}

/* virtio-iommu: nobody is bound before udev has brought it, not even by a driver that takes
 * all that it may. */
static void waits_for_the_iommu(void **state)
{
	(void)state;
	remove_group();
	plan_without_group(false);
	boot_claim();
	apply_prepare(&boot_work);
	for (unsigned i = 0; i < 2 * boot.inv.functions + 2; i++)
		apply_item(&boot_work, i);
	assert_int_equal(apply_finish(&boot_work), 1);
	assert_int_equal(run_state(&boot, 2), STATE_PLANNED);
	assert_null(strstr(fake_log(), "bind=" CARD));
	fake_add_group(CARD, 5);
	boot_work.late = true;
	for (unsigned i = 0; i < boot.inv.functions; i++)
		apply_late(&boot_work, i);
	apply_finish(&boot_work);
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
	assert_int_equal(boot.inv.function[2].group, 5);
	/* It came, but the group comes with a probe, and a built-in driver made none. */
	remove_group();
	fake_file(MODULES_LIST, "");
	fake_add_driver("vfio-pci");
	fake_probe_adds_group(CARD, 5);
	plan_without_group(false);
	boot_claim();
	fake_link("sys/class/iommu/virtio0", "../../devices/x");
	boot_bind();
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
	assert_int_equal(boot.inv.function[2].group, 5);
	/* It never came. */
	remove_group();
	plan_without_group(false);
	boot_claim();
	boot_host_drivers();
	boot_bind();
	assert_int_equal(boot_outcome(CARD)->reason, REASON_NO_GROUP);
	assert_string_equal(fake_driver_of(CARD), "radeon");
	/* A holder stays then. */
	remove_group();
	boot_host_drivers();
	plan_without_group(false);
	boot_claim();
	boot_bind();
	assert_int_equal(boot_outcome(CARD)->reason, REASON_NO_GROUP);
	assert_null(strstr(fake_log(), "unbind="));
}

static void ignores_the_iommu(void **state)
{
	(void)state;
	remove_group();
	boot_run("1002:6608 iommu=ignore\n", "");
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_UNKNOWN);
}

/* --- who else is in the group */

static void finds_viable_groups(void **state)
{
	(void)state;
	/* The port above is of the group too; its driver does no harm. */
	boot_run("1002:6608\n1002:aab0\n", "");
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_YES);
	assert_int_equal(boot_outcome(SOUND)->viable, VIABLE_YES);
	assert_int_equal(boot.others, 0);
}

/* A group may have the number 0. */
static void knows_group_zero(void **state)
{
	static const struct fake_function nic = {
		"pci0000:00/0000:00:03.0", "8086:15F3", "0000:0000", "20000", "igc", 0
	};
	static const char conf[] = "8086:1912 take=boot-display\n";

	(void)state;
	boot_run(conf, "");
	expect("0000:00:02.0", "bound to vfio-pci (/etc/vgapass.conf:1)");
	assert_int_equal(boot_outcome("0000:00:02.0")->viable, VIABLE_YES);
	boot_machine();
	fake_add_function(&nic);
	fake_add_driver("igc");
	boot_run(conf, "");
	assert_int_equal(boot_outcome("0000:00:02.0")->viable, VIABLE_NO);
	assert_int_equal(boot.others, 1);
	assert_int_equal(boot.other[0].group, 0);
}

static void names_blockers(void **state)
{
	(void)state;
	boot_host_drivers();
	boot_run("1002:6608\n1b21:2142 path=00:1c.0/00.0\n", "");
	expect(CARD, "bound to vfio-pci, taken from radeon (/etc/vgapass.conf:1)");
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_NO);
	assert_int_equal(boot_outcome(USB)->viable, VIABLE_YES);
	assert_int_equal(boot.others, 1);
	assert_int_equal(boot.other[0].group, 1);
	assert_int_equal(boot.other[0].at.devfn, 1);
	assert_string_equal(boot.other[0].driver, "snd_hda_intel");
}

/* A driver of the host may come yet, in the real root. */
static void does_not_know_of_drivers_to_come(void **state)
{
	static const struct fake_function nic = {
		"pci0000:00/0000:00:01.0/0000:01:00.2", "8086:15F3", "0000:0000", "20000", "igc", 1
	};

	(void)state;
	boot_run("1002:6608 required=yes\n", "");
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_UNKNOWN);
	assert_int_equal(boot.others, 0);
	assert_string_equal(run_result(&boot), "ok");
	/* One that has come decides, before and behind one that has not. */
	boot_machine();
	fake_add_function(&nic);
	fake_add_driver("snd_hda_intel");
	boot_run("1002:6608 required=yes\n", "");
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_NO);
	assert_string_equal(run_result(&boot), "failed");
	boot_machine();
	fake_add_function(&nic);
	fake_add_driver("igc");
	boot_run("1002:6608\n", "");
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_NO);
	/* Held is held. */
	boot_machine();
	boot_run("1002:6608\n1002:aab0 attr.nonsense=1 on-failure=hold\n", "");
	assert_int_equal(boot_outcome(SOUND)->state, STATE_HELD);
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_YES);
	/* What was given back is not. */
	boot_machine();
	boot_run("1002:6608\n1002:aab0 attr.nonsense=1\n", "");
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_UNKNOWN);
}

/* An LPC bridge has a header of type 0, so its driver is in the way; a bridge that has not,
 * is not, whatever it is on. */
static void tells_bridges_by_their_header(void **state)
{
	static const struct fake_function lpc = {
		"pci0000:00/0000:00:01.0/0000:01:00.2", "8086:1C50", "0000:0000", "60100",
		"lpc_ich", 1
	};

	(void)state;
	fake_add_function(&lpc);
	fake_add_driver("lpc_ich");
	boot_run("1002:6608\n1002:aab0\n", "");
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_NO);
	assert_string_equal(boot.other[0].driver, "lpc_ich");
	/* once, whatever it keeps from a guest */
	assert_int_equal(boot.others, 1);
	boot_machine();
	fake_add_function(&lpc);
	fake_add_driver("lpc_ich");
	fake_attr("0000:01:00.2", "secondary_bus_number", "2\n");
	boot_run("1002:6608\n1002:aab0\n", "");
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_YES);
	boot_machine();
	fake_remove("sys/bus/pci/drivers/pcieport/0000:00:01.0");
	fake_remove("sys/devices/pci0000:00/0000:00:01.0/driver");
	boot_run("1002:6608\n1002:aab0\n", "");
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_UNKNOWN);
	boot_machine();
	fake_remove("sys/devices/pci0000:00/0000:00:01.0/driver");
	fake_attr("0000:00:01.0", "secondary_bus_number", "1\n");
	boot_run("1002:6608\n1002:aab0\n", "");
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_YES);
}

/* RMRR: the kernel gives such a group to nobody (drivers/iommu/iommu.c, require_direct). */
static void finds_memory_of_the_firmware(void **state)
{
	static const char path[] = "sys/kernel/iommu_groups/1/reserved_regions";

	(void)state;
	fake_file(path, "0x00000000000e0000 0x00000000000e1fff direct-relaxable\n"
			"0x00000000fee00000 0x00000000feefffff msi\n");
	boot_run("1002:6608\n1002:aab0\n", "");
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_YES);
	boot_machine();
	fake_file(path, "0x00000000000e0000 0x00000000000e1fff direct\n"
			"0x00000000fee00000 0x00000000feefffff msi\n");
	boot_run("1002:6608 required=yes\n1b21:2142 path=00:1c.0/00.0\n", "");
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_NO);
	assert_int_equal(boot_outcome(USB)->viable, VIABLE_YES);
	assert_int_equal(boot.others, 1);
	assert_string_equal(words_problem_line(&boot, 0),
			    CARD ": firmware memory (RMRR) blocks IOMMU group 1: see "
				 "vgapass check");
	assert_string_equal(run_result(&boot), "failed");
}

/* --- who is on a rule's driver by no rule */

/* The first function of all keeps its group from its guest, or is kept from it. */
static void looks_at_the_first_function(void **state)
{
	static const struct fake_function audio = {
		"pci0000:00/0000:00:00.2", "10DE:1234", "0000:0000", "40300", NULL, 2
	};

	(void)state;
	fake_add_function(&audio);
	boot_host_drivers();
	boot_run("10de:1234\n", "");
	expect("0000:00:00.2", "bound to vfio-pci (/etc/vgapass.conf:1)");
	assert_int_equal(boot_outcome("0000:00:00.2")->viable, VIABLE_NO);
	assert_int_equal(boot.others, 1);
	assert_string_equal(boot.other[0].driver, "xhci_hcd");
}

static void finds_strays(void **state)
{
	static const struct fake_function twin = {
		"pci0000:00/0000:00:1d.0/0000:03:00.0", "1002:6608", "0000:0000", "30000",
		"vfio-pci", 3 /* as by ids= */
	};

	(void)state;
	boot_run("1002:6608\n1002:aab0\n", "");
	assert_int_equal(boot.others, 0);
	boot_machine();
	fake_add_function(&twin);
	boot_run("1002:6608 address=01:00.0\nkeep 1002:aab0\n", "");
	assert_int_equal(boot.others, 1);
	assert_int_equal(boot.other[0].group, STRAY);
	assert_string_equal(words_problem_line(&boot, 0),
			    "0000:03:00.0: bound to vfio-pci without a rule: remove ids= of that "
			    "driver");
	assert_string_equal(run_result(&boot), "ok");
	/* one that is kept, or refused */
	boot_machine();
	fake_add_function(&twin);
	boot_run("keep 1002:6608 address=03:00.0\n1002:6608\n", "");
	assert_int_equal(boot.others, 1);
	boot_machine();
	fake_add_function(&twin);
	boot_run("1002:6608 address=03:00.0 expect=2\n1002:6608\n", "");
	assert_int_equal(boot.others, 1);
	/* one that failed is said already */
	boot_machine();
	fake_add_function(&twin);
	boot_run("1002:6608 address=03:00.0 attr.nonsense=1\n1002:6608\n", "");
	assert_string_equal(fake_driver_of("0000:03:00.0"), "vfio-pci");
	assert_int_equal(boot_outcome("0000:03:00.0")->state, STATE_FAILED);
	assert_int_equal(boot.others, 0);
	/* Only a boot plans for all functions. */
	boot_machine();
	fake_add_function(&twin);
	boot_run("1002:6608 address=01:00.0\nkeep 1002:aab0\n", "");
	boot.others = 0;
	boot.claim_us = 0;
	apply_finish(&boot_work);
	assert_int_equal(boot.others, 0);
}

static void knows_harmless_drivers(void **state)
{
	static const struct {
		const char *driver;
		bool harmless;
	} cases[] = {
		{ "vfio-pci", true },	    { "xe-vfio-pci", true },
		{ "mlx5_vfio_pci", true },  { "nvgrace_gpu_vfio_pci", true },
		{ "pci-stub", true },	    { "pcieport", true },
		{ "snd_hda_intel", false }, { "vfio", false },
		{ "xen-pciback", false },
	};
	char link[128];
	struct text t;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		boot_machine();
		text_start(&t, link, sizeof(link));
		text_add(&t, "/sys/bus/pci/drivers/%s", cases[i].driver);
		fake_link("sys/devices/pci0000:00/0000:00:01.0/" SOUND "/driver", link);
		boot_run("1002:6608\n", "");
		if ((boot_outcome(CARD)->viable == VIABLE_YES) != cases[i].harmless)
			fail_msg("%s: %s", cases[i].driver,
				 cases[i].harmless ? "blocks" : "does not");
	}
}

/* Only what was bound has a group to look at. */
/* Only what was bound has a group to look at. */
static void looks_at_bound_groups_only(void **state)
{
	(void)state;
	boot_host_drivers();
	boot_run("1002:6608 attr.nonsense=1\n1b21:2142 path=00:1c.0/00.0\n", "");
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_UNKNOWN);
	assert_int_equal(boot.others, 0);
}

static void counts_blockers(void **state)
{
	char path[64], link[128];
	struct text t;

	(void)state;
	for (unsigned i = 0; i < OTHERS_MAX + 4; i++) {
		text_start(&t, path, sizeof(path));
		text_add(&t, "pci0000:00/0000:09:%02x.%x", i >> 3, i & 7);
		fake_add_function(&(struct fake_function){ path, "8086:0001", "0000:0000", "20000",
							   NULL, 1 });
		text_start(&t, link, sizeof(link));
		text_add(&t, "sys/devices/%s/driver", path);
		fake_link(link, "/sys/bus/pci/drivers/e1000e");
	}
	boot_run("1002:6608\n", "quiet");
	assert_int_equal(boot.others, OTHERS_MAX + 4);
	/* what is behind the table */
	assert_string_equal(boot.cmdline, "quiet");
	assert_int_equal(boot_outcome(CARD)->viable, VIABLE_NO);
}

/* --- the firmware's framebuffer */

static void releases_the_framebuffer(void **state)
{
	static const struct fake_function card = {
		"pci0000:00/0000:03:00.0", "10DE:2684", "0000:0000", "38000", NULL, 3
	};

	(void)state;
	fake_add_function(&card);
	fake_file("proc/iomem", "c0000000-cfffffff : 0000:03:00.0\n  c0000000-c07effff : BOOTFB\n");
	fake_file("sys/bus/platform/drivers/efi-framebuffer/unbind", "");
	fake_file("sys/bus/platform/drivers/vesa-framebuffer/unbind", "");
	fake_file("sys/bus/platform/drivers/simple-framebuffer/unbind", "");
	boot_run("10de:2684 take=boot-display\n", "");
	expect("0000:03:00.0", "bound to vfio-pci (/etc/vgapass.conf:1)");
	expect_order("bus/platform/drivers/efi-framebuffer/unbind=efi-framebuffer.0", "load vfio");
	expect_order("bus/platform/drivers/vesa-framebuffer/unbind=vesa-framebuffer.0",
		     "load vfio");
	expect_order("bus/platform/drivers/simple-framebuffer/unbind=simple-framebuffer.0",
		     "load vfio");
}

/* vfio-pci drives it away itself from a VGA controller, and only from the boot display. */
static void leaves_the_framebuffer(void **state)
{
	(void)state;
	fake_attr(CARD, "boot_vga", "1\n");
	boot_run("1002:6608 take=boot-display\n", "");
	expect(CARD, "bound to vfio-pci (/etc/vgapass.conf:1)");
	assert_null(strstr(fake_log(), "framebuffer"));
}

#define TEST(name) cmocka_unit_test_setup(name, start)

/* driver=auto means a driver that no module registers. */
static void falls_back_to_vfio_pci(void **state)
{
#define AUTO "[auto]\n1002:6608 driver=x_vfio_pci\n"
	(void)state;
	boot_machine();
	boot_host_drivers();
	boot_run("1002:6608 driver=auto\n" AUTO, "");
	expect(CARD, "bound to vfio-pci, taken from radeon; driver x_vfio_pci not found: rebuild "
		     "the boot image (/etc/vgapass.conf:1)");
	assert_string_equal(fake_driver_of(CARD), "vfio-pci");
	assert_string_equal(fake_attr_text(CARD, "driver_override"), "vfio-pci\n");
	assert_string_equal(run_result(&boot), "ok");
	/* Not where the rule names it. */
	boot_machine();
	boot_run("1002:6608 driver=x_vfio_pci\n", "");
	assert_int_equal(boot_outcome(CARD)->state, STATE_FAILED);
	assert_string_equal(fake_driver_of(CARD), "");
	/* vfio-pci is not there either. */
	boot_machine();
	fake_file(MODULES_LIST, "vfio\n");
	boot_run("1002:6608 driver=auto on-failure=hold\n" AUTO, "");
	expect(CARD, "held: driver x_vfio_pci not found: rebuild the boot image "
		     "(/etc/vgapass.conf:1)");
	/* It is there. */
	boot_machine();
	fake_add_driver("x_vfio_pci");
	boot_run("1002:6608 driver=auto\n" AUTO, "");
	expect(CARD, "bound to x_vfio_pci (/etc/vgapass.conf:1)");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(binds_by_loading_the_module),
		TEST(falls_back_to_vfio_pci),
		TEST(claims_before_all),
		TEST(claims_what_is_planned_only),
		TEST(takes_from_the_holder),
		TEST(takes_the_time),
		TEST(does_nothing_twice),
		TEST(uses_a_builtin_driver),
		TEST(binds_others_than_vfio),
		TEST(loads_with_params),
		TEST(leaves_loaded_modules),
		TEST(minds_no_other_loader),
		TEST(names_the_first_module_that_fails),
		TEST(loads_what_another_process_failed_to),
		TEST(gives_up_a_module_that_stays_busy),
		TEST(keeps_the_order_of_modules),
		TEST(gives_up_modules_that_hang),
		TEST(waits_for_modules_when_it_is_late),
		TEST(refuses_overlong_params),
		TEST(passes_params_that_have_room),
		TEST(survives_without_a_list),
		TEST(counts_items),
		TEST(binds_all_in_one_pass),
		TEST(writes_attributes_first),
		TEST(writes_attributes_between_drivers),
		TEST(writes_attributes_again),
		TEST(keeps_attributes_from_companions),
		TEST(fails_with_a_missing_attribute),
		TEST(writes_reset_methods_apart),
		TEST(resizes),
		TEST(says_what_sizes_there_are),
		TEST(leaves_other_sizes_to_the_kernel),
		TEST(releases_when_the_driver_is_not_there),
		TEST(holds_when_the_driver_is_not_there),
		TEST(releases_when_the_driver_refuses),
		TEST(holds_when_the_driver_refuses),
		TEST(releases_when_the_override_fails),
		TEST(fails_when_the_holder_stays),
		TEST(releases_when_the_attribute_fails),
		TEST(tells_early_who_has_it),
		TEST(holds_from_its_own_driver_too),
		TEST(holds_by_another_override),
		TEST(believes_the_link),
		TEST(minds_no_probe_that_was_running),
		TEST(forgets_earlier_errors),
		TEST(goes_on_without_a_holder),
		TEST(one_failure_does_not_stop_the_rest),
		TEST(survives_hot_unplug),
		TEST(tells_what_hangs),
		TEST(tells_where_it_hangs),
		TEST(gives_up_what_nobody_got_to),
		TEST(leaves_what_hangs_alone),
		TEST(frees_a_controller_early),
		TEST(gives_a_freed_controller_back),
		TEST(leaves_a_free_controller),
		TEST(frees_the_first_function),
		TEST(forgets_free_disks),
		TEST(frees_a_controller_late),
		TEST(finishes_what_was_given_up),
		TEST(never_takes_what_is_in_use),
		TEST(takes_beside_what_is_in_use),
		TEST(finds_the_group_behind_the_probe),
		TEST(gives_back_without_a_group),
		TEST(waits_for_the_iommu),
		TEST(ignores_the_iommu),
		TEST(finds_viable_groups),
		TEST(knows_group_zero),
		TEST(names_blockers),
		TEST(does_not_know_of_drivers_to_come),
		TEST(tells_bridges_by_their_header),
		TEST(finds_memory_of_the_firmware),
		TEST(looks_at_the_first_function),
		TEST(finds_strays),
		TEST(knows_harmless_drivers),
		TEST(looks_at_bound_groups_only),
		TEST(counts_blockers),
		TEST(releases_the_framebuffer),
		TEST(leaves_the_framebuffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
