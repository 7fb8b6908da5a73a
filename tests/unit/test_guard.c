/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_guard.c - runtime/core/plan.c: what is refused, what allows it, and the result */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "bench.h"

#define VGA 0x030000
#define NVME 0x010802
#define XHCI 0x0c0330
#define OHCI 0x0c0310

#define TAKEN "to be bound to vfio-pci (c:1)"
#define WITH(lead) " (with 0000:" lead ", c:1)"
#define ALONG(lead) "to be bound to vfio-pci" WITH(lead)
#define SD 0x080501
#define NET 0x020000
#define WIFI 0x028000

#define VITAL(path)                                                                                \
	"refused: a storage, SD or USB controller: write path=" path " beside its ID (c:1)"
#define TWIN(path)                                                                                 \
	"refused: its serial number does not identify it: write path=" path " beside its ID (c:1)"
#define SEVERAL                                                                                    \
	"refused: its ID matches several network controllers: write address=, path=, serial= "     \
	"or expect=N (c:1)"
#define STRANGER(lead) "refused: not part of the card: write a rule for it" WITH(lead)
#define BESIDE(lead) "refused: beside the boot display, which the host keeps" WITH(lead)
#define NO_GROUP "refused: no IOMMU group: see vgapass check iommu"
#define BOOT "refused: the boot display: write take=boot-display to allow it (c:1)"

static int start(void **state)
{
	(void)state;
	bench_start();
	return 0;
}

static void expect(const char *address, const char *says)
{
	if (strcmp(bench_says(address), says))
		fail_msg("%s: \"%s\", not \"%s\"", address, bench_says(address), says);
}

static void refuses_bridges(void **state)
{
	static const char says[] = "refused: a bridge is never taken: narrow the rule with class= "
				   "(c:1)";

	(void)state;
	bench_add("00:00.0", "8086:191f", 0x060000);
	bench_add("00:01.0", "8086:1901", 0x060400)->bridge = true;
	/* by the header alone, whatever the class says */
	bench_add("00:03.0", "8086:0001", VGA)->bridge = true;
	bench_add("00:04.0", "8086:0002", VGA);
	bench_add("00:05.0", "8086:0003", 0x060100);
	/* other bridges are devices */
	bench_add("00:06.0", "8086:0004", 0x068000);
	bench_add("00:07.0", "8086:0005", 0x060700);
	bench_plan("8086:*\n", "");
	expect("00:00.0", says);
	expect("00:01.0", says);
	expect("00:03.0", says);
	expect("00:04.0", TAKEN);
	expect("00:05.0", says);
	expect("00:06.0", TAKEN);
	expect("00:07.0", TAKEN);
	assert_int_equal(bench.plan.planned, 3);
	assert_int_equal(bench.plan.refused, 4);
	assert_string_equal(run_result(&bench), "failed"); /* nothing was carried out */
}

static void nothing_allows_a_bridge(void **state)
{
	(void)state;
	bench_add("00:01.0", "8086:1901", 0x060400);
	bench_plan("8086:1901 address=00:01.0 expect=1 iommu=ignore take=boot-display\n", "");
	assert_int_equal(bench_entry("00:01.0")->reason, REASON_BRIDGE);
}

static void refuses_without_a_group(void **state)
{
	(void)state;
	bench_add("01:00.0", "1002:6608", VGA)->group = -1;
	bench_plan("1002:6608\n", "");
	expect("01:00.0", NO_GROUP " (c:1)");
	assert_string_equal(run_result(&bench), "refused");
	bench_plan("1002:6608 iommu=ignore\n", "");
	expect("01:00.0", TAKEN);
	bench.inv.function[0].group = 0;
	bench_plan("1002:6608\n", "");
	expect("01:00.0", TAKEN);
}

static void refuses_the_boot_display(void **state)
{
	struct pci_function *f = bench_add("01:00.0", "1002:6608", VGA);

	(void)state;
	f->boot_display = true;
	bench_plan("1002:6608\n", "");
	expect("01:00.0", BOOT);
	bench_plan("1002:6608 boot-display=yes\n", "");
	expect("01:00.0", BOOT);
	bench_plan("1002:6608 take=boot-display\n", "");
	expect("01:00.0", TAKEN);
	/* Without an IOMMU the group is what must be told first. */
	f->group = -1;
	bench_plan("1002:6608\n", "");
	expect("01:00.0", NO_GROUP " (c:1)");
	bench_plan("1002:6608 iommu=ignore\n", "");
	expect("01:00.0", BOOT);
}

/* A group that may come with the probe, or with a module, is waited for. */
static void waits_for_a_group(void **state)
{
	(void)state;
	bench_add("01:00.0", "1002:6608", VGA)->group = PCI_GROUP_LATER;
	bench_add("01:00.1", "1002:aab0", 0x040300)->group = PCI_GROUP_LATER;
	bench_plan("1002:6608\n", "");
	expect("01:00.0", TAKEN);
	/* It is no group that others are in. */
	bench_plan("1002:6608 with=group\n", "");
	expect("01:00.0", TAKEN);
	expect("01:00.1", "");
}

/* The root disk or the keyboard may be on it: only a whole ID with path= is a name that no other
 * function ever has. */
static void wants_an_identity(void **state)
{
	static const struct {
		const char *rule;
		bool taken;
	} cases[] = {
		{ "1b21:2142", false },
		{ "1b21:2142 expect=1", false },
		{ "1b21:2142 address=01:00.0", false },
		{ "1b21:2142 address=01:00.0 expect=1", false },
		{ "1b21:2142 class=usb subsystem=0000:0000", false },
		{ "*:2142 path=00:01.0/00.0", false },
		{ "1b21:* path=00:01.0/00.0", false },
		{ "*:* path=00:01.0/00.0 class=usb", false },
		{ "1b21:* serial=00-00-00-00-00-00-00-07", false },
		{ "1b21:2142 path=00:01.0/00.0", true },
		{ "1b21:2142 path=00:01.0/00.0 address=01:00.0", true },
		{ "1b21:2142 serial=00-00-00-00-00-00-00-07", true },
	};

	(void)state;
	bench_add("01:00.0", "1b21:2142", XHCI)->has_serial = true;
	bench.inv.identity[0].serial = 7;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bench_plan(cases[i].rule, "");
		assert_int_equal(bench.config.errors, 0);
		if (bench.plan.planned != cases[i].taken)
			fail_msg("%s: %s", cases[i].rule, bench_says("01:00.0"));
		if (!cases[i].taken)
			assert_int_equal(bench_entry("01:00.0")->reason, REASON_IDENTITY);
	}
	bench_plan("1b21:2142\n", "");
	expect("01:00.0", VITAL("00:01.0/00.0"));
	bench.inv.identity[0].path = (struct pci_path){ 0x10000, 0xe0, 1, { 0x30 } };
	bench_plan("1b21:2142\n", "");
	expect("01:00.0", VITAL("10000:e0:06.0"));
	bench.inv.identity[0].path.hops = 0;
	bench_plan("1b21:2142\n", "");
	expect("01:00.0", VITAL(""));
	/* It comes before what may be otherwise at another boot. */
	bench.inv.function[0].group = PCI_NO_GROUP;
	bench_plan("1b21:2142 expect=2\n", "");
	assert_int_equal(bench_entry("01:00.0")->reason, REASON_IDENTITY);
}

static struct pci_function *add_disk(const char *address, uint64_t serial)
{
	struct pci_function *f = bench_add(address, "144d:a808", NVME);

	f->has_serial = true;
	f->identity->serial = serial;
	return f;
}

/* A serial number that several have, whatever rule decides them, is none. */
static void wants_a_serial_of_its_own(void **state)
{
	static const char zero[] = "144d:a808 serial=00-00-00-00-00-00-00-00\n";

	(void)state;
	add_disk("01:00.0", 0);
	add_disk("02:00.0", 0);
	bench_plan(zero, "");
	expect("01:00.0", TWIN("00:01.0/00.0"));
	expect("02:00.0", TWIN("00:02.0/00.0"));
	bench_plan("144d:a808 serial=00-00-00-00-00-00-00-00 address=01:00.0\n"
		   "keep 144d:a808 address=02:00.0\n", "");
	expect("01:00.0", TWIN("00:01.0/00.0"));
	/* whatever else the rule says */
	bench.inv.function[1].class = 0x010601;
	bench_plan("144d:a808 serial=00-00-00-00-00-00-00-00 class=0108 address=01:00.0\n", "");
	expect("01:00.0", TWIN("00:01.0/00.0"));
	bench_plan("144d:a808 serial=00-00-00-00-00-00-00-00 path=00:01.0/00.0\n", "");
	expect("01:00.0", TAKEN);
	expect("02:00.0", "");
	/* Other numbers, no number and other devices are no twins. */
	bench.inv.identity[1].serial = 1;
	bench_add("03:00.0", "144d:a808", NVME);
	add_disk("04:00.0", 0)->device = 0xa80a;
	add_disk("05:00.0", 0)->vendor = 0x144e;
	bench_plan(zero, "");
	expect("01:00.0", TAKEN);
}

/* What is behind VMD is not there yet when a boot looks. */
static void counts_what_a_boot_sees(void **state)
{
	static const char seven[] = "144d:a808 serial=00-00-00-00-00-00-00-07\n";

	(void)state;
	add_disk("01:00.0", 7);
	add_disk("10000:e1:00.0", 7);
	bench_plan(seven, "");
	expect("01:00.0", TAKEN);
	expect("10000:e1:00.0", TWIN("10000:00:01.0/00.0"));
	bench.inv.functions = 1;
	bench_plan(seven, "");
	expect("01:00.0", TAKEN);
	/* The largest domain of a machine's own. */
	add_disk("ffff:01:00.0", 7);
	bench_plan(seven, "");
	expect("01:00.0", TWIN("00:01.0/00.0"));
	bench_start();
	add_disk("ffff:01:00.0", 7);
	add_disk("10000:e1:00.0", 7);
	bench_plan(seven, "");
	expect("ffff:01:00.0", TAKEN);
}

/* Every storage, SD and USB controller is vital; network controllers are counted. */
static void knows_vital_classes(void **state)
{
	static const struct {
		uint32_t class;
		enum reason one, two;
	} cases[] = {
		{ XHCI, REASON_IDENTITY, REASON_IDENTITY },
		{ OHCI, REASON_IDENTITY, REASON_IDENTITY },
		{ 0x0c03fe, REASON_IDENTITY, REASON_IDENTITY },
		{ NVME, REASON_IDENTITY, REASON_IDENTITY },
		{ 0x010601, REASON_IDENTITY, REASON_IDENTITY },
		{ 0x010000, REASON_IDENTITY, REASON_IDENTITY },
		{ SD, REASON_IDENTITY, REASON_IDENTITY },
		{ NET, REASON_NONE, REASON_SEVERAL },
		{ WIFI, REASON_NONE, REASON_SEVERAL },
		{ VGA, REASON_NONE, REASON_NONE },
		{ 0x040300, REASON_NONE, REASON_NONE },
		{ 0x0c0500, REASON_NONE, REASON_NONE },
		{ 0x080000, REASON_NONE, REASON_NONE },
		{ 0x080600, REASON_NONE, REASON_NONE },
		{ 0x000000, REASON_NONE, REASON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bench_start();
		bench_add("01:00.0", "1b21:2142", cases[i].class);
		bench_plan("1b21:2142\n", "");
		assert_int_equal(bench_entry("01:00.0")->reason, cases[i].one);
		bench_add("02:00.0", "1b21:2142", cases[i].class);
		bench_plan("1b21:2142\n", "");
		assert_int_equal(bench_entry("01:00.0")->reason, cases[i].two);
		assert_int_equal(bench_entry("02:00.0")->reason, cases[i].two);
	}
}

/* The one that was meant, or the one that the host is reached by? */
static void refuses_several_networks(void **state)
{
	(void)state;
	bench_add("01:00.0", "8086:1521", NET);
	bench_add("01:00.1", "8086:1521", NET);
	bench_add("02:00.0", "8086:15f3", NET);
	bench_add("03:00.0", "8086:1912", VGA);
	bench_plan("8086:1521\n", "");
	expect("01:00.0", SEVERAL);
	expect("01:00.1", SEVERAL);
	/* a class or a board is no location */
	bench_plan("8086:1521 class=network subsystem=0000:0000\n", "");
	expect("01:00.0", SEVERAL);
	bench_plan("8086:* class=0200\n", "");
	expect("02:00.0", SEVERAL);
	bench_plan("8086:1521 expect=2\n", "");
	expect("01:00.1", TAKEN);
	bench_plan("8086:1521 address=01:00.*\n", "");
	expect("01:00.1", TAKEN);
	bench_plan("8086:1521 path=00:01.0/00.1\n", "");
	expect("01:00.1", TAKEN);
	expect("01:00.0", "");
	/* the ports of a card have one serial number */
	bench.inv.function[0].has_serial = bench.inv.function[1].has_serial = true;
	bench_plan("8086:1521 serial=00-00-00-00-00-00-00-00\n", "");
	expect("01:00.0", TAKEN);
	expect("01:00.1", TAKEN);
	/* One is enough for none to mean several; other classes do not count, nor other rules. */
	bench_plan("8086:15f3\n", "");
	expect("02:00.0", TAKEN);
	bench_plan("keep 8086:1521\n8086:*\n", "");
	expect("02:00.0", "to be bound to vfio-pci (c:2)");
	expect("03:00.0", "to be bound to vfio-pci (c:2)");
}

/* Of one card it is not asked which one was meant. */
static void takes_the_network_of_a_card(void **state)
{
	(void)state;
	bench_add("01:00.0", "10de:2684", VGA)->subvendor = 1;
	bench_add("01:00.1", "10de:0001", NET)->subvendor = 2;
	bench_add("02:00.0", "10de:0001", NET)->subvendor = 1;
	bench_add("03:00.0", "10de:0001", NET)->subvendor = 1;
	bench_plan("10de:* subsystem=0001:* with=slot\n", "");
	expect("01:00.0", TAKEN);
	expect("01:00.1", ALONG("01:00.0"));
	expect("02:00.0", SEVERAL);
	expect("03:00.0", SEVERAL);
}

/* In a group there may be anything: the root disk of another slot is not the card's. */
static void refuses_strangers(void **state)
{
	(void)state;
	bench_add("00:02.0", "8086:1912", VGA)->boot_display = true;
	bench_add("01:00.0", "10de:2684", VGA)->group = 0;
	bench_add("01:00.2", "10de:1ad8", XHCI)->group = 0;
	bench_add("01:00.3", "8086:a12f", XHCI)->group = 0;
	bench_add("02:00.0", "144d:a808", NVME)->group = 0;
	bench_add("03:00.0", "8086:10fb", NET)->group = 0;
	bench_add("04:00.0", "10de:0001", SD)->group = 0;
	bench_add("05:00.0", "8086:1234", 0x0c0500)->group = 0;
	bench_plan("10de:2684 with=group\n", "");
	expect("01:00.0", TAKEN);
	expect("01:00.2", ALONG("01:00.0"));
	expect("01:00.3", STRANGER("01:00.0"));
	expect("02:00.0", STRANGER("01:00.0"));
	expect("03:00.0", STRANGER("01:00.0"));
	expect("04:00.0", STRANGER("01:00.0"));
	expect("05:00.0", ALONG("01:00.0"));
	bench_plan("10de:2684 with=group expect=1\n", "");
	expect("02:00.0", STRANGER("01:00.0"));
	bench_plan("10de:2684 with=group\n144d:a808 path=00:02.0/00.0\n", "");
	expect("02:00.0", "to be bound to vfio-pci (c:2)");
	bench_plan("10de:2684 with=slot\n", "");
	expect("01:00.2", ALONG("01:00.0"));
	expect("01:00.3", STRANGER("01:00.0"));
	expect("02:00.0", "");
}

/* That a part of the mainboard stays is no failure. */
static void strangers_are_no_failure(void **state)
{
	(void)state;
	bench_add("01:00.0", "1002:1638", VGA);
	bench_add("01:00.3", "1022:1639", XHCI);
	bench_plan("1002:1638 with=slot required=yes\n", "");
	expect("01:00.3", STRANGER("01:00.0"));
	assert_int_equal(bench.plan.planned, 1);
	assert_int_equal(bench.plan.refused, 1);
	bench_outcome("01:00.0")->state = STATE_BOUND;
	assert_string_equal(run_result(&bench), "ok");
	bench_plan("1002:1638 with=slot\n1002:0001\n", "vgapass=dry-run");
	assert_string_equal(run_result(&bench), "ok");
}

/* A companion may be any function of its slot, also the first, and the rule's own words may name
 * the last. */
static void takes_the_first_function_along(void **state)
{
	(void)state;
	bench_add("01:00.0", "10de:1ad8", XHCI);
	bench_add("01:00.1", "10de:2684", VGA);
	bench_add("01:01.0", "10de:22ba", 0x040300);
	bench_plan("10de:2684 with=slot\n", "");
	expect("01:00.0", ALONG("01:00.1"));
	expect("01:00.1", TAKEN);
	expect("01:01.0", "");
}

/* What is no part of the first card may be one of the second, which the same rule names. */
static void finds_its_own_card(void **state)
{
	(void)state;
	bench_add("01:00.0", "10de:2684", VGA)->group = 1;
	bench_add("02:00.0", "10de:2684", VGA)->group = 1;
	bench_add("02:00.2", "10de:1ad8", XHCI)->group = 1;
	bench_plan("10de:2684 with=group\n", "");
	expect("02:00.2", ALONG("02:00.0"));
	assert_int_equal(bench.plan.planned, 3);
	assert_int_equal(bench.plan.refused, 0);
	/* of what is taken, not of what is refused */
	bench.inv.function[1].boot_display = true;
	bench_plan("10de:2684 with=group\n", "");
	expect("02:00.2", BESIDE("01:00.0"));
}

/* On a root bus a slot is the chipset. */
static void slot_of_a_root_bus_stays(void **state)
{
	static const char says[] = "c:1: 0000:00:14.3 is on a root bus, where with=slot has "
				   "no effect: write a rule for each function";

	(void)state;
	bench_add("00:14.0", "8086:51ed", XHCI)->group = 5;
	bench_add("00:14.2", "8086:51ef", 0x050000)->group = 5;
	bench_add("00:14.3", "8086:51f0", WIFI)->group = 5;
	bench_plan("8086:51f0 with=slot\n", "");
	expect("00:14.0", "");
	expect("00:14.2", "");
	expect("00:14.3", TAKEN);
	assert_string_equal(bench_problem(0), says);
	assert_string_equal(bench_problem(1), "");
	bench_outcome("00:14.3")->state = STATE_BOUND;
	assert_string_equal(run_result(&bench), "ok");
	/* A path that cannot be read is no proof of a bridge. */
	bench.inv.identity[2].path.hops = 0;
	bench_plan("8086:51f0 with=slot\n", "");
	expect("00:14.2", "");
	/* By its group it takes along what is not vital. */
	bench_plan("8086:51f0 with=group\n", "");
	expect("00:14.0", STRANGER("00:14.3"));
	expect("00:14.2", ALONG("00:14.3"));
	assert_string_equal(bench_problem(0), "");
	/* Who is alone in its slot, or has rules for all of it, misses nothing. */
	bench_plan("8086:51f0 with=slot\nkeep 8086:51ed\n8086:51ef\n", "");
	assert_string_equal(bench_problem(0), "");
	/* Others come behind it. */
	bench_plan("8086:51f0 with=slot\n1002:6608\n", "");
	assert_string_equal(bench_problem(0), says);
	assert_string_equal(bench_problem(1), "c:2: the rule matches nothing");
	assert_string_equal(bench_problem(2), "");
}

/* The host's driver makes them later; each is a thing of its own. */
static void leaves_virtual_functions(void **state)
{
	(void)state;
	bench_add("01:00.0", "8086:56c0", 0x038000)->group = 1;
	bench_add("01:00.1", "8086:56c0", 0x038000)->is_virtual = true;
	bench.inv.function[1].group = 1;
	bench_plan("8086:56c0 address=01:00.0 with=slot\n", "");
	expect("01:00.1", "");
	bench_plan("8086:56c0 address=01:00.0 with=group\n", "");
	expect("01:00.1", "");
	bench_plan("8086:56c0 address=01:00.1\n", "");
	expect("01:00.1", TAKEN);
}

/* The function stays with the host, so what guards the host does not matter. */
static void shares_functions(void **state)
{
	static const char shared[] = "shared: 4 virtual functions, driver=vfio-pci (c:1)";

	(void)state;
	bench_add("01:00.0", "8086:10c9", NET)->vfs = 4;
	bench_add("01:00.1", "8086:10c9", NET)->vfs = 4;
	bench_add("02:00.0", "1b36:0010", NVME)->vfs = 4;
	bench_add("03:00.0", "8086:56c0", VGA)->vfs = 4;
	bench.inv.function[3].boot_display = true;
	bench_plan("8086:* vfs=4\n1b36:0010 vfs=3 driver=auto\n", "");
	expect("01:00.0", shared);
	expect("01:00.1", shared);
	expect("03:00.0", shared);
	expect("02:00.0", "shared: 3 virtual functions, driver=vfio-pci (c:2)");
	assert_int_equal(bench.plan.shared, 4);
	assert_int_equal(bench.plan.planned, 0);
	assert_string_equal(run_result(&bench), "ok");
	bench_plan("8086:10c9 vfs=4 expect=1\n", "");
	expect("01:00.0", "refused: expect=1, but the rule matches 2: correct or narrow it (c:1)");
	assert_string_equal(run_result(&bench), "refused");
	bench.inv.function[0].group = PCI_NO_GROUP;
	bench_plan("8086:10c9 vfs=4\n", "");
	expect("01:00.0", NO_GROUP " (c:1)");
	expect("01:00.1", shared);
	assert_string_equal(run_result(&bench), "partial");
}

static void shares_what_can_be_shared(void **state)
{
	(void)state;
	bench_add("01:00.0", "8086:10c9", NET)->vfs = 7;
	bench_add("01:00.1", "8086:10c9", NET);
	bench_plan("8086:10c9 vfs=8\n", "");
	expect("01:00.0", "refused: vfs=8, but it can have 7: correct vfs= (c:1)");
	expect("01:00.1", "refused: vfs=8, but it can have 0: correct vfs= (c:1)");
	/* A rule before it takes it; a rule behind it does not, nor does one for its slot. */
	bench_plan("8086:10c9 address=01:00.0\n8086:10c9 vfs=7\n", "");
	expect("01:00.0", TAKEN);
	bench_plan("8086:10c9 address=01:00.0 vfs=7\n8086:10c9 with=slot address=01:00.1\n", "");
	expect("01:00.0", "shared: 7 virtual functions, driver=vfio-pci (c:1)");
	expect("01:00.1", "to be bound to vfio-pci (c:2)");
	bench_plan("vfs=7\nkeep 8086:10c9\n", "");
	expect("01:00.0", "keep: a keep rule matches it (c:2)");
}

/* The first rule of [auto] that matches says which driver it is. */
static void chooses_the_driver(void **state)
{
	static const char conf[] = "*:* class=02 driver=auto\n1002:6608 driver=auto\n[auto]\n"
				   "15b3:101e subsystem=15b3:0001 driver=a_vfio_pci\n"
				   "15b3:* class=0207 driver=b_vfio_pci\n"
				   "15b3:101e driver=c_vfio_pci\n";

	(void)state;
	bench_add("01:00.0", "15b3:101e", NET);
	bench_add("02:00.0", "15b3:101e", NET)->subvendor = 0x15b3;
	bench.inv.function[1].subdevice = 1;
	bench_add("03:00.0", "15b3:101e", 0x020700);
	bench_add("04:00.0", "1002:6608", VGA);
	bench_add("05:00.0", "15b3:0001", VGA);
	bench_plan(conf, "");
	bench.config.rule[0].expect = 3;
	plan_build(&bench.config, &bench.cmd, &bench.inv, &bench.plan);
	expect("01:00.0", "to be bound to c_vfio_pci (c:1)");
	expect("02:00.0", "to be bound to a_vfio_pci (c:1)");
	expect("03:00.0", "to be bound to b_vfio_pci (c:1)");
	expect("04:00.0", "to be bound to vfio-pci (c:2)");
	/* They take nothing. */
	expect("05:00.0", "");
	assert_string_equal(bench_problem(0), "");
	/* They may stand before it. */
	bench_plan("[auto]\n1002:6608 driver=d_vfio_pci\n[profile a]\n1002:6608 driver=auto\n",
		   "vgapass=a");
	expect("04:00.0", "to be bound to d_vfio_pci (c:4)");
}

static void compares_expect(void **state)
{
	(void)state;
	bench_add("01:00.0", "10de:2684", VGA)->group = 1;
	bench_add("01:00.1", "10de:22ba", 0x040300)->group = 1;
	bench_add("02:00.0", "10de:2684", VGA);
	bench_plan("10de:2684 expect=2\n", "");
	assert_int_equal(bench.plan.planned, 2);
	bench_plan("10de:2684 expect=1\n", "");
	expect("01:00.0", "refused: expect=1, but the rule matches 2: correct or narrow it (c:1)");
	expect("02:00.0", "refused: expect=1, but the rule matches 2: correct or narrow it (c:1)");
	bench_plan("10de:2684 expect=3\n", "");
	expect("01:00.0", "refused: expect=3, but the rule matches 2: correct or narrow it (c:1)");
	/* Companions are not counted, and stay with what is refused. */
	bench_plan("10de:2684 expect=2 with=group\n", "");
	assert_int_equal(bench.plan.planned, 3);
	bench_plan("10de:2684 expect=1 with=slot\n", "");
	expect("01:00.1", "");
	/* What another rule decides is not this one's. */
	bench_plan("keep 10de:2684 address=02:00.0\n10de:2684 expect=1\n", "");
	expect("01:00.0", "to be bound to vfio-pci (c:2)");
	bench_plan("10de:2684 expect=1\nkeep 10de:2684 address=02:00.0\n", "");
	expect("01:00.0", TAKEN);
}

/* The sound of a card whose display stays is no use to a guest. */
static void leaves_companions_of_what_is_refused(void **state)
{
	(void)state;
	bench_add("01:00.0", "10de:2684", VGA)->boot_display = true;
	bench_add("01:00.1", "10de:22ba", 0x040300);
	bench_plan("10de:2684 with=slot\n", "");
	expect("01:00.0", BOOT);
	expect("01:00.1", "");
	/* It does not go with another card either, as the group goes to no guest. */
	bench.inv.function[0].group = bench.inv.function[1].group = 1;
	bench_add("02:00.0", "10de:1b81", VGA)->group = 1;
	bench_add("02:00.1", "10de:10f0", 0x040300)->group = 1;
	bench_plan("10de:1b81 with=group\n", "");
	assert_int_equal(bench_entry("01:00.0")->reason, REASON_BOOT_DISPLAY);
	expect("01:00.1", BESIDE("02:00.0"));
	expect("02:00.0", TAKEN);
	expect("02:00.1", ALONG("02:00.0"));
	assert_int_equal(bench.plan.strangers, 1);
	bench_plan("10de:1b81 with=group\nkeep 10de:2684\n", "");
	expect("01:00.1", BESIDE("02:00.0"));
	bench_plan("10de:2684\n10de:1b81 with=group\n", "");
	assert_int_equal(bench_entry("01:00.1")->reason, REASON_STRANGER);
	/* It goes where the display goes. */
	bench_plan("10de:1b81 with=group take=boot-display\n", "");
	expect("01:00.0", ALONG("02:00.0"));
	expect("01:00.1", ALONG("02:00.0"));
	bench_plan("10de:2684 take=boot-display\n10de:1b81 with=group\n", "");
	assert_int_equal(bench_entry("01:00.1")->state, STATE_PLANNED);
	/* Also of a card behind it. */
	bench.inv.function[0].boot_display = false;
	bench.inv.function[2].boot_display = true;
	bench_plan("10de:2684 with=group\n", "");
	expect("01:00.1", ALONG("01:00.0"));
	expect("02:00.1", BESIDE("01:00.0"));
	bench.inv.function[0].boot_display = true;
	bench.inv.function[2].boot_display = false;
	/* A display that is not of the group does not matter to it. */
	bench.inv.function[0].group = 2;
	bench_plan("10de:1b81 with=group\n", "");
	expect("01:00.0", "");
	expect("01:00.1", ALONG("02:00.0"));
}

static void guards_companions(void **state)
{
	(void)state;
	bench_add("01:00.0", "10de:2684", VGA);
	bench_add("01:00.1", "10de:22ba", VGA)->boot_display = true;
	bench_add("01:00.2", "10de:1ad8", XHCI)->group = -1;
	bench_add("01:00.3", "10de:0001", 0x060400);
	bench_add("01:00.4", "10de:0002", 0x040300);
	bench_plan("10de:2684 with=slot\n", "");
	assert_int_equal(bench_entry("01:00.1")->reason, REASON_BOOT_DISPLAY);
	assert_int_equal(bench_entry("01:00.2")->reason, REASON_NO_GROUP);
	assert_null(bench_entry("01:00.3")->rule);
	/* A slot is not a group, which a display in it would block. */
	expect("01:00.4", ALONG("01:00.0"));
}

/* --- run_result */

static void expect_result(const char *result)
{
	assert_string_equal(run_result(&bench), result);
}

static void two_cards(const char *conf, const char *cmdline)
{
	bench_start();
	bench_add("01:00.0", "1002:6608", VGA);
	bench_add("02:00.0", "1002:6609", VGA);
	bench_plan(conf, cmdline);
}

static void tells_ok(void **state)
{
	(void)state;
	two_cards("1002:6608\n", "");
	bench_outcome("01:00.0")->state = STATE_BOUND;
	/* What is left of an earlier run, behind the end of the tables. */
	bench.plan.entry[2].state = STATE_PLANNED;
	bench.outcome[2].state = STATE_BOUND;
	bench.config.rule[bench.config.rules].required = 1;
	bench.plan.matched[bench.config.rules] = 0;
	expect_result("ok");
	bench.plan.entry[2].rule = &bench.config.rule[bench.config.rules];
	bench.outcome[2].state = STATE_FAILED;
	expect_result("ok");
	two_cards("1002:6608 required=yes\nkeep 1002:6609\n", "");
	bench_outcome("01:00.0")->state = STATE_BOUND;
	expect_result("ok");
	two_cards("required=yes\n1002:6608\nkeep 1002:6609\n", "");
	bench_outcome("01:00.0")->state = STATE_BOUND;
	expect_result("ok");
	/* one for a guest, one with virtual functions */
	bench.inv.function[1].vfs = 2;
	bench_plan("1002:6608\n1002:6609 vfs=2 required=yes\n", "");
	bench_outcome("01:00.0")->state = STATE_BOUND;
	expect_result("ok");
}

static void tells_partial(void **state)
{
	(void)state;
	two_cards("1002:*\n", "");
	bench_outcome("01:00.0")->state = STATE_BOUND;
	bench_outcome("02:00.0")->state = STATE_FAILED;
	expect_result("partial");
	bench_outcome("02:00.0")->state = STATE_HELD;
	expect_result("partial");
	/* a refusal beside a success */
	two_cards("1002:6608\n1002:6609 expect=2\n", "");
	bench_outcome("01:00.0")->state = STATE_BOUND;
	expect_result("partial");
	two_cards("1002:6608\n1002:6609 expect=2\n", "vgapass=dry-run");
	expect_result("partial");
}

static void tells_failed(void **state)
{
	(void)state;
	two_cards("1002:6608\n", "");
	bench_outcome("01:00.0")->state = STATE_FAILED;
	expect_result("failed");
	/* whatever else went well */
	two_cards("1002:6608\n1002:6609 required=yes\n", "");
	bench_outcome("01:00.0")->state = STATE_BOUND;
	bench_outcome("02:00.0")->state = STATE_FAILED;
	expect_result("failed");
	two_cards("1002:6608\n1002:6609 required=yes expect=2\n", "");
	bench_outcome("01:00.0")->state = STATE_BOUND;
	expect_result("failed");
	/* bound, but no guest can have it; what is not known is no failure */
	two_cards("1002:6608 required=yes\n", "");
	bench_outcome("01:00.0")->state = STATE_BOUND;
	expect_result("ok");
	bench_outcome("01:00.0")->viable = VIABLE_YES;
	expect_result("ok");
	bench_outcome("01:00.0")->viable = VIABLE_NO;
	expect_result("failed");
	two_cards("1002:6608\n", "");
	bench_outcome("01:00.0")->state = STATE_BOUND;
	bench_outcome("01:00.0")->viable = VIABLE_NO;
	expect_result("ok");
}

/* The outcome is of what was planned. */
static void tells_what_became_of_it(void **state)
{
	(void)state;
	two_cards("1002:6608\n1002:6609 expect=2\n", "");
	assert_int_equal(run_state(&bench, 0), STATE_PLANNED);
	bench.outcome[0].state = bench.outcome[1].state = STATE_BOUND;
	assert_int_equal(run_state(&bench, 0), STATE_BOUND);
	assert_int_equal(run_state(&bench, 1), STATE_REFUSED);
	bench_plan("keep 1002:6608\n", "");
	bench.outcome[0].state = bench.outcome[1].state = STATE_BOUND;
	assert_int_equal(run_state(&bench, 0), STATE_KEPT);
	assert_int_equal(run_state(&bench, 1), STATE_NONE);
	bench.inv.function[0].vfs = 2;
	bench_plan("1002:6608 vfs=2\n", "");
	assert_int_equal(run_state(&bench, 0), STATE_SHARED);
	bench.outcome[0].state = STATE_FAILED;
	assert_int_equal(run_state(&bench, 0), STATE_FAILED);
}

static void misses_what_is_required(void **state)
{
	(void)state;
	two_cards("10de:2684 required=yes\n", "");
	expect_result("failed");
	two_cards("[profile a]\n10de:2684 required=yes\n", "");
	expect_result("nothing");
	two_cards("1002:6608\n10de:2684 required=yes\n", "");
	bench_outcome("01:00.0")->state = STATE_BOUND;
	expect_result("failed");
	/* dry: nobody could be bound yet */
	two_cards("1002:6608 required=yes\n", "vgapass=dry-run");
	expect_result("ok");
}

static void tells_the_rest(void **state)
{
	(void)state;
	two_cards("1002:6608 expect=2\n", "");
	expect_result("refused");
	two_cards("10de:2684\n", "");
	expect_result("nothing");
	two_cards("", "");
	expect_result("nothing");
	two_cards("keep 1002:6608\n", "");
	expect_result("nothing");
	two_cards("1002:6608\n", "vgapass=off");
	expect_result("off");
	two_cards("1002\n", "");
	expect_result("error");
	two_cards("1002:6608\n", "");
	bench.input_error = -ENOENT;
	expect_result("error");
}

/* --- problems of the run as a whole */

static void tells_what_input_is_missing(void **state)
{
	(void)state;
	two_cards("10de:2684\n", "");
	bench.input_error = -ENOENT;
	assert_string_equal(bench_problem(0),
			    "the PCI functions cannot be listed (error 2): is /sys "
			    "mounted?");
	/* Without functions it is no wonder that rules match none. */
	assert_string_equal(bench_problem(1), "");
	bench.input_error = -E2BIG;
	assert_string_equal(bench_problem(0), "more than 4096 PCI functions: nothing is bound");
}

static void tells_modules_and_blockers(void **state)
{
	(void)state;
	two_cards("10de:2684\n", "");
	bench.module_error = -ENOEXEC;
	strcpy(bench.module, "vfio_pci");
	bench.others = OTHERS_MAX + 1;
	for (unsigned i = 0; i < OTHERS_MAX; i++)
		bench.other[i] = (struct other){ { 0, 3, 0 }, 7, "nvme" };
	assert_string_equal(bench_problem(0), "module vfio_pci did not load (error 8)");
	bench.module_error = -EKEYREJECTED;
	assert_string_equal(bench_problem(0), "module vfio_pci did not load (error 129): its "
			    "signature does not fit: install the kernel again");
	bench.module_error = -ENOEXEC;
	bench.module_error = 0;
	bench.loading = true;
	assert_string_equal(bench_problem(0),
			    "the kernel has not returned from loading module vfio_pci");
	assert_string_equal(bench_problem(1), "c:1: the rule matches nothing");
	assert_string_equal(bench_problem(2),
			    "0000:03:00.0: nvme blocks IOMMU group 7: see vgapass check");
	assert_string_not_equal(bench_problem(OTHERS_MAX + 1), "");
	assert_string_equal(bench_problem(OTHERS_MAX + 2), "");
	bench.other[0].group = STRAY;
	assert_string_equal(bench_problem(2), "0000:03:00.0: bound to nvme without a rule: "
					      "remove ids= of that driver");
}

/* Behind the end of the tables is what an earlier run left there. */
static void sees_no_leftovers(void **state)
{
	static const struct rule old = { .vendor = 0x1002, .device = 0x6608, .with = WITH_GROUP };
	struct pci_function *f;

	(void)state;
	bench_add("01:00.0", "1002:6608", NVME);
	for (unsigned i = 0; i < 2; i++) {
		f = i ? bench_add("01:00.1", "1002:6608", NVME) : bench.inv.function;
		f->has_serial = true;
		f->identity->serial = 0x1122334455667788;
	}
	bench.inv.functions = 1;
	bench_plan("1002:6608 serial=11-22-33-44-55-66-77-88\n", "");
	expect("01:00.0", TAKEN);
	bench_plan("1002:6608 with=slot serial=11-22-33-44-55-66-77-88\n", "");
	assert_null(bench.plan.entry[1].rule);
	/* a rule that wants to know more, and a boot display in the slot */
	bench_start();
	bench_add("01:00.0", "1002:6608", VGA)->group = 1;
	bench_add("01:00.1", "1002:6609", VGA)->group = 1;
	f = bench_add("01:00.2", "1002:6610", VGA);
	f->boot_display = true;
	bench.inv.functions = 2;
	bench.plan.entry[2].rule = &old;
	bench_plan("1002:6608 with=group\n", "");
	expect("01:00.1", ALONG("01:00.0"));
	bench_config("1002:6608\n");
	bench.config.rule[1] = old;
	assert_int_equal(plan_needs(&bench.config, NULL, bench.inv.function), PLAN_VERDICT);
	/* a boot display in the slot of a stranger */
	bench.inv.function[1].class = NET;
	bench.inv.function[1].vendor = 0x8086;
	bench_plan("1002:6608 with=group\n", "");
	expect("01:00.1", STRANGER("01:00.0"));
	/* a rule of [auto] */
	bench_config("1002:6608 driver=auto\n");
	bench.config.rule[1] = (struct rule){ .vendor = 0x1002, .device = 0x6608,
					      .profile = config_auto, .driver = "old" };
	assert_string_equal(plan_driver(&bench.config, bench.config.rule, bench.inv.function),
			    "vfio-pci");
	/* a function that is planned, and takes others along */
	bench_start();
	bench_add("01:00.0", "1002:6608", VGA)->group = 1;
	bench_add("01:00.1", "1002:6609", VGA)->group = 1;
	bench_plan("1002:6609 with=group\n", "");
	assert_int_equal(bench.plan.planned, 2);
	bench.inv.functions = 1;
	bench_plan("1002:6609 with=group\n", "");
	assert_int_equal(bench.plan.planned, 0);
	expect("01:00.0", "");
}

static void counts_errors(void **state)
{
	static char conf[2 * (CONFIG_ERRORS_MAX + 1) + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(conf) - 1; i++)
		conf[i] = i % 2 ? '\n' : 'x';
	two_cards(conf, "");
	assert_string_not_equal(bench_problem(CONFIG_ERRORS_MAX - 1), "17 errors in all");
	assert_string_equal(bench_problem(CONFIG_ERRORS_MAX), "17 errors in all");
	assert_string_equal(bench_problem(CONFIG_ERRORS_MAX + 1), "");
	/* As many as are kept: there is nothing to add. */
	two_cards(conf + 2, "");
	assert_string_not_equal(bench_problem(CONFIG_ERRORS_MAX - 1), "");
	assert_string_equal(bench_problem(CONFIG_ERRORS_MAX), "");
}

/* --- the words for what a run met */

static void says_what_became(void **state)
{
	static const struct {
		enum function_state state;
		enum reason reason;
		enum apply_step step;
		int error;
		const char *driver, *says;
	} cases[] = {
		{ STATE_BOUND, REASON_NONE, STEP_PROBE, 0, "vfio-pci",
		  "bound to vfio-pci, taken from radeon (c:1)" },
		{ STATE_BOUND, REASON_NO_DRIVER, STEP_PROBE, 0, "vfio-pci",
		  "bound to vfio-pci, taken from radeon; driver vfio-pci not found: rebuild the "
		  "boot image (c:1)" },
		{ STATE_FAILED, REASON_NO_DRIVER, STEP_NONE, 0, "radeon",
		  "failed: driver vfio-pci not found: rebuild the boot image; it is on radeon "
		  "(c:1)" },
		{ STATE_FAILED, REASON_OVERRIDE, STEP_OVERRIDE, -EIO, "",
		  "failed: driver_override was not written (error 5) (c:1)" },
		{ STATE_FAILED, REASON_ATTR, STEP_ATTR, -EINVAL, "",
		  "failed: attr.reset_method was not written: change or remove it (error 22) "
		  "(c:1)" },
		{ STATE_FAILED, REASON_UNBIND, STEP_UNBIND, -EBUSY, "radeon",
		  "failed: driver radeon did not release it (error 16); it is on radeon (c:1)" },
		{ STATE_HELD, REASON_UNBIND, STEP_UNBIND, -EBUSY, "radeon",
		  "held: driver radeon did not release it (error 16) (c:1)" },
		{ STATE_HELD, REASON_PROBE, STEP_PROBE, 0, "",
		  "held: driver vfio-pci did not accept it: see the kernel log (c:1)" },
		{ STATE_FAILED, REASON_HANG, STEP_UNBIND, 0, "",
		  "failed: the kernel has not returned from unbinding it (c:1)" },
		{ STATE_FAILED, REASON_HANG, STEP_OVERRIDE, 0, "",
		  "failed: the kernel has not returned from driver_override (c:1)" },
		{ STATE_FAILED, REASON_HANG, STEP_ATTR, 0, "",
		  "failed: the kernel has not returned from writing an attribute (c:1)" },
		{ STATE_FAILED, REASON_HANG, STEP_PROBE, 0, "",
		  "failed: the kernel has not returned from binding it (c:1)" },
		{ STATE_FAILED, REASON_HANG, STEP_NONE, 0, "",
		  "failed: the kernel has not returned from loading modules (c:1)" },
		{ STATE_FAILED, REASON_GONE, STEP_NONE, 0, "",
		  "failed: the function is gone (c:1)" },
	};

	(void)state;
	bench_add("01:00.0", "1002:6608", VGA)->driver = "radeon";
	bench_plan("1002:6608 attr.reset_method=flr\n", "");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct outcome *o = bench_outcome("01:00.0");
		o->state = (uint8_t)cases[i].state;
		o->reason = (uint8_t)cases[i].reason;
		o->step = (uint8_t)cases[i].step;
		o->error = cases[i].error;
		strcpy(o->driver, cases[i].driver);
		expect("01:00.0", cases[i].says);
	}
}

/* What the run found out goes into the words. */
static void says_what_was_met(void **state)
{
	static const struct {
		enum reason reason;
		unsigned attr;
		const char *detail, *says;
	} cases[] = {
		{ REASON_ATTR, 0, "", "attr.d3cold_allowed was not written: change or remove it" },
		{ REASON_ATTR, 1, " 256M 512M", "BAR 2 can be 256M 512M: correct its size" },
		{ REASON_VFS, 0, "driver igb refuses", "driver igb refuses" },
		{ REASON_IN_USE, 0, "sda", "sda on it is in use: free it, or remove the rule" },
	};
	struct outcome *o;
	char says[PLAN_LINE_MAX];

	(void)state;
	bench_add("01:00.0", "1002:6608", VGA);
	bench_plan("1002:6608 attr.d3cold_allowed=0 resize.bar2=1G\n", "");
	o = bench_outcome("01:00.0");
	o->state = STATE_FAILED;
	for (size_t i = 0; i < COUNT(cases); i++) {
		o->reason = (uint8_t)cases[i].reason;
		o->attr = (uint8_t)cases[i].attr;
		strcpy(o->detail, cases[i].detail);
		expect("01:00.0", text_make(says, sizeof(says), "failed: %s (c:1)",
					    cases[i].says));
	}
}

/* A reason without a phrase of its own would be read from a NULL pointer. */
static void has_words_for_every_reason(void **state)
{
	char buf[PLAN_LINE_MAX];
	struct text t;

	(void)state;
	bench_add("01:00.0", "1002:6608", VGA)->driver = "radeon";
	bench_plan("1002:6608 attr.reset_method=flr\n", "");
	for (unsigned i = REASON_NONE; i < REASONS; i++) {
		bench_outcome("01:00.0")->reason = (uint8_t)i;
		text_start(&t, buf, sizeof(buf));
		words_reason(&t, &bench, &bench.inv.function[0], bench_entry("01:00.0"));
		assert_int_equal(t.len > 0, i != REASON_NONE);
	}
}

/* Programs read these words: they do not change. */
static void has_stable_words(void **state)
{
	static const char *const states[] = { "none", "bind", "shared", "refused", "keep", "bound",
					      "failed", "held" };
	static const char *const modes[] = { "on", "off", "dry-run" };
	static const char *const reasons[] = {
		"", "keep", "bridge", "no-group", "boot-display", "identity", "several", "stranger",
		"expect", "vfs", "no-driver", "override", "attr", "in-use", "unbind", "probe",
		"hang", "gone",
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(states); i++)
		assert_string_equal(state_word(i), states[i]);
	for (unsigned i = 0; i < COUNT(modes); i++)
		assert_string_equal(mode_word(i), modes[i]);
	assert_int_equal(COUNT(reasons), REASONS);
	for (unsigned i = 0; i < COUNT(reasons); i++)
		assert_true(slice_is(reason_code(i), reasons[i]));
}

/* "What if" plans are asked about too: what a run met is found by the function, not the entry. */
static void speaks_of_another_plan(void **state)
{
	static struct plan other;
	char buf[PLAN_LINE_MAX];
	struct text t;

	(void)state;
	bench_add("01:00.0", "1002:6608", VGA)->boot_display = true;
	bench_plan("1002:6608\n", "");
	other.entry[0] = *bench_entry("01:00.0");
	text_start(&t, buf, sizeof(buf));
	words_function(&t, &bench, &bench.inv.function[0], &other.entry[0]);
	assert_non_null(strstr(buf, BOOT));
}

/* Its rules may be of another configuration, as one that is only thought of. */
static void speaks_of_another_configuration(void **state)
{
	static struct config config;
	static struct plan other;
	const struct cmdline cmd = { .mode = MODE_ON };
	const char *conf = "1002:6608 with=group\n1002:aab0 expect=1\n";
	char buf[PLAN_LINE_MAX];
	struct text t;

	(void)state;
	bench_add("01:00.0", "1002:6608", VGA)->group = 1;
	bench_add("01:00.1", "8086:1533", 0x020000)->group = 1;
	bench_add("02:00.0", "1002:aab0", 0x040300);
	bench_add("02:00.1", "1002:aab0", 0x040300);
	bench.inv.function[0].boot_display = true;
	bench_plan("1002:6608\n1002:aab0\n", "");
	config_start(&config);
	config_parse(&config, config_add_file(&config, "other"), conf, strlen(conf));
	config.rule[0].take_boot_display = 1;
	plan_build(&config, &cmd, &bench.inv, &other);
	text_start(&t, buf, sizeof(buf));
	words_reason(&t, &bench, &bench.inv.function[3], &other.entry[3]);
	assert_string_equal(buf, "expect=1, but the rule matches 2: correct or narrow it");
	/* The display goes to the guest in that plan; it stays in this one. */
	text_start(&t, buf, sizeof(buf));
	words_reason(&t, &bench, &bench.inv.function[1], &other.entry[1]);
	assert_string_equal(buf, "not part of the card: write a rule for it");
}

static void takes_from_nobody(void **state)
{
	struct pci_function *f = bench_add("01:00.0", "1002:6608", VGA);

	(void)state;
	bench_plan("1002:6608\n", "");
	bench_outcome("01:00.0")->state = STATE_BOUND;
	expect("01:00.0", "bound to vfio-pci (c:1)");
	f->driver = "vfio-pci";
	expect("01:00.0", "bound to vfio-pci (c:1)");
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(refuses_bridges),
		TEST(nothing_allows_a_bridge),
		TEST(refuses_without_a_group),
		TEST(refuses_the_boot_display),
		TEST(waits_for_a_group),
		TEST(wants_an_identity),
		TEST(wants_a_serial_of_its_own),
		TEST(counts_what_a_boot_sees),
		TEST(knows_vital_classes),
		TEST(refuses_several_networks),
		TEST(takes_the_network_of_a_card),
		TEST(refuses_strangers),
		TEST(strangers_are_no_failure),
		TEST(takes_the_first_function_along),
		TEST(finds_its_own_card),
		TEST(slot_of_a_root_bus_stays),
		TEST(leaves_virtual_functions),
		TEST(shares_functions),
		TEST(shares_what_can_be_shared),
		TEST(chooses_the_driver),
		TEST(compares_expect),
		TEST(leaves_companions_of_what_is_refused),
		TEST(guards_companions),
		TEST(tells_ok),
		TEST(tells_partial),
		TEST(tells_failed),
		TEST(tells_what_became_of_it),
		TEST(misses_what_is_required),
		TEST(tells_the_rest),
		TEST(tells_what_input_is_missing),
		TEST(tells_modules_and_blockers),
		TEST(sees_no_leftovers),
		TEST(counts_errors),
		TEST(says_what_became),
		TEST(says_what_was_met),
		TEST(has_words_for_every_reason),
		TEST(has_stable_words),
		TEST(speaks_of_another_plan),
		TEST(speaks_of_another_configuration),
		TEST(takes_from_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
