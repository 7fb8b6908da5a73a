/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_diff.c - cli/out/diff.c */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out/diff.h"

static void expect_diff(const char *old, const char *new, const char *diff)
{
	char *seen = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&seen, &n);

	diff_print(to, slice_of(old), slice_of(new));
	fclose(to);
	if (strcmp(seen, diff))
		fail_msg("\"%s\" -> \"%s\":\n%s", old, new, seen);
	free(seen);
}

static void shows_differences(void **state)
{
	(void)state;
	expect_diff("a\n", "a\n", "");
	expect_diff("", "", "");
	expect_diff("", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n");
	expect_diff("a\nc\n", "a\nb\nc\n", "@@ -1,0 +2,1 @@\n+b\n");
	expect_diff("a", "a\nb", "@@ -1,0 +2,1 @@\n+b\n");
	expect_diff("a\r\n", "a\r\nb\r\n", "@@ -1,0 +2,1 @@\n+b\n");
	expect_diff("a\r\nb", "a\r\nb\r\nc", "@@ -2,0 +3,1 @@\n+c\n");
	expect_diff("a\nb\nc\nd\n", "b\nd\n", "@@ -1,1 +0,0 @@\n-a\n@@ -3,1 +1,0 @@\n-c\n");
	expect_diff("a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b\n");
	expect_diff("\n\n", "\n\nx\n", "@@ -2,0 +3,1 @@\n+x\n");
	expect_diff("a\nb\nc\n", "a\nx\ny\nc\n", "@@ -2,1 +2,2 @@\n-b\n+x\n+y\n");
}

static void obeys_no_terminal(void **state)
{
	(void)state;
	expect_diff("", "\x1b[2J\tx\x7f\xc2\x9b\xc3\xa9\n",
		    "@@ -0,0 +1,1 @@\n+?[2J\tx??\xc3\xa9\n");
}

/* What the calls of diff_lines() say: both texts, made again, and how many lines differ. */
struct again {
	char old[4096], new[4096];
	unsigned changes;
	char last;
};

static void add_line(char sign, struct slice line, void *arg)
{
	struct again *a = arg;
	size_t n;

	if (sign != '+') {
		n = strlen(a->old);
		snprintf(a->old + n, sizeof(a->old) - n, "%.*s\n", (int)line.n, line.p);
	}
	if (sign != '-') {
		n = strlen(a->new);
		snprintf(a->new + n, sizeof(a->new) - n, "%.*s\n", (int)line.n, line.p);
	}
	assert_false(sign == '-' && a->last == '+');
	a->changes += sign != ' ';
	a->last = sign;
}

/* The length of the longest common subsequence, by the table that a textbook has. */
static unsigned common(const char *old, const char *new)
{
	unsigned n = (unsigned)strlen(old) / 2, m = (unsigned)strlen(new) / 2, t[41][41] = { 0 };

	for (unsigned i = n; i-- > 0;)
		for (unsigned k = m; k-- > 0;)
			t[i][k] = old[2 * i] == new[2 * k] ? t[i + 1][k + 1] + 1 :
				  t[i + 1][k] > t[i][k + 1] ? t[i + 1][k] : t[i][k + 1];
	return t[0][0];
}

static void random_lines(char *text)
{
	unsigned n = (unsigned)rand() % 40;

	for (unsigned i = 0; i < n; i++) {
		text[2 * i] = (char)('a' + rand() % 4);
		text[2 * i + 1] = '\n';
	}
	text[2 * n] = '\0';
}

static void is_whole_and_short(void **state)
{
	char old[128], new[128];

	(void)state;
	srand(1);
	for (unsigned i = 0; i < 3000; i++) {
		struct again a = { .changes = 0 };
		random_lines(old);
		random_lines(new);
		diff_lines(slice_of(old), slice_of(new), add_line, &a);
		assert_string_equal(a.old, old);
		assert_string_equal(a.new, new);
		assert_int_equal(a.changes,
				 strlen(old) / 2 + strlen(new) / 2 - 2 * common(old, new));
	}
}

static void count_changes(char sign, struct slice line, void *arg)
{
	(void)line;
	*(unsigned *)arg += sign != ' ';
}

static void takes_many_lines(void **state)
{
	static char old[80000], new[80000];
	unsigned changes = 0;

	(void)state;
	for (unsigned i = 0; i < sizeof(old) - 1; i++) {
		old[i] = i & 1 ? '\n' : 'a';
		new[i] = i & 1 ? '\n' : 'b';
	}
	old[0] = new[0] = 'c';
	diff_lines(slice_of(old), slice_of(new), count_changes, &changes);
	assert_int_equal(changes, 2 * (sizeof(old) / 2 - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_differences), cmocka_unit_test(obeys_no_terminal),
		cmocka_unit_test(is_whole_and_short), cmocka_unit_test(takes_many_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
