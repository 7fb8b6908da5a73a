/* SPDX-License-Identifier: GPL-2.0-or-later */
/* within.c - see within.h */
#include "within.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/io/replace.h"
#include "runtime/io/sysfs.h"

#define UNIT "vgapass-confirm.service"
#define MASK "etc/systemd/system/" UNIT
#define DIRECTORY "var/lib/vgapass"
#define NAME "within"
#define CGROUP "fs/cgroup/system.slice/" UNIT

bool within_parse(const char *text, unsigned *seconds)
{
	struct slice s = slice_of(text);
	uint64_t n = 0;
	unsigned unit = 1;

	if (s.n && (s.p[s.n - 1] == 's' || s.p[s.n - 1] == 'm' || s.p[s.n - 1] == 'h')) {
		unit = s.p[s.n - 1] == 'h' ? 3600 : s.p[s.n - 1] == 'm' ? 60 : 1;
		s.n--;
	}
	if (!s.n || !slice_dec(s, WITHIN_MAX / unit, &n) || !n)
		return false;
	*seconds = (unsigned)n * unit;
	return true;
}

unsigned within_read(const struct roots *roots)
{
	char text[32];
	ssize_t n = sysfs_read_file(roots->root, WITHIN_FILE, text, sizeof(text));
	struct slice rest = { text, n < 0 ? 0 : (size_t)n };
	uint64_t seconds = 0;

	return slice_dec(slice_cut(&rest, '\n'), WITHIN_MAX, &seconds) ? (unsigned)seconds : 0;
}

unsigned within_running(const struct roots *roots)
{
	return sysfs_exists(roots->sys, CGROUP) ? within_read(roots) : 0;
}

const char *within_obstacle(const struct roots *roots)
{
	static const char *const places[] = { "etc", "usr/lib", "lib", "usr/local/lib" };
	char path[128], target[32];

	if (!sysfs_exists(roots->root, "run/systemd/system"))
		return "systemd does not run here";
	if (sysfs_link(roots->root, MASK, 1, target, sizeof(target)) > 0 &&
	    !strcmp(target, "/dev/null"))
		return UNIT " is masked";
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (sysfs_exists(roots->root,
				 text_make(path, sizeof(path), "%s/systemd/system/"
					   "multi-user.target.wants/" UNIT, places[i])))
			return NULL;
	return UNIT " is not installed and enabled";
}

/* Makes var/lib/vgapass; returns its descriptor, or -errno. */
static int open_directory(const struct roots *roots)
{
	int above = sysfs_dir(roots->root, "var/lib");

	if (above < 0)
		return above;
	int error = mkdirat(above, "vgapass", 0755) && errno != EEXIST ? -errno : 0;
	if (!error && fsync(above))
		error = -errno;
	close(above);
	return error ? error : sysfs_dir(roots->root, DIRECTORY);
}

/* Makes what is done in a directory survive a power cut. Returns 0, or -errno. */
static int sync_directory(int dir, int error)
{
	if (!error && fsync(dir))
		error = -errno;
	close(dir);
	return error;
}

int within_write(const struct roots *roots, unsigned seconds)
{
	char text[32];
	int dir = open_directory(roots);

	if (dir < 0)
		return dir;
	text_make(text, sizeof(text), "%u\n", seconds);
	int error = replace_file(dir, NAME, "." NAME ".new", slice_of(text));
	int fd = error ? error : openat(dir, NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		error = error ? error : -errno;
	else
		error = sync_directory(fd, 0);
	return sync_directory(dir, error);
}

int within_remove(const struct roots *roots)
{
	int dir = sysfs_dir(roots->root, DIRECTORY);

	if (dir == -ENOENT)
		return 0;
	if (dir < 0)
		return dir;
	return sync_directory(dir, unlinkat(dir, NAME, 0) && errno != ENOENT ? -errno : 0);
}
