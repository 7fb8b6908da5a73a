/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_verb.c - see run_verb.h */
#include "run_verb.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/out/xalloc.h"

#define PATIENCE_SECONDS 60

static _Noreturn void be_verb(const struct cmd_verb *verb, const char *const *argv, int to)
{
	char *words[16];
	int n = 0;

	for (; n < 15 && argv[n]; n++)
		words[n] = xstrdup(argv[n]);
	words[n] = NULL;
	dup2(to, STDOUT_FILENO);
	dup2(to, STDERR_FILENO);
	signal(SIGALRM, SIG_DFL);
	alarm(PATIENCE_SECONDS);
	int code = cmd_run(verb, n, words, NULL);
	fflush(stdout);
	_exit(code);
}

static char *read_all(int fd, size_t *n)
{
	char *text = xmalloc(1);
	ssize_t r;

	*n = 0;
	do {
		text = xreallocarray(text, *n + 65536, 1);
		r = read(fd, text + *n, 65535);
		*n += r > 0 ? (size_t)r : 0;
	} while (r > 0 || (r < 0 && errno == EINTR));
	text[*n] = '\0';
	return text;
}

char *run_verb(const struct cmd_verb *verb, const char *const *argv, size_t *n, char end[64])
{
	int both[2], status = 0;

	*n = 0;
	snprintf(end, 64, "no process could be made");
	fflush(stdout);
	if (pipe(both))
		return xstrdup("");
	pid_t pid = fork();
	if (!pid)
		be_verb(verb, argv, both[1]);
	close(both[1]);
	char *text = read_all(both[0], n);
	close(both[0]);
	if (pid < 0)
		return text;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		snprintf(end, 64, "exit code %d", WEXITSTATUS(status));
	else if (WTERMSIG(status) == SIGALRM)
		snprintf(end, 64, "not ended after %d seconds", PATIENCE_SECONDS);
	else
		snprintf(end, 64, "ended by signal %d", WTERMSIG(status));
	return text;
}
