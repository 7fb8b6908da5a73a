/* SPDX-License-Identifier: GPL-2.0-or-later */
/* measure.c - runs a program some times, and prints what memory it touched, in KiB, and the
 * shortest of the times that it took, in microseconds.
 *
 * usage: measure TIMES PROGRAM [ARGUMENT ...]
 *
 * Memory is counted in page faults, of the program and its processes: the kernel's own figure for
 * the peak, ru_maxrss, is kept in batches of more pages than vgapass-early has (mm/memory.c,
 * lib/percpu_counter.c). A page that two processes touch counts twice, so this is not below the
 * peak. vfork() and nothing between it and the program: a start costs the same for all.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int status, null = open("/dev/null", O_RDWR), out = dup(1);
	long best = -1;

	if (argc < 3 || null < 0 || out < 0)
		return 2;
	dup2(null, 1);
	dup2(null, 2);
	for (int left = atoi(argv[1]); left > 0; left--) {
		long begin = now_us();
		pid_t pid = vfork();
		if (!pid) {
			execv(argv[2], argv + 2);
			_exit(127);
		}
		if (pid < 0 || wait4(pid, &status, 0, &usage) < 0 ||
		    (WIFEXITED(status) && WEXITSTATUS(status) == 127))
			return 1;
		long took = now_us() - begin;
		if (best < 0 || took < best)
			best = took;
	}
	dprintf(out, "%ld %ld\n",
		(usage.ru_minflt + usage.ru_majflt) * (long)getpagesize() / 1024, best);
	return 0;
}
