/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rebuild.c - see rebuild.h */
#include "rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/io/sysfs.h"
#include "cli/cmd.h"

/* Whoever has update-initramfs makes images by it: Debian's dracut brings one along that calls
 * dracut. */
static const struct tool {
	const char *name;
	const char *argument[4];
	const char *command;
} tools[] = {
	{ "update-initramfs", { "-u", "-k", "all" }, "update-initramfs -u -k all" },
	{ "dracut", { "--regenerate-all", "--force" }, "dracut --regenerate-all --force" },
	{ "mkinitcpio", { "-P" }, "mkinitcpio -P" },
};

static const char *const folders[] = { "/usr/sbin", "/usr/bin", "/sbin", "/bin" };

static bool is_program(const struct host *h, const char *path)
{
	struct stat st;
	int fd = sysfs_open(h->roots.root, path, O_PATH);
	bool ret = fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_mode & 0111;

	if (fd >= 0)
		close(fd);
	return ret;
}

/* The tool and its path, as seen from the sysroot. */
static const struct tool *find(const struct host *h, char path[64])
{
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		for (size_t k = 0; k < sizeof(folders) / sizeof(folders[0]); k++) {
			text_make(path, 64, "%s/%s", folders[k], tools[i].name);
			if (is_program(h, path + 1))
				return &tools[i];
		}
	return NULL;
}

const char *rebuild_command(const struct host *h)
{
	char path[64];
	const struct tool *tool = find(h, path);

	return tool ? tool->command : "";
}

const char *rebuild_advice(const struct host *h)
{
	const char *command = rebuild_command(h);

	return *command ? command : "rebuild the boot images";
}

/* One end of the tool's speech. */
struct speech {
	int fd;   /* stdout or stderr */
	int from; /* what the tool writes into; -1: into fd itself */
	int to;   /* the tool's end */
};

/* A pipe whose reader has ended, or a disk that is full, is no reason for a tool to end half-way:
 * it speaks through us. A terminal it gets itself. */
static void open_speech(struct speech *s, int fd)
{
	int pair[2];

	*s = (struct speech){ fd, -1, -1 };
	if (!isatty(fd) && !pipe2(pair, O_CLOEXEC)) {
		s->from = pair[0];
		s->to = pair[1];
	}
}

/* Passes on what is there. */
static void pass_on(struct speech *s)
{
	char buf[4096];
	ssize_t n = read(s->from, buf, sizeof(buf));

	for (ssize_t done = 0, r; done < n; done += r) {
		r = write(s->fd, buf + done, (size_t)(n - done));
		if (r < 0 && errno != EINTR)
			break;
		r = r < 0 ? 0 : r;
	}
	if (n > 0 || (n < 0 && errno == EINTR))
		return;
	close(s->from);
	s->from = -1;
}

/* waitpid()'s status, when the tool has ended and all that it has said is passed on: what it
 * leaves running does not count. */
static int listen_to(pid_t child, struct speech speech[2])
{
	bool ended = false;
	int status = -1;

	while (speech[0].from >= 0 || speech[1].from >= 0) {
		struct pollfd fds[] = { { .fd = speech[0].from, .events = POLLIN },
					{ .fd = speech[1].from, .events = POLLIN } };
		int n = poll(fds, 2, ended ? 0 : 100);
		for (int i = 0; n > 0 && i < 2; i++)
			if (fds[i].revents)
				pass_on(&speech[i]);
		if (n == 0 && ended)
			break;
		ended = ended || waitpid(child, &status, WNOHANG) == child;
	}
	while (!ended && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	for (int i = 0; i < 2; i++)
		if (speech[i].from >= 0)
			close(speech[i].from);
	return status;
}

int rebuild_run(const struct host *h, const char *verb)
{
	char path[64];
	const struct tool *tool = find(h, path);
	const char *const argv[] = { tool ? tool->name : NULL, tool ? tool->argument[0] : NULL,
				     tool ? tool->argument[1] : NULL,
				     tool ? tool->argument[2] : NULL, NULL };
	struct speech speech[2];
	int status = -1;

	if (!tool)
		return cmd_complain("%s: neither update-initramfs nor dracut nor mkinitcpio is "
				    "there: rebuild the boot images yourself", verb);
	printf("running %s\n", tool->command);
	fflush(stdout);
	open_speech(&speech[0], STDOUT_FILENO);
	open_speech(&speech[1], STDERR_FILENO);
	pid_t child = fork();
	if (!child) {
		signal(SIGPIPE, SIG_DFL);
		for (int i = 0; i < 2; i++)
			if (speech[i].to >= 0)
				dup2(speech[i].to, speech[i].fd);
		if (!*h->sysroot || (!chroot(h->sysroot) && !chdir("/")))
			execv(path, (char *const *)argv);
		_exit(127);
	}
	for (int i = 0; i < 2; i++)
		if (speech[i].to >= 0)
			close(speech[i].to);
	if (child > 0)
		status = listen_to(child, speech);
	if (child > 0 && WIFEXITED(status) && !WEXITSTATUS(status))
		return CMD_OK;
	int code = child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : CMD_FAILED;
	/* It may have made some of them. */
	cmd_complain("%s: %s ended with %d: the configuration is changed, boot images may still be "
		     "the old ones: see what it says", verb, tool->command, code);
	return code;
}

/* The change is made: who does not read of it does not undo it. */
static void end_speech(const char *verb)
{
	if (!fflush(stdout) && !ferror(stdout))
		return;
	cmd_complain("warning: %s: stdout cannot be written (%s): the change is made all the same", verb,
		     strerror(errno));
	__fpurge(stdout);
	clearerr(stdout);
}

int rebuild_end(const struct host *h, const char *verb, bool apply)
{
	int code = apply ? rebuild_run(h, verb) : CMD_OK;

	if (!apply)
		printf("to have it at the next boot: %s, and reboot\n", rebuild_advice(h));
	else if (!code)
		puts("the boot images have it: reboot");
	end_speech(verb);
	return code;
}
