/* sysfs.c - see sysfs.h */
#ifndef __KLIBC__
#define _GNU_SOURCE
#endif
#include "sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#ifdef __KLIBC__
/* In libc.a (usr/klibc/SYSCALLS.def), but in no header. */
extern long finit_module(int fd, const char *params, int flags);
#else
#include <sys/syscall.h>
#define finit_module(fd, params, flags) syscall(SYS_finit_module, fd, params, flags)
#endif

/* klibc's and musl's getdents() is the 64-bit call, glibc gives that its own name. */
#ifdef __GLIBC__
#define getdents(fd, buf, n) getdents64((int)(fd), buf, n)
#endif

static int open_at(int at, const char *path, int flags)
{
	int fd;

	do
		fd = openat(at, path, flags | O_CLOEXEC | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

int sysfs_dir(int at, const char *path)
{
	return open_at(at, path, O_RDONLY | O_DIRECTORY);
}

/* Closes fd after a call that gave `done`, of which n were asked for. */
static int finish(int fd, ssize_t done, size_t n)
{
	int r = done < 0 ? -errno : (size_t)done == n ? 0 : -EIO;

	close(fd);
	return r;
}

static ssize_t read_all(int at, const char *path, char *buf, size_t cap, bool once)
{
	size_t len = 0;
	ssize_t n;
	/* O_NONBLOCK: a FIFO in a configuration's place must not stop the boot. */
	int fd = open_at(at, path, O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		return fd;
	do {
		n = read(fd, buf + len, cap - len);
		if (n > 0)
			len += (size_t)n;
	} while ((n > 0 && !once && len < cap) || (n < 0 && errno == EINTR));
	int error = finish(fd, n, (size_t)n);
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

int sysfs_lines(int at, const char *path, int (*each)(struct slice line, void *arg), void *arg)
{
	char buf[4096], line[128];
	struct slice s = { line, 0 };
	ssize_t n;
	int fd = open_at(at, path, O_RDONLY), r = 0;

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
	int fd = open_at(at, path, O_RDONLY);

	return fd < 0 ? fd : finish(fd, pread(fd, buf, n, offset), n);
}

int sysfs_write(int at, const char *path, const char *text)
{
	size_t n = strlen(text);
	int fd = open_at(at, path, O_WRONLY);

	return fd < 0 ? fd : finish(fd, write(fd, text, n), n);
}

ssize_t sysfs_link(int at, const char *path, int whole, char *buf, size_t cap)
{
	char target[512];
	ssize_t n = readlinkat(at, path, target, sizeof(target));

	if (n < 0)
		return -errno;
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

int sysfs_list(int at, const char *path, int (*each)(const char *name, void *arg), void *arg)
{
	/* Aligned for the records, and large: a directory of 4,096 functions in 20 calls. */
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

int sysfs_exists(int at, const char *path)
{
	return !faccessat(at, path, F_OK, 0);
}

int sysfs_load_module(int at, const char *path, const char *params)
{
	int fd = open_at(at, path, O_RDONLY);

	return fd < 0 ? fd : finish(fd, finit_module(fd, params, 0), 0);
}
