/* touched.c - runs a program and prints how much memory, in KiB, it and its processes touched.
 *
 * usage: touched PROGRAM [ARGUMENT ...]
 *
 * Counts page faults: the kernel's own figure for the peak, ru_maxrss, is kept in batches
 * of more pages than vgapass-early has (mm/memory.c, lib/percpu_counter.c). A page that two
 * processes touch counts twice, so this is not below the peak.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	pid_t pid = argc > 1 ? fork() : -1;

	if (!pid) {
		int null = open("/dev/null", O_RDWR);
		dup2(null, 1);
		dup2(null, 2);
		execv(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
		return 1;
	printf("%ld\n", (usage.ru_minflt + usage.ru_majflt) * (long)getpagesize() / 1024);
	return 0;
}
