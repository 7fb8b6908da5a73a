/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_sysfs.c - runtime/io/sysfs.c: the real one, on real files.
 * Linked without the fake kernel.
 */
#include "unit.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/io/sysfs.h"

/* Calls of libc that the test answers, or makes fail: so many times, with this error. */
struct failing {
	unsigned times;
	int error;
};

static struct failing opens, reads, lists, ioctls, mounts, openats2;
static int opened_as;	   /* the flags of the last openat() */
static unsigned flags;	   /* a file's, for ioctl() */
static char calls[256];	   /* what the kernel was asked for */
static long loads_result;  /* what finit_module() gives */
static bool loads_for_real;

static bool fails(struct failing *f)
{
	if (!f->times)
		return false;
	f->times--;
	errno = f->error;
	return true;
}

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
	size_t n = strlen(calls);
	va_list args;

	va_start(args, format);
	vsnprintf(calls + n, sizeof(calls) - n, format, args);
	va_end(args);
}

int openat(int at, const char *path, int how, ...)
{
	va_list args;

	va_start(args, how);
	mode_t mode = how & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	opened_as = how;
	return fails(&opens) ? -1 : (int)syscall(SYS_openat, at, path, how, mode);
}

ssize_t read(int fd, void *buf, size_t n)
{
	return fails(&reads) ? -1 : syscall(SYS_read, fd, buf, n);
}

ssize_t getdents64(int fd, void *buf, size_t n)
{
	return fails(&lists) ? -1 : syscall(SYS_getdents64, fd, buf, n);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;

	va_start(args, request);
	unsigned *value = va_arg(args, unsigned *);
	va_end(args);
	if (fcntl(fd, F_GETFD) < 0 || fails(&ioctls))
		return -1;
	if (request == FS_IOC_GETFLAGS)
		*value = flags;
	else if (request == FS_IOC_SETFLAGS)
		note("set %x\n", *value);
	else
		note("ioctl %lx\n", request);
	return 0;
}

int mount(const char *source, const char *target, const char *type, unsigned long how,
	  const void *data);
int mount(const char *source, const char *target, const char *type, unsigned long how,
	  const void *data)
{
	note("mount %s %s %s %lx %s\n", source, target, type, how, data ? "data" : "");
	return fails(&mounts) ? -1 : 0;
}

int umount2(const char *target, int how);
int umount2(const char *target, int how)
{
	note("umount %s %x\n", target, (unsigned)how);
	return fails(&mounts) ? -1 : 0;
}

long syscall(long number, ...)
{
	static long (*real)(long, ...);
	long a[4];
	va_list args;

	va_start(args, number);
	for (size_t i = 0; i < COUNT(a); i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_finit_module && !loads_for_real) {
		note("load %s %lx\n", (const char *)a[1], a[2] & 0xffffffff);
		errno = (int)-loads_result;
		return loads_result ? -1 : 0;
	}
	if (number == SYS_openat2 && fails(&openats2))
		return -1;
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	return real(number, a[0], a[1], a[2], a[3]);
}

static char folder[64];
static int dir;

static int start(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/vgapass-test-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	dir = sysfs_dir(AT_FDCWD, folder);
	return dir < 0 ? -1 : 0;
}

static int remove_entry(const char *name, void *arg)
{
	(void)arg;
	if (unlinkat(dir, name, 0))
		unlinkat(dir, name, AT_REMOVEDIR);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	sysfs_list(dir, ".", remove_entry, NULL);
	close(dir);
	return rmdir(folder);
}

static void make(const char *name, const char *text, size_t n)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	close(fd);
}

static void reads_whole_attributes(void **state)
{
	char buf[8];

	(void)state;
	make("a", "1234567", 7);
	assert_int_equal(sysfs_read(dir, "a", buf, sizeof(buf)), 7);
	assert_string_equal(buf, "1234567");
	assert_int_equal(sysfs_read_file(dir, "a", buf, sizeof(buf)), 7);
	/* cap bytes leave no room for the NUL */
	make("a", "12345678", 8);
	assert_int_equal(sysfs_read(dir, "a", buf, sizeof(buf)), -E2BIG);
	assert_int_equal(sysfs_read_file(dir, "a", buf, sizeof(buf)), -E2BIG);
	make("a", "1", 1);
	assert_int_equal(sysfs_read(dir, "a", buf, sizeof(buf)), 1);
	make("a", "", 0);
	assert_int_equal(sysfs_read(dir, "a", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	assert_int_equal(sysfs_read(dir, "b", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(sysfs_read_file(dir, ".", buf, sizeof(buf)), -EISDIR);
}

/* A FIFO without a writer must not stop the boot. */
static void does_not_wait_for_a_fifo(void **state)
{
	char buf[8];

	(void)state;
	assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
	alarm(10);
	errno = EINTR; /* of an earlier call */
	assert_int_equal(sysfs_read_file(dir, "fifo", buf, sizeof(buf)), 0);
	alarm(0);
	/* An attribute is read once: here a second time has nothing. */
	int fd = sysfs_open(dir, "fifo", O_RDWR);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(fd, "abc", 3), 3);
	assert_int_equal(sysfs_read(dir, "fifo", buf, sizeof(buf)), 3);
	close(fd);
}

static void tells_regular_files(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	make("file", "", 0);
	assert_int_equal(symlinkat("file", dir, "link"), 0);
	assert_int_equal(symlinkat("/dev/null", dir, "null"), 0);
	assert_int_equal(symlinkat("none", dir, "dangling"), 0);
	assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
	assert_int_equal(bind(s, (struct sockaddr *)&address, sizeof(address)), 0);
	close(s);
	assert_int_equal(sysfs_regular(dir, "file"), 0);
	assert_int_equal(sysfs_regular(dir, "link"), 0);
	assert_int_equal(sysfs_regular(dir, "null"), -ENODEV);
	assert_int_equal(sysfs_regular(dir, "fifo"), -ENODEV);
	assert_int_equal(sysfs_regular(dir, "socket"), -ENODEV);
	assert_int_equal(sysfs_regular(dir, "."), -ENODEV);
	assert_int_equal(sysfs_regular(dir, "none"), -ENOENT);
	assert_int_equal(sysfs_regular(dir, "dangling"), -ENOENT);
	assert_int_equal(sysfs_regular(-ENOENT, "file"), -EBADF);
}

/* Without a console a program begins with no file open, and the first one that it opens is 0. */
static void expect_zero_is_free(void)
{
	assert_int_equal(fcntl(0, F_GETFD), -1);
}

/* A --sysroot: an absolute link begins at it, ".." ends at it, by whatever call. */
static void stays_below_a_root(void **state)
{
	char buf[256], path[256];

	(void)state;
	make("a", "inside", 6);
	assert_int_equal(mkdirat(dir, "f", 0700), 0);
	assert_int_equal(symlinkat("/a", dir, "absolute"), 0);
	assert_int_equal(symlinkat("../../../../../../a", dir, "up"), 0);
	assert_int_equal(symlinkat("/etc", dir, "out"), 0);
	assert_int_equal(symlinkat("/f", dir, "g"), 0);
	assert_true(sysfs_exists(dir, "out/passwd"));
	assert_int_equal(sysfs_read_file(dir, "absolute", buf, sizeof(buf)), -ENOENT);
	int in = dup(0);
	close(0);
	assert_int_equal(sysfs_confine(dir), 0);
	assert_true(sysfs_exists(dir, "a"));
	assert_int_equal(sysfs_link(dir, "up", 0, buf, sizeof(buf)), 1);
	assert_true(sysfs_path(dir, "a", buf, sizeof(buf)) > 0);
	expect_zero_is_free();
	assert_int_equal(dup2(in, 0), 0);
	close(in);
	assert_int_equal(sysfs_read_file(dir, "absolute", buf, sizeof(buf)), 6);
	assert_int_equal(sysfs_read_file(dir, "up", buf, sizeof(buf)), 6);
	assert_int_equal(sysfs_read_file(dir, "f/../../a", buf, sizeof(buf)), 6);
	assert_false(sysfs_exists(dir, "out/passwd"));
	assert_true(sysfs_exists(dir, "absolute"));
	assert_int_equal(sysfs_dir(dir, "out"), -ENOENT);
	assert_int_equal(sysfs_link(dir, "../up", 1, buf, sizeof(buf)), 19);
	assert_string_equal(buf, "../../../../../../a");
	assert_true(sysfs_link(dir, "out/mtab", 1, buf, sizeof(buf)) < 0);
	assert_int_equal(sysfs_open(dir, "g", O_RDONLY | O_NOFOLLOW), -ELOOP);
	assert_true(sysfs_path(dir, "g", buf, sizeof(buf)) > 0);
	snprintf(path, sizeof(path), "%s/f", folder);
	assert_string_equal(buf, path);
	/* One byte more than the NUL needs tells that it is whole. */
	assert_int_equal(sysfs_path(dir, "g", buf, strlen(path) + 2), strlen(path));
	assert_string_equal(buf, path);
	assert_int_equal(sysfs_path(dir, "g", buf, strlen(path) + 1), -E2BIG);
	assert_string_equal(buf, "");
	assert_int_equal(sysfs_path(dir, "out", buf, sizeof(buf)), -ENOENT);
	/* A file that is renamed meanwhile is looked for again, but not for ever. */
	openats2 = (struct failing){ 999, EAGAIN };
	assert_int_equal(sysfs_read_file(dir, "a", buf, sizeof(buf)), 6);
	openats2 = (struct failing){ 1000, EAGAIN };
	assert_int_equal(sysfs_read_file(dir, "a", buf, sizeof(buf)), -EAGAIN);
	assert_int_equal(openats2.times, 0);
	openats2 = (struct failing){ 1, EPERM };
	assert_int_equal(sysfs_read_file(dir, "a", buf, sizeof(buf)), -EPERM);
	assert_int_equal(sysfs_confine(-EBADF), -EBADF);
	/* No other folder is meant. */
	int f = sysfs_dir(dir, "f");
	assert_true(sysfs_exists(f, "../../../etc/passwd"));
	close(f);
}

/* /proc gives its files in pieces. */
static void reads_files_to_their_end(void **state)
{
	static char buf[1 << 20];
	int proc = sysfs_dir(AT_FDCWD, "/proc");
	ssize_t n = sysfs_read_file(proc, "kallsyms", buf, sizeof(buf));

	(void)state;
	assert_true(n == -E2BIG || n > 4096 || n == -ENOENT);
	n = sysfs_read_file(proc, "self/smaps", buf, sizeof(buf));
	assert_true(n > 4096);
	assert_int_equal(buf[n - 1], '\n');
	close(proc);
}

struct lines {
	unsigned n, stop_at;
	size_t bytes, longest;
	char last[64];
};

static int count_line(struct slice line, void *arg)
{
	struct lines *l = arg;

	l->bytes += line.n + 1;
	l->longest = line.n > l->longest ? line.n : l->longest;
	text_make(l->last, sizeof(l->last), "%pv", &line);
	return ++l->n == l->stop_at ? 77 : 0;
}

static struct lines lines_of(const char *text, size_t n, unsigned stop_at)
{
	struct lines l = { .stop_at = stop_at };

	make("a", text, n);
	assert_int_equal(sysfs_lines(dir, "a", count_line, &l), stop_at ? 77 : 0);
	return l;
}

/* Files of any length, in pieces that end within lines. */
static void reads_lines(void **state)
{
	static char text[100000];

	(void)state;
	assert_int_equal(lines_of("", 0, 0).n, 0);
	struct lines l = lines_of("one\n\nthree\n", 11, 0);
	assert_int_equal(l.n, 3);
	assert_string_equal(l.last, "three");
	assert_string_equal(lines_of("one\n\nthree\n", 11, 1).last, "one");
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 33 == 32 ? '\n' : (char)('a' + i / 33 % 26);
	l = lines_of(text, 99990, 0);
	assert_int_equal(l.n, 3030);
	assert_int_equal(l.bytes, 99990);
	assert_int_equal(l.longest, 32);
	assert_string_equal(l.last, "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");
	/* One that is too long is cut, and the next one is whole. */
	memset(text, 'x', 5000);
	memcpy(text + 5000, "\ny\n", 3);
	l = lines_of(text, 5003, 0);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.longest, 128);
	assert_string_equal(l.last, "y");
	assert_int_equal(sysfs_lines(dir, "none", count_line, &l), -ENOENT);
}

static void reads_at_offsets(void **state)
{
	char buf[4];

	(void)state;
	make("config", "0123456789", 10);
	assert_int_equal(sysfs_read_at(dir, "config", buf, 4, 6), 0);
	assert_memory_equal(buf, "6789", 4);
	assert_int_equal(sysfs_read_at(dir, "config", buf, 4, 7), -EIO);
	assert_int_equal(sysfs_read_at(dir, "config", buf, 4, 4096), -EIO);
	assert_int_equal(sysfs_read_at(dir, "none", buf, 4, 0), -ENOENT);
	assert_int_equal(sysfs_read_at(dir, ".", buf, 4, 0), -EISDIR);
}

static void writes_and_creates_nothing(void **state)
{
	char buf[32];

	(void)state;
	make("a", "old", 3);
	assert_int_equal(sysfs_write(dir, "a", "new\n"), 0);
	assert_int_equal(sysfs_read(dir, "a", buf, sizeof(buf)), 4);
	assert_string_equal(buf, "new\n");
	assert_int_equal(sysfs_write(dir, "b", "x"), -ENOENT);
	assert_false(sysfs_exists(dir, "b"));
	assert_int_equal(sysfs_write(AT_FDCWD, "/dev/full", "x"), -ENOSPC);
}

static void reads_links(void **state)
{
	char buf[16], deep[600];

	(void)state;
	assert_int_equal(symlinkat("../../bus/pci/drivers/vfio-pci", dir, "driver"), 0);
	assert_int_equal(sysfs_link(dir, "driver", 0, buf, sizeof(buf)), 8);
	assert_string_equal(buf, "vfio-pci");
	assert_int_equal(sysfs_link(dir, "driver", 1, buf, sizeof(buf)), -E2BIG);
	assert_int_equal(sysfs_link(dir, "driver", 0, buf, 8), -E2BIG);
	assert_int_equal(sysfs_link(dir, "driver", 0, buf, 9), 8);
	assert_int_equal(sysfs_link(dir, "driver", 1, deep, sizeof(deep)), 30);
	assert_string_equal(deep, "../../bus/pci/drivers/vfio-pci");
	assert_int_equal(symlinkat("plain", dir, "plain"), 0);
	assert_int_equal(sysfs_link(dir, "plain", 0, buf, sizeof(buf)), 5);
	assert_int_equal(sysfs_link(dir, "none", 0, buf, sizeof(buf)), -ENOENT);
	make("file", "", 0);
	assert_int_equal(sysfs_link(dir, "file", 0, buf, sizeof(buf)), -EINVAL);
	memset(deep, 'x', 512);
	deep[512] = '\0';
	assert_int_equal(symlinkat(deep, dir, "deep"), 0);
	assert_int_equal(sysfs_link(dir, "deep", 0, buf, sizeof(buf)), -E2BIG);
}

static int count(const char *name, void *arg)
{
	unsigned *n = arg;

	assert_true(strcmp(name, ".") && strcmp(name, ".."));
	return ++*n == 150 ? 42 : 0;
}

static void lists_directories(void **state)
{
	char name[64];
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < 149; i++) {
		snprintf(name, sizeof(name), "an-entry-of-some-length-%u", i);
		make(name, "", 0);
	}
	assert_int_equal(sysfs_list(dir, ".", count, &n), 0);
	assert_int_equal(n, 149);
	make(".hidden", "", 0);
	n = 0;
	assert_int_equal(sysfs_list(dir, ".", count, &n), 0);
	assert_int_equal(n, 149);
	assert_int_equal(unlinkat(dir, ".hidden", 0), 0);
	make("one-more", "", 0);
	n = 0;
	assert_int_equal(sysfs_list(dir, ".", count, &n), 42);
	assert_int_equal(sysfs_list(dir, "none", count, &n), -ENOENT);
	assert_int_equal(sysfs_list(dir, "one-more", count, &n), -ENOTDIR);
}

static void tells_what_exists(void **state)
{
	(void)state;
	make("file", "", 0);
	assert_int_equal(symlinkat("nowhere", dir, "dangling"), 0);
	assert_true(sysfs_exists(dir, "file"));
	assert_true(sysfs_exists(dir, "."));
	assert_false(sysfs_exists(dir, "none"));
	assert_false(sysfs_exists(dir, "dangling"));
}

/* Tables of the kernel: columns with blanks between, and files of any length. */
static void finds_words(void **state)
{
	static char text[100000];

	(void)state;
	make("a", "one /dev/sda2 two\n/dev/sda1    partition\nlast", 46);
	assert_true(sysfs_has_word(dir, "a", "one"));
	assert_true(sysfs_has_word(dir, "a", "/dev/sda2"));
	assert_true(sysfs_has_word(dir, "a", "two"));
	assert_true(sysfs_has_word(dir, "a", "/dev/sda1"));
	assert_false(sysfs_has_word(dir, "a", "/dev/sda"));
	assert_false(sysfs_has_word(dir, "a", "/dev/sda11"));
	assert_false(sysfs_has_word(dir, "a", "sda1"));
	assert_false(sysfs_has_word(dir, "none", "one"));
	assert_false(sysfs_has_word(dir, ".", "one"));
	memset(text, '\n', sizeof(text));
	memcpy(text + sizeof(text) - 6, "direct", 5);
	make("a", text, sizeof(text));
	assert_false(sysfs_has_word(dir, "a", "direct"));
	memcpy(text + sizeof(text) - 7, "direct", 6);
	make("a", text, sizeof(text));
	assert_true(sysfs_has_word(dir, "a", "direct"));
	assert_false(sysfs_has_word(-ENOENT, "a", "direct"));
}

/* Nobody has what is no block device: boots show the rest. */
static void tells_claims(void **state)
{
	(void)state;
	make("a", "", 0);
	assert_false(sysfs_is_claimed(dir, "a"));
	assert_false(sysfs_is_claimed(dir, "none"));
	assert_false(sysfs_is_claimed(dir, "."));
	assert_false(sysfs_is_claimed(-ENOENT, "a"));
}

static void opens_the_number_zero(void **state)
{
	struct lines l = { .n = 0 };
	unsigned n = 0;
	char buf[8];
	int in = dup(0);

	(void)state;
	make("a", "x\n", 2);
	close(0);
	assert_int_equal(sysfs_read(dir, "a", buf, sizeof(buf)), 2);
	assert_int_equal(sysfs_read_file(dir, "a", buf, sizeof(buf)), 2);
	assert_int_equal(sysfs_lines(dir, "a", count_line, &l), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(sysfs_regular(dir, "a"), 0);
	assert_int_equal(sysfs_read_at(dir, "a", buf, 1, 0), 0);
	assert_int_equal(sysfs_write(dir, "a", "y\n"), 0);
	assert_int_equal(sysfs_list(dir, ".", count, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(sysfs_load_module(dir, "a", ""), 0);
	assert_false(sysfs_is_claimed(dir, "a"));
	expect_zero_is_free();
	assert_int_equal(sysfs_dir(dir, "."), 0);
	assert_int_equal(dup2(in, 0), 0);
	close(in);
}

/* The error of one call stands in for a directory in the next. */
static void passes_errors_on(void **state)
{
	int none = sysfs_dir(dir, "none");
	unsigned n = 0;
	char buf[8];

	(void)state;
	assert_int_equal(none, -ENOENT);
	assert_int_equal(sysfs_dir(none, "a"), -EBADF);
	assert_int_equal(sysfs_read(none, "a", buf, sizeof(buf)), -EBADF);
	assert_int_equal(sysfs_read_file(none, "a", buf, sizeof(buf)), -EBADF);
	assert_int_equal(sysfs_read_at(none, "a", buf, 1, 0), -EBADF);
	assert_int_equal(sysfs_write(none, "a", "x"), -EBADF);
	assert_int_equal(sysfs_link(none, "a", 0, buf, sizeof(buf)), -EBADF);
	assert_int_equal(sysfs_list(none, "a", count, &n), -EBADF);
	assert_false(sysfs_exists(none, "a"));
	assert_int_equal(sysfs_load_module(none, "a", ""), -EBADF);
}

static void loads_no_nonsense(void **state)
{
	(void)state;
	make("x.ko", "no module", 9);
	assert_int_equal(sysfs_load_module(dir, "none.ko", ""), -ENOENT);
	loads_for_real = true;
	assert_true(sysfs_load_module(dir, "x.ko", "") < 0);
	loads_for_real = false;
}

/* A signal may come into any call that waits. */
static void goes_on_after_a_signal(void **state)
{
	struct lines l = { .n = 0 };
	char buf[8];

	(void)state;
	make("a", "x\ny\n", 4);
	opens = (struct failing){ 2, EINTR };
	reads = (struct failing){ 2, EINTR };
	assert_int_equal(sysfs_read(dir, "a", buf, sizeof(buf)), 4);
	assert_int_equal(opens.times + reads.times, 0);
	reads = (struct failing){ 2, EINTR };
	assert_int_equal(sysfs_read_file(dir, "a", buf, sizeof(buf)), 4);
	assert_string_equal(buf, "x\ny\n");
	reads = (struct failing){ 2, EINTR };
	assert_int_equal(sysfs_lines(dir, "a", count_line, &l), 0);
	assert_int_equal(l.n, 2);
	/* Other errors end it, and what was read before counts. */
	reads = (struct failing){ 1, EIO };
	assert_int_equal(sysfs_read_file(dir, "a", buf, sizeof(buf)), -EIO);
	reads = (struct failing){ 1, EIO };
	assert_int_equal(sysfs_lines(dir, "a", count_line, &l), 0);
	assert_int_equal(l.n, 2);
	opens = (struct failing){ 1, EACCES };
	assert_int_equal(sysfs_read(dir, "a", buf, sizeof(buf)), -EACCES);
}

/* Each call opens as it must, and no program that is started later has the file. */
static void opens_as_it_must(void **state)
{
	const int always = O_CLOEXEC | O_NOCTTY;
	struct lines l = { .n = 0 };
	unsigned n = 0;
	char buf[8];

	(void)state;
	make("a", "x", 1);
	sysfs_read(dir, "a", buf, sizeof(buf));
	assert_int_equal(opened_as, O_RDONLY | O_NONBLOCK | always);
	sysfs_read_at(dir, "a", buf, 1, 0);
	assert_int_equal(opened_as, O_RDONLY | O_NONBLOCK | always);
	sysfs_lines(dir, "a", count_line, &l);
	assert_int_equal(opened_as, O_RDONLY | O_NONBLOCK | always);
	sysfs_write(dir, "a", "y");
	assert_int_equal(opened_as, O_WRONLY | always);
	sysfs_regular(dir, "a");
	assert_int_equal(opened_as, O_PATH | always);
	sysfs_path(dir, "a", buf, sizeof(buf));
	assert_int_equal(opened_as, O_PATH | always);
	sysfs_list(dir, ".", count, &n);
	assert_int_equal(opened_as, O_RDONLY | O_DIRECTORY | always);
	sysfs_is_claimed(dir, "a");
	assert_int_equal(opened_as, O_RDONLY | O_EXCL | O_NONBLOCK | always);
	sysfs_load_module(dir, "a", "");
	assert_int_equal(opened_as, O_RDONLY | always);
	sysfs_mutable(dir, "a");
	assert_int_equal(opened_as, O_RDONLY | always);
}

/* The kernel says EBUSY to whoever wants a claimed device alone. */
static void knows_a_claim(void **state)
{
	(void)state;
	make("a", "", 0);
	opens = (struct failing){ 1, EBUSY };
	assert_true(sysfs_is_claimed(dir, "a"));
	opens = (struct failing){ 1, EACCES };
	assert_false(sysfs_is_claimed(dir, "a"));
}

static void tells_what_cannot_be_listed(void **state)
{
	unsigned n = 0;

	(void)state;
	make("a", "", 0);
	lists = (struct failing){ 1, EIO };
	assert_int_equal(sysfs_list(dir, ".", count, &n), -EIO);
	assert_int_equal(n, 0);
	/* Without a path it is the directory itself, which stays open. */
	assert_int_equal(sysfs_list(dir, NULL, count, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(fcntl(dir, F_GETFD), FD_CLOEXEC);
}

/* Flags that are not ours stay. */
static void makes_mutable(void **state)
{
	static const struct failing at_once = { 1, ENOTTY };
	int in = dup(0);

	(void)state;
	make("a", "", 0);
	close(0);
	*calls = '\0';
	flags = FS_IMMUTABLE_FL | FS_NOATIME_FL;
	assert_int_equal(sysfs_mutable(dir, "a"), 0);
	expect_zero_is_free();
	assert_int_equal(dup2(in, 0), 0);
	close(in);
	assert_string_equal(calls, "set 80\n");
	*calls = '\0';
	flags = FS_NOATIME_FL;
	assert_int_equal(sysfs_mutable(dir, "a"), 0);
	assert_string_equal(calls, "");
	ioctls = at_once;
	flags = FS_IMMUTABLE_FL;
	assert_int_equal(sysfs_mutable(dir, "a"), -ENOTTY);
	assert_string_equal(calls, "");
	assert_int_equal(sysfs_mutable(dir, "none"), -ENOENT);
	assert_int_equal(sysfs_unlink(dir, "none"), -ENOENT);
	assert_int_equal(sysfs_unlink(dir, "a"), 0);
	assert_false(sysfs_exists(dir, "a"));
	assert_int_equal(mkdirat(dir, "folder", 0700), 0);
	assert_int_equal(sysfs_unlink(dir, "folder"), -EISDIR);
}

static void mounts_what_it_is_told(void **state)
{
	(void)state;
	*calls = '\0';
	assert_int_equal(sysfs_mount("/at", "efivarfs"), 0);
	assert_int_equal(sysfs_umount("/at"), 0);
	/* MS_NOSUID, MS_NODEV, MS_NOEXEC; MNT_DETACH */
	assert_string_equal(calls, "mount efivarfs /at efivarfs e \numount /at 2\n");
	mounts = (struct failing){ 2, ENODEV };
	assert_int_equal(sysfs_mount("/at", "efivarfs"), -ENODEV);
	assert_int_equal(sysfs_umount("/at"), -ENODEV);
}

static void loads_with_its_params(void **state)
{
	(void)state;
	make("x.ko", "", 0);
	*calls = '\0';
	assert_int_equal(sysfs_load_module(dir, "x.ko", "a=1 b"), 0);
	assert_string_equal(calls, "load a=1 b 0\n");
	loads_result = -EEXIST;
	assert_int_equal(sysfs_load_module(dir, "x.ko", ""), -EEXIST);
	loads_result = 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(reads_whole_attributes),
		TEST(does_not_wait_for_a_fifo),
		TEST(tells_regular_files),
		TEST(reads_files_to_their_end),
		TEST(reads_lines),
		TEST(reads_at_offsets),
		TEST(writes_and_creates_nothing),
		TEST(reads_links),
		TEST(lists_directories),
		TEST(tells_what_exists),
		TEST(finds_words),
		TEST(tells_claims),
		TEST(opens_the_number_zero),
		TEST(passes_errors_on),
		TEST(loads_no_nonsense),
		TEST(goes_on_after_a_signal),
		TEST(opens_as_it_must),
		TEST(knows_a_claim),
		TEST(tells_what_cannot_be_listed),
		TEST(makes_mutable),
		TEST(mounts_what_it_is_told),
		TEST(loads_with_its_params),
		/* It holds as long as the program runs. */
		TEST(stays_below_a_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
