/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.c - see stream.h */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "packers.h"

/* The sanitizer knows where the buffer ends, but not where what has been read ends. */
#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define READ_AHEAD ((size_t)256 << 10)
#define UNPACKED ((size_t)256 << 10)

bool window_room(struct window *w, size_t n)
{
	if (w->pos) {
		memmove(w->p, w->p + w->pos, w->end - w->pos);
		w->end -= w->pos;
		w->pos = 0;
	}
	if (n <= w->cap)
		return true;
	unsigned char *p = realloc(w->p, n);
	if (!p)
		return false;
	w->p = p;
	w->cap = n;
	return true;
}

/* Fills the window `in` with one read. Returns 1, 0 at the end, or -errno. */
static int read_once(struct stream *s)
{
	struct window *in = &s->in;
	size_t room = in->cap - in->end;
	ssize_t got;

	if (room > s->left)
		room = (size_t)s->left;
	do
		got = room ? pread(s->fd, in->p + in->end, room, (off_t)s->at) : 0;
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	s->left = got ? s->left - (uint64_t)got : 0;
	s->at += (uint64_t)got;
	in->end += (size_t)got;
	return got > 0;
}

int stream_want(struct stream *s, size_t n)
{
	struct window *in = &s->in;
	int r = 1;

	if (in->end - in->pos >= n)
		return 0;
	ASAN_UNPOISON_MEMORY_REGION(in->p, in->cap);
	if (!window_room(in, n > READ_AHEAD ? n : READ_AHEAD))
		return -ENOMEM;
	while (in->end < n && r > 0)
		r = read_once(s);
	ASAN_POISON_MEMORY_REGION(in->p + in->end, in->cap - in->end);
	return in->end >= n ? 0 : r ? r : -EBADMSG;
}

struct stream *stream_new(int fd, uint64_t at, uint64_t size)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->fd = fd;
	s->at = at;
	s->left = size;
	s->over = true;
	if (window_room(&s->in, READ_AHEAD) && window_room(&s->out, UNPACKED))
		return s;
	stream_free(s);
	return NULL;
}

static void leave_segment(struct stream *s)
{
	if (s->packer && s->packer->stop)
		s->packer->stop(s);
	s->packer = NULL;
	s->over = true;
	s->out.pos = s->out.end = 0;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	leave_segment(s);
	free(s->in.p);
	free(s->out.p);
	free(s);
}

int stream_next(struct stream *s)
{
	int r;

	leave_segment(s);
	while (!(r = stream_want(s, 1)) && !s->in.p[s->in.pos])
		s->in.pos++;
	if (r)
		return r == -EBADMSG ? 0 : r;
	/* At the end of the file fewer bytes are enough for some formats. */
	r = stream_want(s, PACKERS_MAGIC_MAX);
	if (r && r != -EBADMSG)
		return r;
	const unsigned char *p = s->in.p + s->in.pos;
	size_t n = s->in.end - s->in.pos;
	const struct packer *packer = packers_find(p, n);
	s->over = false;
	if (n >= 6 && !memcmp(p, "07070", 5))
		return 1;
	if (!packer)
		return -EBADMSG;
	r = packer->start(s);
	if (!r)
		s->packer = packer;
	return r ? r : 1;
}

bool stream_is_plain(const struct stream *s)
{
	return !s->packer;
}

/* Puts the window that holds the segment's next bytes into *ret. It is empty at the segment's
 * end. Returns 0, or -errno. */
static int fill_window(struct stream *s, struct window **ret)
{
	struct window *w = s->packer ? &s->out : &s->in;
	int r = 0;

	*ret = w;
	if (!s->packer) {
		r = stream_want(s, 1);
		return r == -EBADMSG ? 0 : r;
	}
	while (!r && w->pos == w->end && !s->over) {
		w->pos = w->end = 0;
		r = stream_want(s, 1);
		size_t before = s->in.end - s->in.pos;
		if (!r)
			r = s->packer->more(s);
		/* A library that neither takes nor gives would do so for ever. */
		if (!r && !w->end && !s->over && s->in.end - s->in.pos == before)
			r = -EBADMSG;
		s->unpacked += w->end;
		if (!r && s->unpacked > STREAM_SIZE_MAX)
			r = -EFBIG;
	}
	return r;
}

int stream_peek(struct stream *s)
{
	struct window *w;
	int r = fill_window(s, &w);

	if (r)
		return r - 1;
	return w->pos < w->end ? w->p[w->pos] : -1;
}

ssize_t stream_some(struct stream *s, void *to, size_t n)
{
	struct window *w;
	int r = fill_window(s, &w);

	if (r)
		return r;
	if (n > w->end - w->pos)
		n = w->end - w->pos;
	if (to)
		memcpy(to, w->p + w->pos, n);
	w->pos += n;
	return (ssize_t)n;
}

int stream_read(struct stream *s, void *to, size_t n)
{
	while (n) {
		ssize_t some = stream_some(s, to, n);
		if (some <= 0)
			return some ? (int)some : -EBADMSG;
		to = to ? (char *)to + some : NULL;
		n -= (size_t)some;
	}
	return 0;
}
