/* SPDX-License-Identifier: GPL-2.0-or-later */
/* floor.c - the least that a claim must do, and nothing else: no configuration, no refusals, no
 * messages. What vgapass-early is measured against.
 *
 * usage: floor [--guarded] SYSROOT MODALIAS-PREFIX ...
 *
 * Reads what identifies each function once, and writes driver_override where it begins with
 * one of the prefixes. With --guarded a child does the writing, and is waited for no longer than
 * GUARD_MS: a driver that hangs with the lock of its function holds who writes there for ever.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define DEVICES "sys/bus/pci/devices"
#define GUARD_MS 100
#define NAME_BYTES 32
#define WANTED_MAX 64

static char wanted[WANTED_MAX][NAME_BYTES + sizeof("/driver_override")];
static unsigned wants;

static void look_at(int devices, const char *name, char **prefix)
{
	char path[NAME_BYTES + sizeof("/modalias")], text[128];
	size_t n = strlen(name);

	if (n > NAME_BYTES)
		return;
	memcpy(path, name, n);
	memcpy(path + n, "/modalias", sizeof("/modalias"));
	int fd = openat(devices, path, O_RDONLY | O_CLOEXEC);
	ssize_t got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got <= 0)
		return;
	text[got] = '\0';
	for (; *prefix; prefix++) {
		if (strncmp(text, *prefix, strlen(*prefix)) != 0)
			continue;
		if (wants == WANTED_MAX)
			_exit(1);
		memcpy(wanted[wants], name, n);
		memcpy(wanted[wants++] + n, "/driver_override", sizeof("/driver_override"));
		return;
	}
}

/* The exit code. */
static int claim(int devices)
{
	for (unsigned i = 0; i < wants; i++) {
		int fd = openat(devices, wanted[i], O_WRONLY | O_CLOEXEC);
		if (write(fd, "vfio-pci", 8) != 8)
			return 1;
		close(fd);
	}
	return 0;
}

static int claim_guarded(int devices)
{
	int ends[2];

	if (pipe(ends))
		return 1;
	pid_t pid = fork();
	if (!pid)
		_exit(claim(devices) || write(ends[1], "", 1) != 1);
	struct pollfd done = { .fd = ends[0], .events = POLLIN };
	return pid < 0 || poll(&done, 1, GUARD_MS) != 1;
}

int main(int argc, char **argv)
{
	struct dirent *entry;
	int guarded = argc > 1 && !strcmp(argv[1], "--guarded");

	argv += guarded;
	if (argc - guarded < 3 || chdir(argv[1]))
		return 2;
	DIR *list = opendir(DEVICES);
	if (!list)
		return 1;
	while ((entry = readdir(list)))
		if (*entry->d_name != '.')
			look_at(dirfd(list), entry->d_name, argv + 2);
	return guarded ? claim_guarded(dirfd(list)) : claim(dirfd(list));
}
