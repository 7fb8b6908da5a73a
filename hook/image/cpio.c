/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpio.c - see cpio.h */
#include "cpio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pe.h"
#include "stream.h"

#define TRAILER "TRAILER!!!"
#define HEADER 110 /* bytes: "070701" and 13 numbers of eight hex digits */
#define LINKS_MAX 256

/* A name of a file with several, whose data comes with the last of them. */
struct hard_link {
	char *name;
	uint32_t inode, major, minor;
};

struct entry {
	uint32_t inode, mode, links, size, major, minor, name_size;
	char name[PATH_MAX];
};

struct reader {
	struct stream *stream;
	const struct cpio_visitor *v;
	struct entry e;
	unsigned links;
	struct hard_link link[LINKS_MAX];
};

static bool parse_hex8(const char *digits, uint32_t *ret)
{
	uint32_t value = 0;

	for (int i = 0; i < 8; i++) {
		char c = digits[i];
		if (c >= '0' && c <= '9')
			value = value << 4 | (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			value = value << 4 | (uint32_t)((c | 32) - 'a' + 10);
		else
			return false;
	}
	*ret = value;
	return true;
}

static int read_header(struct reader *r)
{
	struct entry *e = &r->e;
	char head[HEADER];
	uint32_t field[13];
	int error = stream_read(r->stream, head, HEADER);

	if (error)
		return error;
	if (memcmp(head, "07070", 5) || (head[5] != '1' && head[5] != '2'))
		return -EBADMSG;
	for (int i = 0; i < 13; i++)
		if (!parse_hex8(head + 6 + 8 * i, &field[i]))
			return -EBADMSG;
	e->inode = field[0];
	e->mode = field[1];
	e->links = field[4];
	e->size = field[6];
	e->major = field[7];
	e->minor = field[8];
	e->name_size = field[11];
	if (!e->name_size || e->name_size > sizeof(e->name))
		return -EBADMSG;
	/* Header and name together end at a multiple of four. */
	error = stream_read(r->stream, e->name, e->name_size);
	if (!error && e->name[e->name_size - 1])
		error = -EBADMSG;
	return error ? error : stream_read(r->stream, NULL,
						 -(HEADER + e->name_size) & 3);
}

/* The name without what stands for the root. */
static const char *plain_name(const char *name)
{
	for (;;) {
		if (*name == '/')
			name++;
		else if (name[0] == '.' && name[1] == '/')
			name += 2;
		else
			return name;
	}
}

static bool same_file(const struct hard_link *l, const struct entry *e)
{
	return l->inode == e->inode && l->major == e->major && l->minor == e->minor;
}

/* True: an earlier name of this file is wanted, and has no data yet. */
static bool is_awaited(const struct reader *r)
{
	for (unsigned i = 0; i < r->links; i++)
		if (same_file(&r->link[i], &r->e))
			return true;
	return false;
}

static int await(struct reader *r, const char *name)
{
	struct hard_link *l = &r->link[r->links];

	if (r->links == LINKS_MAX)
		return -E2BIG;
	*l = (struct hard_link){ strdup(name), r->e.inode, r->e.major, r->e.minor };
	if (!l->name)
		return -ENOMEM;
	r->links++;
	return 0;
}

/* Tells of the file under those of its names that are wanted. */
static int tell(struct reader *r, const char *name, const void *data, bool wanted)
{
	const struct cpio_visitor *v = r->v;
	int error = wanted ? v->found(name, data, data ? r->e.size : 0, v->arg) : 0;

	for (unsigned i = 0; r->e.links > 1 && i < r->links;) {
		struct hard_link *l = &r->link[i];
		if (!same_file(l, &r->e)) {
			i++;
			continue;
		}
		if (!error)
			error = v->found(l->name, data, data ? r->e.size : 0, v->arg);
		free(l->name);
		*l = r->link[--r->links];
	}
	return error;
}

static int read_data(struct reader *r)
{
	const struct entry *e = &r->e;
	const char *name = plain_name(e->name);
	uint32_t padding = -e->size & 3;
	bool wanted = r->v->wants(name, r->v->arg), linked = S_ISREG(e->mode) && e->links > 1;
	bool keep = (S_ISREG(e->mode) || S_ISLNK(e->mode)) && e->size <= CPIO_FILE_MAX;

	/* Of a file with several names all but the last come without data. */
	if (wanted && linked && !e->size)
		return await(r, name);
	if (!wanted && !(linked && is_awaited(r)))
		return stream_read(r->stream, NULL, (size_t)e->size + padding);
	char *data = keep ? malloc((size_t)e->size + 1) : NULL;
	if (keep && !data)
		return -ENOMEM;
	int error = stream_read(r->stream, data, e->size);
	if (!error)
		error = stream_read(r->stream, NULL, padding);
	if (data)
		data[e->size] = '\0';
	if (!error)
		error = tell(r, name, data, wanted);
	free(data);
	return error;
}

/* An empty file with several names never gets data. */
static int tell_awaited(struct reader *r)
{
	int error = 0;

	for (unsigned i = 0; i < r->links; i++) {
		if (!error)
			error = r->v->found(r->link[i].name, "", 0, r->v->arg);
		free(r->link[i].name);
	}
	r->links = 0;
	return error;
}

static int read_archive(struct reader *r)
{
	for (;;) {
		int error = read_header(r);
		if (error)
			return error;
		if (!strcmp(r->e.name, TRAILER))
			return tell_awaited(r);
		error = read_data(r);
		if (error)
			return error;
	}
}

/* The archives of a segment, and zeros between. */
static int read_segment(struct reader *r)
{
	for (;;) {
		int c = stream_peek(r->stream), error = 0;
		if (c < 0)
			return c + 1;
		if (!c)
			error = stream_read(r->stream, NULL, 1);
		else if (c == '0')
			error = read_archive(r);
		else
			return stream_is_plain(r->stream) ? 0 : -EBADMSG;
		if (error)
			return error;
	}
}

int cpio_read_fd(int fd, const struct cpio_visitor *v)
{
	struct pe_section part = { 0, UINT64_MAX };
	int segments = 0, error = pe_find(fd, 0, ".initrd", &part);

	if (error && error != -ENOEXEC)
		return error == -ENOENT ? -ENODATA : error;
	error = 0;
	struct reader *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->v = v;
	r->stream = stream_new(fd, part.at, part.size);
	if (!r->stream)
		error = -ENOMEM;
	while (!error && (error = stream_next(r->stream)) == 1) {
		segments++;
		error = read_segment(r);
	}
	for (unsigned i = 0; i < r->links; i++)
		free(r->link[i].name);
	stream_free(r->stream);
	free(r);
	return error ? error : segments ? 0 : -EBADMSG;
}

int cpio_read(const char *path, const struct cpio_visitor *v)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int error = -EINVAL;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		error = -errno;
	else if (S_ISREG(st.st_mode))
		error = cpio_read_fd(fd, v);
	close(fd);
	return error;
}
