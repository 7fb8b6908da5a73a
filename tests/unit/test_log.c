/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_log.c - runtime/io/log.c: a line where there is no kernel log */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/io/log.h"

/* What a line of this text is on standard error. */
static const char *line_of(const char *text)
{
	static char buf[2048];
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);

	assert_non_null(file);
	assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
	log_line(false, LOG_IS_WARNING, "%s: %u", text, 7u);
	assert_true(fcntl(STDERR_FILENO, F_GETFD) >= 0);
	assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);
	close(before);
	rewind(file);
	buf[fread(buf, 1, sizeof(buf) - 1, file)] = '\0';
	fclose(file);
	return buf;
}

static void writes_a_line(void **state)
{
	(void)state;
	assert_string_equal(line_of("a"), "vgapass: a: 7\n");
}

/* With its level it is below 960 bytes: the kernel takes no more than 976. */
static void cuts_a_long_line(void **state)
{
	static char text[1200];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	const char *line = line_of(text);
	assert_int_equal(strlen(line), 960 - 1 - 3);
	assert_string_equal(line + strlen(line) - 2, "x\n");
	/* The first and the last that are whole. */
	text[960 - 1 - 3 - strlen("vgapass: : 7\n")] = '\0';
	assert_int_equal(strlen(line_of(text)), 960 - 1 - 3);
	assert_string_equal(line_of(text) + 960 - 1 - 3 - 5, "x: 7\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_a_line),
		cmocka_unit_test(cuts_a_long_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
