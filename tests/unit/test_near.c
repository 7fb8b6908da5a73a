/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_near.c - cli/out/near.c and cli/out/wrap.c */
#include "unit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out/near.h"
#include "cli/out/wrap.h"

static const char *const names[] = { "list", "add", "remove", "import", "plan", "check", "status",
				     "bind", "release", "assign", "explain", "report" };

static const char *meant(const char *word)
{
	struct near near;

	near_start(&near, word);
	for (size_t i = 0; i < COUNT(names); i++)
		near_try(&near, names[i]);
	return near_best(&near) ? near_best(&near) : "";
}

static void finds_slips(void **state)
{
	(void)state;
	assert_string_equal(meant("lst"), "list");
	assert_string_equal(meant("lsit"), "list");   /* two letters in each other's place */
	assert_string_equal(meant("listt"), "list");
	assert_string_equal(meant("lisz"), "list");
	assert_string_equal(meant("LIST"), "list");
	assert_string_equal(meant("stauts"), "status");
	assert_string_equal(meant("asign"), "assign");
	assert_string_equal(meant("ad"), "add");
	assert_string_equal(meant("relase"), "release");
	assert_string_equal(meant("exlpian"), "explain"); /* two slips in seven letters */
}

static void guesses_nothing_wild(void **state)
{
	(void)state;
	assert_string_equal(meant(""), "");
	assert_string_equal(meant("l"), "");
	assert_string_equal(meant("xy"), "");
	assert_string_equal(meant("commit"), "");
	assert_string_equal(meant("lxxt"), "");
	char *word = calloc(1, 1000);
	memset(word, 'a', 999);
	assert_string_equal(meant(word), "");
	free(word);
}

static void says_what_was_meant(void **state)
{
	struct near near;

	(void)state;
	near_start(&near, "tre");
	near_try(&near, "all");
	assert_string_equal(near_hint(&near, "--"), "");
	near_try(&near, "tree");
	assert_string_equal(near_hint(&near, "--"), ", did you mean --tree?");
}

static void expect_lines(unsigned at, unsigned indent, unsigned width, const char *text,
			 const char *lines)
{
	char *seen = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&seen, &n);

	wrap_print(to, at, indent, width, text);
	fclose(to);
	if (strcmp(seen, lines))
		fail_msg("%u %u %u \"%s\":\n%s", at, indent, width, text, seen);
	free(seen);
}

static void breaks_at_blanks(void **state)
{
	(void)state;
	expect_lines(0, 0, 10, "", "\n");
	expect_lines(0, 0, 10, "one two three", "one two\nthree\n");
	expect_lines(0, 0, 7, "one two three", "one two\nthree\n");
	expect_lines(0, 0, 6, "one two three", "one\ntwo\nthree\n");
	expect_lines(5, 2, 10, "one two three", "one\n  two\n  three\n");
	expect_lines(8, 2, 10, "one two", "\n  one two\n");
	expect_lines(0, 0, UINT_MAX, "one two three", "one two three\n");
	expect_lines(0, 0, 4, "longest of words", "longest\nof\nwords\n");
}

static void counts_characters(void **state)
{
	(void)state;
	/* e with an acute accent has two bytes and one column. */
	expect_lines(0, 0, 7, "\xc3\xa9\xc3\xa9\xc3\xa9 abc", "\xc3\xa9\xc3\xa9\xc3\xa9 abc\n");
	expect_lines(0, 0, 6, "\xc3\xa9\xc3\xa9\xc3\xa9 abc", "\xc3\xa9\xc3\xa9\xc3\xa9\nabc\n");
}

static void keeps_lines_and_blanks(void **state)
{
	(void)state;
	expect_lines(0, 2, 20, "a\nb", "a\n  b\n");
	expect_lines(0, 2, 20, "a\n\nb", "a\n\n  b\n");
	expect_lines(0, 0, 20, "a  b", "a  b\n");
	expect_lines(0, 0, 3, "a   b", "a\nb\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_slips),
		cmocka_unit_test(guesses_nothing_wild),
		cmocka_unit_test(says_what_was_meant),
		cmocka_unit_test(breaks_at_blanks),
		cmocka_unit_test(counts_characters),
		cmocka_unit_test(keeps_lines_and_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
