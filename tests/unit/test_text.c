/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_text.c - runtime/core/text.c */
#include "unit.h"

#include <string.h>

#include "runtime/core/pci.h"
#include "runtime/core/text.h"

static void cuts(void **state)
{
	struct slice rest = slice_of("a,,bc");

	(void)state;
	assert_true(slice_is(slice_cut(&rest, ','), "a"));
	assert_true(slice_is(slice_cut(&rest, ','), ""));
	assert_true(slice_is(slice_cut(&rest, ','), "bc"));
	assert_int_equal(rest.n, 0);
	assert_true(slice_is(slice_cut(&rest, ','), ""));
	assert_int_equal(rest.n, 0);
}

/* What follows a separator may be nothing: the cut must not go on reading there. */
static void cuts_at_the_end(void **state)
{
	struct slice rest = { "abc,x", 4 };

	(void)state;
	assert_true(slice_is(slice_cut(&rest, ','), "abc"));
	assert_int_equal(rest.n, 0);
}

static void compares(void **state)
{
	struct slice s = { "vfio-pci", 4 };

	(void)state;
	assert_true(slice_is(s, "vfio"));
	assert_false(slice_is(s, "vfi"));
	assert_false(slice_is(s, "vfio-"));
	assert_false(slice_is(s, "vfiO"));
	assert_true(slice_is((struct slice){ s.p, 0 }, ""));
	assert_true(slice_equal(s, slice_of("vfio")));
	assert_false(slice_equal(s, slice_of("vfix")));
	assert_true(slice_has(s, 'o'));
	assert_true(slice_has(slice_of("=x"), '='));
	assert_false(slice_has(s, '-'));
}

static void finds_words(void **state)
{
	(void)state;
	assert_int_equal(slice_word(slice_of("on"), "on|off|dry-run"), 0);
	assert_int_equal(slice_word(slice_of("dry-run"), "on|off|dry-run"), 2);
	assert_int_equal(slice_word(slice_of("dry"), "on|off|dry-run"), SLICE_NO_WORD);
	assert_int_equal(slice_word(slice_of("on|off"), "on|off|dry-run"), SLICE_NO_WORD);
	assert_int_equal(slice_word(slice_of(""), "on|off"), SLICE_NO_WORD);
	assert_int_equal(slice_word(slice_of(""), "|boot-display"), 0);
	assert_int_equal(slice_word(slice_of("boot-display"), "|boot-display"), 1);
}

static void reads_numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t max, value;
		bool hex, good;
	} cases[] = {
		{ "0", 0, 0, true, true },
		{ "1", 0, 0, true, false },
		{ "ff", 0xff, 0xff, true, true },
		{ "FF", 0xff, 0xff, true, true },
		{ "100", 0xff, 0, true, false },
		{ "00ff", 0xff, 0xff, true, true },
		{ "", 0xff, 0, true, false },
		{ "-1", UINT64_MAX, 0, true, false },
		{ "+1", UINT64_MAX, 0, true, false },
		{ "0x1", UINT64_MAX, 0, true, false },
		{ " 1", UINT64_MAX, 0, true, false },
		{ "1 ", UINT64_MAX, 0, true, false },
		{ "g", UINT64_MAX, 0, true, false },
		{ "ffffffffffffffff", UINT64_MAX, UINT64_MAX, true, true },
		{ "0ffffffffffffffff", UINT64_MAX, 0, true, false }, /* 17 digits */
		{ "a", 5, 0, true, false },
		{ "4096", 4096, 4096, false, true },
		{ "4097", 4096, 0, false, false },
		{ "a", 4096, 0, false, false },
		{ "", 4096, 0, false, false },
		{ "18446744073709551615", UINT64_MAX, UINT64_MAX, false, true },
		{ "18446744073709551616", UINT64_MAX, 0, false, false },
		{ "99999999999999999999999", UINT64_MAX, 0, false, false },
		{ "000000000000000000000000000007", 9, 7, false, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t v = 42;
		struct slice s = slice_of(cases[i].text);
		bool good = cases[i].hex ? slice_hex(s, cases[i].max, &v)
					 : slice_dec(s, cases[i].max, &v);
		if (good != cases[i].good || v != (good ? cases[i].value : 42))
			fail_msg("\"%s\": %s, %llu", cases[i].text, good ? "taken" : "refused",
				 (unsigned long long)v);
	}
}

static void reads_digits(void **state)
{
	(void)state;
	assert_int_equal(slice_digit('9'), 9);
	assert_int_equal(slice_digit('F'), 15);
	assert_int_equal(slice_digit('g'), 16);
	assert_int_equal(slice_digits(slice_of("0fF"), 3), 0xff);
	assert_int_equal(slice_digits(slice_of("ffffffff"), 8), 0xffffffff);
	assert_int_equal(slice_digits(slice_of("ff"), 3), -1);
	assert_int_equal(slice_digits(slice_of("0g"), 2), -1);
	assert_int_equal(slice_digits(slice_of("0:"), 2), -1); /* it is next to the 9 */
	assert_int_equal(slice_digits(slice_of("0`"), 2), -1); /* and this one to the a */
	assert_int_equal(slice_digits(slice_of("000000001"), 9), -1);
	assert_int_equal(slice_digits(slice_of(""), 0), -1);
}

/* The same text is built for every format. */
static void formats(void **state)
{
	const struct pci_address at = { 0x10000, 0xe0, 0x1f << 3 | 7 };
	const struct pci_function f = { .driver = "", .vendor = 0x1002, .device = 0x6 };
	const struct place whole = { "a.conf", 0, 7 }, line = { "a.conf", 3, 0 },
			   column = { "a.conf", 3, 14 };
	const struct slice v = { "sliced", 5 };
	char buf[256];
	struct text t;

	(void)state;
	text_start(&t, buf, sizeof(buf));
	text_add(&t, "%s,%pv,%u,%u,%04x,%04x,%02x,%x", "x", &v, 0u, 4294967295u, 0xfu,
		 0x12345u, 0xau, 7u);
	assert_string_equal(buf, "x,slice,0,4294967295,000f,12345,0a,7");
	text_start(&t, buf, sizeof(buf));
	text_add(&t, "%pa %pi %pp %pp %pp", &at, &f, &whole, &line, &column);
	assert_string_equal(buf, "10000:e0:1f.7 1002:0006 a.conf a.conf:3 a.conf:3:14");
	assert_int_equal(t.len, strlen(buf));
	assert_false(t.cut);
}

static void puts_addresses(void **state)
{
	static const struct {
		struct pci_address at;
		const char *text;
	} cases[] = {
		{ { 0, 0, 0 }, "0000:00:00.0" },
		{ { 0, 0x0a, 0x1f << 3 | 7 }, "0000:0a:1f.7" },
		{ { 0xffff, 0xff, 1 }, "ffff:ff:00.1" },
		{ { 0x10000, 0xe0, 0x30 }, "10000:e0:06.0" },
		{ { 0x1234567, 0, 0 }, "1234567:00:00.0" },
		{ { 0xfedcba98, 0x12, 0x0a << 3 | 5 }, "fedcba98:12:0a.5" },
	};
	char buf[PCI_ADDRESS_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(buf, '#', sizeof(buf));
		assert_ptr_equal(pci_put_address(buf, &cases[i].at),
				 buf + strlen(cases[i].text));
		assert_string_equal(buf, cases[i].text);
	}
}

/* A path as a rule has it. */
static void formats_paths(void **state)
{
	static const struct {
		struct pci_path path;
		const char *text;
	} cases[] = {
		{ { 0, 0, 1, { 0x14 << 3 } }, "00:14.0" },
		{ { 0, 0, 2, { 0x1d << 3 | 4, 0 } }, "00:1d.4/00.0" },
		{ { 0, 0x40, 3, { 0x03 << 3 | 1, 0, 0x1f << 3 | 7 } }, "40:03.1/00.0/1f.7" },
		{ { 0x10000, 0xe0, 2, { 0x06 << 3, 0 } }, "10000:e0:06.0/00.0" },
		{ { 1, 0, 1, { 0 } }, "0001:00:00.0" },
		{ { 1, 2, 0, { 0 } }, "" },
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(text_make(buf, sizeof(buf), "%pr", &cases[i].path),
				    cases[i].text);
}

static void formats_json(void **state)
{
	char buf[256];
	struct text t;

	(void)state;
	text_start(&t, buf, sizeof(buf));
	text_add(&t, "%pj %pj %pn %pn", "a\"b\\c\n\x01\x1f \x7f\xff~", "", "", "x");
	assert_string_equal(buf, "\"a\\\"b\\\\c\\u000a\\u0001\\u001f \\u007f\\u00ff~\" \"\" null "
				 "\"x\"");
}

static void never_overflows(void **state)
{
	char buf[16] = "untouched behind";
	struct text t;

	(void)state;
	for (size_t cap = 1; cap <= 8; cap++) {
		memset(buf, '#', sizeof(buf));
		text_start(&t, buf, cap);
		text_add(&t, "%s%u", "abcdef", 12u);
		assert_int_equal(t.len, cap - 1);
		assert_memory_equal(buf, "abcdef12", cap - 1);
		assert_int_equal(buf[cap - 1], '\0');
		assert_int_equal(buf[cap], '#');
		assert_true(t.cut);
	}
	text_start(&t, buf, 9);
	text_add(&t, "%s%u", "abcdef", 12u);
	assert_false(t.cut);
	assert_string_equal(buf, "abcdef12");
}

static void parses_ids(void **state)
{
	static const char *const bad[] = { "",		":",	      "1002",	    "1002:",
					   ":6608",	"1002:660",   "1002:66080", "1002:6608 ",
					   "10g2:6608", "1002:6608:", "**:*",	    "0x10:6608",
					   "1002-6608", "*",	      "100:6608",   "-002:6608" };
	uint32_t vendor, device;

	(void)state;
	assert_true(pci_parse_id(slice_of("1002:66aB"), &vendor, &device));
	assert_int_equal(vendor, 0x1002);
	assert_int_equal(device, 0x66ab);
	assert_true(pci_parse_id(slice_of("*:ffff"), &vendor, &device));
	assert_int_equal(vendor, PCI_ANY);
	assert_int_equal(device, 0xffff);
	assert_true(pci_parse_id(slice_of("8086:*"), &vendor, &device));
	assert_int_equal(device, PCI_ANY);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (pci_parse_id(slice_of(bad[i]), &vendor, &device))
			fail_msg("\"%s\" was taken", bad[i]);
}

static void parses_addresses(void **state)
{
	static const struct {
		const char *text;
		struct pci_address at;
		bool any;
	} good[] = {
		{ "0000:01:00.0", { 0, 1, 0 }, false },
		{ "01:00.0", { 0, 1, 0 }, false },
		{ "ff:1f.7", { 0, 0xff, 0xff }, false },
		{ "FF:1F.7", { 0, 0xff, 0xff }, false },
		{ "10000:e0:06.0", { 0x10000, 0xe0, 0x30 }, false },
		{ "ffffffff:00:00.1", { 0xffffffff, 0, 1 }, false },
		{ "01:00.*", { 0, 1, 0 }, true },
		{ "0001:02:03.*", { 1, 2, 0x18 }, true },
	};
	static const char *const bad[] = {
		"",
		"01",
		"01:00",
		"01:00.",
		"01:00.8",
		"01:20.0",
		"1:00.0",
		"001:00.0",
		"01:0.0",
		"000:01:00.0",
		"000000000:01:00.0",
		"0000:01:00.0:",
		"0000:0g:00.0",
		"01:00.**",
		"01:*.*",
		"01:00.00",
		"01.00.0",
		":01:00.0",
		"0000::00.0",
		"01:00.0 ",
		"100:00.0",
		"0000:01:00:0",
		"-1:00.0",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct pci_address at;
		bool any = false;
		if (!pci_parse_address(slice_of(good[i].text), &at, &any) ||
		    pci_compare(&at, &good[i].at) || any != good[i].any)
			fail_msg("\"%s\" was not taken, or as another", good[i].text);
		if (good[i].any && pci_parse_address(slice_of(good[i].text), &at, NULL))
			fail_msg("\"%s\" was taken where * is not allowed", good[i].text);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct pci_address at;
		bool any = false;
		if (pci_parse_address(slice_of(bad[i]), &at, &any))
			fail_msg("\"%s\" was taken", bad[i]);
	}
}

static void orders_addresses(void **state)
{
	static const struct pci_address order[] = { { 0, 0, 0 },       { 0, 0, 1 },
						    { 0, 0, 8 },       { 0, 1, 0 },
						    { 0, 0xff, 0xff }, { 1, 0, 0 },
						    { 0xffff, 0, 0 },  { 0xffffffff, 0, 0 } };

	(void)state;
	for (size_t i = 0; i < COUNT(order); i++)
		for (size_t j = 0; j < COUNT(order); j++) {
			int r = pci_compare(&order[i], &order[j]);
			assert_int_equal(r < 0 ? -1 : r > 0, i < j ? -1 : i > j);
		}
	assert_true(pci_same_slot(&order[0], &order[1]));
	assert_false(pci_same_slot(&order[0], &order[2]));
	assert_false(pci_same_slot(&order[0], &order[3]));
	assert_false(pci_same_slot(&order[0], &order[5]));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts),
		cmocka_unit_test(cuts_at_the_end),
		cmocka_unit_test(compares),
		cmocka_unit_test(finds_words),
		cmocka_unit_test(reads_numbers),
		cmocka_unit_test(reads_digits),
		cmocka_unit_test(formats),
		cmocka_unit_test(puts_addresses),
		cmocka_unit_test(formats_paths),
		cmocka_unit_test(formats_json),
		cmocka_unit_test(never_overflows),
		cmocka_unit_test(parses_ids),
		cmocka_unit_test(parses_addresses),
		cmocka_unit_test(orders_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
