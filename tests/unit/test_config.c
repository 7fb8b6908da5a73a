/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_config.c - runtime/core/config.c: the whole grammar, and every error at its place */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define E_TEXT "not a text character: write ASCII text"
#define E_ID "expected vendor:device, four hex digits or * each, like 1002:6608"
#define E_OPTION "unknown option: see vgapass.conf(5)"
#define E_VALUE "unknown value: see vgapass.conf(5)"
#define E_TWICE "is given twice: keep one"
#define E_CLASS "expected display audio usb network storage serial, or 2, 4 or 6 hex digits"
#define E_ADDRESS "expected an address like 0000:01:00.0, 01:00.0 or 01:00.*"
#define E_PATH "expected a path like 00:01.0/00.0"
#define E_SERIAL "expected a serial number like 00-11-22-33-44-55-66-77"
#define E_NAME "expected a name: at most 63 letters, digits, - _ and ."
#define E_EXPECT "expected a number from 1 to 4096"
#define E_VFS "expected a number from 1 to 256"
#define E_VF "expected numbers below vfs=, like 0-2 or 0,3"
#define E_SHARED "vf= and driver=keep require vfs=, and with= and take= exclude it"
#define E_SECTION "expected [profile NAME] or [trial]"
#define E_RESERVED "reserved name: use another"
#define E_KEEP "has no effect in a keep rule: remove it"
#define E_RESIZE "expected resize.bar0 to bar5, and a size like 256M or 8G"
#define E_ALL "names everything: add class=, subsystem= or a location"
#define E_ALONE "requires a line of its own"
#define E_LINK "is a link to something else: name an attribute of the function"
#define E_ATTR "is written by vgapass itself: remove it"
#define E_RULES "more than 256 rules"
#define E_FILES "more than 32 files"
#define E_PROFILES "more than 32 profiles"
#define E_ATTRS "more than 8 attributes in a rule"
#define E_NAMES "more than 16 KiB of names"

#define NAME_63 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.01234567"

static const struct config *const c = &bench.config;

/* The one rule of a text that must be good. */
static const struct rule *rule_of(const char *text)
{
	bench_config(text);
	if (c->errors)
		fail_msg("\"%s\": %s", text, c->error[0].phrase);
	if (c->rules != 1)
		fail_msg("\"%s\": %u rules", text, c->rules);
	return &c->rule[0];
}

/* "LINE:COLUMN" of the k-th error. */
static const char *place_of(unsigned k)
{
	static char buf[64];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	text_add(&t, "%u:%u", c->error[k].at.line, c->error[k].at.column);
	return buf;
}

static void expect_error(const char *text, const char *place, const char *phrase)
{
	bench_config(text);
	if (c->errors != 1)
		fail_msg("\"%s\": %u errors", text, c->errors);
	if (strcmp(place_of(0), place) || strcmp(c->error[0].phrase, phrase))
		fail_msg("\"%s\": %s %s, not %s %s", text, place_of(0), c->error[0].phrase, place,
			 phrase);
	assert_string_equal(c->error[0].at.file, "c");
}

static void reads_nothing(void **state)
{
	static const char *const texts[] = { "",
					     "\n",
					     "\n\n\n",
					     "   \t \n",
					     "# only words\n",
					     "#",
					     "\r\n\r\n",
					     "\r",
					     " # 1002:6608\r\n",
					     "[profile a]\n",
					     "driver=vfio-pci\n",
					     "#\x80\xff\x01 in comments\n" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		bench_config(texts[i]);
		if (c->rules || c->errors || c->cmdline_rules)
			fail_msg("text %zu: %u rules, %u errors", i, c->rules, c->errors);
	}
}

static void has_defaults(void **state)
{
	const struct rule *r = rule_of("1002:6608");

	(void)state;
	assert_int_equal(r->vendor, 0x1002);
	assert_int_equal(r->device, 0x6608);
	assert_int_equal(r->given, 0);
	assert_string_equal(r->driver, "vfio-pci");
	assert_null(r->profile);
	assert_int_equal(r->with, WITH_FUNCTION);
	assert_int_equal(r->keep | r->iommu_ignore | r->take_boot_display | r->hold | r->required,
			 0);
	assert_int_equal(r->expect, 0);
	assert_int_equal(r->attrs, 0);
	assert_string_equal(r->at.file, "c");
	assert_int_equal(r->at.line, 1);
	assert_int_equal(r->at.column, 0);
}

static void reads_ids(void **state)
{
	const struct rule *r = rule_of("10DE:2aBc\n");

	(void)state;
	assert_int_equal(r->vendor, 0x10de);
	assert_int_equal(r->device, 0x2abc);
	r = rule_of("8086:*\n");
	assert_int_equal(r->device, PCI_ANY);
	r = rule_of("*:1912\n");
	assert_int_equal(r->vendor, PCI_ANY);
	r = rule_of("*:* class=display\n");
	assert_int_equal(r->vendor & r->device, PCI_ANY);
}

static void reads_subsystem(void **state)
{
	const struct rule *r = rule_of("1002:6608 subsystem=1028:2120");

	(void)state;
	assert_int_equal(r->given, RULE_SUBSYSTEM);
	assert_int_equal(r->subvendor, 0x1028);
	assert_int_equal(r->subdevice, 0x2120);
	r = rule_of("1002:6608 subsystem=1028:*");
	assert_int_equal(r->subdevice, PCI_ANY);
}

static void reads_class(void **state)
{
	static const struct {
		const char *value;
		uint32_t class;
		unsigned digits;
	} cases[] = {
		{ "display", 0x03, 2 }, { "audio", 0x0401, 4 },	  { "usb", 0x0c03, 4 },
		{ "network", 0x02, 2 }, { "storage", 0x01, 2 },	  { "serial", 0x07, 2 },
		{ "0300", 0x0300, 4 },	{ "0C0330", 0xc0330, 6 }, { "ff", 0xff, 2 },
	};
	char line[64];
	struct text t;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		text_start(&t, line, sizeof(line));
		text_add(&t, "1002:* class=%s", cases[i].value);
		const struct rule *r = rule_of(line);
		assert_int_equal(r->class, cases[i].class);
		assert_int_equal(r->class_digits, cases[i].digits);
		assert_int_equal(r->class_open, strcmp(cases[i].value, "audio") ? 0 : 0x0200);
		assert_int_equal(r->given, RULE_CLASS);
	}
}

static void reads_locations(void **state)
{
	const struct rule *r = rule_of("1002:6608 address=0001:02:03.4");

	(void)state;
	assert_int_equal(r->given, RULE_ADDRESS);
	assert_int_equal(r->address.domain, 1);
	assert_int_equal(r->address.bus, 2);
	assert_int_equal(r->address.devfn, 3 << 3 | 4);
	assert_false(r->any_function);
	assert_true(rule_of("1002:6608 address=02:03.*")->any_function);
	r = rule_of("1002:6608 path=0002:40:1c.4/00.0/1f.7");
	assert_int_equal(r->given, RULE_PATH);
	assert_int_equal(r->path.domain, 2);
	assert_int_equal(r->path.bus, 0x40);
	assert_int_equal(r->path.hops, 3);
	assert_int_equal(r->path.hop[0], 0x1c << 3 | 4);
	assert_int_equal(r->path.hop[1], 0);
	assert_int_equal(r->path.hop[2], 0xff);
	assert_int_equal(rule_of("1002:6608 path=00:02.0")->path.hops, 1);
	r = rule_of("1002:6608 serial=00-11-22-33-44-55-66-fF");
	assert_int_equal(r->given, RULE_SERIAL);
	assert_true(r->serial == 0x00112233445566ff);
}

/* 16 hops are the most: one more is an error. */
static void limits_hops(void **state)
{
	char line[256] = "1002:6608 path=00:01.0";

	(void)state;
	for (unsigned i = 1; i < PCI_HOPS_MAX; i++)
		strcat(line, "/00.0");
	assert_int_equal(rule_of(line)->path.hops, PCI_HOPS_MAX);
	strcat(line, "/00.0");
	expect_error(line, "1:16", E_PATH);
}

static void reads_actions(void **state)
{
	(void)state;
	assert_string_equal(rule_of("1002:6608 driver=pci-stub")->driver, "pci-stub");
	assert_string_equal(rule_of("1002:6608 driver=" NAME_63)->driver, NAME_63);
	/* These two modules have other names than their drivers. */
	assert_string_equal(rule_of("1002:6608 driver=vfio_pci")->driver, "vfio-pci");
	assert_string_equal(rule_of("1002:6608 driver=pci_stub")->driver, "pci-stub");
	assert_string_equal(rule_of("driver=pci_stub\n1002:6608")->driver, "pci-stub");
	assert_string_equal(rule_of("1002:6608 driver=mlx5_vfio_pci")->driver, "mlx5_vfio_pci");
	assert_int_equal(rule_of("1002:6608 with=function")->with, WITH_FUNCTION);
	assert_int_equal(rule_of("1002:6608 with=slot")->with, WITH_SLOT);
	assert_int_equal(rule_of("1002:6608 with=group")->with, WITH_GROUP);
	assert_int_equal(rule_of("1002:6608 expect=1")->expect, 1);
	assert_int_equal(rule_of("1002:6608 expect=4096")->expect, 4096);
	assert_int_equal(rule_of("1002:6608 iommu=require")->iommu_ignore, 0);
	assert_int_equal(rule_of("1002:6608 iommu=ignore")->iommu_ignore, 1);
	assert_int_equal(rule_of("1002:6608 take=boot-display")->take_boot_display, 1);
	assert_int_equal(rule_of("1002:6608 on-failure=release")->hold, 0);
	assert_int_equal(rule_of("1002:6608 on-failure=hold")->hold, 1);
	assert_int_equal(rule_of("1002:6608 required=no")->required, 0);
	assert_int_equal(rule_of("1002:6608 required=yes")->required, 1);
	assert_int_equal(rule_of("1002:6608 boot-display=yes")->boot_display, 1);
	assert_int_equal(rule_of("1002:6608 boot-display=no")->boot_display, 0);
	assert_int_equal(rule_of("1002:6608 boot-display=no")->given, RULE_BOOT_DISPLAY);
}

static void reads_attrs(void **state)
{
	const struct rule *r = rule_of("1002:6608 attr.reset_method=flr,bus attr.d3cold_allowed=0");

	(void)state;
	assert_int_equal(r->attrs, 2);
	assert_string_equal(r->attr[0].name, "reset_method");
	assert_string_equal(r->attr[0].value, "flr,bus");
	assert_string_equal(r->attr[1].name, "d3cold_allowed");
	assert_string_equal(r->attr[1].value, "0");
	r = rule_of("1002:6608 attr.a=b=c!~ attr.x.y=" NAME_63);
	assert_string_equal(r->attr[0].value, "b=c!~");
	assert_string_equal(r->attr[1].name, "x.y");
	assert_string_equal(rule_of("1002:6608 attr." NAME_63 "=1")->attr[0].name, NAME_63);
	/* In a directory of the function. */
	r = rule_of("1002:6608 attr.nvidia/current_vgpu_type=592 attr.virtfn/a.b/c-d=1");
	assert_string_equal(r->attr[0].name, "nvidia/current_vgpu_type");
	assert_string_equal(r->attr[1].name, "virtfn/a.b/c-d");
	assert_string_equal(rule_of("1002:6608 attr.virtio12/x=1")->attr[0].name, "virtio12/x");
	/* A rule's own value replaces its defaults'. */
	r = rule_of("attr.a=1 attr.b=2\n1002:6608 attr.a=3");
	assert_int_equal(r->attrs, 2);
	assert_string_equal(r->attr[0].value, "3");
	assert_string_equal(r->attr[1].value, "2");
}

/* The kernel counts sizes in 2^n MiB. */
static void reads_sizes(void **state)
{
	static const struct {
		const char *option, *name, *value;
	} cases[] = {
		{ "resize.bar0=1M", "resource0_resize", "0" },
		{ "resize.bar1=8G", "resource1_resize", "13" },
		{ "resize.bar2=256M", "resource2_resize", "8" },
		{ "resize.bar3=512M", "resource3_resize", "9" },
		{ "resize.bar4=1G", "resource4_resize", "10" },
		{ "resize.bar5=512G", "resource5_resize", "19" },
	};
	char line[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct rule *r = rule_of(
			text_make(line, sizeof(line), "1002:6608 %s", cases[i].option));
		assert_int_equal(r->attrs, 1);
		assert_string_equal(r->attr[0].name, cases[i].name);
		assert_string_equal(r->attr[0].value, cases[i].value);
	}
	for (unsigned n = 0; n < 20; n++) {
		const struct rule *r = rule_of(
			text_make(line, sizeof(line), "1002:6608 resize.bar0=%u%s", 1u << n % 10,
				  n < 10 ? "M" : "G"));
		assert_string_equal(r->attr[0].value, text_make(line, sizeof(line), "%u", n));
	}
	/* It is that attribute: the last value counts. */
	const struct rule *r = rule_of("resize.bar1=8G\n1002:6608 attr.resource1_resize=9");
	assert_int_equal(r->attrs, 1);
	assert_string_equal(r->attr[0].value, "9");
}

static void limits_attrs(void **state)
{
	const char *nine =
		"1002:6608 attr.a=1 attr.b=1 attr.c=1 attr.d=1 attr.e=1 attr.f=1 attr.g=1 "
		"attr.h=1 attr.i=1";
	char eight[128];

	(void)state;
	expect_error(nine, "1:88", E_ATTRS);
	strcpy(eight, nine);
	eight[strlen(eight) - strlen(" attr.i=1")] = '\0';
	assert_int_equal(rule_of(eight)->attrs, CONFIG_ATTRS_MAX);
}

static void knows_white_space(void **state)
{
	const struct rule *r = rule_of(" \t 1002:6608 \t\t  with=slot   # the card\r\n");

	(void)state;
	assert_int_equal(r->with, WITH_SLOT);
	assert_int_equal(rule_of("1002:6608 with=slot# no space needed")->with, WITH_SLOT);
	assert_int_equal(rule_of("\r\n\r\n1002:6608\r\n")->at.line, 3);
	assert_int_equal(rule_of("1002:6608\r")->device, 0x6608); /* no newline at the end */
	assert_int_equal(rule_of("1002:6608 #\xc3\xa9\x01\x7f")->device, 0x6608);
}

static void applies_defaults(void **state)
{
	(void)state;
	bench_config("1002:0001\n"
		     "driver=pci-stub with=slot\n"
		     "1002:0002\n"
		     "1002:0003 with=function\n"
		     "required=yes\n"
		     "1002:0004\n"
		     "[profile a]\n"
		     "1002:0005\n"
		     "on-failure=hold\n"
		     "1002:0006\n"
		     "[profile b]\n"
		     "1002:0007\n");
	assert_int_equal(c->errors, 0);
	assert_int_equal(c->rules, 7);
	assert_string_equal(c->rule[0].driver, "vfio-pci");
	assert_string_equal(c->rule[1].driver, "pci-stub");
	assert_int_equal(c->rule[1].with, WITH_SLOT);
	assert_int_equal(c->rule[2].with, WITH_FUNCTION);
	assert_string_equal(c->rule[2].driver, "pci-stub");
	assert_int_equal(c->rule[3].required, 1);
	assert_int_equal(c->rule[3].with, WITH_SLOT);
	assert_string_equal(c->rule[4].driver, "vfio-pci");
	assert_int_equal(c->rule[4].required, 0);
	assert_int_equal(c->rule[5].hold, 1);
	assert_int_equal(c->rule[6].hold, 0);
}

/* Options that narrow are defaults like others. */
static void narrows_by_defaults(void **state)
{
	const struct rule *r =
		rule_of("subsystem=1028:* address=01:00.*\n1002:6608 address=02:00.0");

	(void)state;
	assert_int_equal(r->given, RULE_SUBSYSTEM | RULE_ADDRESS);
	assert_int_equal(r->address.bus, 2);
	assert_false(r->any_function);
}

static void ends_defaults_with_the_file(void **state)
{
	(void)state;
	bench_start();
	config_start(&bench.config);
	config_parse(&bench.config, "a", "[profile p]\nwith=slot\n", 22);
	config_parse(&bench.config, "b", "1002:6608", 9);
	assert_int_equal(c->errors, 0);
	assert_null(c->rule[0].profile);
	assert_int_equal(c->rule[0].with, WITH_FUNCTION);
	assert_string_equal(c->rule[0].at.file, "b");
}

/* A broken defaults line changes nothing of those before it, not even half. */
static void drops_broken_defaults(void **state)
{
	(void)state;
	bench_config("with=slot\nwith=group driver=\n1002:6608\n");
	assert_int_equal(c->errors, 1);
	assert_int_equal(c->rules, 1);
	assert_int_equal(c->rule[0].with, WITH_SLOT);
}

static void reads_profiles(void **state)
{
	(void)state;
	bench_config("1002:0001\n[profile a]\n1002:0002\n[ profile  b ] # second\n1002:0003\n"
		     "[profile a]\n1002:0004\n");
	assert_int_equal(c->errors, 0);
	assert_int_equal(c->profiles, 2);
	assert_null(c->rule[0].profile);
	assert_string_equal(c->rule[1].profile, "a");
	assert_string_equal(c->rule[2].profile, "b");
	assert_ptr_equal(c->rule[1].profile, c->rule[3].profile);
	assert_ptr_equal(config_find_profile(c, slice_of("a")), c->rule[1].profile);
	assert_null(config_find_profile(c, slice_of("A")));
	assert_null(config_find_profile(c, slice_of("")));
}

static void limits_profiles(void **state)
{
	static char text[4096];
	struct text t;

	(void)state;
	text_start(&t, text, sizeof(text));
	for (unsigned i = 0; i < CONFIG_PROFILES_MAX; i++)
		text_add(&t, "[profile p%u]\n", i);
	text_add(&t, "[profile p0]\n");
	bench_config(text);
	assert_int_equal(c->errors, 0);
	assert_int_equal(c->profiles, CONFIG_PROFILES_MAX);
	text_add(&t, "[profile more]\n");
	expect_error(text, "34:10", E_PROFILES);
}

static void reads_keep(void **state)
{
	const struct rule *r = rule_of("keep 8086:* class=display address=00:02.0");

	(void)state;
	assert_int_equal(r->keep, 1);
	assert_int_equal(r->given, RULE_CLASS | RULE_ADDRESS);
	assert_int_equal(rule_of("keep *:*")->vendor, PCI_ANY);
	/* What a defaults line says to do is no error for it, and does nothing. */
	r = rule_of("with=slot expect=2 required=yes\nkeep 1002:6608");
	assert_int_equal(r->with, WITH_FUNCTION);
	assert_int_equal(r->expect | r->required, 0);
}

/* Which of the first eight virtual functions a rule takes, "01234567". */
static const char *vfs_of(const char *text)
{
	static char taken[9];
	const struct rule *r = rule_of(text);
	char *to = taken;

	for (unsigned i = 0; i < 8; i++)
		if (config_takes_vf(r, i))
			*to++ = (char)('0' + i);
	*to = '\0';
	return taken;
}

static void reads_virtual_functions(void **state)
{
	(void)state;
	assert_int_equal(rule_of("1002:6608")->vfs, 0);
	assert_int_equal(rule_of("1002:6608 vfs=1")->vfs, 1);
	assert_int_equal(rule_of("1002:6608 vfs=256")->vfs, CONFIG_VFS_MAX);
	assert_string_equal(vfs_of("1002:6608 vfs=8"), "01234567");
	assert_string_equal(vfs_of("1002:6608 vfs=8 vf=0"), "0");
	assert_string_equal(vfs_of("1002:6608 vf=7,2-4,0-0 vfs=8"), "02347");
	assert_string_equal(vfs_of("1002:6608 vfs=10 vf=9,2"), "2");
	assert_string_equal(vfs_of("1002:6608 vfs=256 vf=3,255"), "3");
	assert_int_equal(config_takes_vf(&c->rule[0], 255), 1);
	assert_int_equal(config_takes_vf(&c->rule[0], 254), 0);
	assert_int_equal(config_list_has("8", 8, 0), 2);
	assert_int_equal(config_list_has("x", 8, 0), 2);
	assert_int_equal(config_list_has("2-1", 8, 0), 2);
	assert_string_equal(vfs_of("vf=1 vfs=4 driver=keep with=slot\n1002:6608 vfs=2"), "1");
	assert_string_equal(rule_of("1002:6608 driver=keep vfs=2")->driver, CONFIG_DRIVER_KEEP);
	/* For a keep rule they do nothing. */
	assert_int_equal(rule_of("vf=1 driver=keep\nkeep 1002:6608")->keep, 1);
}

/* Those rules take nothing, whatever the command line says. */
static void reads_drivers_of_auto(void **state)
{
	const struct rule *r = rule_of("[auto]\n15b3:101e class=02 driver=mlx5_vfio_pci");

	(void)state;
	assert_ptr_equal(r->profile, config_auto);
	assert_null(config_find_profile(c, slice_of("auto")));
	rule_of("[profile auto]\n15b3:101e");
	assert_ptr_not_equal(c->rule[0].profile, config_auto);
}

static void reads_cmdline_rules(void **state)
{
	(void)state;
	bench_config("cmdline-rules=yes # for vgapass.ids=\n");
	assert_int_equal(c->errors, 0);
	assert_true(c->cmdline_rules);
	assert_false(config_wants_token(c));
	bench_config("cmdline-rules=yes\ncmdline-rules=no\n");
	assert_int_equal(c->errors, 0);
	assert_false(c->cmdline_rules);
}

static void reads_switches_of_boots(void **state)
{
	(void)state;
	bench_config("1002:6608\n");
	assert_false(config_wants_token(c));
	assert_null(c->chosen);
	bench_config("next-boot=yes\nprofile=games\n");
	assert_int_equal(c->errors, 0);
	assert_true(config_wants_token(c));
	assert_string_equal(c->chosen, "games");
	assert_false(c->cmdline_rules);
	bench_config("next-boot=yes\nnext-boot=no\n");
	assert_false(config_wants_token(c));
	bench_config("[trial]\n");
	assert_false(config_wants_token(c));
	/* Of the configuration before, nothing is left. */
	assert_null(c->chosen);
}

static void reads_a_trial(void **state)
{
	(void)state;
	bench_config("1002:6608\n[trial]\ndriver=pci-stub\n1002:aab0\n[profile a]\n8086:1912\n");
	assert_int_equal(c->errors, 0);
	assert_true(config_wants_token(c));
	assert_int_equal(c->profiles, 1);
	assert_ptr_equal(c->rule[1].profile, config_trial);
	assert_string_equal(c->rule[1].driver, "pci-stub");
	assert_null(config_find_profile(c, slice_of("trial")));
	assert_false(plan_rule_holds(&c->rule[1], NULL));
	config_begin_trial((struct config *)c);
	assert_null(c->rule[0].profile);
	assert_null(c->rule[1].profile);
	assert_string_equal(c->rule[2].profile, "a");
	bench_config("[trial]\n1002:6608\n");
	config_begin_trial((struct config *)c);
	assert_null(c->rule[0].profile);
}

static const struct {
	const char *text, *place, *phrase;
} wrong[] = {
	{ "1002\n", "1:1", E_ID },
	{ "  1002:66\n", "1:3", E_ID },
	{ "\n\n 1002:6608x", "3:2", E_ID },
	{ "1002:6608,1002:aab0", "1:1", E_ID },
	{ "vfio-pci", "1:1", E_ID },
	{ "keep", "1:5", E_ID },
	{ "keep ", "1:6", E_ID },
	{ "keep keep 1002:6608", "1:6", E_ID },
	{ "Keep 1002:6608", "1:1", E_ID },
	{ "\xef\xbb\xbf"
	  "1002:6608",
	  "1:1", E_TEXT }, /* a byte order mark */
	{ "1002:6608 \x01", "1:11", E_TEXT },
	{ "1002:6608 \x7f", "1:11", E_TEXT },
	{ "1002:6608 with=slot\xc3\xa9", "1:20", E_TEXT },
	{ "1002:6608\r with=slot", "1:10", E_TEXT },
	{ "1002:6608\v", "1:10", E_TEXT },
	{ "1002:6608 wiht=slot", "1:11", E_OPTION },
	{ "1002:6608 wiht=slot required=yes", "1:11", E_OPTION }, /* right words behind it */
	{ "1002:6608 With=slot", "1:11", E_OPTION },
	{ "1002:6608 slot", "1:11", E_OPTION },
	{ "1002:6608 with", "1:15", E_VALUE },
	{ "1002:6608 =slot", "1:11", E_OPTION },
	{ "1002:6608 with=", "1:16", E_VALUE },
	{ "1002:6608 with=slots", "1:16", E_VALUE },
	{ "1002:6608 with=function|slot", "1:16", E_VALUE },
	{ "1002:6608 boot-display=maybe", "1:24", E_VALUE },
	{ "1002:6608 iommu=off", "1:17", E_VALUE },
	{ "1002:6608 take=", "1:16", E_VALUE },
	{ "1002:6608 take=yes", "1:16", E_VALUE },
	{ "1002:6608 on-failure=retry", "1:22", E_VALUE },
	{ "1002:6608 required=true", "1:20", E_VALUE },
	{ "1002:6608 with=slot with=slot", "1:21", E_TWICE },
	{ "with=slot  with=group", "1:12", E_TWICE },
	{ "1002:6608 path=00:01.0 path=00:01.0", "1:24", E_TWICE },
	{ "1002:6608 subsystem=1028", "1:21", E_ID },
	{ "1002:6608 class=", "1:17", E_CLASS },
	{ "1002:6608 class=3", "1:17", E_CLASS },
	{ "1002:6608 class=030", "1:17", E_CLASS },
	{ "1002:6608 class=0300000", "1:17", E_CLASS },
	{ "1002:6608 class=03000000", "1:17", E_CLASS },
	{ "1002:6608 class=gpu", "1:17", E_CLASS },
	{ "1002:6608 class=zz", "1:17", E_CLASS },
	{ "1002:6608 class=display=03", "1:17", E_CLASS },
	{ "1002:6608 address=1:0.0", "1:19", E_ADDRESS },
	{ "1002:6608 address=01:00", "1:19", E_ADDRESS },
	{ "1002:6608 address=*", "1:19", E_ADDRESS },
	{ "1002:6608 path=", "1:16", E_PATH },
	{ "1002:6608 path=00:01.*", "1:16", E_PATH },
	{ "1002:6608 path=00:01.0/", "1:16", E_PATH },
	{ "1002:6608 path=00:01.0//00.0", "1:16", E_PATH },
	{ "1002:6608 path=00:01.0/01:00.0", "1:16", E_PATH },
	{ "1002:6608 path=/00:01.0", "1:16", E_PATH },
	{ "1002:6608 path=00:01.0/00.*", "1:16", E_PATH },
	{ "1002:6608 serial=0011223344556677", "1:18", E_SERIAL },
	{ "1002:6608 serial=00-11-22-33-44-55-66-7", "1:18", E_SERIAL },
	{ "1002:6608 serial=00-11-22-33-44-55-66-7g", "1:18", E_SERIAL },
	{ "1002:6608 serial=00-11-22-33-44-55-666-7", "1:18", E_SERIAL },
	{ "1002:6608 serial=00-11-22-33-44-55-66-77-", "1:18", E_SERIAL },
	{ "1002:6608 driver=", "1:18", E_NAME },
	{ "1002:6608 driver=a/b", "1:18", E_NAME },
	{ "1002:6608 driver=/ab", "1:18", E_NAME },
	{ "1002:6608 driver=..", "1:18", E_NAME },
	{ "1002:6608 driver=.a", "1:18", E_NAME },
	{ "1002:6608 driver=a@b", "1:18", E_NAME },
	{ "1002:6608 driver=a`b", "1:18", E_NAME },
	{ "1002:6608 driver=a:b", "1:18", E_NAME },
	{ "1002:6608 driver=a[b", "1:18", E_NAME },
	{ "1002:6608 driver=" NAME_63 "8", "1:18", E_NAME },
	{ "1002:6608 vfs=0", "1:15", E_VFS },
	{ "1002:6608 vfs=257", "1:15", E_VFS },
	{ "1002:6608 vfs=", "1:15", E_VFS },
	{ "1002:6608 vfs=2 vfs=2", "1:17", E_TWICE },
	{ "1002:6608 vfs=2 vf=2", "1:1", E_VF },
	{ "1002:6608 vfs=2 vf=0-2", "1:1", E_VF },
	{ "1002:6608 vfs=4 vf=3-1", "1:1", E_VF },
	{ "1002:6608 vfs=4 vf=1-", "1:1", E_VF },
	{ "1002:6608 vfs=4 vf=-1", "1:1", E_VF },
	{ "1002:6608 vfs=4 vf=0-1-2", "1:1", E_VF },
	{ "1002:6608 vfs=4 vf=", "1:1", E_VF },
	{ "1002:6608 vfs=4 vf=1,", "1:1", E_VF },
	{ "1002:6608 vfs=4 vf=a", "1:1", E_VF },
	{ "1002:6608 vfs=4 vf=0a1", "1:1", E_VF },
	{ "1002:6608 vfs=256 vf=:", "1:1", E_VF }, /* it is next to the 9 */
	{ "1002:6608 vfs=4 vf=4294967296", "1:1", E_VF },
	{ "1002:6608 vf=1", "1:1", E_SHARED },
	{ "1002:6608 driver=keep", "1:1", E_SHARED },
	{ "1002:6608 vfs=2 with=slot", "1:1", E_SHARED },
	{ "1002:6608 take=boot-display vfs=2", "1:1", E_SHARED },
	{ "keep 1002:6608 vfs=2", "1:16", E_KEEP },
	{ "keep 1002:6608 vf=0", "1:16", E_KEEP },
	{ "vfs=4\n1002:6608 with=group", "2:1", E_SHARED },
	{ "[auto", "1:2", E_SECTION },
	{ "[auto x]", "1:2", E_SECTION },
	{ "[auto] x", "1:2", E_SECTION },
	{ "1002:6608 expect=0", "1:18", E_EXPECT },
	{ "1002:6608 expect=4097", "1:18", E_EXPECT },
	{ "1002:6608 expect=-1", "1:18", E_EXPECT },
	{ "1002:6608 expect=1x", "1:18", E_EXPECT },
	{ "1002:6608 expect=", "1:18", E_EXPECT },
	{ "1002:6608 expect=65537", "1:18", E_EXPECT },
	{ "1002:6608 attr.=1", "1:16", E_NAME },
	{ "1002:6608 attr=1", "1:15", E_NAME },
	{ "1002:6608 attr.../x=1", "1:16", E_NAME },
	{ "1002:6608 attr./x=1", "1:16", E_NAME },
	{ "1002:6608 attr.x/=1", "1:16", E_NAME },
	{ "1002:6608 attr.x//y=1", "1:16", E_NAME },
	{ "1002:6608 attr.x/../y=1", "1:16", E_NAME },
	{ "1002:6608 attr.x/.=1", "1:16", E_NAME },
	{ "1002:6608 attr.x/" NAME_63 "=1", "1:16", E_NAME },
	{ "1002:6608 attr.driver/unbind=1", "1:16", E_LINK },
	{ "1002:6608 attr.net/eth0/device/x=1", "1:16", E_LINK },
	{ "1002:6608 attr.virtfn0/reset=1", "1:16", E_LINK },
	{ "1002:6608 attr.subsystem/x=1", "1:16", E_LINK },
	{ "1002:6608 attr.iommu/x=1", "1:16", E_LINK },
	{ "1002:6608 attr.iommu_group/x=1", "1:16", E_LINK },
	{ "1002:6608 attr.physfn/x=1", "1:16", E_LINK },
	{ "1002:6608 attr.firmware_node/x=1", "1:16", E_LINK },
	{ "1002:6608 attr.x/driver_override=1", "1:16", E_ATTR },
	{ "1002:6608 attr.reset_method=", "1:16", E_VALUE },
	{ "1002:6608 attr.reset_method", "1:16", E_VALUE },
	{ "1002:6608 attr.a=" NAME_63 "8", "1:16", E_VALUE },
	{ "1002:6608 attr.driver_override=x", "1:16", E_ATTR },
	{ "1002:6608 attr.remove=1", "1:16", E_ATTR },
	{ "1002:6608 attr.rescan=1", "1:16", E_ATTR },
	{ "1002:6608 resize.bar6=1G", "1:18", E_RESIZE },
	{ "1002:6608 resize.bar=1G", "1:18", E_RESIZE },
	{ "1002:6608 resize.bar10=1G", "1:18", E_RESIZE },
	{ "1002:6608 resize.rom=1G", "1:18", E_RESIZE },
	{ "1002:6608 resize=1G", "1:17", E_RESIZE },
	{ "1002:6608 resize.bar1=", "1:18", E_RESIZE },
	{ "1002:6608 resize.bar1", "1:18", E_RESIZE },
	{ "1002:6608 resize.bar1=13", "1:18", E_RESIZE },
	{ "1002:6608 resize.bar1=0M", "1:18", E_RESIZE },
	{ "1002:6608 resize.bar1=3G", "1:18", E_RESIZE },
	{ "1002:6608 resize.bar1=512K", "1:18", E_RESIZE },
	{ "1002:6608 resize.bar1=8g", "1:18", E_RESIZE },
	{ "1002:6608 resize.bar1=1024M", "1:18", E_RESIZE },
	{ "keep 1002:6608 resize.bar1=8G", "1:23", E_KEEP },
	{ "keep 1002:6608 with=slot", "1:16", E_KEEP },
	{ "keep 1002:6608 attr.a=1", "1:21", E_KEEP },
	{ "keep 1002:6608 driver=vfio-pci", "1:16", E_KEEP },
	{ "keep 1002:6608 expect=1", "1:16", E_KEEP },
	{ "keep 1002:6608 iommu=ignore", "1:16", E_KEEP },
	{ "keep 1002:6608 take=boot-display", "1:16", E_KEEP },
	{ "keep 1002:6608 on-failure=hold", "1:16", E_KEEP },
	{ "keep 1002:6608 required=yes", "1:16", E_KEEP },
	{ "*:*", "1:1", E_ALL },
	{ "  *:* with=slot", "1:3", E_ALL },
	{ "*:* boot-display=no", "1:1", E_ALL },
	{ "*:* subsystem=*:*", "1:1", E_ALL },
	{ "subsystem=*:*\n*:* boot-display=no", "2:1", E_ALL },
	{ "subsystem=1028:*\n*:* subsystem=*:*", "2:1", E_ALL },
	{ "cmdline-rules=yes 1002:6608", "1:1", E_ALONE },
	{ "1002:6608 cmdline-rules=yes", "1:11", E_ALONE },
	{ "1002:6608 cmdline-rules=maybe", "1:11", E_ALONE },
	{ "keep 1002:6608 cmdline-rules=yes", "1:16", E_ALONE },
	{ "driver=pci-stub cmdline-rules=yes", "1:17", E_ALONE },
	{ "1002:6608 cmdline-rules", "1:11", E_ALONE },
	{ "cmdline-rules=maybe", "1:15", E_VALUE },
	{ "[]", "1:2", E_SECTION },
	{ "[", "1:2", E_SECTION },
	{ "[profile a", "1:2", E_SECTION },
	{ "[profil a]", "1:2", E_SECTION },
	{ " [profile a b]", "1:3", E_SECTION },
	{ "[profile a] 1002:6608", "1:2", E_SECTION },
	{ "[profile a # ]", "1:2", E_SECTION },
	{ "[profile]", "1:9", E_NAME },
	{ "[profile a/b]", "1:10", E_NAME },
	{ "[profile " NAME_63 "8]", "1:10", E_NAME },
	{ "[profile off]", "1:10", E_RESERVED },
	{ "[profile on]", "1:10", E_RESERVED },
	{ "[profile dry-run]", "1:10", E_RESERVED },
	{ "[profile trial]", "1:10", E_RESERVED },
	{ "profile=", "1:9", E_NAME },
	{ "profile=a/b", "1:9", E_NAME },
	{ "profile=on", "1:9", E_RESERVED },
	{ "profile=off", "1:9", E_RESERVED },
	{ "profile=trial", "1:9", E_RESERVED },
	{ "profile=a next-boot=yes", "1:1", E_ALONE },
	{ "next-boot=", "1:11", E_VALUE },
	{ "next-boot=maybe", "1:11", E_VALUE },
};

static void finds_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		expect_error(wrong[i].text, wrong[i].place, wrong[i].phrase);
}

static void finds_a_nul(void **state)
{
	(void)state;
	config_start(&bench.config);
	config_parse(&bench.config, "c", "1002:6608\n1002:\0aab0\n1002:aab0\n", 31);
	assert_int_equal(c->errors, 1);
	assert_int_equal(c->rules, 2);
	assert_string_equal(place_of(0), "2:6");
	assert_string_equal(c->error[0].phrase, E_TEXT);
}

/* Every line is read, whatever is wrong with another. */
static void goes_on_behind_errors(void **state)
{
	(void)state;
	bench_config("x\n1002:6608\n1002:aab0 with=\n1002:aab0\n[y]\n");
	assert_int_equal(c->errors, 3);
	assert_int_equal(c->rules, 2);
	assert_string_equal(place_of(0), "1:1");
	assert_string_equal(place_of(1), "3:16");
	assert_string_equal(place_of(2), "5:2");
}

static void counts_more_errors_than_it_keeps(void **state)
{
	static char text[2 * (CONFIG_ERRORS_MAX + 3) + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 2 ? '\n' : 'x';
	bench_config(text);
	assert_int_equal(c->errors, CONFIG_ERRORS_MAX + 3);
	assert_int_equal(c->error[CONFIG_ERRORS_MAX - 1].at.line, CONFIG_ERRORS_MAX);
}

static void limits_rules(void **state)
{
	static char text[CONFIG_FILE_MAX];
	struct text t;

	(void)state;
	text_start(&t, text, sizeof(text));
	for (unsigned i = 0; i < CONFIG_RULES_MAX; i++)
		text_add(&t, "1002:%04x\n", i);
	bench_config(text);
	assert_int_equal(c->errors, 0);
	assert_int_equal(c->rules, CONFIG_RULES_MAX);
	assert_int_equal(c->rule[CONFIG_RULES_MAX - 1].device, CONFIG_RULES_MAX - 1);
	text_add(&t, " keep 1002:6608\n");
	expect_error(text, "257:2", E_RULES);
}

static void limits_files(void **state)
{
	char name[32];
	struct text t;

	(void)state;
	config_start(&bench.config);
	for (unsigned i = 0; i < CONFIG_FILES_MAX; i++) {
		text_start(&t, name, sizeof(name));
		text_add(&t, "vgapass.conf.d/%u.conf", i);
		const char *kept = config_add_file(&bench.config, name);
		assert_non_null(kept);
		assert_ptr_not_equal(kept, name);
		assert_string_equal(kept, name);
	}
	assert_int_equal(c->errors, 0);
	assert_null(config_add_file(&bench.config, "one-more"));
	assert_int_equal(c->errors, 1);
	assert_string_equal(c->error[0].phrase, E_FILES);
	assert_string_equal(c->error[0].at.file, "vgapass.conf.d");
	assert_string_equal(place_of(0), "0:0");
	assert_int_equal(c->files, CONFIG_FILES_MAX);
}

/* The same name is kept once. */
static void keeps_names_once(void **state)
{
	static char text[CONFIG_FILE_MAX];
	struct text t;

	(void)state;
	text_start(&t, text, sizeof(text));
	for (unsigned i = 0; i < CONFIG_RULES_MAX; i++)
		text_add(&t, "1002:6608 driver=%s\n", NAME_63);
	bench_config(text);
	assert_int_equal(c->errors, 0);
	assert_int_equal(c->text_used, sizeof("c") + sizeof(NAME_63));
	/* What an earlier configuration left is no name of this one. */
	bench_config("1002:6608 driver=d");
	assert_int_equal(c->text_used, sizeof("c") + sizeof("d"));
	assert_ptr_equal(c->file[0], c->text);
	assert_string_equal(c->text, "c");
	assert_ptr_equal(c->rule[0].driver, c->text + sizeof("c"));
	assert_string_equal(c->rule[0].driver, "d");
}

/* To the last byte, and not one more. */
static void fills_the_room_for_names(void **state)
{
	static const struct {
		const char *line, *place;
	} more[] = {
		{ "1002:6608 driver=d", "257:18" },    { "1002:6608 attr.d=c", "257:16" },
		{ "1002:6608 attr.c=d", "257:16" },    { "1002:6608 vfs=1 vf=0", "257:20" },
		{ "profile=d", "257:9" },	       { "[profile d]", "257:10" },
	};
	static char text[CONFIG_FILE_MAX];
	struct text t;

	(void)state;
	text_start(&t, text, sizeof(text));
	for (unsigned i = 0; i < 255; i++) /* 64 bytes each */
		text_add(&t, "1002:6608 driver=%04x%s\n", i, NAME_63 + 4);
	/* and the file's name: 62 are left */
	text_add(&t, "1002:6608 driver=%s\n", NAME_63 + 2);
	bench_config(text);
	assert_int_equal(c->errors, 0);
	assert_int_equal(c->text_used, CONFIG_TEXT_MAX);
	assert_null(config_add_file(&bench.config, "d"));
	assert_int_equal(c->errors, 1);
	assert_string_equal(c->error[0].phrase, E_NAMES);
	assert_non_null(config_add_file(&bench.config, "c")); /* it is there */
	size_t full = t.len;
	text[full - 1] = 'x';
	expect_error(text, "256:18", E_NAMES);
	text[full - 1] = '\n';
	for (size_t i = 0; i < COUNT(more); i++) {
		t.len = full;
		text_add(&t, "%s", more[i].line);
		expect_error(text, more[i].place, E_NAMES);
	}
}

static void says_when_names_are_full(void **state)
{
	static char text[CONFIG_FILE_MAX];
	struct text t;
	unsigned line = 1;

	(void)state;
	text_start(&t, text, sizeof(text));
	for (; line <= 70; line++) {
		text_add(&t, "1002:6608");
		for (unsigned i = 0; i < 4; i++)
			text_add(&t, " attr.%u=%04x%s", i, 4 * line + i, NAME_63 + 4);
		text_add(&t, "\n");
	}
	bench_config(text);
	/* 255 values of 64 bytes and the names fit; the 256th does not. */
	assert_int_equal(c->errors, 7);
	assert_string_equal(c->error[0].phrase, E_NAMES);
	assert_string_equal(place_of(0), "64:229");
	assert_true(c->text_used <= CONFIG_TEXT_MAX);
}

static void takes_long_lines(void **state)
{
	static char text[CONFIG_FILE_MAX];

	(void)state;
	memset(text, ' ', sizeof(text) - 1);
	memcpy(text, "1002:6608", 9);
	text[sizeof(text) - 3] = 'x';
	expect_error(text, "1:65534", E_OPTION);
	text[9] = '#';
	assert_int_equal(rule_of(text)->device, 0x6608);
}

static void parse_ids(const char *cmdline, uint32_t column)
{
	config_start(&bench.config);
	config_parse_ids(&bench.config, "cmdline", slice_of(cmdline + column - 1), column);
}

static void reads_ids_of_the_command_line(void **state)
{
	(void)state;
	parse_ids("vgapass.ids=1002:6608,1002:*", 13);
	assert_int_equal(c->errors, 0);
	assert_int_equal(c->rules, 2);
	assert_int_equal(c->rule[1].device, PCI_ANY);
	assert_string_equal(c->rule[1].driver, "vfio-pci");
	assert_string_equal(c->rule[1].at.file, "cmdline");
	assert_int_equal(c->rule[1].at.line, 1);
}

static void finds_errors_in_ids(void **state)
{
	static const struct {
		const char *ids, *place, *phrase;
	} cases[] = {
		{ "1002:6608,1002:x", "1:23", E_ID },	  { ",1002:6608", "1:13", E_ID },
		{ "1002:6608,,1002:aab0", "1:23", E_ID }, { "*:*", "1:13", E_ALL },
		{ "1002:6608 with=slot", "1:13", E_ID },  { "keep,1002:6608", "1:17", E_ID },
	};
	char line[64];
	struct text t;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		text_start(&t, line, sizeof(line));
		text_add(&t, "vgapass.ids=%s", cases[i].ids);
		parse_ids(line, 13);
		assert_int_equal(c->errors, 1);
		assert_string_equal(place_of(0), cases[i].place);
		assert_string_equal(c->error[0].phrase, cases[i].phrase);
	}
}

static void parse_rule_of(const char *cmdline)
{
	struct slice rest = slice_of(cmdline), rule;

	config_start(&bench.config);
	while (cmdline_next_rule(&rest, &rule))
		config_parse_rule(&bench.config, "cmdline", rule,
				  (uint32_t)(rule.p - cmdline) + 1);
}

static void reads_rules_of_the_command_line(void **state)
{
	(void)state;
	parse_rule_of("quiet vgapass.rule=1002:6608,address=01:00.0,with=slot,,take=boot-display, "
		      "\"vgapass.rule=keep 1002:aab0\" vgapass.rule=8086:1912,driver=pci-stub");
	assert_int_equal(c->errors, 0);
	assert_int_equal(c->rules, 3);
	assert_int_equal(c->rule[0].given, RULE_ADDRESS);
	assert_int_equal(c->rule[0].address.bus, 1);
	assert_int_equal(c->rule[0].with, WITH_SLOT);
	assert_int_equal(c->rule[0].take_boot_display, 1);
	assert_string_equal(c->rule[0].driver, "vfio-pci");
	assert_string_equal(c->rule[0].at.file, "cmdline");
	assert_int_equal(c->rule[0].at.line, 1);
	assert_int_equal(c->rule[1].keep, 1);
	assert_int_equal(c->rule[2].with, WITH_FUNCTION);
	assert_string_equal(c->rule[2].driver, "pci-stub");
	/* A value with a comma is written in a quoted rule. */
	parse_rule_of("vgapass.rule=\"8086:10c9 vfs=4 vf=0,2\"");
	assert_int_equal(c->errors, 0);
	assert_string_equal(c->rule[0].vf, "0,2");
	/* No rule at all. */
	parse_rule_of("vgapass.rule= vgapass.rule vgapass.rules=x -- vgapass.rule=1002:6608");
	assert_int_equal(c->rules + c->errors, 0);
}

static void finds_errors_in_rules_of_the_command_line(void **state)
{
	static const struct {
		const char *rule, *place, *phrase;
	} cases[] = {
		{ "1002:x", "1:14", E_ID },
		{ ",", "1:14", E_ID },
		{ "keep", "1:18", E_ID },
		{ "*:*,with=slot", "1:14", E_ALL },
		{ "1002:6608,adress=01:00.0", "1:24", E_OPTION },
		{ "1002:6608,1002:aab0", "1:24", E_OPTION },
		{ "1002:6608,with=solt", "1:29", E_VALUE },
		{ "1002:6608,with=slot,with=slot", "1:34", E_TWICE },
		{ "8086:10c9,vfs=4,vf=0,2", "1:35", E_OPTION },
		{ "\"1002:6608 with=slot,expect=1\"", "1:30", E_VALUE },
		{ "1002:6608,cmdline-rules=yes", "1:24", E_ALONE },
		{ "cmdline-rules=yes", "1:14", E_ID },
		{ "with=slot", "1:14", E_ID },
		{ "[profile", "1:14", E_ID },
		{ "1002:6608,attr.a=\x01", "1:31", E_TEXT },
	};
	char line[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		parse_rule_of(text_make(line, sizeof(line), "vgapass.rule=%s", cases[i].rule));
		if (c->errors != 1 || c->rules || strcmp(place_of(0), cases[i].place) != 0 ||
		    strcmp(c->error[0].phrase, cases[i].phrase) != 0)
			fail_msg("%s: %u errors, %s: %s", cases[i].rule, c->errors,
				 c->errors ? place_of(0) : "", c->errors ? c->error[0].phrase : "");
	}
}

/* Not a byte outside the text is looked at: ASan sees the end of the heap block. */
static void stays_inside(void **state)
{
	static const char text[] =
		"keep 1002:6608 attr.a=b class=display\n[profile x]\nwith=slot\r\n"
		"1002:6608 attr.a=b driver=c vf=0 vfs=1\nprofile=x\n"
		"*:* path=00:01.0/00.0 serial=00-11-22-33-44-55-66-77 # end";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		char *exact = malloc(n ? n : 1);
		assert_non_null(exact);
		memcpy(exact, text, n);
		config_start(&bench.config);
		config_parse(&bench.config, "c", exact, n);
		free(exact);
	}
}

/* What messages show of it. */
static void lists_options(void **state)
{
	static const struct {
		const char *name, *words;
	} all[] = {
		{ "subsystem", "" },
		{ "class", "audio=0401|display=03|usb=0c03|network=02|storage=01|serial=07" },
		{ "address", "" },
		{ "path", "" },
		{ "serial", "" },
		{ "boot-display", "no|yes" },
		{ "with", "function|slot|group" },
		{ "iommu", "require|ignore" },
		{ "take", "|boot-display" },
		{ "on-failure", "release|hold" },
		{ "required", "no|yes" },
		{ "driver", "" },
		{ "expect", "" },
		{ "vfs", "" },
		{ "vf", "" },
	};
	const char *words;

	(void)state;
	for (unsigned i = 0; i < COUNT(all); i++) {
		assert_string_equal(config_option(i, &words), all[i].name);
		assert_string_equal(words, all[i].words);
	}
	assert_null(config_option(COUNT(all), &words));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_nothing),
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(reads_ids),
		cmocka_unit_test(reads_subsystem),
		cmocka_unit_test(reads_class),
		cmocka_unit_test(reads_locations),
		cmocka_unit_test(limits_hops),
		cmocka_unit_test(reads_actions),
		cmocka_unit_test(reads_attrs),
		cmocka_unit_test(reads_sizes),
		cmocka_unit_test(limits_attrs),
		cmocka_unit_test(knows_white_space),
		cmocka_unit_test(applies_defaults),
		cmocka_unit_test(narrows_by_defaults),
		cmocka_unit_test(ends_defaults_with_the_file),
		cmocka_unit_test(drops_broken_defaults),
		cmocka_unit_test(reads_profiles),
		cmocka_unit_test(limits_profiles),
		cmocka_unit_test(reads_keep),
		cmocka_unit_test(reads_virtual_functions),
		cmocka_unit_test(reads_drivers_of_auto),
		cmocka_unit_test(reads_cmdline_rules),
		cmocka_unit_test(reads_switches_of_boots),
		cmocka_unit_test(reads_a_trial),
		cmocka_unit_test(finds_errors),
		cmocka_unit_test(finds_a_nul),
		cmocka_unit_test(goes_on_behind_errors),
		cmocka_unit_test(counts_more_errors_than_it_keeps),
		cmocka_unit_test(limits_rules),
		cmocka_unit_test(limits_files),
		cmocka_unit_test(keeps_names_once),
		cmocka_unit_test(fills_the_room_for_names),
		cmocka_unit_test(says_when_names_are_full),
		cmocka_unit_test(takes_long_lines),
		cmocka_unit_test(reads_ids_of_the_command_line),
		cmocka_unit_test(finds_errors_in_ids),
		cmocka_unit_test(reads_rules_of_the_command_line),
		cmocka_unit_test(finds_errors_in_rules_of_the_command_line),
		cmocka_unit_test(stays_inside),
		cmocka_unit_test(lists_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
