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
/* Limits of what is kept for files with several names, in an archive. */
#define AWAITED_MAX 256
#define TOLD_MAX 256
#define TOLD_BYTES_MAX CPIO_FILE_MAX

struct entry {
	uint32_t inode, mode, links, size, major, minor, name_size;
	char name[PATH_MAX];
};

struct link_id {
	uint32_t inode, major, minor;
};

/* A wanted name of a file with several names, whose data has not come yet. */
struct awaited {
	struct link_id id;
	char *name;
};

/* A file with several names whose data has come. */
struct told {
	struct link_id id;
	char *data;
	uint32_t size;
};

struct reader {
	struct stream *stream;
	const struct cpio_visitor *v;
	const char *last; /* NULL, or see cpio_read_until() */
	struct entry e;
	bool sorted, has_found, done;
	char before[PATH_MAX];        /* the name of the previous entry */
	unsigned awaited_n, told_n;
	size_t told_bytes;
	bool forgot; /* some of it did not fit into `told` */
	struct awaited awaited[AWAITED_MAX];
	struct told told[TOLD_MAX];
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

/* Returns the name without "/" and "./" in front. */
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

/* --- files with several names
 *
 * The kernel links the names, and takes the data with whichever comes with it (init/initramfs.c,
 * maybe_link()). cpio and bsdcpio write it with the last name; the others have size 0. */

static bool same_file(const struct link_id *id, const struct entry *e)
{
	return id->inode == e->inode && id->major == e->major && id->minor == e->minor;
}

static int tell(struct reader *r, const char *name, const void *data, size_t n)
{
	r->has_found = true;
	return r->v->found(name, data, n, r->v->arg);
}

/* Tells a wanted name without data, or keeps it until the data comes. */
static int link_without_data(struct reader *r, const char *name)
{
	for (unsigned i = 0; i < r->told_n; i++)
		if (same_file(&r->told[i].id, &r->e))
			return tell(r, name, r->told[i].data, r->told[i].size);
	if (r->awaited_n == AWAITED_MAX)
		return -E2BIG;
	struct awaited *a = &r->awaited[r->awaited_n];
	*a = (struct awaited){ { r->e.inode, r->e.major, r->e.minor }, strdup(name) };
	if (!a->name)
		return -ENOMEM;
	r->awaited_n++;
	return 0;
}

/* Tells the names of the file that have waited for its data. */
static int link_tell(struct reader *r, const char *data, size_t n)
{
	int error = 0;

	for (unsigned i = 0; i < r->awaited_n;) {
		struct awaited *a = &r->awaited[i];
		if (!same_file(&a->id, &r->e)) {
			i++;
			continue;
		}
		if (!error)
			error = tell(r, a->name, data, n);
		free(a->name);
		*a = r->awaited[--r->awaited_n];
	}
	return error;
}

/* Keeps the data of the entry for names that may follow. The data is no longer the caller's. */
static void link_keep(struct reader *r, char *data, size_t n)
{
	if (r->told_n == TOLD_MAX || n > TOLD_BYTES_MAX - r->told_bytes) {
		r->forgot = true;
		free(data);
		return;
	}
	r->told[r->told_n++] = (struct told){ { r->e.inode, r->e.major, r->e.minor }, data,
					      (uint32_t)n };
	r->told_bytes += n;
}

static void link_forget(struct reader *r)
{
	while (r->awaited_n)
		free(r->awaited[--r->awaited_n].name);
	while (r->told_n)
		free(r->told[--r->told_n].data);
	r->told_bytes = 0;
	r->forgot = false;
}

/* Ends an archive: files whose data has not come are empty. */
static int link_end(struct reader *r)
{
	int error = r->awaited_n && r->forgot ? -E2BIG : 0;

	for (unsigned i = 0; !error && i < r->awaited_n; i++)
		error = tell(r, r->awaited[i].name, "", 0);
	link_forget(r);
	return error;
}

/* --- archives */

/* Reads the entry's data, which the visitor or another name of the file may want. */
static int take_data(struct reader *r, const char *name, bool wanted, bool linked)
{
	const struct entry *e = &r->e;
	bool keep = (S_ISREG(e->mode) || S_ISLNK(e->mode)) && e->size <= CPIO_FILE_MAX;
	char *data = keep ? malloc((size_t)e->size + 1) : NULL;
	size_t n = keep ? e->size : 0;

	if (keep && !data)
		return -ENOMEM;
	int error = stream_read(r->stream, data, e->size);
	if (!error)
		error = stream_read(r->stream, NULL, -e->size & 3);
	if (data)
		data[n] = '\0';
	if (!error && wanted)
		error = tell(r, name, data, n);
	if (!error && linked)
		error = link_tell(r, data, n);
	if (!error && linked)
		link_keep(r, data, n);
	else
		free(data);
	return error;
}

static int read_data(struct reader *r)
{
	const struct entry *e = &r->e;
	const char *name = plain_name(e->name);
	bool wanted = r->v->wants(name, r->v->arg), linked = S_ISREG(e->mode) && e->links > 1;

	if (linked && !e->size)
		return wanted ? link_without_data(r, name) : 0;
	if (wanted || linked)
		return take_data(r, name, wanted, linked);
	return stream_read(r->stream, NULL, (size_t)e->size + (-e->size & 3));
}

/* Returns true if neither this entry nor a later one of the archive is wanted. */
static bool is_behind_last(struct reader *r)
{
	const char *name = plain_name(r->e.name);

	if (!r->last)
		return false;
	r->sorted = r->sorted && strcmp(r->before, name) <= 0;
	memcpy(r->before, name, strlen(name) + 1);
	return r->sorted && r->has_found && !r->awaited_n && strcmp(name, r->last) > 0;
}

static int read_archive(struct reader *r)
{
	r->sorted = true;
	r->has_found = false;
	*r->before = '\0';
	for (;;) {
		int error = read_header(r);
		if (error)
			return error;
		if (!strcmp(r->e.name, TRAILER))
			return link_end(r);
		r->done = is_behind_last(r);
		if (r->done)
			return 0;
		error = read_data(r);
		if (error)
			return error;
	}
}

/* Reads the archives of a segment, and zeros between. */
static int read_segment(struct reader *r)
{
	while (!r->done) {
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
	return 0;
}

int cpio_read_fd(int fd, const struct cpio_visitor *v, const char *last)
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
	r->last = last;
	r->stream = stream_new(fd, part.at, part.size);
	if (!r->stream)
		error = -ENOMEM;
	while (!error && !r->done && (error = stream_next(r->stream)) == 1) {
		segments++;
		error = read_segment(r);
	}
	link_forget(r);
	stream_free(r->stream);
	free(r);
	return error ? error : segments ? 0 : -EBADMSG;
}

int cpio_read(const char *path, const struct cpio_visitor *v)
{
	return cpio_read_until(path, v, NULL);
}

int cpio_read_until(const char *path, const struct cpio_visitor *v, const char *last)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int error = -EINVAL;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		error = -errno;
	else if (S_ISREG(st.st_mode))
		error = cpio_read_fd(fd, v, last);
	close(fd);
	return error;
}
