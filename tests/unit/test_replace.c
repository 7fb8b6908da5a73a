/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_replace.c - runtime/io/replace.c, on real files */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/io/replace.h"

static char folder[64];
static int dir;

static int start(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/vgapass-test-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int stop(void **state)
{
	static const char *const names[] = { "file", "new", "other", "directory" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		if (unlinkat(dir, names[i], 0))
			unlinkat(dir, names[i], AT_REMOVEDIR);
	close(dir);
	return rmdir(folder);
}

static void expect(const char *name, const char *text)
{
	char is[64] = "";
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, is, sizeof(is) - 1) >= 0);
	close(fd);
	assert_string_equal(is, text);
}

static void expect_none(const char *name)
{
	assert_int_equal(faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW), -1);
}

static void replaces(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(replace_file(dir, "file", "new", slice_of("one\n")), 0);
	expect("file", "one\n");
	assert_int_equal(replace_file(dir, "file", "new", slice_of("2\n")), 0);
	expect("file", "2\n");
	expect_none("new");
	assert_int_equal(fstatat(dir, "file", &st, 0), 0);
	assert_int_equal(st.st_mode & 07133, 0);
	assert_int_equal(replace_file(dir, "file", "new", slice_of("")), 0);
	expect("file", "");
}

/* Neither at the place of the file nor at that of the temporary one. */
static void follows_no_link(void **state)
{
	(void)state;
	assert_int_equal(replace_file(dir, "other", "new", slice_of("kept\n")), 0);
	assert_int_equal(symlinkat("other", dir, "file"), 0);
	assert_int_equal(symlinkat("other", dir, "new"), 0);
	assert_int_equal(replace_file(dir, "file", "new", slice_of("text\n")), 0);
	expect("other", "kept\n");
	expect("file", "text\n");
}

static void leaves_nothing_behind(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(dir, "directory", 0755), 0);
	assert_int_equal(replace_file(dir, "directory", "new", slice_of("text\n")), -EISDIR);
	expect_none("new");
	assert_int_equal(replace_file(-EBADF, "file", "new", slice_of("text\n")), -EBADF);
	expect_none("file");
}

/* A pipe takes a long text in pieces; a full device takes none. */
static void writes_all(void **state)
{
	static char text[300000], is[sizeof(text)];
	size_t n = 0;
	ssize_t r;
	int pair[2], full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(pipe(pair), 0);
	pid_t child = fork();
	if (!child) {
		close(pair[0]);
		_exit(replace_write(pair[1], (struct slice){ text, sizeof(text) }) ? 1 : 0);
	}
	close(pair[1]);
	while ((r = read(pair[0], is + n, sizeof(is) - n)) > 0)
		n += (size_t)r;
	close(pair[0]);
	assert_int_equal(n, sizeof(text));
	assert_memory_equal(is, text, sizeof(text));
	assert_int_equal(replace_write(full, slice_of("x")), -ENOSPC);
	assert_int_equal(replace_write(full, slice_of("")), 0);
	close(full);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(replaces),
		TEST(follows_no_link),
		TEST(leaves_nothing_behind),
		TEST(writes_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
