/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_driver.c - runtime/core/driver.c */
#include "unit.h"

#include <string.h>

#include "runtime/core/driver.h"

/* Names of the kernel's drivers, and names that are close to theirs. */
static void knows_drivers(void **state)
{
	static const struct {
		const char *driver;
		bool vfio, guests, shares;
	} cases[] = {
		{ "", false, false, true },
		{ "vfio-pci", true, true, true },
		{ "vfio_pci", true, true, true },
		{ "mlx5_vfio_pci", true, true, true },
		{ "nvgrace-gpu-vfio-pci", true, true, true },
		{ "vfio-pci-variant", true, true, true },
		{ "pci-stub", false, true, true },
		{ "pcieport", false, false, true },
		{ "snd_hda_intel", false, false, false },
		{ "nouveau", false, false, false },
		{ "a-vfio-pci-b", false, false, false },
		{ "fio-pci", false, false, false },
		{ "vfio", false, false, false },
		{ "xpci-stu", false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *driver = cases[i].driver;
		if (driver_is_vfio(driver) != cases[i].vfio ||
		    driver_is_for_guests(driver) != cases[i].guests ||
		    driver_shares_group(driver) != cases[i].shares)
			fail_msg("%s: wrong", driver);
	}
}

static void compares_modules(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "vfio-pci", "vfio_pci", true }, { "vfio_pci", "vfio-pci", true },
		{ "snd-hda_intel", "snd_hda-intel", true }, { "", "", true },
		{ "vfio", "vfio_", false }, { "vfio_", "vfio", false },
		{ "vfio-pci", "vfio.pci", false }, { "amdgpu", "amdgpv", false },
		{ "amdgpu", "bmdgpu", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (module_same_name(slice_of(cases[i].a), slice_of(cases[i].b)) != cases[i].same)
			fail_msg("%s and %s: wrong", cases[i].a, cases[i].b);
}

static void knows_modules(void **state)
{
	static const struct {
		const char *module;
		bool ids, guests;
	} cases[] = {
		{ "vfio_pci", true, true }, { "vfio-pci", true, true },
		{ "pci_stub", true, true }, { "pci-stub", true, true },
		{ "vfio", false, true }, { "vfio_iommu_type1", false, true },
		{ "vfio_pci_core", false, true }, { "vfi", false, false },
		{ "pci", false, false }, { "nvidia", false, false }, { "", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (module_takes_ids(slice_of(cases[i].module)) != cases[i].ids ||
		    module_is_for_guests(slice_of(cases[i].module)) != cases[i].guests)
			fail_msg("%s: wrong", cases[i].module);
	/* What is behind the name is no part of it. */
	assert_false(module_is_for_guests((struct slice){ "vfio", 3 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_drivers),
		cmocka_unit_test(compares_modules),
		cmocka_unit_test(knows_modules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
