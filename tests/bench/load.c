/* SPDX-License-Identifier: GPL-2.0-or-later */
/* load.c - loads modules as vgapass-early does, one after the other, and prints of each
 * "MODULE NAME BYTES MICROSECONDS", from open() to close().
 *
 * usage: load FOLDER
 *
 * FOLDER/modules has "NAME [PARAMETERS]", one a line; the files are FOLDER/ko/NAME.ko.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Name and parameters of LINE, in the current folder. */
static int load(char *line)
{
	char path[128];
	struct stat st;
	char *name = strsep(&line, " ");

	snprintf(path, sizeof(path), "ko/%s.ko", name);
	long begin = now_us();
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, line ? line : "", 0)) {
		perror(path);
		return 1;
	}
	close(fd);
	long took = now_us() - begin;
	if (stat(path, &st))
		return 1;
	printf("MODULE %s %ld %ld\n", name, (long)st.st_size, took);
	return 0;
}

int main(int argc, char **argv)
{
	char line[256];
	FILE *list;

	if (argc != 2 || chdir(argv[1]) || !(list = fopen("modules", "re")))
		return 2;
	while (fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		if (load(line))
			return 1;
	}
	return 0;
}
