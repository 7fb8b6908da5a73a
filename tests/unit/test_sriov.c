/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_sriov.c - runtime/io/sriov.c: virtual functions made, bound and left, on the fake kernel */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/io/sriov.h"
#include "runtime/io/sysfs.h"
#include "boot.h"
#include "fake_kernel.h"

#define NIC "0000:03:00.0"
#define VF(n) "0000:03:01." #n
#define AT(address) address "/"
#define UNSET "(null)\n"
#define MARK "run/vgapass/held-" NIC
#define TOTAL 7
#define ID "8086:10c9 "

static struct sriov served;

/* supervise() works unguarded then, so all happens in the memory of this process. */
pid_t fork(void)
{
	errno = EAGAIN;
	return -1;
}

/* Which driver of the host has had a virtual function, at any moment; "": none. */
static char host_had[64];

static void watch_host(void)
{
	for (unsigned i = 0; i < TOTAL; i++) {
		char address[16];
		snprintf(address, sizeof(address), "0000:03:01.%u", i);
		if (!strcmp(fake_driver_of(address), "igbvf"))
			snprintf(host_had, sizeof(host_had), "%s", address);
	}
}

static void add_nic(void)
{
	static const struct fake_function nic = { "pci0000:00/0000:00:1c.4/" NIC, "8086:10C9",
						  "8086:A03C", "20000", "igb", 3 };

	boot_machine();
	fake_add_function(&nic);
	fake_add_virtual(NIC, TOTAL, "8086:10CA", "igbvf");
	fake_add_driver("igbvf");
	fake_add_driver("vfio-pci");
	*host_had = '\0';
}

/* Early boot, then the driver of the host, then what its event starts. */
static unsigned serve(const char *conf)
{
	unsigned n = 0;

	boot_run(conf, "");
	if (!*fake_driver_of(NIC))
		fake_add_driver("igb");
	fake_on_write("../drivers/vfio-pci/bind", watch_host);
	for (unsigned i = 0; i < boot.inv.functions; i++) {
		if (boot.plan.state != PLAN_READY || boot.plan.entry[i].state != STATE_SHARED)
			continue;
		served = (struct sriov){ .close_fd = -1 };
		n += sriov_serve(&served, &boot_work, i);
		break;
	}
	apply_finish(&boot_work);
	return n;
}

static void expect(const char *address, const char *says)
{
	if (strcmp(boot_says(address), says))
		fail_msg("%s: \"%s\", not \"%s\"\n%s", address, boot_says(address), says,
			 fake_log());
}

static void expect_order(const char *first, const char *second)
{
	size_t a, b;

	if (!boot_logged(first, &a) || !boot_logged(second, &b) || a >= b)
		fail_msg("not \"%s\" before \"%s\":\n%s", first, second, fake_log());
}

static void expect_driver(const char *address, const char *driver)
{
	if (strcmp(fake_driver_of(address), driver))
		fail_msg("%s: \"%s\", not \"%s\"\n%s", address, fake_driver_of(address), driver,
			 fake_log());
}

static int start(void **state)
{
	(void)state;
	add_nic();
	return 0;
}

static void leaves_the_function_to_the_host(void **state)
{
	(void)state;
	boot_run(ID "vfs=4\n", "");
	expect(NIC, "shared: 4 virtual functions, driver=vfio-pci (/etc/vgapass.conf:1)");
	assert_string_equal(fake_attr_text(NIC, "driver_override"), UNSET);
	assert_string_equal(run_result(&boot), "ok");
	/* No driver that could make any is there yet. */
	served = (struct sriov){ .close_fd = -1 };
	assert_int_equal(sriov_serve(&served, &boot_work, boot.inv.functions - 1), 0);
	assert_null(strstr(fake_log(), "sriov_numvfs"));
	/* But it may come at any time, and make them by itself. */
	assert_string_equal(fake_attr_text(NIC, "sriov_drivers_autoprobe"), "0\n");
	assert_non_null(fake_text(MARK));
	/* Without a receipt nobody will know. */
	apply_unhold(&boot_work, boot.inv.functions - 1);
	assert_string_equal(fake_attr_text(NIC, "sriov_drivers_autoprobe"), "1\n");
	assert_null(fake_text(MARK));
}

/* Early boot, and then the driver of the host makes them as soon as it has the function. */
static void serve_made(const char *conf, unsigned n)
{
	char path[] = "sys/bus/pci/devices/" NIC "/sriov_numvfs", text[8];

	boot_run(conf, "");
	fake_add_driver("igb");
	snprintf(text, sizeof(text), "%u", n);
	assert_int_equal(sysfs_write(FAKE_ROOT, path, text), 0);
	watch_host();
	assert_string_equal(host_had, "");
	served = (struct sriov){ .close_fd = -1 };
	assert_int_equal(sriov_serve(&served, &boot_work, boot.inv.functions - 1), n);
	apply_finish(&boot_work);
	assert_string_equal(fake_attr_text(NIC, "sriov_drivers_autoprobe"), "1\n");
}

static void takes_what_the_driver_makes_by_itself(void **state)
{
	(void)state;
	serve_made(ID "vfs=3 vf=0-1\n", 3);
	expect(VF(0), "bound to vfio-pci (/etc/vgapass.conf:1)");
	expect_driver(VF(1), "vfio-pci");
	expect_driver(VF(2), "igbvf");
	/* With another number all of them are the host's, as they would be without vgapass. */
	add_nic();
	serve_made(ID "vfs=4\n", 3);
	expect(NIC, "failed: it has 3 virtual functions already: write 0 to its sriov_numvfs "
		    "first; it is on igb (/etc/vgapass.conf:1)");
	expect_driver(VF(0), "igbvf");
	expect_driver(VF(2), "igbvf");
	expect(VF(0), "");
	/* A keep rule, and no rule: nothing is written. */
	add_nic();
	boot_run("keep " ID "\n" ID "vfs=4\n", "");
	assert_null(strstr(fake_log(), "sriov"));
}

static void binds_all(void **state)
{
	(void)state;
	assert_int_equal(serve(ID "vfs=4\n"), 4);
	for (unsigned i = 0; i < 4; i++) {
		char address[16];
		snprintf(address, sizeof(address), "0000:03:01.%u", i);
		expect(address, "bound to vfio-pci (/etc/vgapass.conf:1)");
		expect_driver(address, "vfio-pci");
		assert_true(sriov_is_served(&boot_work, (unsigned)served.vf[i]));
	}
	expect_driver(NIC, "igb");
	expect(NIC, "shared: 4 virtual functions, driver=vfio-pci (/etc/vgapass.conf:1)");
	assert_string_equal(host_had, "");
	assert_string_equal(fake_attr_text(NIC, "sriov_drivers_autoprobe"), "1\n");
	expect_order(AT(NIC) "sriov_drivers_autoprobe=0", AT(NIC) "sriov_numvfs=4");
	expect_order(AT(NIC) "sriov_numvfs=4", AT(VF(0)) "driver_override=vfio-pci");
	expect_order(AT(VF(3)) "driver_override=vfio-pci", "../drivers/vfio-pci/bind=" VF(0));
	expect_order("../drivers/vfio-pci/bind=" VF(3), AT(NIC) "sriov_drivers_autoprobe=1");
	assert_null(strstr(fake_log(), "drivers_probe="));
	assert_false(sriov_is_served(&boot_work, 0));
	/* Once more, as by a second event: nothing is written. */
	size_t length = strlen(fake_log());
	served = (struct sriov){ .close_fd = -1 };
	assert_int_equal(sriov_serve(&served, &boot_work, boot.inv.functions - 5), 4);
	assert_null(strstr(fake_log() + length, "sriov"));
	assert_null(strstr(fake_log() + length, "bind="));
	expect(VF(3), "bound to vfio-pci (/etc/vgapass.conf:1)");
}

static void leaves_the_others_to_the_host(void **state)
{
	(void)state;
	assert_int_equal(serve(ID "vfs=5 vf=0-1,4\nkeep 8086:10ca address=03:01.1\n"), 5);
	expect_driver(VF(0), "vfio-pci");
	expect_driver(VF(1), "igbvf"); /* a keep rule wins */
	expect_driver(VF(2), "igbvf");
	expect_driver(VF(3), "igbvf");
	expect_driver(VF(4), "vfio-pci");
	expect(VF(2), "");
	assert_string_equal(fake_attr_text(VF(2), "driver_override"), UNSET);
	expect_order("../drivers/vfio-pci/bind=" VF(4), AT(NIC) "sriov_drivers_autoprobe=1");
	expect_order(AT(NIC) "sriov_drivers_autoprobe=1", "../drivers_probe=" VF(2));
	assert_null(strstr(fake_log(), "../drivers_probe=" VF(0)));
	/* Somebody has taken one from its driver: another event does not give it back. */
	assert_int_equal(sysfs_write(FAKE_ROOT, "sys/bus/pci/drivers/igbvf/unbind", VF(2)), 0);
	served = (struct sriov){ .close_fd = -1 };
	assert_int_equal(sriov_serve(&served, &boot_work, boot.inv.functions - 6), 5);
	expect_driver(VF(2), "");
	expect_driver(VF(4), "vfio-pci");
}

/* A driver of the host that comes in the middle, or later. */
static void come_driver(void)
{
	fake_add_driver("igbvf");
}

static void beats_a_driver_that_comes_later(void **state)
{
	static const char *const when[] = { AT(NIC) "sriov_numvfs", AT(VF(0)) "driver_override",
					    AT(VF(2)) "driver_override",
					    "../drivers/vfio-pci/bind",
					    AT(NIC) "sriov_drivers_autoprobe" };

	(void)state;
	for (size_t i = 0; i < COUNT(when); i++) {
		add_nic();
		fake_remove("sys/bus/pci/drivers/igbvf");
		boot_run(ID "vfs=3\n", "");
		fake_add_driver("igb");
		fake_on_write(when[i], come_driver);
		served = (struct sriov){ .close_fd = -1 };
		assert_int_equal(sriov_serve(&served, &boot_work, boot.inv.functions - 1), 3);
		fake_add_driver("igbvf");
		expect_driver(VF(0), "vfio-pci");
		expect_driver(VF(1), "vfio-pci");
		expect_driver(VF(2), "vfio-pci");
	}
}

static void writes_attributes(void **state)
{
	(void)state;
	boot_run(ID "vfs=2 attr.reset_method=flr\n", "");
	fake_add_driver("igb");
	/* Virtual functions have none of this name here: the first write fails. */
	served = (struct sriov){ .close_fd = -1 };
	assert_int_equal(sriov_serve(&served, &boot_work, boot.inv.functions - 1), 2);
	assert_non_null(strstr(boot_says(VF(0)), "attr.reset_method was not written"));
	/* They are the host's, then. */
	expect_driver(VF(0), "igbvf");
	assert_string_equal(fake_attr_text(VF(0), "driver_override"), UNSET);
	/* One that all have. */
	add_nic();
	assert_int_equal(serve(ID "vfs=2 attr.modalias=x\n"), 2);
	expect(VF(1), "bound to vfio-pci (/etc/vgapass.conf:1)");
	expect_order(AT(VF(1)) "modalias=x", "../drivers/vfio-pci/bind=" VF(1));
	assert_null(strstr(fake_log(), AT(NIC) "modalias=x"));
}

static void keeps_all_drivers_off(void **state)
{
	(void)state;
	assert_int_equal(serve(ID "vfs=3 vf=1-2 driver=keep attr.modalias=x\n"), 3);
	expect(VF(1), "keep: driver=keep, so no driver gets it (/etc/vgapass.conf:1)");
	expect_driver(VF(0), "igbvf");
	expect_driver(VF(1), "");
	expect_driver(VF(2), "");
	assert_non_null(strstr(fake_log(), AT(VF(1)) "modalias=x"));
	/* Not even one that comes later gets it. */
	fake_add_driver("igbvf");
	expect_driver(VF(1), "");
}

static void takes_what_driver_auto_means(void **state)
{
	(void)state;
	fake_add_driver("igb_vfio_pci");
	assert_int_equal(serve(ID "vfs=2 driver=auto\n[auto]\n8086:10ca driver=igb_vfio_pci\n"), 2);
	expect(VF(0), "bound to igb_vfio_pci (/etc/vgapass.conf:1)");
	expect_driver(VF(1), "igb_vfio_pci");
}

/* --- what is there already */

static void host_makes(unsigned n)
{
	char path[] = "sys/bus/pci/devices/" NIC "/sriov_numvfs", text[8];

	fake_add_driver("igb");
	snprintf(text, sizeof(text), "%u", n);
	assert_int_equal(sysfs_write(FAKE_ROOT, path, text), 0);
}

/* The first function of all gets its drivers back too. */
static void unholds_the_first_function(void **state)
{
	static const struct fake_function nic = { "pci0000:00/0000:00:00.1", "8086:1521",
						  "8086:A03C", "20000", "igb", 4 };

	(void)state;
	fake_add_function(&nic);
	fake_add_virtual("0000:00:00.1", 2, "8086:10CA", "igbvf");
	boot_gather("8086:1521 vfs=2\n", "");
	boot_claim();
	assert_string_equal(fake_attr_text("0000:00:00.1", "sriov_drivers_autoprobe"), "0\n");
	apply_unhold(&boot_work, 0);
	assert_string_equal(fake_attr_text("0000:00:00.1", "sriov_drivers_autoprobe"), "1\n");
}

/* One without an IOMMU group is refused, unless the rule does not mind, or gives it nobody. */
static void needs_groups(void **state)
{
	static const struct {
		const char *conf, *says, *driver;
	} cases[] = {
		{ ID "vfs=1\n", "refused: no IOMMU group", "igbvf" },
		{ ID "vfs=1 iommu=ignore\n", "bound to vfio-pci, taken from igbvf ", "vfio-pci" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		add_nic();
		host_makes(1);
		fake_remove("sys/devices/pci0000:00/0000:00:1c.4/" VF(0) "/iommu_group");
		assert_int_equal(serve(cases[i].conf), 1);
		if (strncmp(boot_says(VF(0)), cases[i].says, strlen(cases[i].says)))
			expect(VF(0), cases[i].says);
		expect_driver(VF(0), cases[i].driver);
	}
}

static void takes_those_that_are_there(void **state)
{
	size_t length;

	(void)state;
	host_makes(3);
	expect_driver(VF(0), "igbvf");
	assert_int_equal(serve(ID "vfs=3 vf=0\n"), 3);
	expect(VF(0), "bound to vfio-pci, taken from igbvf (/etc/vgapass.conf:1)");
	expect_driver(VF(1), "igbvf");
	assert_string_equal(fake_attr_text(NIC, "sriov_drivers_autoprobe"), "1\n");
	/* A guest may have it: nothing is unbound. */
	add_nic();
	fake_add_driver("other_vfio_pci");
	host_makes(1);
	assert_int_equal(sysfs_write(FAKE_ROOT, "sys/bus/pci/drivers/igbvf/unbind", VF(0)), 0);
	assert_int_equal(sysfs_write(FAKE_ROOT, "sys/bus/pci/devices/" VF(0) "/driver_override",
					  "other_vfio_pci"), 0);
	assert_int_equal(sysfs_write(FAKE_ROOT, "sys/bus/pci/drivers/other_vfio_pci/bind",
				     VF(0)), 0);
	length = strlen(fake_log());
	assert_int_equal(serve(ID "vfs=1\n"), 1);
	expect(VF(0), "failed: other_vfio_pci has it: release it first; it is on other_vfio_pci "
		      "(/etc/vgapass.conf:1)");
	expect_driver(VF(0), "other_vfio_pci");
	assert_null(strstr(fake_log() + length, "unbind="));
	/* One that the host uses is not to be kept from it by force. */
	add_nic();
	host_makes(1);
	assert_int_equal(serve(ID "vfs=1 driver=keep\n"), 1);
	expect(VF(0), "failed: igbvf has it: release it first; it is on igbvf "
		      "(/etc/vgapass.conf:1)");
}

static void refuses_to_change_the_number(void **state)
{
	(void)state;
	host_makes(3);
	size_t length = strlen(fake_log());
	assert_int_equal(serve(ID "vfs=4\n"), 3);
	expect(NIC, "failed: it has 3 virtual functions already: write 0 to its sriov_numvfs "
		    "first; it is on igb (/etc/vgapass.conf:1)");
	assert_null(strstr(fake_log() + length, "sriov_numvfs"));
	assert_string_equal(fake_attr_text(NIC, "sriov_drivers_autoprobe"), "1\n");
	expect_driver(VF(0), "igbvf");
}

static void says_why_not(void **state)
{
	(void)state;
	/* The driver allows less than the function. */
	boot_run(ID "vfs=4 required=yes\n", "");
	fake_add_driver("igb");
	fake_attr(NIC, "sriov_totalvfs", "3\n");
	served = (struct sriov){ .close_fd = -1 };
	assert_int_equal(sriov_serve(&served, &boot_work, boot.inv.functions - 1), 0);
	expect(NIC, "failed: its driver can make 3 virtual functions: correct vfs=; it is on igb "
		    "(/etc/vgapass.conf:1)");
	assert_string_equal(run_result(&boot), "failed");
	/* Its driver is one for guests. */
	add_nic();
	boot_run(ID "vfs=4\n", "");
	assert_int_equal(sysfs_write(FAKE_ROOT, "sys/bus/pci/devices/" NIC "/driver_override",
					  "vfio-pci"), 0);
	assert_int_equal(sysfs_write(FAKE_ROOT, "sys/bus/pci/drivers/vfio-pci/bind", NIC), 0);
	assert_int_equal(sriov_serve(&served, &boot_work, boot.inv.functions - 1), 0);
	expect(NIC, "failed: vfio-pci has it: release it first; it is on vfio-pci "
		    "(/etc/vgapass.conf:1)");
}

static void restores_autoprobe(void **state)
{
	(void)state;
	assert_int_equal(serve(ID "vfs=2 vf=0\n"), 2);
	assert_string_equal(fake_attr_text(NIC, "sriov_drivers_autoprobe"), "1\n");
	assert_null(fake_text(MARK));
	/* Somebody writes it when all has been given back. */
	fake_attr(NIC, "sriov_drivers_autoprobe", "0\n");
	served = (struct sriov){ .close_fd = -1 };
	assert_int_equal(sriov_serve(&served, &boot_work, boot.inv.functions - 3), 2);
	assert_string_equal(fake_attr_text(NIC, "sriov_drivers_autoprobe"), "0\n");
}

static void leaves_autoprobe_as_it_was(void **state)
{
	(void)state;
	fake_attr(NIC, "sriov_drivers_autoprobe", "0\n");
	assert_int_equal(serve(ID "vfs=2 vf=0\n"), 2);
	assert_string_equal(fake_attr_text(NIC, "sriov_drivers_autoprobe"), "0\n");
	assert_null(strstr(fake_log(), "sriov_drivers_autoprobe="));
	expect_driver(VF(0), "vfio-pci");
	/* Who has set it so has no driver for the others. */
	expect_driver(VF(1), "");
	/* The process that held it is not the one that ends it. */
	add_nic();
	fake_attr(NIC, "sriov_drivers_autoprobe", "0\n");
	fake_file(MARK, "");
	boot_run(ID "vfs=2\n", "");
	fake_add_driver("igb");
	memset(boot.outcome, 0, sizeof(boot.outcome));
	served = (struct sriov){ .close_fd = -1 };
	assert_int_equal(sriov_serve(&served, &boot_work, boot.inv.functions - 1), 2);
	assert_string_equal(fake_attr_text(NIC, "sriov_drivers_autoprobe"), "1\n");
	assert_null(fake_text(MARK));
	/* Where no file can tell what it was, it is not changed. */
	add_nic();
	boot_gather(ID "vfs=2\n", "");
	boot_work.roots.root = -1;
	assert_int_equal(apply_hold(&boot_work, boot.inv.functions - 1), -EBADF);
	assert_string_equal(fake_attr_text(NIC, "sriov_drivers_autoprobe"), "1\n");
}

/* --- faults */

static const char *const addresses[] = { NIC, VF(0), VF(1), VF(2), "0000:01:00.0" };
static const int errors[] = { EIO, ENOENT, ENODEV, EBUSY, EINVAL, ENOMEM, ERANGE };

static void look(unsigned call)
{
	for (size_t i = 0; i < COUNT(addresses); i++) {
		const char *why = boot_complaint(addresses[i]);
		boot_says(addresses[i]);
		if (why)
			fail_msg("call %u (%s): %s %s\n%s", call, fake_failed(), addresses[i], why,
				 fake_log());
	}
	/* What is bound or kept has never had a driver of the host. */
	if (*host_had && boot_entry(host_had)->rule &&
	    run_state(&boot, (unsigned)(boot_entry(host_had) - boot.plan.entry)) == STATE_BOUND)
		fail_msg("call %u (%s): the host had %s\n%s", call, fake_failed(), host_had,
			 fake_log());
	run_result(&boot);
}

static void inject(const char *conf, bool late)
{
	add_nic();
	fake_fail(0, 0, false);
	serve(conf);
	unsigned calls = fake_calls();

	look(0);
	for (unsigned call = 1; call <= calls; call++)
		for (size_t i = 0; i < COUNT(errors); i++) {
			add_nic();
			fake_fail(call, errors[i], late);
			serve(conf);
			look(call);
		}
}

static const char *const confs[] = {
	ID "vfs=3 vf=0,2\n", ID "vfs=2 driver=keep attr.modalias=x\n", ID "vfs=2 on-failure=hold\n"
};

static void survives_every_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(confs); i++) {
		inject(confs[i], false);
		inject(confs[i], true);
	}
}

static void survives_every_unplug(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(confs); i++) {
		add_nic();
		fake_fail(0, 0, false);
		serve(confs[i]);
		unsigned calls = fake_calls();
		for (unsigned call = 1; call <= calls; call++)
			for (size_t k = 0; k < COUNT(addresses); k++) {
				add_nic();
				fake_fail(0, 0, false);
				fake_vanish_at(call, addresses[k]);
				serve(confs[i]);
				look(call);
			}
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, start)
	const struct CMUnitTest tests[] = {
		TEST(leaves_the_function_to_the_host),
		TEST(takes_what_the_driver_makes_by_itself),
		TEST(binds_all),
		TEST(leaves_the_others_to_the_host),
		TEST(beats_a_driver_that_comes_later),
		TEST(writes_attributes),
		TEST(keeps_all_drivers_off),
		TEST(takes_what_driver_auto_means),
		TEST(unholds_the_first_function),
		TEST(needs_groups),
		TEST(takes_those_that_are_there),
		TEST(refuses_to_change_the_number),
		TEST(says_why_not),
		TEST(restores_autoprobe),
		TEST(leaves_autoprobe_as_it_was),
		TEST(survives_every_fault),
		TEST(survives_every_unplug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
