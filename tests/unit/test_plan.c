/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_plan.c - runtime/core/plan.c: which functions match, which rule decides */
#include "unit.h"

#include <string.h>

#include "bench.h"

#define VGA 0x030000
#define AUDIO 0x040300
#define SMBUS 0x0c0500

#define TAKEN "to be bound to vfio-pci (c:1)"

static void expect(const char *address, const char *says)
{
	if (strcmp(bench_says(address), says))
		fail_msg("%s: \"%s\", not \"%s\"", address, bench_says(address), says);
}

/* The machine of the manual procedure that vgapass replaces. */
static int office_pc(void **state)
{
	struct pci_function *f;

	(void)state;
	bench_start();
	bench_add("00:00.0", "8086:191f", 0x060000);
	bench_add("00:01.0", "8086:1901", 0x060400)->bridge = true;
	f = bench_add("00:02.0", "8086:1912", VGA);
	f->subvendor = 0x17aa;
	f->subdevice = 0x30be;
	f->driver = "i915";
	f->boot_display = true;
	f->identity->path = (struct pci_path){ 0, 0, 1, { 2 << 3 } };
	f = bench_add("01:00.0", "1002:6608", VGA);
	f->subvendor = 0x1028;
	f->subdevice = 0x2120;
	f->driver = "radeon";
	f->identity->path = (struct pci_path){ 0, 0, 2, { 1 << 3, 0 } };
	f->group = 1;
	f->has_serial = true;
	f->identity->serial = 0x0011223344556677;
	f = bench_add("01:00.1", "1002:aab0", AUDIO);
	f->subvendor = 0x1028;
	f->subdevice = 0xaab0;
	f->identity->path = (struct pci_path){ 0, 0, 2, { 1 << 3, 1 } };
	f->group = 1;
	return 0;
}

static void takes_the_card_of_the_procedure(void **state)
{
	(void)state;
	bench_plan("1002:6608\n1002:aab0\n", "splash intel_iommu=on iommu=pt");
	assert_int_equal(bench.plan.state, PLAN_READY);
	assert_int_equal(bench.plan.planned, 2);
	assert_int_equal(bench.plan.refused, 0);
	expect("01:00.0", TAKEN);
	expect("01:00.1", "to be bound to vfio-pci (c:2)");
	expect("00:02.0", "");
	expect("00:01.0", "");
	assert_string_equal(bench_problem(0), "");
	assert_int_equal(bench.plan.matched[0], 1);
}

/* One rule on the card: does it take 01:00.0, and nothing else? */
static void expect_match(const char *rule, bool match)
{
	bench_plan(rule, "");
	if (bench.config.errors)
		fail_msg("%s: %s", rule, bench.config.error[0].phrase);
	if (bench.plan.planned != match || strcmp(bench_says("01:00.0"), match ? TAKEN : ""))
		fail_msg("%s: %u planned, %s", rule, bench.plan.planned, bench_says("01:00.0"));
}

static void narrows(void **state)
{
	static const struct {
		const char *rule;
		bool match;
	} cases[] = {
		{ "1002:6608", true },
		{ "1002:6609", false },
		{ "1003:6608", false },
		{ "*:6608", true },
		{ "1002:6608 subsystem=1028:2120", true },
		{ "1002:6608 subsystem=*:2120", true },
		{ "1002:6608 subsystem=1028:*", true },
		{ "1002:6608 subsystem=1028:2121", false },
		{ "1002:6608 subsystem=1029:2120", false },
		{ "1002:* subsystem=1028:2120", true },
		{ "*:* subsystem=1028:2120", true },
		{ "*:* subsystem=*:2120", true },
		{ "1002:6608 class=display", true },
		{ "1002:6608 class=03", true },
		{ "1002:6608 class=0300", true },
		{ "1002:6608 class=030000", true },
		{ "1002:6608 class=030001", false },
		{ "1002:6608 class=0380", false },
		{ "1002:6608 class=04", false },
		{ "1002:6608 class=00", false },
		{ "1002:6608 class=audio", false },
		{ "1002:* class=display", true },
		{ "1002:6608 address=01:00.0", true },
		{ "1002:6608 address=0000:01:00.0", true },
		{ "1002:6608 address=01:00.*", true },
		{ "1002:6608 address=01:00.1", false },
		{ "1002:6608 address=02:00.0", false },
		{ "1002:6608 address=01:01.*", false },
		{ "1002:6608 address=0001:01:00.0", false },
		{ "1002:6608 address=0001:01:00.*", false },
		{ "1002:6608 path=00:01.0/00.0", true },
		{ "1002:6608 path=0000:00:01.0/00.0", true },
		{ "1002:6608 path=00:01.0", false },
		{ "1002:6608 path=00:01.0/00.1", false },
		{ "1002:6608 path=00:01.1/00.0", false },
		{ "1002:6608 path=00:01.0/00.0/00.0", false },
		{ "1002:6608 path=40:01.0/00.0", false },
		{ "1002:6608 path=0001:00:01.0/00.0", false },
		{ "*:* path=00:01.0/00.0", true },
		{ "1002:6608 serial=00-11-22-33-44-55-66-77", true },
		{ "1002:6608 serial=00-11-22-33-44-55-66-78", false },
		{ "1002:6608 boot-display=no", true },
		{ "1002:6608 boot-display=yes", false },
		{ "1002:6608 subsystem=1028:2120 class=display address=01:00.0 path=00:01.0/00.0 "
		  "serial=00-11-22-33-44-55-66-77 boot-display=no",
		  true },
		{ "1002:6608 address=01:00.0 subsystem=1028:2121", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_match(cases[i].rule, cases[i].match);
}

/* A sound card of old is one too, a video card is none. */
static void knows_audio(void **state)
{
	static const struct {
		uint32_t class;
		bool match;
	} cases[] = {
		{ 0x040100, true },  { 0x040300, true },  { 0x040380, true },
		{ 0x040000, false }, { 0x040200, false }, { 0x048000, false },
		{ 0x060100, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bench.inv.function[4].class = cases[i].class;
		bench_plan("1002:aab0 class=audio\n", "");
		assert_int_equal(bench.plan.planned, cases[i].match);
	}
	/* Its code names itself alone. */
	bench.inv.function[4].class = 0x040300;
	bench_plan("1002:aab0 class=0401\n", "");
	assert_int_equal(bench.plan.planned, 0);
}

/* A serial number that is not there is not the number zero. */
static void needs_a_serial(void **state)
{
	(void)state;
	bench_plan("1002:aab0 serial=00-00-00-00-00-00-00-00", "");
	assert_int_equal(bench.plan.planned, 0);
}

/* A path that is not known agrees with none. Behind its hops it may be anything. */
static void needs_a_path(void **state)
{
	(void)state;
	bench.inv.function[3].identity->path.hop[2] = 0xff;
	expect_match("1002:6608 path=00:01.0/00.0", true);
	bench.inv.function[3].identity->path.hops = 0;
	bench_plan("1002:6608 path=00:01.0/00.0", "");
	assert_int_equal(bench.plan.planned, 0);
}

/* No boot sees it, so no rule is about it. */
static void leaves_what_comes_later(void **state)
{
	(void)state;
	bench.inv.function[4].later = true;
	bench_plan("1002:6608 with=slot\n", "");
	expect("01:00.0", TAKEN);
	expect("01:00.1", "");
	bench.inv.function[3].later = true;
	bench_plan("1002:6608\n", "");
	expect("01:00.0", "");
	assert_int_equal(bench.plan.matched[0], 0);
	assert_string_equal(bench_problem(0), "c:1: the rule matches nothing");
}

static void first_rule_decides(void **state)
{
	(void)state;
	bench_plan("1002:* driver=pci-stub\n1002:6608\n", "");
	expect("01:00.0", "to be bound to pci-stub (c:1)");
	expect("01:00.1", "to be bound to pci-stub (c:1)");
	assert_int_equal(bench.plan.matched[0], 2);
	assert_int_equal(bench.plan.matched[1], 0);
	assert_string_equal(bench_problem(0), "c:2: never applies: 0000:01:00.0 is already "
					      "matched by c:1");
}

static void keep_wins(void **state)
{
	(void)state;
	bench_plan("1002:6608\nkeep 1002:* class=display\n1002:aab0\n", "");
	expect("01:00.0", "keep: a keep rule matches it (c:2)");
	expect("01:00.1", "to be bound to vfio-pci (c:3)");
	assert_int_equal(bench.plan.planned, 1);
	assert_int_equal(bench.plan.refused, 0);
}

/* The first of several keep rules is named. */
static void first_keep_is_named(void **state)
{
	(void)state;
	bench_plan("1002:6608\nkeep 1002:*\nkeep *:*\n", "");
	expect("01:00.0", "keep: a keep rule matches it (c:2)");
	expect("00:02.0", "keep: a keep rule matches it (c:3)");
}

static void takes_the_slot(void **state)
{
	(void)state;
	bench_plan("1002:6608 with=slot\n", "");
	expect("01:00.0", TAKEN);
	expect("01:00.1", "to be bound to vfio-pci (with 0000:01:00.0, c:1)");
	assert_int_equal(bench.plan.planned, 2);
	assert_int_equal(bench.plan.matched[0], 1);
}

/* A companion that a rule of its own names is that rule's. */
static void companions_of_their_own(void **state)
{
	(void)state;
	bench_plan("1002:6608 with=slot\n1002:aab0 driver=pci-stub\n", "");
	expect("01:00.1", "to be bound to pci-stub (c:2)");
	bench_plan("1002:6608 with=slot\nkeep 1002:aab0\n", "");
	expect("01:00.1", "keep: a keep rule matches it (c:2)");
}

/* Also where its number is 0. */
static void takes_the_group(void **state)
{
	bench.inv.function[1].group = 1; /* the port above the card is of its group */
	(void)state;
	bench_add("02:00.0", "8086:10fb", SMBUS)->group = 1;
	bench_add("03:00.0", "8086:10fb", SMBUS)->group = 2;
	bench_plan("1002:6608 with=group\n", "");
	expect("01:00.0", TAKEN);
	expect("01:00.1", "to be bound to vfio-pci (with 0000:01:00.0, c:1)");
	expect("02:00.0", "to be bound to vfio-pci (with 0000:01:00.0, c:1)");
	expect("03:00.0", "");
	for (unsigned i = 0; i < bench.inv.functions; i++)
		bench.inv.function[i].group--;
	bench_plan("1002:6608 with=group\n", "");
	expect("01:00.1", "to be bound to vfio-pci (with 0000:01:00.0, c:1)");
	expect("02:00.0", "to be bound to vfio-pci (with 0000:01:00.0, c:1)");
	expect("03:00.0", "");
	expect("00:01.0", ""); /* in silence: a bridge goes with no card */
}

/* Without an IOMMU nobody is in a group, so with=group takes nobody along. */
static void no_group_is_no_company(void **state)
{
	(void)state;
	for (unsigned i = 0; i < bench.inv.functions; i++)
		bench.inv.function[i].group = -1;
	bench_plan("1002:6608 with=group iommu=ignore\n", "");
	expect("01:00.0", TAKEN);
	expect("01:00.1", "");
}

/* What went along takes nobody along in turn. */
static void company_ends_there(void **state)
{
	(void)state;
	bench_add("02:00.0", "8086:10fb", SMBUS)->group = 1;
	bench_add("02:00.1", "8086:10fb", SMBUS)->group = 3;
	bench_plan("1002:6608 with=group\n", "");
	expect("02:00.0", "to be bound to vfio-pci (with 0000:01:00.0, c:1)");
	expect("02:00.1", "");
}

static void chooses_profiles(void **state)
{
	static const char conf[] = "1002:aab0\n[profile games]\n1002:6608\n[profile work]\n"
				   "1002:6608 driver=pci-stub\nkeep 1002:aab0\n";

	(void)state;
	bench_plan(conf, "");
	expect("01:00.0", "");
	expect("01:00.1", TAKEN);
	assert_null(bench.plan.profile);
	bench_plan(conf, "vgapass=games");
	expect("01:00.0", "to be bound to vfio-pci (c:3)");
	expect("01:00.1", TAKEN);
	assert_string_equal(bench.plan.profile, "games");
	/* Rules of another profile are no problem. */
	assert_string_equal(bench_problem(0), "");
	bench_plan(conf, "vgapass=work");
	expect("01:00.0", "to be bound to pci-stub (c:5)");
	expect("01:00.1", "keep: a keep rule matches it (c:6)");
}

static void refuses_an_unknown_profile(void **state)
{
	(void)state;
	bench_plan("1002:6608\n[profile games]\n1002:aab0\n", "vgapass=gmaes");
	assert_int_equal(bench.plan.state, PLAN_UNKNOWN_PROFILE);
	assert_int_equal(bench.plan.planned, 0);
	expect("01:00.0", "");
	assert_string_equal(bench_problem(0),
			    "no profile is named gmaes, nothing is bound: correct vgapass=");
	assert_string_equal(bench_problem(1), "");
	assert_string_equal(run_result(&bench), "error");
}

static void obeys_off(void **state)
{
	(void)state;
	bench_plan("1002:6608\n", "vgapass=off");
	assert_int_equal(bench.plan.state, PLAN_OFF);
	expect("01:00.0", "");
	assert_string_equal(run_result(&bench), "off");
	/* off is obeyed before anything is complained about */
	bench_plan("1002:6608 nonsense\n", "vgapass=off");
	assert_int_equal(bench.plan.state, PLAN_OFF);
	assert_string_equal(run_result(&bench), "off");
}

static void plans_the_same_dry(void **state)
{
	(void)state;
	bench_plan("1002:6608\n", "vgapass=dry-run");
	assert_int_equal(bench.plan.state, PLAN_READY);
	expect("01:00.0", TAKEN);
	assert_string_equal(run_result(&bench), "ok");
}

/* One error anywhere: no rule holds. */
static void refuses_a_broken_configuration(void **state)
{
	(void)state;
	bench_plan("1002:6608\n1002:aab0 with=\n", "");
	assert_int_equal(bench.plan.state, PLAN_BROKEN_CONFIG);
	assert_int_equal(bench.plan.planned, 0);
	expect("01:00.0", "");
	assert_string_equal(bench_problem(0), "c:2:16: unknown value: see vgapass.conf(5)");
	assert_string_equal(bench_problem(1), "");
	assert_string_equal(run_result(&bench), "error");
}

static void takes_ids_of_the_command_line(void **state)
{
	(void)state;
	bench_plan("keep 1002:aab0\n", "vgapass.ids=1002:6608,1002:aab0");
	expect("01:00.0", "to be bound to vfio-pci (cmdline:1)");
	expect("01:00.1", "keep: a keep rule matches it (c:1)");
	bench_plan("", "vgapass.ids=1002:6608,aab0");
	assert_int_equal(bench.plan.state, PLAN_BROKEN_CONFIG);
	assert_string_equal(bench_problem(0),
			    "cmdline:1:23: expected vendor:device, four hex digits "
			    "or * each, like 1002:6608");
}

static void plans_anew(void **state)
{
	(void)state;
	bench_plan("1002:6608 with=slot\n1002:0000\n", "");
	bench_plan("1002:6608\n", "");
	assert_int_equal(bench.plan.planned, 1);
	assert_int_equal(bench.plan.matched[0], 1);
	expect("01:00.1", "");
	bench_plan("1002:6608\n", "vgapass=off");
	assert_int_equal(bench.plan.planned, 0);
	assert_null(bench_entry("01:00.0")->rule);
}

static void plans_for_many(void **state)
{
	char address[16];
	struct text t;

	(void)state;
	bench_start();
	for (unsigned i = 0; i < PCI_FUNCTIONS_MAX; i++) {
		text_start(&t, address, sizeof(address));
		text_add(&t, "%02x:%02x.%x", i >> 8, i >> 3 & 31, i & 7);
		bench_add(address, "8086:10fb", SMBUS)->group = (int)(i >> 3);
	}
	bench_plan("8086:10fb\n", "");
	assert_int_equal(bench.plan.planned, PCI_FUNCTIONS_MAX);
	for (unsigned i = 0; i < PCI_FUNCTIONS_MAX; i++)
		bench.inv.function[i].class = 0x020000;
	bench_plan("8086:10fb\n", "");
	assert_int_equal(bench.plan.refused, PCI_FUNCTIONS_MAX);
	bench_plan("8086:10fb expect=4096\n", "");
	assert_int_equal(bench.plan.planned, PCI_FUNCTIONS_MAX);
	bench_plan("8086:10fb address=0f:1f.7 with=group\n", "");
	assert_int_equal(bench.plan.planned, 8);
}

/* As many rules as there can be: none beside the tables is looked at. */
static void plans_by_many(void **state)
{
	static char conf[CONFIG_FILE_MAX];
	struct text t;

	(void)state;
	text_start(&t, conf, sizeof(conf));
	for (unsigned i = 0; i < CONFIG_RULES_MAX - 1; i++)
		text_add(&t, "10de:%04x\n", i);
	text_add(&t, "1002:6608 driver=auto\n");
	bench_plan(conf, "");
	assert_int_equal(bench.config.errors, 0);
	assert_int_equal(bench.config.rules, CONFIG_RULES_MAX);
	expect("01:00.0", "to be bound to vfio-pci (c:256)");
	assert_int_equal(bench.plan.matched[CONFIG_RULES_MAX - 1], 1);
	config_begin_trial(&bench.config);
	assert_string_equal(bench_problem(CONFIG_RULES_MAX - 1), "");
}

/* --- what is asked of the kernel for it */

static unsigned needs(const char *conf, const char *address)
{
	bench_plan(conf, "");
	return plan_needs(&bench.config, bench.plan.profile,
			  &bench.inv.function[bench_entry(address) - bench.plan.entry]);
}

/* Each detail has a bit of its own. */
static void tells_details_apart(void **state)
{
	static const unsigned all[] = { PCI_DETAIL_GROUP, PCI_DETAIL_HEADER, PCI_DETAIL_DISPLAY,
					PCI_DETAIL_PATH, PCI_DETAIL_SERIAL, PCI_DETAIL_DRIVER,
					PCI_DETAIL_VIRTUAL, PCI_DETAIL_VFS, PCI_MARK };
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		assert_true(all[i] && !(all[i] & (all[i] - 1)));
		assert_int_equal(seen & all[i], 0);
		seen |= all[i];
	}
	assert_int_equal(seen, PCI_DETAIL_ALL | PCI_MARK);
	assert_int_equal(PCI_DETAIL_ALL & PCI_MARK, 0);
}

static void asks_for_what_it_needs(void **state)
{
	const unsigned verdict = PLAN_VERDICT, leads = verdict | PLAN_LEADS | PCI_DETAIL_PATH;

	(void)state;
	assert_int_equal(needs("1002:6608", "01:00.0"), verdict);
	assert_int_equal(needs("1002:6608", "01:00.1"), 0);
	assert_int_equal(needs("1002:6608 address=02:00.0", "01:00.0"), 0);
	assert_int_equal(needs("1002:6608 with=slot", "01:00.1"), 0);
	assert_int_equal(needs("1002:6608 with=slot", "01:00.0"), leads);
	assert_int_equal(needs("1002:6608 with=group", "00:02.0"), PCI_DETAIL_GROUP);
	assert_int_equal(needs("1002:6608 with=group", "01:00.0"), leads);
	assert_int_equal(needs("1002:6608 path=00:01.0", "00:02.0"), PCI_DETAIL_PATH);
	assert_int_equal(needs("1002:6608 path=00:01.0", "01:00.0"), verdict | PCI_DETAIL_PATH);
	assert_int_equal(needs("1002:6608 serial=00-11-22-33-44-55-66-77", "01:00.0"),
			 verdict | PCI_DETAIL_SERIAL);
	assert_int_equal(needs("1002:6608 serial=00-11-22-33-44-55-66-77", "01:00.1"), 0);
	assert_int_equal(needs("1002:6608 subsystem=1028:0000", "01:00.0"), 0);
	assert_int_equal(needs("1002:6608 class=usb", "01:00.0"), 0);
	assert_int_equal(needs("*:* boot-display=yes class=display", "00:02.0"), verdict);
	assert_int_equal(needs("[profile p]\n1002:6608 with=group", "01:00.0"), 0);
	/* A refusal says the path, and a serial number of every one that may have it. */
	bench_add("02:00.0", "1b21:2142", 0x0c0330);
	assert_int_equal(needs("1b21:2142", "02:00.0"), verdict | PCI_DETAIL_PATH);
	assert_int_equal(needs("1b21:2142 address=03:00.0 serial=00-00-00-00-00-00-00-00",
			       "02:00.0"),
			 PCI_DETAIL_SERIAL);
}

/* Of which functions more is asked, as they may go along. */
static void asks_about_followers(void **state)
{
	const struct pci_function *lead = &bench.inv.function[3];

	(void)state;
	assert_true(plan_may_follow(lead, &bench.inv.function[4]));
	assert_false(plan_may_follow(lead, &bench.inv.function[2]));
	bench.inv.function[2].group = 1;
	assert_true(plan_may_follow(lead, &bench.inv.function[2]));
	/* No group is none that they share. */
	bench.inv.function[2].group = bench.inv.function[3].group = -1;
	assert_false(plan_may_follow(lead, &bench.inv.function[2]));
	bench.inv.function[2].group = bench.inv.function[3].group = 0;
	assert_true(plan_may_follow(lead, &bench.inv.function[2]));
	/* By its slot, also the first function of it. */
	assert_true(plan_may_follow(&bench.inv.function[4], lead));
	/* A bus is no slot. */
	assert_false(plan_may_follow(lead, bench_add("01:01.0", "1002:aab0", AUDIO)));
}

static bool may_ask(const char *conf, unsigned vendor, unsigned device)
{
	bench_plan(conf, "");
	assert_int_equal(bench.config.errors, 0);
	return config_may_ask(&bench.config, vendor, device);
}

static void asks_about_few(void **state)
{
	(void)state;
	assert_false(may_ask("", 0x1002, 0x6608));
	assert_true(may_ask("1002:6608\n10de:2684", 0x1002, 0x6608));
	assert_true(may_ask("1002:6608\n10de:2684", 0x10de, 0x2684));
	assert_false(may_ask("1002:6608\n10de:2684", 0x8086, 0x1912));
	/* Of the configuration before, nothing is left; nor is a bit set that no rule has set. */
	assert_false(may_ask("", 0x1002, 0x6608));
	assert_true(may_ask("8086:8086\n1002:0ffd", 0x8086, 0x8086));
	assert_false(may_ask("", 0x8086, 0x8086));
	assert_false(may_ask("", 0x1002, 0x0ffd));
	assert_false(may_ask("", 0x1002, 0x1042));
	assert_true(may_ask("keep 1002:6608", 0x1002, 0x6608));
	assert_true(may_ask("1002:*", 0x8086, 0x1912));
	assert_true(may_ask("*:6608", 0x8086, 0x1912));
	assert_true(may_ask("1002:6608 with=group", 0x8086, 0x1912));
	assert_true(may_ask("1002:6608 path=00:01.0/00.0", 0x8086, 0x1912));
	assert_false(may_ask("1002:6608 with=slot address=01:00.0", 0x8086, 0x1912));
}

/* --- what is said of rules that decide nothing */

static void names_what_is_in_its_place(void **state)
{
	(void)state;
	bench_plan("10de:2684 address=01:00.0\n", "");
	assert_string_equal(bench_problem(0), "c:1: the rule matches nothing; in its place is "
					      "1002:6608 at 0000:01:00.0");
	bench_plan("1002:6608 subsystem=1028:2121 path=00:01.0/00.0\n", "");
	assert_string_equal(bench_problem(0), "c:1: the rule matches nothing; in its place is "
					      "1002:6608 subsystem 1028:2120 at 0000:01:00.0");
	bench_plan("1002:6608 class=usb path=00:01.0/00.0\n", "");
	assert_string_equal(bench_problem(0), "c:1: the rule matches nothing; in its place is "
					      "1002:6608 at 0000:01:00.0");
	bench_plan("1002:6608 address=01:00.* serial=00-00-00-00-00-00-00-01\n", "");
	assert_string_equal(bench_problem(0), "c:1: the rule matches nothing; in its place is "
					      "1002:6608 serial 00-11-22-33-44-55-66-77 at "
					      "0000:01:00.0");
	bench.inv.function[3].has_serial = false;
	bench_plan("1002:6608 address=01:00.0 serial=00-00-00-00-00-00-00-01\n", "");
	assert_string_equal(bench_problem(0), "c:1: the rule matches nothing; in its place is "
					      "1002:6608 at 0000:01:00.0");
}

static void names_what_is_elsewhere(void **state)
{
	(void)state;
	bench_plan("1002:6608 address=02:00.0\n", "");
	assert_string_equal(bench_problem(0),
			    "c:1: the rule matches nothing; elsewhere is 1002:6608 "
			    "at 0000:01:00.0");
	bench_plan("1002:6608 address=00:02.0\n", "");
	assert_string_equal(bench_problem(0),
			    "c:1: the rule matches nothing; in its place is "
			    "8086:1912 at 0000:00:02.0; elsewhere is 1002:6608 at "
			    "0000:01:00.0");
	bench_plan("1002:6608 subsystem=1028:2121\n", "");
	assert_string_equal(bench_problem(0),
			    "c:1: the rule matches nothing; elsewhere is 1002:6608 "
			    "subsystem 1028:2120 at 0000:01:00.0");
}

static void names_nothing(void **state)
{
	(void)state;
	bench_plan("10de:2684\n", "");
	assert_string_equal(bench_problem(0), "c:1: the rule matches nothing");
	/* Half an ID is no ID to look for. */
	bench_plan("1002:* class=usb\n", "");
	assert_string_equal(bench_problem(0), "c:1: the rule matches nothing");
	bench_plan("*:6608 class=usb\n", "");
	assert_string_equal(bench_problem(0), "c:1: the rule matches nothing");
	bench_plan("keep 10de:2684\n10de:2684\n", "");
	assert_string_equal(bench_problem(0), "c:1: the rule matches nothing");
	assert_string_equal(bench_problem(1), "c:2: the rule matches nothing");
	assert_string_equal(bench_problem(2), "");
}

/* The first of several is named. */
static void names_the_first(void **state)
{
	(void)state;
	bench_add("02:00.0", "1002:6608", VGA);
	bench_plan("1002:6608 address=03:00.0\n", "");
	assert_string_equal(bench_problem(0),
			    "c:1: the rule matches nothing; elsewhere is 1002:6608 "
			    "at 0000:01:00.0");
	bench_plan("1002:6608 address=00:00.0\n", "");
	assert_string_equal(bench_problem(0),
			    "c:1: the rule matches nothing; in its place is 8086:191f at "
			    "0000:00:00.0; elsewhere is 1002:6608 at 0000:01:00.0");
}

#define TEST(name) cmocka_unit_test_setup(name, office_pc)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(takes_the_card_of_the_procedure),
		TEST(narrows),
		TEST(knows_audio),
		TEST(needs_a_serial),
		TEST(needs_a_path),
		TEST(leaves_what_comes_later),
		TEST(first_rule_decides),
		TEST(keep_wins),
		TEST(first_keep_is_named),
		TEST(takes_the_slot),
		TEST(companions_of_their_own),
		TEST(takes_the_group),
		TEST(no_group_is_no_company),
		TEST(company_ends_there),
		TEST(chooses_profiles),
		TEST(refuses_an_unknown_profile),
		TEST(obeys_off),
		TEST(plans_the_same_dry),
		TEST(refuses_a_broken_configuration),
		TEST(takes_ids_of_the_command_line),
		TEST(plans_anew),
		TEST(plans_for_many),
		TEST(plans_by_many),
		TEST(tells_details_apart),
		TEST(asks_for_what_it_needs),
		TEST(asks_about_followers),
		TEST(asks_about_few),
		TEST(names_what_is_in_its_place),
		TEST(names_what_is_elsewhere),
		TEST(names_nothing),
		TEST(names_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
