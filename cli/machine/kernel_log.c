/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_log.c - see kernel_log.h */
#include "kernel_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/out/xalloc.h"
#include "runtime/io/sysfs.h"

#define CHUNK (1 << 16) /* a record of /dev/kmsg has at most 8 KiB */

int kernel_log_open(const struct host *h)
{
	return sysfs_open(h->roots.root, "dev/kmsg", O_RDONLY | O_NONBLOCK);
}

static void run_journalctl(const struct host *h, const char *boot, const char *format, int to)
{
	char *root = xasprintf("--root=%s", *h->sysroot ? h->sysroot : "/");

	dup2(to, STDOUT_FILENO);
	execlp("journalctl", "journalctl", root, "-k", "-b", boot, "-q", "--no-pager", "-o",
	       format, (char *)NULL);
	_exit(127);
}

int kernel_log_journal(const struct host *h, const char *boot, const char *format, pid_t *pid)
{
	int fd[2];

	fflush(stdout);
	if (pipe2(fd, O_CLOEXEC))
		return -errno;
	*pid = fork();
	if (!*pid)
		run_journalctl(h, boot, format, fd[1]);
	int error = *pid < 0 ? -errno : 0;
	close(fd[1]);
	if (error)
		close(fd[0]);
	return error ? error : fd[0];
}

int kernel_log_end(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* EPIPE of /dev/kmsg: records were overwritten meanwhile (Documentation/ABI/testing/dev-kmsg). */
int kernel_log_read(int fd, bool records, void (*feed)(const char *data, size_t n, void *arg),
		    void *arg)
{
	char *data = xmalloc(CHUNK);
	ssize_t n;

	while ((n = read(fd, data, CHUNK)) > 0 ||
	       (n < 0 && (errno == EINTR || (records && errno == EPIPE))))
		if (n > 0)
			feed(data, (size_t)n, arg);
	int error = n < 0 && !(records && errno == EAGAIN) ? -errno : 0;
	free(data);
	return error;
}

/* --- vgapass's own lines */

struct own_lines {
	char *text, *lines;
	size_t text_n;
};

static void collect_text(const char *data, size_t n, void *arg)
{
	struct own_lines *own = arg;

	own->text = xreallocarray(own->text, own->text_n + n + 1, 1);
	memcpy(own->text + own->text_n, data, n);
	own->text_n += n;
	own->text[own->text_n] = '\0';
}

static void add_own(struct own_lines *own, unsigned long long us, const char *message)
{
	char *more = xasprintf("%s[%5llu.%06llu] %s\n", own->lines ? own->lines : "",
			       us / 1000000, us % 1000000, message);

	free(own->lines);
	own->lines = more;
}

/* "6,339,5140900,-;vgapass: ..." of /dev/kmsg, or "[    5.140900] host kernel: vgapass: ..." */
static void look_at_own(struct own_lines *own, char *line)
{
	unsigned long long us, seconds;
	char *message = strchr(line, ';');

	for (char *p = line; *p; p++)
		*p = (unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p;
	if (sscanf(line, "%*u,%*u,%llu,", &us) == 1 && message) {
		if (!strncmp(message + 1, "vgapass", 7))
			add_own(own, us, message + 1);
	} else if (sscanf(line, "[ %llu.%llu]", &seconds, &us) == 2) {
		message = strstr(line, " kernel: ");
		if (message && !strncmp(message + 9, "vgapass", 7))
			add_own(own, seconds * 1000000 + us, message + 9);
	}
}

/* Takes what has been read apart. */
static void find_own(struct own_lines *own)
{
	char *rest = own->text, *line;

	while (rest && (line = strsep(&rest, "\n")))
		look_at_own(own, line);
	free(own->text);
	own->text = NULL;
	own->text_n = 0;
}

char *kernel_log_of_vgapass(const struct host *h, const char *boot_id, const char **why)
{
	struct own_lines own = { 0 };
	int fd = kernel_log_open(h);
	int error = fd < 0 ? fd : kernel_log_read(fd, true, collect_text, &own);
	pid_t pid = -1;

	if (fd >= 0)
		close(fd);
	find_own(&own);
	*why = error == -EPERM || error == -EACCES ? "/dev/kmsg can be read by root alone" :
	       error == -ENOENT ? "/dev/kmsg and a journal of this boot are not found" :
				  "the kernel log has no line of vgapass";
	/* The kernel forgets its first lines when many others have come. */
	if (own.lines || !*boot_id)
		return own.lines;
	fd = kernel_log_journal(h, boot_id, "short-monotonic", &pid);
	if (fd < 0)
		return NULL;
	kernel_log_read(fd, false, collect_text, &own);
	close(fd);
	kernel_log_end(pid);
	find_own(&own);
	return own.lines;
}
