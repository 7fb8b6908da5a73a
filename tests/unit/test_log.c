/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_log.c - runtime/io/log.c: a line to the kernel log, and where there is none */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/io/log.h"

static char opened[64];
static int opened_as, kmsg = -1, kmsg_fd;

/* In place of libc's: the kernel log is the file kmsg, or is not there. */
int open(const char *path, int flags, ...);
int open(const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (strncmp(path, "/dev/", strlen("/dev/")) != 0)
		return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	snprintf(opened, sizeof(opened), "%s", path);
	opened_as = flags;
	return kmsg_fd = kmsg < 0 ? -1 : dup(kmsg);
}

static const char *text_of(FILE *file)
{
	static char buf[2048];

	rewind(file);
	buf[fread(buf, 1, sizeof(buf) - 1, file)] = '\0';
	fclose(file);
	return buf;
}

/* What a line of this text is on standard error. */
static const char *line_of(const char *text)
{
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);

	assert_non_null(file);
	assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
	log_line(false, LOG_IS_WARNING, "%s: %u", text, 7u);
	assert_true(fcntl(STDERR_FILENO, F_GETFD) >= 0);
	assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);
	close(before);
	return text_of(file);
}

static void writes_a_line(void **state)
{
	(void)state;
	assert_string_equal(line_of("a"), "vgapass: a: 7\n");
}

static void writes_to_the_kernel_log(void **state)
{
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	kmsg = fileno(file);
	log_line(true, LOG_IS_ERROR, "%s", "a");
	assert_string_equal(opened, "/dev/kmsg");
	assert_int_equal(opened_as, O_WRONLY | O_CLOEXEC);
	/* Open no longer: it would take ten lines and no more. */
	assert_int_equal(fcntl(kmsg_fd, F_GETFD), -1);
	log_line(true, LOG_IS_INFO, "%u", 7u);
	kmsg = -1;
	assert_string_equal(text_of(file), "<3>vgapass: a\n<6>vgapass: 7\n");
	/* Without a console it may be the file 0. */
	file = tmpfile();
	assert_non_null(file);
	int in = dup(STDIN_FILENO);
	kmsg = fileno(file);
	close(STDIN_FILENO);
	log_line(true, LOG_IS_WARNING, "%s", "b");
	kmsg = -1;
	assert_int_equal(kmsg_fd, STDIN_FILENO);
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
	assert_int_equal(dup2(in, STDIN_FILENO), STDIN_FILENO);
	close(in);
	assert_string_equal(text_of(file), "<4>vgapass: b\n");
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
		cmocka_unit_test(writes_to_the_kernel_log),
		cmocka_unit_test(cuts_a_long_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
