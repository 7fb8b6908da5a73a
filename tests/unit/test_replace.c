/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_replace.c - runtime/io/replace.c, on real files */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/io/replace.h"

/* What the next call in place of libc's does, once: it fails with this error. */
static struct {
	int opens, writes, closes;
	int takes_nothing; /* how many writes */
	int flags;	   /* of the last file that was opened */
	mode_t mode;
} next;

int openat(int at, const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	next.mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	next.flags = flags;
	if (next.opens) {
		errno = next.opens;
		next.opens = 0;
		return -1;
	}
	return (int)syscall(SYS_openat, at, path, flags, next.mode);
}

int close(int fd)
{
	int r = (int)syscall(SYS_close, fd);

	if (!next.closes)
		return r;
	errno = next.closes;
	next.closes = 0;
	return -1;
}

ssize_t write(int fd, const void *buf, size_t n)
{
	if (next.writes) {
		errno = next.writes;
		next.writes = 0;
		return -1;
	}
	if (!next.takes_nothing)
		return syscall(SYS_write, fd, buf, n);
	next.takes_nothing--;
	errno = 0;
	return 0;
}

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

/* Somebody has put a file there meanwhile: it is not ours. */
static void does_not_share_its_file(void **state)
{
	(void)state;
	assert_int_equal(replace_file(dir, "file", "new", slice_of("old\n")), 0);
	assert_int_equal(next.flags, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC);
	assert_int_equal(next.mode, 0644);
	next.opens = EEXIST;
	assert_int_equal(replace_file(dir, "file", "new", slice_of("text\n")), -EEXIST);
	next.opens = EEXIST;
	assert_int_equal(replace_file(dir, "file", "new", slice_of("")), -EEXIST);
	expect("file", "old\n");
}

/* On a network, a full disk shows at the end. */
static void keeps_the_old_if_the_end_fails(void **state)
{
	(void)state;
	assert_int_equal(replace_file(dir, "file", "new", slice_of("old\n")), 0);
	next.closes = EDQUOT;
	assert_int_equal(replace_file(dir, "file", "new", slice_of("text\n")), -EDQUOT);
	/* The first error is the one to tell. */
	next.writes = ENOSPC;
	next.closes = EIO;
	assert_int_equal(replace_file(dir, "file", "new", slice_of("text\n")), -ENOSPC);
	expect("file", "old\n");
	expect_none("new");
}

static void writes_again_what_was_not_taken(void **state)
{
	(void)state;
	next.takes_nothing = 2;
	assert_int_equal(replace_file(dir, "file", "new", slice_of("text\n")), 0);
	assert_int_equal(next.takes_nothing, 0);
	expect("file", "text\n");
}

static void do_nothing(int number)
{
	(void)number;
}

/* Signals end a write to a full pipe before it has all, or before it has any. */
static void be_interrupted(void)
{
	const struct sigaction action = { .sa_handler = do_nothing };
	const struct itimerval often = { { .tv_usec = 2000 }, { .tv_usec = 2000 } };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

static void writes_all(void **state)
{
	static char text[300000], is[sizeof(text)];
	size_t n = 0;
	ssize_t r = 1;
	int pair[2], status = -1;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i / 4096 + i);
	assert_int_equal(pipe(pair), 0);
	pid_t child = fork();
	if (!child) {
		close(pair[0]);
		be_interrupted();
		_exit(replace_write(pair[1], (struct slice){ text, sizeof(text) }) ? 1 : 0);
	}
	close(pair[1]);
	for (; r > 0; n += r > 0 ? (size_t)r : 0) {
		usleep(10000);
		r = read(pair[0], is + n, sizeof(is) - n < 30000 ? sizeof(is) - n : 30000);
	}
	close(pair[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(n, sizeof(text));
	assert_memory_equal(is, text, sizeof(text));
}

static void tells_a_full_device(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(replace_write(full, slice_of("x")), -ENOSPC);
	assert_int_equal(replace_write(full, slice_of("")), 0);
	close(full);
}

/* Without a console the temporary file may be the file 0. */
static void opens_the_number_zero(void **state)
{
	int in = dup(0);

	(void)state;
	close(0);
	int r = replace_file(dir, "file", "new", slice_of("x"));
	int open = fcntl(0, F_GETFD);
	assert_int_equal(dup2(in, 0), 0);
	close(in);
	assert_int_equal(r, 0);
	assert_int_equal(open, -1);
	expect("file", "x");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(replaces),
		TEST(follows_no_link),
		TEST(leaves_nothing_behind),
		TEST(does_not_share_its_file),
		TEST(keeps_the_old_if_the_end_fails),
		TEST(writes_again_what_was_not_taken),
		TEST(writes_all),
		TEST(tells_a_full_device),
		TEST(opens_the_number_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
