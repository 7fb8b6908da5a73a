/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hold: users of a device that are hard to see, for the cases of vgapass bind
 *
 *     hold open FILE      has FILE open
 *     hold thread FILE    the first thread ends, another has FILE open
 *     hold files FILE     a thread with a table of files of its own has it open
 *     hold map FILE       maps it, and closes it
 *     hold nocap CMD ...  runs CMD without CAP_SYS_PTRACE
 *
 * The first four say "held", and wait for their end.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *file;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void wait_for_end(void)
{
	puts("held");
	fflush(stdout);
	for (;;)
		pause();
}

static void *hold_open(void *apart)
{
	if (apart && unshare(CLONE_FILES))
		fail("unshare");
	if (open(file, O_RDWR | O_NONBLOCK) < 0)
		fail(file);
	wait_for_end();
	return NULL;
}

static void in_thread(void *apart)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, hold_open, apart))
		fail("thread");
	if (!apart)
		pthread_exit(NULL);
	for (;;)
		pause();
}

static void map(void)
{
	int fd = open(file, O_RDONLY);

	if (fd < 0 || mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		fail(file);
	close(fd);
	wait_for_end();
}

static void run_without(char **command)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE) || syscall(SYS_capget, &header, data))
		fail("capabilities");
	data[0].effective &= ~(1u << CAP_SYS_PTRACE);
	data[0].permitted = data[0].effective;
	data[0].inheritable = data[1].inheritable = 0;
	if (syscall(SYS_capset, &header, data))
		fail("capset");
	execvp(command[0], command);
	fail(command[0]);
}

int main(int argc, char **argv)
{
	static char apart;

	if (argc < 3) {
		fprintf(stderr,
			"usage: hold open|thread|files|map FILE, or hold nocap COMMAND ...\n");
		return 2;
	}
	file = argv[2];
	if (!strcmp(argv[1], "nocap"))
		run_without(argv + 2);
	else if (!strcmp(argv[1], "map"))
		map();
	else if (!strcmp(argv[1], "open"))
		hold_open(NULL);
	else
		in_thread(strcmp(argv[1], "files") ? NULL : &apart);
	return 1;
}
