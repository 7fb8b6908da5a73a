/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_scan.c - runtime/io/scan.c: what the kernel shows, as an inventory */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/io/path.h"
#include "runtime/io/scan.h"
#include "fake_kernel.h"

static struct inventory inv;

static int start(void **state)
{
	(void)state;
	fake_start();
	return 0;
}

#define NETWORK "pci:v00008086d000010FBsv00000000sd00000000bc02sc00i00\n"

/* --- the parsers */

static bool parse_modalias(const char *text, struct pci_function *f)
{
	memset(f, 0, sizeof(*f));
	return scan_parse_modalias(slice_of(text), f);
}

static void parses_modaliases(void **state)
{
	struct pci_function f;

	(void)state;
	assert_true(parse_modalias("pci:v00001002d00006608sv00001028sd00002120bc03sc80i01\n", &f));
	assert_int_equal(f.vendor, 0x1002);
	assert_int_equal(f.device, 0x6608);
	assert_int_equal(f.subvendor, 0x1028);
	assert_int_equal(f.subdevice, 0x2120);
	assert_int_equal(f.class, 0x038001);
	assert_true(parse_modalias("pci:v000010DEd000022BAsv00000000sd00000000bcFFscFFiFF", &f));
	assert_int_equal(f.vendor, 0x10de);
	assert_int_equal(f.class, 0xffffff);
}

static void refuses_other_modaliases(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"usb:v1D6Bp0002d0601dc09dsc00dp01ic09isc00ip00in00xxxxxxxxxxxx",
		"pci:v00001002d00006608sv00001028sd00002120bc03sc80i0",
		"pci:v00001002d00006608sv00001028sd00002120bc03sc80i0x",
		"pci:v0000100*d00006608sv00001028sd00002120bc03sc80i01",
		"xci:v00001002d00006608sv00001028sd00002120bc03sc80i01",
		"pci:v 0001002d00006608sv00001028sd00002120bc03sc80i01",
	};
	struct pci_function f;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		if (parse_modalias(texts[i], &f))
			fail_msg("\"%s\" was taken", texts[i]);
}

static void expect_path(const char *target, uint32_t domain, uint8_t bus, const char *hops)
{
	struct pci_path path;
	char buf[64], *p = buf;

	assert_true(scan_parse_path(slice_of(target), &path));
	assert_int_equal(path.domain, domain);
	assert_int_equal(path.bus, bus);
	*buf = '\0';
	for (unsigned i = 0; i < path.hops; i++)
		p += sprintf(p, "%s%02x.%d", i ? "/" : "", path.hop[i] >> 3, path.hop[i] & 7);
	assert_string_equal(buf, hops);
}

static void parses_paths(void **state)
{
	(void)state;
	expect_path("../../../devices/pci0000:00/0000:00:02.0", 0, 0, "02.0");
	expect_path("../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0", 0, 0, "01.0/00.0");
	expect_path(
		"../../../devices/pci0000:40/0000:40:03.1/0000:41:00.0/0000:42:01.0/0000:43:00.1",
		0, 0x40, "03.1/00.0/01.0/00.1");
	/* VMD: a second root below a function of the first */
	expect_path(
		"../../../devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0",
		0x10000, 0xe0, "06.0/00.0");
	/* arm64: the host bridge is a platform device */
	expect_path("../../../devices/platform/4010000000.pcie/pci0000:00/0000:00:01.0", 0, 0,
		    "01.0");
	/* Hyper-V's own bus above a root with a domain of its own */
	expect_path("../../../devices/LNXSYSTM:00/VMBUS:00/47505500-0001-0000-3130-444531454238/"
		    "pci4750:00/4750:00:00.0",
		    0x4750, 0, "00.0");
}

static void refuses_other_paths(void **state)
{
	static const char *const targets[] = { "", "/", "../../../devices/pci0000:00", "a/b/c",
					       "../../../devices/pci0000:00/x" };
	struct pci_path path = { .hops = 77 };
	char deep[512] = "pci0000:00";

	(void)state;
	for (size_t i = 0; i < COUNT(targets); i++)
		assert_false(scan_parse_path(slice_of(targets[i]), &path));
	for (unsigned i = 0; i < PCI_HOPS_MAX; i++)
		strcat(deep, "/0000:00:00.0");
	assert_true(scan_parse_path(slice_of(deep), &path));
	assert_int_equal(path.hops, PCI_HOPS_MAX);
	strcat(deep, "/0000:00:00.0");
	assert_false(scan_parse_path(slice_of(deep), &path));
}

/* --- the paths */

/* What does not fit is dropped. */
static void makes_paths(void **state)
{
	const struct pci_function f = { .at = { 0, 1, 1 } };
	char rest[300];

	(void)state;
	assert_string_equal(path_function(&f, "driver"), "0000:01:00.1/driver");
	assert_string_equal(path_function(&f, ""), "0000:01:00.1/");
	assert_string_equal(path_make("%s/%u", "a", 7u), "a/7");
	memset(rest, 'x', sizeof(rest) - 1);
	rest[sizeof(rest) - 1] = '\0';
	assert_int_equal(strlen(path_function(&f, rest)), sizeof(struct path) - 1);
	assert_int_equal(strlen(path_make("%s", rest)), sizeof(struct path) - 1);
}

/* --- the functions */

static void office_pc(void)
{
	static const struct fake_function functions[] = {
		{ "pci0000:00/0000:00:01.0/0000:01:00.0", "1002:6608", "1028:2120", "30000",
		  "radeon", 1 },
		{ "pci0000:00/0000:00:01.0/0000:01:00.1", "1002:AAB0", "1028:AAB0", "40300", "snd",
		  1 },
		{ "pci0000:00/0000:00:02.0", "8086:1912", "17AA:30BE", "30000", "i915", 0 },
		{ "pci0000:00/0000:00:01.0", "8086:1901", "0000:0000", "60400", NULL, -1 },
	};

	fake_add_driver("radeon");
	for (size_t i = 0; i < COUNT(functions); i++)
		fake_add_function(&functions[i]);
}

static struct pci_function *function_at(const char *address)
{
	struct pci_address at;

	assert_true(pci_parse_address(slice_of(address), &at, NULL));
	for (unsigned i = 0; i < inv.functions; i++)
		if (!pci_compare(&at, &inv.function[i].at))
			return &inv.function[i];
	fail_msg("no function at %s", address);
	return NULL;
}

static void lists_functions_in_order(void **state)
{
	(void)state;
	office_pc();
	assert_int_equal(scan_functions(FAKE_ROOT, &inv), 0);
	assert_int_equal(inv.functions, 4);
	for (unsigned i = 1; i < inv.functions; i++)
		assert_true(pci_compare(&inv.function[i - 1].at, &inv.function[i].at) < 0);
	assert_int_equal(function_at("01:00.1")->device, 0xaab0);
	assert_int_equal(function_at("00:02.0")->known, 0);
	assert_int_equal(function_at("00:02.0")->group, -1);
}

static void leaves_out_what_is_none(void **state)
{
	(void)state;
	office_pc();
	fake_file("sys/bus/pci/devices/0000:05:00.0/modalias", "pci:v0000\n");
	fake_file("sys/bus/pci/devices/nonsense/modalias", NETWORK);
	fake_file("sys/bus/pci/devices/0000:06:00.0/other", "");
	fake_remove("sys/devices/pci0000:00/0000:00:02.0/modalias");
	assert_int_equal(scan_functions(FAKE_ROOT, &inv), 0);
	assert_int_equal(inv.functions, 3);
}

static void needs_a_bus(void **state)
{
	(void)state;
	assert_int_equal(scan_functions(FAKE_ROOT, &inv), 0);
	assert_int_equal(inv.functions, 0);
	fake_remove("sys/bus/pci/devices");
	assert_int_equal(scan_functions(FAKE_ROOT, &inv), -ENOENT);
}

/* Without a console the first file that a program opens is 0. */
static void opens_the_number_zero(void **state)
{
	int in = dup(0);

	(void)state;
	office_pc();
	close(0);
	assert_int_equal(scan_functions(FAKE_ROOT, &inv), 0);
	assert_int_equal(inv.devices, 0);
	assert_int_equal(inv.functions, 4);
	assert_int_equal(dup2(in, 0), 0);
	close(in);
}

static void add_many(unsigned n)
{
	char name[64];

	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "sys/bus/pci/devices/%04x:%02x:%02x.%u/modalias",
			 i >> 16, i >> 8 & 0xff, i >> 3 & 31, i & 7);
		fake_file(name, NETWORK);
	}
}

static void takes_4096_functions(void **state)
{
	(void)state;
	add_many(PCI_FUNCTIONS_MAX);
	assert_int_equal(scan_functions(FAKE_ROOT, &inv), 0);
	assert_int_equal(inv.functions, PCI_FUNCTIONS_MAX);
	for (unsigned i = 1; i < inv.functions; i++)
		assert_true(pci_compare(&inv.function[i - 1].at, &inv.function[i].at) < 0);
}

static void refuses_4097_functions(void **state)
{
	(void)state;
	add_many(PCI_FUNCTIONS_MAX + 1);
	assert_int_equal(scan_functions(FAKE_ROOT, &inv), -E2BIG);
}

static void ask(const struct pci_function *f, unsigned details)
{
	scan_details(FAKE_ROOT, &inv, (unsigned)(f - inv.function), details);
}

/* More names of drivers than are kept cost a name in a message and nothing else. */
static void runs_out_of_driver_names(void **state)
{
	char name[64], driver[64];

	(void)state;
	for (unsigned i = 0; i < PCI_DRIVERS_MAX + 8; i++) {
		snprintf(name, sizeof(name), "sys/bus/pci/devices/0000:%02x:%02x.%u/modalias",
			 i >> 8, i >> 3 & 31, i & 7);
		fake_file(name, NETWORK);
		strcpy(strrchr(name, '/'), "/driver");
		snprintf(driver, sizeof(driver), "/sys/bus/pci/drivers/d%u", i);
		fake_link(name, driver);
	}
	assert_int_equal(scan_functions(FAKE_ROOT, &inv), 0);
	assert_int_equal(inv.functions, PCI_DRIVERS_MAX + 8);
	for (unsigned i = 0; i < inv.functions; i++)
		ask(&inv.function[i], PCI_DETAIL_DRIVER);
	assert_int_equal(inv.names, PCI_DRIVERS_MAX);
	unsigned known = 0;
	for (unsigned i = 0; i < inv.functions; i++)
		known += *inv.function[i].driver == 'd';
	assert_int_equal(known, PCI_DRIVERS_MAX - 1);
}

/* --- the details */

static struct pci_function *details_of(const char *address)
{
	assert_int_equal(scan_functions(FAKE_ROOT, &inv), 0);
	struct pci_function *f = function_at(address);
	ask(f, PCI_DETAIL_ALL);
	return f;
}

static void reads_drivers(void **state)
{
	(void)state;
	office_pc();
	fake_link("sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/driver",
		  "/sys/bus/pci/drivers/radeon");
	assert_string_equal(details_of("01:00.0")->driver, "radeon");
	assert_string_equal(function_at("00:02.0")->driver, "");
	ask(function_at("00:02.0"), PCI_DETAIL_DRIVER);
	assert_string_equal(function_at("00:02.0")->driver, "");
	ask(function_at("01:00.1"), PCI_DETAIL_DRIVER);
	assert_ptr_equal(function_at("01:00.1")->driver, function_at("01:00.0")->driver);
}

static void reads_groups(void **state)
{
	(void)state;
	office_pc();
	assert_int_equal(details_of("01:00.0")->group, 1);
	assert_int_equal(details_of("00:02.0")->group, 0);
	assert_int_equal(details_of("00:01.0")->group, -1);
}

static void reads_paths(void **state)
{
	(void)state;
	office_pc();
	struct pci_function *f = details_of("01:00.1");
	assert_int_equal(f->identity->path.hops, 2);
	assert_int_equal(f->identity->path.hop[0], 1 << 3);
	assert_int_equal(f->identity->path.hop[1], 1);
	/* What cannot be read is not the path of before. */
	assert_int_equal(scan_functions(FAKE_ROOT, &inv), 0);
	fake_fail(1, EIO, false);
	ask(f, PCI_DETAIL_PATH);
	assert_int_equal(f->identity->path.hops, 0);
}

/* The configuration space of 00:02.0. */
static void set_config(const void *bytes, size_t n)
{
	fake_bytes("sys/devices/pci0000:00/0000:00:02.0/config", bytes, n);
}

/* The kernel shows these numbers of a bridge alone, whatever its class. */
static void tells_bridges(void **state)
{
	(void)state;
	office_pc();
	assert_false(details_of("00:02.0")->bridge);
	fake_attr("0000:00:02.0", "secondary_bus_number", "1\n");
	assert_true(details_of("00:02.0")->bridge);
	assert_false(details_of("01:00.0")->bridge);
}

/* Who owns the framebuffer is looked up once, and anew after another scan. */
static void reads_the_map_of_memory_once(void **state)
{
	static const char map[] = "e0000000-e0ffffff : 0000:01:00.0\n  e0000000-e02fffff : efifb\n";

	(void)state;
	office_pc();
	fake_file("proc/iomem", map);
	assert_true(details_of("01:00.0")->boot_display);
	fake_file("proc/iomem", "d0000000-d0ffffff : 0000:00:02.0\n  d0000000-d07effff : efifb\n");
	ask(function_at("00:02.0"), PCI_DETAIL_ALL);
	assert_false(function_at("00:02.0")->boot_display);
	assert_false(details_of("01:00.0")->boot_display);
}

static const uint8_t serial_capability[12] = { 0x03, 0x00, 0x01, 0x00, 0x77, 0x66,
					       0x55, 0x44, 0x33, 0x22, 0x11, 0x00 };

static void reads_serials(void **state)
{
	static uint8_t config[4096];

	(void)state;
	office_pc();
	memset(config, 0, sizeof(config));
	assert_false(details_of("00:02.0")->has_serial);
	set_config(config, 64); /* what others than root see */
	assert_false(details_of("00:02.0")->has_serial);
	set_config(config, 256);
	assert_false(details_of("00:02.0")->has_serial);
	set_config(config, sizeof(config));
	assert_false(details_of("00:02.0")->has_serial);
	memcpy(config + 0x100, serial_capability, 12);
	set_config(config, sizeof(config));
	assert_true(details_of("00:02.0")->has_serial);
	assert_true(details_of("00:02.0")->identity->serial == 0x0011223344556677);
	/* behind another capability, at the very end */
	memset(config, 0, sizeof(config));
	config[0x100] = 0x01; /* advanced error reporting */
	config[0x102] = 0x41; /* version 1, next at 0xff4 */
	config[0x103] = 0xff;
	memcpy(config + 0xff4, serial_capability, 12);
	set_config(config, sizeof(config));
	assert_true(details_of("00:02.0")->has_serial);
}

static void survives_broken_capabilities(void **state)
{
	static uint8_t config[4096];

	(void)state;
	office_pc();
	memset(config, 0, sizeof(config));
	/* A list in a loop. */
	config[0x100] = 0x01;
	config[0x102] = 0x01;
	config[0x103] = 0x10;
	set_config(config, sizeof(config));
	assert_false(details_of("00:02.0")->has_serial);
	/* Next outside, below, and all ones: the function does not answer. */
	config[0x103] = 0xff;
	config[0x102] = 0xff;
	set_config(config, sizeof(config));
	assert_false(details_of("00:02.0")->has_serial);
	config[0x103] = 0x04;
	set_config(config, sizeof(config));
	assert_false(details_of("00:02.0")->has_serial);
	memset(config, 0xff, sizeof(config));
	set_config(config, sizeof(config));
	assert_false(details_of("00:02.0")->has_serial);
}

static void reads_the_boot_display(void **state)
{
	(void)state;
	office_pc();
	assert_false(details_of("00:02.0")->boot_display);
	fake_attr("0000:00:02.0", "boot_vga", "1\n");
	assert_true(details_of("00:02.0")->boot_display);
	fake_attr("0000:00:02.0", "boot_vga", "0\n");
	assert_false(details_of("00:02.0")->boot_display);
	/* What is no display cannot be the boot display. */
	fake_attr("0000:01:00.1", "boot_vga", "1\n");
	assert_false(details_of("01:00.1")->boot_display);
}

static void set_map(const char *lines)
{
	fake_file("proc/iomem", lines);
}

/* Whatever the kernel calls it. */
static void finds_the_framebuffer(void **state)
{
	static const char *const names[] = { "BOOTFB",	  "efifb",   "vesafb",	"simplefb",
					     "simpledrm", "efidrm", "vesadrm", "ofdrm" };
	/* What lies in a card's memory when its own driver runs. */
	static const char *const others[] = { "bochs-drm", "amdgpu", "vfio-pci", "fb",
					      "drm", "nvidia", "0000:00:02.0", "snd_hda" };
	static const char form[] = "00000000-00000fff : Reserved\n"
				   "c0000000-dfffffff : PCI Bus 0000:00\n"
				   "  c0000000-cfffffff : 0000:01:00.0\n"
				   "    c0000000-c07effff : %s\n"
				   "  d0000000-d0ffffff : 0000:00:02.0\n";
	char map[256];

	(void)state;
	office_pc();
	for (size_t i = 0; i < COUNT(names) + COUNT(others); i++) {
		bool own = i < COUNT(names);
		snprintf(map, sizeof(map), form, own ? names[i] : others[i - COUNT(names)]);
		set_map(map);
		assert_int_equal(details_of("01:00.0")->boot_display, own);
		assert_false(details_of("00:02.0")->boot_display);
	}
	fake_remove("proc/iomem");
	assert_false(details_of("01:00.0")->boot_display);
}

/* boot_vga follows the firmware on x86 alone, and not always there: both count. */
static void knows_two_boot_displays(void **state)
{
	(void)state;
	office_pc();
	set_map("c0000000-cfffffff : 0000:01:00.0\n  c0000000-c07effff : efifb\n");
	fake_attr("0000:01:00.0", "boot_vga", "0\n");
	fake_attr("0000:00:02.0", "boot_vga", "1\n");
	assert_true(details_of("01:00.0")->boot_display);
	assert_true(details_of("00:02.0")->boot_display);
	/* What is no display cannot be the boot display. */
	set_map("c0000000-cfffffff : 0000:01:00.1\n  c0000000-c07effff : efifb\n");
	assert_false(details_of("01:00.1")->boot_display);
}

/* The map of a large machine; its 64-bit memory comes last. */
static void reads_long_maps(void **state)
{
	static char map[120000];
	char *p = map;

	(void)state;
	office_pc();
	while (p < map + 100000)
		p += sprintf(p, "%08x-%08x : Reserved\n", (unsigned)(p - map), (unsigned)(p - map));
	strcpy(p, "38e0000000-38efffffff : PCI Bus 0000:01\n"
		  "  38e0000000-38efffffff : 0000:01:00.0\n    38e0000000-38e07fffff : BOOTFB\n");
	set_map(map);
	assert_true(details_of("01:00.0")->boot_display);
}

/* Inside is what is indented deeper, not what comes next. */
static void framebuffer_beside_a_card(void **state)
{
	(void)state;
	office_pc();
	set_map("c0000000-dfffffff : PCI Bus 0000:00\n"
		"  c0000000-cfffffff : 0000:01:00.0\n"
		"  d0000000-d07effff : BOOTFB\n");
	assert_false(details_of("01:00.0")->boot_display);
	set_map("c0000000-dfffffff : PCI Bus 0000:00\n"
		"    c0000000-cfffffff : 0000:01:00.0\n"
		"      c0000000-cfffffff : more\n"
		"      c1000000-c17effff : BOOTFB\n"
		"  d0000000-d07effff : BOOTFB\n");
	assert_true(details_of("01:00.0")->boot_display);
	/* The first is the firmware's: it is found where another comes behind it. */
	set_map("c0000000-cfffffff : 0000:01:00.0\n"
		"  c0000000-c07effff : BOOTFB\n"
		"d0000000-d0ffffff : 0000:00:02.0\n"
		"  d0000000-d07effff : vesafb\n");
	assert_true(details_of("01:00.0")->boot_display);
	assert_false(details_of("00:02.0")->boot_display);
	/* One in nobody's memory does not end the search. */
	set_map("00000000-00000000 : PCI Bus 0000:00\n  00000000-00000000 : BOOTFB\n"
		"d0000000-d0ffffff : 0000:00:02.0\n  d0000000-d07effff : vesafb\n");
	assert_true(details_of("00:02.0")->boot_display);
}

/* --- groups that are not there yet */

static void expect_group(const char *address, int32_t group, bool has_iommu)
{
	assert_int_equal(details_of(address)->group, group);
	assert_int_equal(inv.has_iommu, has_iommu);
}

/* arm64: the group comes with the first probe. */
static void waits_for_late_groups(void **state)
{
	(void)state;
	office_pc();
	expect_group("00:01.0", PCI_NO_GROUP, false);
	fake_link("sys/class/iommu/smmu3.0x0000000009050000", "../../devices/platform/x");
	expect_group("00:01.0", PCI_GROUP_LATER, true);
	/* Where there is a group nothing is asked. */
	expect_group("00:02.0", 0, false);
	/* x86 gives groups before any probe. */
	fake_start();
	office_pc();
	fake_link("sys/class/iommu/dmar0", "../../devices/virtual/iommu/dmar0");
	fake_link("sys/class/iommu/ivhd0", "../../devices/pci0000:00/0000:00:00.2/iommu/ivhd0");
	expect_group("00:01.0", PCI_NO_GROUP, false);
}

/* A module brings it. */
static void waits_for_virtio_iommu(void **state)
{
	static const struct fake_function virtio = {
		"pci0000:00/0000:00:05.0", "1AF4:1057", "1AF4:1100", "80600", NULL, -1
	}, display = {
		"pci0000:00/0000:00:06.0", "1AF4:1050", "1AF4:1100", "30000", NULL, -1
	};

	(void)state;
	office_pc();
	fake_add_function(&display);
	expect_group("00:01.0", PCI_NO_GROUP, false);
	fake_add_function(&virtio);
	expect_group("00:01.0", PCI_GROUP_LATER, false);
	fake_start();
	office_pc();
	fake_file("sys/firmware/acpi/tables/VIOT", "VIOT");
	expect_group("00:01.0", PCI_GROUP_LATER, false);
}

static void tells_virtual_functions(void **state)
{
	(void)state;
	office_pc();
	assert_false(details_of("01:00.1")->is_virtual);
	fake_link("sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/physfn",
		  "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0");
	assert_true(details_of("01:00.1")->is_virtual);
	assert_false(details_of("01:00.0")->is_virtual);
}

/* A framebuffer outside every function (system memory) is not that of the last one listed
 * before it. */
static void framebuffer_of_nobody(void **state)
{
	(void)state;
	office_pc();
	fake_file("proc/iomem", "c0000000-dfffffff : PCI Bus 0000:00\n"
				"  c0000000-cfffffff : 0000:01:00.0\n"
				"e0000000-efffffff : Reserved\n"
				"  e0000000-e07effff : BOOTFB\n");
	assert_false(details_of("01:00.0")->boot_display);
	/* nor where the card was deeper */
	fake_file("proc/iomem", "c0000000-dfffffff : PCI Bus 0000:00\n"
				"  c0000000-dfffffff : PCI Bus 0000:01\n"
				"    c0000000-cfffffff : 0000:01:00.0\n"
				"e0000000-efffffff : Reserved\n"
				"  e0000000-e07effff : BOOTFB\n");
	assert_false(details_of("01:00.0")->boot_display);
}

/* What is known is not read again, and only what is asked for is read. */
static void reads_on_demand(void **state)
{
	(void)state;
	office_pc();
	scan_functions(FAKE_ROOT, &inv);
	struct pci_function *f = function_at("01:00.0");
	fake_fail(0, 0, false);
	ask(f, 0);
	assert_int_equal(fake_calls(), 0);
	ask(f, PCI_DETAIL_GROUP);
	assert_int_equal(fake_calls(), 1);
	assert_int_equal(f->known, PCI_DETAIL_GROUP);
	ask(f, PCI_DETAIL_GROUP);
	assert_int_equal(fake_calls(), 1);
	ask(f, PCI_DETAIL_GROUP | PCI_DETAIL_HEADER);
	assert_int_equal(fake_calls(), 2);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(parses_modaliases),
		TEST(refuses_other_modaliases),
		TEST(parses_paths),
		TEST(refuses_other_paths),
		TEST(makes_paths),
		TEST(lists_functions_in_order),
		TEST(leaves_out_what_is_none),
		TEST(needs_a_bus),
		TEST(opens_the_number_zero),
		TEST(takes_4096_functions),
		TEST(refuses_4097_functions),
		TEST(runs_out_of_driver_names),
		TEST(reads_drivers),
		TEST(reads_groups),
		TEST(reads_paths),
		TEST(tells_bridges),
		TEST(reads_the_map_of_memory_once),
		TEST(reads_serials),
		TEST(survives_broken_capabilities),
		TEST(reads_the_boot_display),
		TEST(finds_the_framebuffer),
		TEST(knows_two_boot_displays),
		TEST(reads_long_maps),
		TEST(framebuffer_beside_a_card),
		TEST(framebuffer_of_nobody),
		TEST(waits_for_late_groups),
		TEST(waits_for_virtio_iommu),
		TEST(tells_virtual_functions),
		TEST(reads_on_demand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
