/* test_apply.c - runtime/io/apply.c: a plan carried out on the fake kernel, and looked at */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "boot.h"
#include "fake_kernel.h"

#define CARD "0000:01:00.0"
#define SOUND "0000:01:00.1"
#define USB "0000:02:00.0"
#define AT(address) address "/"
#define UNSET "(null)\n"

static int start(void **state)
{
	(void)state;
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
	expect(CARD, "bound to vfio-pci (vgapass.conf:1)");
	expect(SOUND, "bound to vfio-pci (vgapass.conf:2)");
	assert_string_equal(fake_driver_of(CARD), "vfio-pci");
	assert_string_equal(run_result(&boot), "ok");
	expect_order(AT(CARD) "driver_override=vfio-pci", "load vfio");
	expect_order(AT(SOUND) "driver_override=vfio-pci", "load vfio");
	expect_order("load vfio", "load vfio_pci disable_vga=1");
	/* Loading bound it: nothing had to be probed, nobody else was written to. */
	assert_null(strstr(fake_log(), "drivers_probe"));
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
	expect(CARD, "bound to vfio-pci (vgapass.conf:1)");
}

static void claims_what_is_planned_only(void **state)
{
	(void)state;
	boot_gather("1002:6608\nkeep 1002:aab0\n1b21:2142 expect=2\n", "");
	boot_claim();
	assert_string_equal(fake_log(), AT(CARD) "driver_override=vfio-pci\n");
	boot_bind();
	expect(SOUND, "kept: a keep rule matches it (vgapass.conf:2)");
	expect_override(SOUND, UNSET);
	expect_override(USB, UNSET);
	assert_string_equal(run_result(&boot), "partial");
}

static void takes_from_the_holder(void **state)
{
	(void)state;
	boot_host_drivers();
	boot_run("1002:6608\n", "");
	expect(CARD, "bound to vfio-pci, taken from radeon (vgapass.conf:1)");
	expect_order("load vfio_pci disable_vga=1", AT(CARD) "driver/unbind=" CARD);
	expect_order(AT(CARD) "driver/unbind=" CARD, "../drivers_probe=" CARD);
	assert_string_equal(fake_driver_of(SOUND), "snd_hda_intel");
}

/* A boot's second run, or one with the functions bound already: nothing is disturbed. */
static void does_nothing_twice(void **state)
{
	(void)state;
	boot_run("1002:6608\n", "");
	fake_attr(CARD, "d3cold_allowed", "1\n");
	boot_run("1002:6608 attr.d3cold_allowed=0\n", "");
	expect(CARD, "bound to vfio-pci (vgapass.conf:1)");
	assert_null(strstr(fake_log(), "unbind"));
	assert_string_equal(fake_attr_text(CARD, "d3cold_allowed"), "1\n");
}

static void uses_a_builtin_driver(void **state)
{
	(void)state;
	fake_remove(MODULES_LIST);
	fake_add_driver("vfio-pci");
	boot_run("1002:6608\n", "");
	expect(CARD, "bound to vfio-pci (vgapass.conf:1)");
	assert_int_equal(boot.module_error, 0);
}

static void binds_others_than_vfio(void **state)
{
	(void)state;
	fake_add_driver("pci-stub");
	boot_host_drivers();
	boot_run("1002:6608 driver=pci-stub\n1002:aab0\n", "");
	expect(CARD, "bound to pci-stub, taken from radeon (vgapass.conf:1)");
	expect(SOUND, "bound to vfio-pci, taken from snd_hda_intel (vgapass.conf:2)");
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
	expect(CARD, "bound to vfio-pci (vgapass.conf:1)");
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
	expect(CARD, "bound to vfio-pci (vgapass.conf:1)");
}

static void names_the_first_module_that_fails(void **state)
{
	(void)state;
	fake_file(MODULES_LIST, "nowhere\nneither\nvfio_pci\n");
	boot_run("1002:6608\n", "");
	assert_int_equal(boot.module_error, -ENOENT);
	assert_string_equal(boot.module, "nowhere");
	/* and goes on */
	expect(CARD, "bound to vfio-pci (vgapass.conf:1)");
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

static void survives_without_a_list(void **state)
{
	(void)state;
	fake_remove(MODULES_LIST);
	boot_host_drivers();
	boot_run("1002:6608\n", "");
	expect(CARD,
	       "failed: driver vfio-pci is not there: rebuild the boot image; it is on radeon "
	       "(vgapass.conf:1)");
	/* A holder is not sent away for nobody. */
	assert_null(strstr(fake_log(), "unbind"));
	expect_override(CARD, UNSET);
	assert_string_equal(run_result(&boot), "failed");
}

static void counts_items(void **state)
{
	(void)state;
	boot_gather("1002:6608\n", "");
	assert_int_equal(apply_prepare(&boot_work), 2 * boot.inv.functions + 2);
	fake_remove(MODULES_LIST);
	assert_int_equal(apply_prepare(&boot_work), 2 * boot.inv.functions);
	fake_file(MODULES_LIST, "");
	assert_int_equal(apply_prepare(&boot_work), 2 * boot.inv.functions);
}

/* --- attributes */

static void writes_attributes_first(void **state)
{
	(void)state;
	boot_run("1002:6608 attr.reset_method=bus attr.d3cold_allowed=0\n", "");
	expect(CARD, "bound to vfio-pci (vgapass.conf:1)");
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
	expect(CARD, "bound to vfio-pci, taken from radeon (vgapass.conf:1)");
	expect_order(AT(CARD) "driver/unbind=" CARD, AT(CARD) "reset_method=bus");
	expect_order(AT(CARD) "reset_method=bus", "../drivers_probe=" CARD);
}

static void keeps_attributes_from_companions(void **state)
{
	(void)state;
	boot_run("1002:6608 with=slot attr.reset_method=bus\n", "");
	expect(SOUND, "bound to vfio-pci (along by vgapass.conf:1)");
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
	       "radeon (vgapass.conf:1)");
	expect_override(CARD, UNSET);
}

static void fails_when_it_reads_back_otherwise(void **state)
{
	(void)state;
	fake_ignore("reset_method");
	boot_run("1002:6608 attr.reset_method=pm\n", "");
	expect(CARD, "failed: attr.reset_method reads back otherwise: change or remove it "
		     "(vgapass.conf:1)");
	expect_override(CARD, UNSET);
	assert_string_equal(fake_driver_of(CARD), "");
}

/* One of several words that read back is enough: the kernel shows them all. */
static void accepts_a_word_of_many(void **state)
{
	(void)state;
	fake_ignore("reset_method"); /* goes on reading "flr bus" */
	boot_run("1002:6608 attr.reset_method=bus\n", "");
	expect(CARD, "bound to vfio-pci (vgapass.conf:1)");
	boot_machine();
	fake_ignore("reset_method");
	boot_run("1002:6608 attr.reset_method=us\n", "");
	assert_int_equal(boot_entry(CARD)->reason, REASON_ATTR);
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
	       "failed: driver vfio-pci is not there: rebuild the boot image; it is on radeon "
	       "(vgapass.conf:1)");
	expect_override(CARD, UNSET);
	assert_string_equal(fake_driver_of(CARD), "radeon");
}

static void holds_when_the_driver_is_not_there(void **state)
{
	(void)state;
	fake_file(MODULES_LIST, "");
	boot_host_drivers();
	boot_run("1002:6608 on-failure=hold\n", "");
	expect_held(CARD, "held: driver vfio-pci is not there: rebuild the boot image "
			  "(vgapass.conf:1)");
}

static void releases_when_the_driver_refuses(void **state)
{
	(void)state;
	fake_refuse("vfio-pci");
	boot_host_drivers();
	boot_run("1002:6608\n", "");
	expect(CARD, "failed: driver vfio-pci did not take it: see the kernel log; it is on radeon "
		     "(vgapass.conf:1)");
	expect_override(CARD, UNSET);
	assert_string_equal(fake_driver_of(CARD), "radeon");
}

static void holds_when_the_driver_refuses(void **state)
{
	(void)state;
	fake_refuse("vfio-pci");
	boot_host_drivers();
	boot_run("1002:6608 on-failure=hold\n", "");
	expect_held(CARD, "held: driver vfio-pci did not take it: see the kernel log "
			  "(vgapass.conf:1)");
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
		     "(vgapass.conf:1)");
	assert_null(strstr(fake_log(), "unbind"));
}

static void fails_when_the_holder_stays(void **state)
{
	(void)state;
	run_with_fault("1002:6608\n", "write " AT(CARD) "driver/unbind", EBUSY);
	expect(CARD, "failed: driver radeon did not let go of it (error 16); it is on radeon "
		     "(vgapass.conf:1)");
	expect_override(CARD, UNSET);
	/* on-failure=hold cannot hold what another has: it is failed, and says who has it. */
	run_with_fault("1002:6608 on-failure=hold\n", "write " AT(CARD) "driver/unbind", EBUSY);
	expect(CARD, "failed: driver radeon did not let go of it (error 16); it is on radeon "
		     "(vgapass.conf:1)");
}

static void releases_when_the_attribute_fails(void **state)
{
	static const char conf[] = "1002:6608 attr.reset_method=bus\n",
			  hold[] = "1002:6608 attr.reset_method=bus on-failure=hold\n";

	(void)state;
	run_with_fault(conf, "write " AT(CARD) "reset_method", EINVAL);
	expect(CARD,
	       "failed: attr.reset_method was not written: change or remove it (error 22); it "
	       "is on radeon (vgapass.conf:1)");
	run_with_fault(hold, "write " AT(CARD) "reset_method", EINVAL);
	expect_held(CARD, "held: attr.reset_method was not written: change or remove it (error 22) "
			  "(vgapass.conf:1)");
}

/* The modules come after the attributes of a free function: their driver must not have it. */
static void holds_from_its_own_driver_too(void **state)
{
	(void)state;
	boot_run("1002:6608 attr.nonsense=1 on-failure=hold\n", "");
	expect_held(CARD, "held: attr.nonsense was not written: change or remove it (error 2) "
			  "(vgapass.conf:1)");
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
	expect_held(CARD, "held: driver_override was not written (error 5) (vgapass.conf:1)");
}

/* Only the link is proof: a probe that reports an error and bound it all the same did. */
static void believes_the_link(void **state)
{
	unsigned i = call_of("1002:6608\n", "write ../drivers_probe=" CARD);

	(void)state;
	boot_machine();
	boot_host_drivers();
	fake_fail(i, EIO, true);
	boot_run("1002:6608\n", "");
	expect(CARD, "bound to vfio-pci, taken from radeon (vgapass.conf:1)");
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
	expect(CARD, "bound to vfio-pci, taken from radeon (vgapass.conf:1)");
}

static void one_failure_does_not_stop_the_rest(void **state)
{
	(void)state;
	boot_run("1002:6608 attr.nonsense=1\n1002:aab0\n", "");
	assert_int_equal(boot_entry(CARD)->state, STATE_FAILED);
	expect(SOUND, "bound to vfio-pci (vgapass.conf:2)");
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
	expect(CARD, "failed: the function is gone (vgapass.conf:1)");
	expect(SOUND, "bound to vfio-pci (vgapass.conf:2)");
	boot_machine();
	boot_gather("1002:6608\n", "");
	boot_claim();
	fake_vanish(CARD);
	boot_bind();
	expect(CARD, "failed: the function is gone (vgapass.conf:1)");
}

/* A worker that does not come back leaves its entry planned, with the step that it was in. */
static void tells_what_hangs(void **state)
{
	(void)state;
	boot_gather("1002:6608\n1002:aab0\n", "");
	boot_claim();
	apply_prepare(&boot_work);
	boot_entry(CARD)->step = STEP_UNBIND;
	for (unsigned i = 0; i < 2 * boot.inv.functions + 2; i++)
		if (i % (boot.inv.functions + 2) != (unsigned)(boot_entry(CARD) - boot.plan.entry))
			apply_item(&boot_work, i);
	apply_finish(&boot_work);
	expect(CARD, "failed: the kernel has not come back from unbinding it (vgapass.conf:1)");
	expect(SOUND, "bound to vfio-pci (vgapass.conf:2)");
}

/* --- who else is in the group */

static void finds_viable_groups(void **state)
{
	(void)state;
	/* The port above is of the group too; its driver does no harm. */
	boot_run("1002:6608\n1002:aab0\n", "");
	assert_true(boot_entry(CARD)->checked);
	assert_true(boot_entry(CARD)->viable);
	assert_true(boot_entry(SOUND)->viable);
	assert_int_equal(boot.blockers, 0);
}

static void names_blockers(void **state)
{
	(void)state;
	boot_host_drivers();
	boot_run("1002:6608\n1b21:2142 path=00:1c.0/00.0\n", "");
	expect(CARD, "bound to vfio-pci, taken from radeon (vgapass.conf:1)");
	assert_true(boot_entry(CARD)->checked);
	assert_false(boot_entry(CARD)->viable);
	assert_true(boot_entry(USB)->viable);
	assert_int_equal(boot.blockers, 1);
	assert_int_equal(boot.blocker[0].group, 1);
	assert_int_equal(boot.blocker[0].at.devfn, 1);
	assert_string_equal(boot.blocker[0].driver, "snd_hda_intel");
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
		if (boot_entry(CARD)->viable != cases[i].harmless)
			fail_msg("%s: %s", cases[i].driver,
				 cases[i].harmless ? "blocks" : "does not");
	}
}

/* Only what was bound has a group to look at. */
static void looks_at_bound_groups_only(void **state)
{
	(void)state;
	boot_host_drivers();
	boot_run("1002:6608 attr.nonsense=1\n1b21:2142\n", "");
	assert_false(boot_entry(CARD)->checked);
	assert_int_equal(boot.blockers, 0);
}

static void counts_blockers(void **state)
{
	char path[64], link[128];
	struct text t;

	(void)state;
	for (unsigned i = 0; i < BLOCKERS_MAX + 4; i++) {
		text_start(&t, path, sizeof(path));
		text_add(&t, "pci0000:00/0000:09:%b.%d", i >> 3, i & 7);
		fake_add_function(&(struct fake_function){ path, "8086:0001", "0000:0000", "20000",
							   NULL, 1 });
		text_start(&t, link, sizeof(link));
		text_add(&t, "sys/devices/%s/driver", path);
		fake_link(link, "/sys/bus/pci/drivers/e1000e");
	}
	boot_run("1002:6608\n", "");
	assert_int_equal(boot.blockers, BLOCKERS_MAX + 4);
	assert_false(boot_entry(CARD)->viable);
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
	boot_run("10de:2684 take=boot-display\n", "");
	expect("0000:03:00.0", "bound to vfio-pci (vgapass.conf:1)");
	expect_order("bus/platform/drivers/efi-framebuffer/unbind=efi-framebuffer.0", "load vfio");
}

/* vfio-pci drives it away itself from a VGA controller, and only from the boot display. */
static void leaves_the_framebuffer(void **state)
{
	(void)state;
	fake_attr(CARD, "boot_vga", "1\n");
	boot_run("1002:6608 take=boot-display\n", "");
	expect(CARD, "bound to vfio-pci (vgapass.conf:1)");
	assert_null(strstr(fake_log(), "framebuffer"));
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(binds_by_loading_the_module),
		TEST(claims_before_all),
		TEST(claims_what_is_planned_only),
		TEST(takes_from_the_holder),
		TEST(does_nothing_twice),
		TEST(uses_a_builtin_driver),
		TEST(binds_others_than_vfio),
		TEST(loads_with_params),
		TEST(leaves_loaded_modules),
		TEST(minds_no_other_loader),
		TEST(names_the_first_module_that_fails),
		TEST(refuses_overlong_params),
		TEST(survives_without_a_list),
		TEST(counts_items),
		TEST(writes_attributes_first),
		TEST(writes_attributes_between_drivers),
		TEST(keeps_attributes_from_companions),
		TEST(fails_with_a_missing_attribute),
		TEST(fails_when_it_reads_back_otherwise),
		TEST(accepts_a_word_of_many),
		TEST(releases_when_the_driver_is_not_there),
		TEST(holds_when_the_driver_is_not_there),
		TEST(releases_when_the_driver_refuses),
		TEST(holds_when_the_driver_refuses),
		TEST(releases_when_the_override_fails),
		TEST(fails_when_the_holder_stays),
		TEST(releases_when_the_attribute_fails),
		TEST(holds_from_its_own_driver_too),
		TEST(holds_by_another_override),
		TEST(believes_the_link),
		TEST(goes_on_without_a_holder),
		TEST(one_failure_does_not_stop_the_rest),
		TEST(survives_hot_unplug),
		TEST(tells_what_hangs),
		TEST(finds_viable_groups),
		TEST(names_blockers),
		TEST(knows_harmless_drivers),
		TEST(looks_at_bound_groups_only),
		TEST(counts_blockers),
		TEST(releases_the_framebuffer),
		TEST(leaves_the_framebuffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
