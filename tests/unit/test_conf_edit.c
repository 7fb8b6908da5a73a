/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_conf_edit.c - cli/edit/conf_edit.c: where lines go, and that nothing else moves */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "cli/edit/conf_edit.h"
#include "runtime/core/config.h"

#define CAP 200000

static char buf[CAP], back[CAP];

static struct slice added(const char *old, const char *profile, const char *lines, uint32_t *first)
{
	struct text t;

	text_start(&t, buf, sizeof(buf));
	*first = conf_edit_add(slice_of(old), profile, slice_of(lines), &t);
	assert_false(t.cut);
	return (struct slice){ buf, t.len };
}

static struct slice removed(struct slice old, const uint32_t *lines, unsigned n)
{
	struct conf_change changes[4];
	struct text t;

	for (unsigned i = 0; i < n; i++)
		changes[i] = (struct conf_change){ lines[i], NULL };
	text_start(&t, back, sizeof(back));
	conf_edit_change(old, changes, n, &t);
	return (struct slice){ back, t.len };
}

#define NEW "1002:6608  # card\n1002:aab0"
#define NEW_CRLF "1002:6608  # card\r\n1002:aab0"

/* What is added is where it should be; taken away again, all is as it was, but for the empty line
 * between a comment and the rules. */
static void adds_and_takes_back(void **state)
{
	static const struct {
		const char *old, *profile, *new;
		uint32_t first;
		const char *left; /* NULL: old */
	} cases[] = {
		{ "", NULL, NEW "\n", 1, NULL },
		{ "\n\n", NULL, NEW "\n\n\n", 1, NULL },
		{ "# c\n", NULL, "# c\n\n" NEW "\n", 3, "# c\n\n" },
		{ "# c\n\n", NULL, "# c\n\n" NEW "\n", 3, NULL },
		{ "# c\n\n\n", NULL, "# c\n\n" NEW "\n\n", 3, NULL },
		{ "# c\r\n \t\r\n", NULL, "# c\r\n \t\r\n" NEW_CRLF "\r\n", 3, NULL },
		{ "# c", NULL, "# c\n\n" NEW, 3, "# c\n" },
		{ "# c\n  ", NULL, "# c\n\n" NEW "\n  ", 3, "# c\n\n  " },
		{ "8086:0001\n", NULL, "8086:0001\n" NEW "\n", 2, NULL },
		{ "8086:0001", NULL, "8086:0001\n" NEW, 2, NULL },
		{ "# a\r\n8086:0001\r\n", NULL, "# a\r\n8086:0001\r\n" NEW_CRLF "\r\n", 3, NULL },
		{ "# a\r\n8086:0001", NULL, "# a\r\n8086:0001\r\n" NEW_CRLF, 3, NULL },
		{ "8086:0001\n\n \t\n", NULL, "8086:0001\n" NEW "\n\n \t\n", 2, NULL },
		{ "8086:0001\n  ", NULL, "8086:0001\n" NEW "\n  ", 2, NULL },
		/* in front of a section, and of the comment above it */
		{ "8086:0001\n\n[profile a]\n8086:0002\n", NULL,
		  "8086:0001\n" NEW "\n\n[profile a]\n8086:0002\n", 2, NULL },
		{ "8086:0001\n# a\n\n# of a\n[profile a]\n", NULL,
		  "8086:0001\n# a\n\n" NEW "\n\n# of a\n[profile a]\n", 4,
		  "8086:0001\n# a\n\n\n# of a\n[profile a]\n" },
		{ "# a\n\n\n[profile a]\n", NULL, "# a\n\n" NEW "\n\n[profile a]\n", 3, NULL },
		{ "# head\n[profile a]\n", NULL, "# head\n\n" NEW "\n[profile a]\n", 3,
		  "# head\n\n[profile a]\n" },
		{ "[profile a]\n", NULL, NEW "\n[profile a]\n", 1, NULL },
		/* into a section */
		{ "[profile a]\n", "a", "[profile a]\n" NEW "\n", 2, NULL },
		{ "[profile a]", "a", "[profile a]\n" NEW, 2, NULL },
		{ " [ profile\ta ] # x\n8086:0001\n\n[profile b]\n", "a",
		  " [ profile\ta ] # x\n8086:0001\n" NEW "\n\n[profile b]\n", 3, NULL },
		{ "[profile a]\n# b's\n[profile b]\n", "a",
		  "[profile a]\n" NEW "\n# b's\n[profile b]\n", 2, NULL },
		{ "[profile b]\n8086:0001\n[profile a]\n", "b",
		  "[profile b]\n8086:0001\n" NEW "\n[profile a]\n", 3, NULL },
		/* the last of its name */
		{ "[profile a]\n[profile b]\n[profile a]\n8086:0001\n", "a",
		  "[profile a]\n[profile b]\n[profile a]\n8086:0001\n" NEW "\n", 5, NULL },
		{ "# [profile a]\n[profile a]\n", "a", "# [profile a]\n[profile a]\n" NEW "\n", 3,
		  NULL },
		{ "[profile a]\n[ trial ] # x\n[auto]\n", config_trial,
		  "[profile a]\n[ trial ] # x\n" NEW "\n[auto]\n", 3, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t first, lines[2];
		struct slice new = added(cases[i].old, cases[i].profile, NEW, &first);
		if (!slice_is(new, cases[i].new) || first != cases[i].first)
			fail_msg("case %zu: line %u of\n%s", i, first, new.p);
		lines[0] = first;
		lines[1] = first + 1;
		if (!slice_is(removed(new, lines, 2), cases[i].left ? cases[i].left : cases[i].old))
			fail_msg("case %zu, taken back:\n%s", i, back);
	}
}

static void makes_a_section(void **state)
{
	static const struct {
		const char *old, *new;
		uint32_t first;
	} cases[] = {
		{ "", "[profile a]\n1002:6608\n", 2 },
		{ "8086:0001\n", "8086:0001\n\n[profile a]\n1002:6608\n", 4 },
		{ "8086:0001\r\n\r\n", "8086:0001\r\n\r\n[profile a]\r\n1002:6608\r\n", 4 },
		{ "8086:0001", "8086:0001\n\n[profile a]\n1002:6608", 4 },
		{ "[profile ab]\n", "[profile ab]\n\n[profile a]\n1002:6608\n", 4 },
		{ "#[profile a]\n", "#[profile a]\n\n[profile a]\n1002:6608\n", 4 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t first;
		struct slice new = added(cases[i].old, "a", "1002:6608", &first);
		if (!slice_is(new, cases[i].new) || first != cases[i].first)
			fail_msg("case %zu: line %u of\n%s", i, first, new.p);
	}
	assert_true(slice_is(added("8086:0001\r\n", config_trial, "1002:6608", &(uint32_t){ 0 }),
			     "8086:0001\r\n\r\n[trial]\r\n1002:6608\r\n"));
}

static void drops_empty_sections(void **state)
{
	static const struct {
		const char *old, *new;
	} cases[] = {
		{ "", "" },
		{ "[trial]", "" },
		{ "a\n\n[trial]\n\n \n", "a\n\n" },
		{ "[trial]\n\n[trial] # x\r\n\r\n[profile a]\nb\n", "[profile a]\nb\n" },
		{ "[trial]\n# why\n", "[trial]\n# why\n" },
		{ "[trial]\nwith=slot\n[trial]\n", "[trial]\nwith=slot\n" },
		{ "[profile trials]\n[auto]\n#[trial]\n", "[profile trials]\n[auto]\n#[trial]\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct text t;
		text_start(&t, buf, sizeof(buf));
		conf_edit_drop_empty(slice_of(cases[i].old), config_trial, &t);
		assert_string_equal(buf, cases[i].new);
	}
}

static void removes_lines(void **state)
{
	static const uint32_t first[] = { 1 }, two[] = { 3, 1 }, all[] = { 1, 2, 3 },
		none[] = { 4 };
	const struct slice text = { "a\n\0b\nc", 6 };

	(void)state;
	assert_true(slice_equal(removed(text, first, 1), (struct slice){ "\0b\nc", 4 }));
	assert_true(slice_equal(removed(text, two, 2), (struct slice){ "\0b", 2 }));
	assert_true(slice_is(removed(text, all, 3), ""));
	assert_true(slice_equal(removed(text, none, 1), text));
	assert_true(slice_equal(removed(text, none, 0), text));
	assert_true(slice_is(removed(slice_of("a\r\nb"), two, 0), "a\r\nb"));
	assert_true(slice_is(removed(slice_of("a\r\nb\r\nc"), two, 2), "b"));
	assert_true(slice_is(removed(slice_of("a\nb\nc\n"), two, 2), "b\n"));
}

static void sets_options(void **state)
{
	static const struct {
		const char *line, *options, *new;
	} cases[] = {
		{ "1002:6608", "with=group", "1002:6608 with=group" },
		{ "1002:6608\t path=00:01.0/00.0  # with=slot", "with=group required=yes",
		  "1002:6608\t path=00:01.0/00.0 with=group required=yes  # with=slot" },
		{ " 1002:6608 with=slot required=no# x", "required=yes with=group",
		  " 1002:6608 with=group required=yes# x" },
		{ "1002:6608 with=slot  ", "with=slot", "1002:6608 with=slot  " },
		{ "1002:6608 notwith=slot", "with=slot", "1002:6608 notwith=slot with=slot" },
		{ "1002:6608", "", "1002:6608" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct text t;
		text_start(&t, buf, sizeof(buf));
		conf_edit_set(slice_of(cases[i].line), cases[i].options, &t);
		assert_string_equal(buf, cases[i].new);
	}
}

static void replaces_lines(void **state)
{
	static const struct conf_change changes[] = { { 2, "x" }, { 1, NULL }, { 3, "z" } };
	struct text t;

	(void)state;
	text_start(&t, buf, sizeof(buf));
	conf_edit_change(slice_of("a\r\nb\r\nc"), changes, 3, &t);
	assert_string_equal(buf, "x\r\nz");
	assert_true(slice_is(conf_edit_line(slice_of("a\r\nb\r\nc"), 2), "b"));
	assert_true(slice_is(conf_edit_line(slice_of("a\nb\r"), 2), "b\r"));
}

/* A text at the limit of a file, and a result that does not fit. */
static void knows_its_end(void **state)
{
	static char full[CONFIG_FILE_MAX + 1], small[64];
	uint32_t first;
	struct text t;

	(void)state;
	memset(full, '#', CONFIG_FILE_MAX);
	full[CONFIG_FILE_MAX] = '\0';
	assert_int_equal(added(full, NULL, "1002:6608", &first).n, CONFIG_FILE_MAX + 11);
	assert_int_equal(first, 3);
	text_start(&t, small, sizeof(small));
	conf_edit_add(slice_of(full), NULL, slice_of("1002:6608"), &t);
	assert_true(t.cut);
	assert_int_equal(strlen(small), sizeof(small) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_and_takes_back), cmocka_unit_test(makes_a_section),
		cmocka_unit_test(removes_lines),       cmocka_unit_test(knows_its_end),
		cmocka_unit_test(drops_empty_sections),
		cmocka_unit_test(sets_options),	       cmocka_unit_test(replaces_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
