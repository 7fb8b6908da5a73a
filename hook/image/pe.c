/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pe.c - see pe.h */
#include "pe.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The formats, by offset of their fields: "Microsoft PE and COFF Specification". */
#define DOS_HEADER 64
#define DOS_PE_AT 60 /* 4 bytes: where the PE header is */
#define PE_HEADER 24
#define PE_SECTIONS 6       /* 2 bytes */
#define PE_OPTIONAL_SIZE 20 /* 2 bytes; the table of sections is behind the optional header */
#define SECTION 40
#define SECTION_NAME 8 /* bytes, without a NUL if it needs all */
#define SECTION_MEMORY_SIZE 8 /* 4 bytes each */
#define SECTION_FILE_SIZE 16
#define SECTION_FILE_AT 20

struct table {
	unsigned char *p;
	size_t n;
};

static uint32_t get_le16(const unsigned char *p)
{
	return p[0] | p[1] << 8;
}

static uint32_t get_le32(const unsigned char *p)
{
	return get_le16(p) | get_le16(p + 2) << 16;
}

/* Returns 0, or -errno: -EBADMSG, the file ends before. */
static int read_all(int fd, uint64_t at, void *to, size_t n)
{
	while (n) {
		ssize_t got = pread(fd, to, n, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EBADMSG;
		to = (char *)to + got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

static int read_table(int fd, struct table *ret)
{
	unsigned char dos[DOS_HEADER], pe[PE_HEADER];
	int r = read_all(fd, 0, dos, sizeof(dos));

	if (r && r != -EBADMSG)
		return r;
	if (r || memcmp(dos, "MZ", 2) != 0)
		return -ENOEXEC;
	uint64_t at = get_le32(dos + DOS_PE_AT);
	r = read_all(fd, at, pe, sizeof(pe));
	if (r || memcmp(pe, "PE\0\0", 4) != 0)
		return r ? r : -ENOEXEC;
	size_t n = get_le16(pe + PE_SECTIONS);
	unsigned char *p = calloc(n + 1, SECTION);
	if (!p)
		return -ENOMEM;
	r = read_all(fd, at + PE_HEADER + get_le16(pe + PE_OPTIONAL_SIZE), p, n * SECTION);
	if (r)
		free(p);
	else
		*ret = (struct table){ p, n };
	return r;
}

static bool is_named(const unsigned char *section, const char *name)
{
	return strlen(name) <= SECTION_NAME && !strncmp((const char *)section, name, SECTION_NAME);
}

/* Of sections with the same name the first counts, as in the stub (src/boot/pe.c,
 * pe_locate_sections_internal()), which ignores those of size 0. */
static const unsigned char *find_section(const struct table *t, unsigned profile, const char *name)
{
	const unsigned char *common = NULL, *own = NULL;
	unsigned profiles = 0;

	for (size_t i = 0; i < t->n; i++) {
		const unsigned char *s = t->p + i * SECTION;
		profiles += is_named(s, ".profile");
		if (!is_named(s, name) || !get_le32(s + SECTION_MEMORY_SIZE))
			continue;
		if (!profiles && !common)
			common = s;
		if (profiles == profile + 1 && !own)
			own = s;
	}
	if (profile && profiles <= profile)
		return NULL;
	return own ? own : common;
}

int pe_find(int fd, unsigned profile, const char *name, struct pe_section *ret)
{
	struct table t;
	struct stat st;
	int r = read_table(fd, &t);

	if (r)
		return r;
	const unsigned char *s = find_section(&t, profile, name);
	if (!s)
		r = -ENOENT;
	else if (fstat(fd, &st))
		r = -errno;
	if (!r) {
		/* In the file, a section ends with zeros to align the next one; in memory it may
		 * end with zeros that the file does not have. */
		uint64_t at = get_le32(s + SECTION_FILE_AT), size = get_le32(s + SECTION_FILE_SIZE);
		uint64_t memory = get_le32(s + SECTION_MEMORY_SIZE), end = (uint64_t)st.st_size;
		size = size < memory ? size : memory;
		if (at > end || size > end - at)
			r = -EBADMSG;
		else
			*ret = (struct pe_section){ at, size };
	}
	free(t.p);
	return r;
}

ssize_t pe_text(int fd, unsigned profile, const char *name, char **ret)
{
	struct pe_section s;
	int r = pe_find(fd, profile, name, &s);

	if (r)
		return r;
	if (s.size > PE_TEXT_MAX)
		return -EFBIG;
	char *text = malloc((size_t)s.size + 1);
	if (!text)
		return -ENOMEM;
	r = read_all(fd, s.at, text, (size_t)s.size);
	if (r) {
		free(text);
		return r;
	}
	text[s.size] = '\0';
	size_t n = strlen(text);
	while (n && strchr(" \t\r\n", text[n - 1]))
		n--;
	text[n] = '\0';
	*ret = text;
	return (ssize_t)n;
}
