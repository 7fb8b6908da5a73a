/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysfs.c - see sysfs.h */
#include "sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/core/text.h"

#ifdef __KLIBC__
/* It is in libc.a (usr/klibc/SYSCALLS.def), but in no header. */
extern long finit_module(int fd, const char *params, int flags);
#else
#include <sys/syscall.h>
#if __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#endif
#define finit_module(fd, params, flags) syscall(SYS_finit_module, fd, params, flags)
#endif

/* In klibc and musl, getdents() is the 64-bit call; glibc has another name for that. */
#ifdef __GLIBC__
#define getdents(fd, buf, n) getdents64((int)(fd), buf, n)
#endif

/* <linux/fs.h> has the same calls, but does not go together with <sys/mount.h>. */
#define GET_FLAGS _IOR('f', 1, long)
#define SET_FLAGS _IOW('f', 2, long)
#define IMMUTABLE 0x10

#ifdef __KLIBC__
/* The boot binary works on the running system only. */
#define is_confined(at) false
#define open_below openat
#else
static int confined = -EBADF;

static bool is_confined(int at)
{
	return at == confined;
}

static int open_below(int root, const char *path, int flags)
{
#if __has_include(<linux/openat2.h>)
	/* openat2() refuses flags that mean nothing here. */
	struct open_how how = { .flags = (unsigned)(flags & O_PATH ? flags & ~O_NOCTTY : flags),
				.resolve = RESOLVE_IN_ROOT };

	/* EAGAIN: a file was renamed meanwhile, and the path has a "..". */
	for (unsigned n = 0; n < 1000; n++) {
		int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			return fd;
	}
	return -1;
#else
	(void)root, (void)path, (void)flags;
	errno = ENOSYS;
	return -1;
#endif
}

int sysfs_confine(int root)
{
	int fd = open_below(root, ".", O_PATH | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	confined = root;
	return 0;
}
#endif

static int open_at(int at, const char *path, int flags)
{
	int fd;

	flags |= O_CLOEXEC | O_NOCTTY;
	do
		fd = is_confined(at) ? open_below(at, path, flags) : openat(at, path, flags);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

int sysfs_dir(int at, const char *path)
{
	return open_at(at, path, O_RDONLY | O_DIRECTORY);
}

/* Closes fd after a call on it that returned `done` and was to return n. Returns 0, or -errno. */
static int close_after(int fd, ssize_t done, size_t n)
{
	int r = done < 0 ? -errno : (size_t)done == n ? 0 : -EIO;

	close(fd);
	return r;
}

static ssize_t read_all(int at, const char *path, char *buf, size_t cap, bool once)
{
	size_t len = 0;
	ssize_t n;
	/* O_NONBLOCK: a FIFO in place of a configuration file must not stop the boot. */
	int fd = open_at(at, path, O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		return fd;
	do {
		n = read(fd, buf + len, cap - len);
		if (n > 0)
			len += (size_t)n;
	} while ((n > 0 && !once && len < cap) || (n < 0 && errno == EINTR));
	int error = close_after(fd, n, (size_t)n);
	if (error)
		return error;
	if (len >= cap)
		return -E2BIG;
	buf[len] = '\0';
	return (ssize_t)len;
}

ssize_t sysfs_read(int at, const char *path, char *buf, size_t cap)
{
	return read_all(at, path, buf, cap, true);
}

ssize_t sysfs_read_file(int at, const char *path, char *buf, size_t cap)
{
	return read_all(at, path, buf, cap, false);
}

int sysfs_regular(int at, const char *path)
{
	struct stat st;
	int fd = open_at(at, path, O_PATH);

	if (fd < 0)
		return fd;
	int r = close_after(fd, fstat(fd, &st), 0);
	return r ? r : S_ISREG(st.st_mode) ? 0 : -ENODEV;
}

int sysfs_lines(int at, const char *path, int (*each)(struct slice line, void *arg), void *arg)
{
	char buf[4096], line[128];
	struct slice s = { line, 0 };
	ssize_t n;
	int fd = open_at(at, path, O_RDONLY | O_NONBLOCK), r = 0;

	if (fd < 0)
		return fd;
	while (!r && ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR)))
		for (ssize_t i = 0; !r && i < n; i++) {
			if (buf[i] == '\n') {
				r = each(s, arg);
				s.n = 0;
			} else if (s.n < sizeof(line)) {
				line[s.n++] = buf[i];
			}
		}
	close(fd);
	return r;
}

int sysfs_read_at(int at, const char *path, void *buf, size_t n, off_t offset)
{
	int fd = open_at(at, path, O_RDONLY | O_NONBLOCK);

	return fd < 0 ? fd : close_after(fd, pread(fd, buf, n, offset), n);
}

int sysfs_write(int at, const char *path, const char *text)
{
	size_t n = strlen(text);
	int fd = open_at(at, path, O_WRONLY);

	return fd < 0 ? fd : close_after(fd, write(fd, text, n), n);
}

/* Returns the length of the link's target, or -errno. */
static ssize_t read_link(int at, const char *path, char *buf, size_t cap)
{
	ssize_t n;

	if (!is_confined(at)) {
		n = readlinkat(at, path, buf, cap);
		return n < 0 ? -errno : n;
	}
	int fd = open_at(at, path, O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return fd;
	n = readlinkat(fd, "", buf, cap);
	int error = n < 0 ? -errno : 0;
	close(fd);
	return error ? error : n;
}

ssize_t sysfs_link(int at, const char *path, int whole, char *buf, size_t cap)
{
	char target[512];
	ssize_t n = read_link(at, path, target, sizeof(target));

	if (n < 0)
		return n;
	if (n == (ssize_t)sizeof(target))
		return -E2BIG;
	ssize_t start = n;
	while (start > 0 && (whole || target[start - 1] != '/'))
		start--;
	if ((size_t)(n - start) >= cap)
		return -E2BIG;
	memcpy(buf, target + start, (size_t)(n - start));
	buf[n - start] = '\0';
	return n - start;
}

static int look_for_word(struct slice line, void *arg)
{
	const struct slice *word = arg;
	struct slice none;

	return slice_find(*word, line, ' ', &none) != SLICE_NO_WORD;
}

int sysfs_has_word(int at, const char *path, const char *word)
{
	struct slice s = slice_of(word);

	return sysfs_lines(at, path, look_for_word, &s) > 0;
}

int sysfs_is_claimed(int at, const char *path)
{
	int fd = open_at(at, path, O_RDONLY | O_EXCL | O_NONBLOCK);

	close(fd);
	return fd == -EBUSY;
}

int sysfs_list(int at, const char *path, int (*each)(const char *name, void *arg), void *arg)
{
	/* Aligned for the records, and large: a directory of 4,096 functions takes 20 calls. */
	static union {
		struct dirent first;
		char bytes[8192];
	} buf;
	int fd = path ? sysfs_dir(at, path) : at, r = 0;
	ssize_t n = 0;

	if (fd < 0)
		return fd;
	while (!r && (n = getdents((unsigned)fd, &buf.first, sizeof(buf))) > 0) {
		for (ssize_t i = 0; !r && i < n;) {
			struct dirent *d = (struct dirent *)(void *)(buf.bytes + i);
			i += d->d_reclen;
			if (*d->d_name != '.')
				r = each(d->d_name, arg);
		}
	}
	if (n < 0)
		r = -errno;
	if (path)
		close(fd);
	return r;
}

#ifndef __KLIBC__
int sysfs_open(int at, const char *path, int flags)
{
	return open_at(at, path, flags);
}

ssize_t sysfs_path(int at, const char *path, char *buf, size_t cap)
{
	char link[32];
	int fd = open_at(at, path, O_PATH);

	if (fd < 0)
		return fd;
	ssize_t n = readlink(text_make(link, sizeof(link), "/proc/self/fd/%u", (unsigned)fd), buf,
			     cap - 1);
	int r = n < 0 ? -errno : n == (ssize_t)cap - 1 ? -E2BIG : 0;
	close(fd);
	buf[r ? 0 : n] = '\0';
	return r ? r : n;
}
#endif

int sysfs_exists(int at, const char *path)
{
	if (!is_confined(at))
		return !faccessat(at, path, F_OK, 0);
	int fd = open_at(at, path, O_PATH);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int sysfs_load_module(int at, const char *path, const char *params)
{
	int fd = open_at(at, path, O_RDONLY);

	return fd < 0 ? fd : close_after(fd, finit_module(fd, params, 0), 0);
}

int sysfs_mutable(int at, const char *path)
{
	unsigned flags = 0;
	int fd = open_at(at, path, O_RDONLY);

	if (fd < 0)
		return fd;
	/* The kernel reads and writes an int (fs/ioctl.c, ioctl_getflags()). */
	int r = ioctl(fd, GET_FLAGS, &flags);
	if (!r && flags & IMMUTABLE) {
		flags &= ~IMMUTABLE;
		r = ioctl(fd, SET_FLAGS, &flags);
	}
	return close_after(fd, r, 0);
}

int sysfs_touch(int at, const char *dir, const char *name)
{
	mkdirat(at, dir, 0755);
	int fd = sysfs_dir(at, dir);
	if (fd < 0)
		return fd;
	int file = openat(fd, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	int r = file < 0 ? -errno : 0;
	close(file);
	close(fd);
	return r;
}

int sysfs_unlink(int at, const char *path)
{
	return unlinkat(at, path, 0) ? -errno : 0;
}

int sysfs_mount(const char *path, const char *type)
{
	return mount(type, path, type, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) ? -errno : 0;
}

int sysfs_umount(const char *path)
{
	return umount2(path, MNT_DETACH) ? -errno : 0;
}
