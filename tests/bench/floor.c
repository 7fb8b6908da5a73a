/* floor.c - the least that a claim must do, and nothing else: no configuration, no refusals, no
 * messages. What vgapass-early is measured against.
 *
 * usage: floor SYSROOT MODALIAS-PREFIX ...
 *
 * Reads what identifies each function once, and writes driver_override where it begins with
 * one of the prefixes.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DEVICES "sys/bus/pci/devices"

static void look_at(int devices, const char *name, char **prefix)
{
	char path[64], text[128];
	size_t n = strlen(name);

	if (n > 32)
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
		memcpy(path + n, "/driver_override", sizeof("/driver_override"));
		fd = openat(devices, path, O_WRONLY | O_CLOEXEC);
		if (write(fd, "vfio-pci", 8) != 8)
			_exit(1);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	struct dirent *entry;

	if (argc < 3 || chdir(argv[1]))
		return 2;
	DIR *list = opendir(DEVICES);
	if (!list)
		return 1;
	while ((entry = readdir(list)))
		if (*entry->d_name != '.')
			look_at(dirfd(list), entry->d_name, argv + 2);
	return 0;
}
