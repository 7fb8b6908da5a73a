/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_faults.c - every call of a whole boot fails in turn, in every way, every read gets less
 * than there is or garbage, and every function vanishes at every moment: no crash, and no
 * function is left where nobody wants it, or said to be what it is not.
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "boot.h"
#include "fake_kernel.h"

static const int errors[] = { EIO,    ENOENT, ENODEV, EBUSY, EINVAL, EACCES,  ENOSPC,
			      EPERM,  ENOMEM, ELOOP,  EINTR, EEXIST, ENOEXEC, EKEYREJECTED };
static const char *const addresses[] = { "0000:00:01.0", "0000:00:02.0", "0000:01:00.0",
					 "0000:01:00.1", "0000:02:00.0" };

/* One card to be released and one function to be held, one with attributes, one along. */
static const char conf[] = "1002:6608 with=slot attr.reset_method=bus attr.d3cold_allowed=0\n"
			   "1b21:2142 on-failure=hold path=00:1c.0/00.0\n"
			   "keep 8086:1912\n";

enum scene { EARLY, LATE, NO_DRIVER, REFUSED, MOUNTED, SCENES };

static const char *const scene_names[] = { "early", "late", "no driver", "refused", "mounted" };

/* The machine before the boot of that scene. */
static void set(enum scene scene)
{
	boot_machine();
	if (scene != EARLY)
		boot_host_drivers();
	if (scene == NO_DRIVER)
		fake_remove(MODULES_LIST);
	if (scene == REFUSED)
		fake_refuse("vfio-pci");
	if (scene == MOUNTED)
		boot_mount();
}

static void look(const char *what, enum scene scene, unsigned call, int error)
{
	for (size_t i = 0; i < COUNT(addresses); i++) {
		const char *why = boot_complaint(addresses[i]);
		/* The words for all of it must be found too. */
		boot_says(addresses[i]);
		if (why)
			fail_msg("%s, %s, call %u (%s), error %d: %s %s\n%s", scene_names[scene],
				 what, call, fake_failed(), error, addresses[i], why, fake_log());
	}
	run_result(&boot);
}

static unsigned calls_of(enum scene scene)
{
	set(scene);
	fake_fail(0, 0, false);
	boot_run(conf, "");
	look("no fault", scene, 0, 0);
	return fake_calls();
}

static unsigned faults;

static void inject(enum scene scene, bool late)
{
	unsigned calls = calls_of(scene);

	for (unsigned call = 1; call <= calls; call++)
		for (size_t i = 0; i < COUNT(errors); i++, faults++) {
			set(scene);
			fake_fail(call, errors[i], late);
			boot_run(conf, "");
			look(late ? "late" : "fault", scene, call, errors[i]);
		}
}

static void survives_every_fault(void **state)
{
	(void)state;
	for (enum scene scene = EARLY; scene < SCENES; scene++)
		inject(scene, false);
}

/* The call does its work, and says that it failed. */
static void survives_every_late_fault(void **state)
{
	(void)state;
	for (enum scene scene = EARLY; scene < SCENES; scene++)
		inject(scene, true);
}

static void survives_every_garbled_read(void **state)
{
	(void)state;
	for (enum scene scene = EARLY; scene < SCENES; scene++) {
		unsigned calls = calls_of(scene);
		for (unsigned call = 1; call <= calls; call++)
			for (enum fake_garble how = GARBLE_EMPTY; how < GARBLES; how++) {
				set(scene);
				fake_fail(0, 0, false);
				fake_garble_at(call, how);
				boot_run(conf, "");
				look("garbled", scene, call, (int)how);
				faults += *fake_failed() != '\0'; /* it was a read */
			}
	}
}

static void survives_every_unplug(void **state)
{
	(void)state;
	for (enum scene scene = EARLY; scene < SCENES; scene++) {
		unsigned calls = calls_of(scene);
		for (unsigned call = 1; call <= calls; call++)
			for (size_t i = 0; i < COUNT(addresses); i++, faults++) {
				set(scene);
				fake_fail(0, 0, false);
				fake_vanish_at(call, addresses[i]);
				boot_run(conf, "");
				look(addresses[i], scene, call, 0);
			}
	}
	printf("# %u faults injected\n", faults);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(survives_every_fault),
		cmocka_unit_test(survives_every_late_fault),
		cmocka_unit_test(survives_every_garbled_read),
		cmocka_unit_test(survives_every_unplug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
