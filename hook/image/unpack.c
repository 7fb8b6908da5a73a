/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unpack.c - see unpack.h */
#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/io/sysfs.h"
#include "stream.h"

#define FILE_MAX ((size_t)256 << 20)
#define FIRST_ROOM ((size_t)1 << 20)

static bool is_packed(int fd)
{
	static const struct {
		char bytes[8];
		size_t n;
	} magic[] = { { "\xfd" "7zXZ\0", 6 }, { "\x28\xb5\x2f\xfd", 4 }, { "\x1f\x8b", 2 } };
	char first[6];
	ssize_t n = pread(fd, first, sizeof(first), 0);

	for (size_t i = 0; i < sizeof(magic) / sizeof(magic[0]); i++)
		if (n >= (ssize_t)magic[i].n && !memcmp(first, magic[i].bytes, magic[i].n))
			return true;
	return false;
}

/* Goes to the next part: packers put several behind one another, and unpack them all. 1, 0:
 * there is none, or -errno. */
static int next_part(struct stream *s)
{
	int r = stream_next(s);

	return r == 1 && stream_is_plain(s) ? -EBADMSG : r;
}

/* Reads all that comes, from the stream or, NULL, from the file. */
static int read_all(int fd, struct stream *s, unsigned char **ret, size_t *ret_size)
{
	unsigned char *p = NULL;
	size_t n = 0, room = 0;
	ssize_t some = 1;

	while (some > 0) {
		if (n == room) {
			room = room ? 2 * room : FIRST_ROOM;
			unsigned char *more = room <= FILE_MAX ? realloc(p, room) : NULL;
			if (!more) {
				some = room <= FILE_MAX ? -ENOMEM : -EFBIG;
				break;
			}
			p = more;
		}
		some = s ? stream_some(s, p + n, room - n) : read(fd, p + n, room - n);
		if (some > 0)
			n += (size_t)some;
		else if (some < 0 && !s)
			some = errno == EINTR ? 1 : -errno;
		else if (!some && s)
			some = next_part(s);
	}
	if (some) {
		free(p);
		return (int)some;
	}
	*ret = p;
	*ret_size = n;
	return 0;
}

int unpack_file(int at, const char *path, unsigned char **ret, size_t *ret_size)
{
	struct stream *s = NULL;
	struct stat st;
	int fd = sysfs_open(at, path, O_RDONLY | O_NONBLOCK), r = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		r = -EIO;
	} else if ((size_t)st.st_size > FILE_MAX) {
		r = -EFBIG;
	} else if (is_packed(fd)) {
		s = stream_new(fd, 0, UINT64_MAX);
		r = s ? stream_next(s) : -ENOMEM;
		r = r > 0 ? 0 : r ? r : -EBADMSG;
	}
	if (!r)
		r = read_all(fd, s, ret, ret_size);
	if (s)
		stream_free(s);
	close(fd);
	return r;
}
