/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scrub.c - see scrub.h */
#include "scrub.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out/ascii.h"
#include "cli/out/xalloc.h"

#define LONG_DIGITS 16 /* hex digits in a row: a WWN, an EUI-64, a machine ID */
#define MAC_PAIRS 6
#define SERIAL_PAIRS 8
#define UUID_LENGTH 36

/* All that has a stand-in; the place in the list is its number. */
struct scrub {
	bool off;
	size_t n, hosts;
	char **known; /* in lower case */
	char **host;
};

struct scrub *scrub_new(int off)
{
	struct scrub *s = xcalloc(1, sizeof(*s));

	s->off = off;
	return s;
}

void scrub_free(struct scrub *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->known[i]);
	for (size_t i = 0; i < s->hosts; i++)
		free(s->host[i]);
	free(s->known);
	free(s->host);
	free(s);
}

/* The number of a text, from 1. */
static size_t number_of(struct scrub *s, const char *text, size_t n)
{
	for (size_t i = 0; i < s->n; i++)
		if (strlen(s->known[i]) == n && ascii_same(s->known[i], text, n))
			return i + 1;
	s->known = xreallocarray(s->known, s->n + 1, sizeof(*s->known));
	s->known[s->n++] = xasprintf("%.*s", (int)n, text);
	return s->n;
}

static void add_name(struct scrub *s, const char *name, size_t n)
{
	static const char *const common[] = { "localhost", "localdomain", "debian", "ubuntu",
					      "fedora",    "archlinux",   "arch",   "linux",
					      "none",      "proxmox",     "host",   "(none)" };

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (strlen(common[i]) == n && ascii_same(common[i], name, n))
			return;
	for (size_t i = 0; i < s->hosts; i++)
		if (strlen(s->host[i]) == n && ascii_same(s->host[i], name, n))
			return;
	if (!n)
		return;
	s->host = xreallocarray(s->host, s->hosts + 1, sizeof(*s->host));
	s->host[s->hosts++] = xasprintf("%.*s", (int)n, name);
}

/* LVM's names in /dev/mapper have each "-" twice. */
static void add_mapper_name(struct scrub *s, const char *name, size_t n)
{
	char *twice = xmalloc(2 * n + 1), *w = twice;

	for (size_t i = 0; i < n; i++) {
		*w++ = name[i];
		if (name[i] == '-')
			*w++ = '-';
	}
	add_name(s, twice, (size_t)(w - twice));
	free(twice);
}

void scrub_add_host(struct scrub *s, const char *name)
{
	size_t whole = strcspn(name, " \t\r\n"), first = strcspn(name, ". \t\r\n");

	add_name(s, name, whole);
	add_mapper_name(s, name, first);
	add_name(s, name, first);
}

static bool is_letter_or_digit(char c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_hex(char c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9');
}

static size_t count_hex(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && is_hex(p[n]))
		n++;
	return n;
}

/* True: a word ends here. */
static bool is_end(const char *p, const char *end)
{
	return p == end || !is_letter_or_digit(*p);
}

/* "6a5c...-....-....-....-............": its length, or 0. */
static size_t uuid_length(const char *p, const char *end)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (end - p < UUID_LENGTH || !is_end(p + UUID_LENGTH, end))
		return 0;
	for (size_t i = 0; i < UUID_LENGTH; i++)
		if (form[i] == '-' ? p[i] != '-' : !is_hex(p[i]))
			return 0;
	return UUID_LENGTH;
}

/* "00:1b:21:...": pairs of digits with ':' or '-' between them. Sets *pairs. */
static size_t pairs_length(const char *p, const char *end, unsigned *pairs)
{
	size_t n = 0;

	*pairs = 0;
	while (end - p - (ptrdiff_t)n >= 2 && count_hex(p + n, end) == 2) {
		n += 2;
		++*pairs;
		if (p + n == end || (p[n] != ':' && p[n] != '-') || p[n] != p[2])
			break;
		n++;
	}
	n -= n && n % 3 == 0; /* a separator behind the last pair */
	return n && is_end(p + n, end) ? n : 0;
}

/* What stands before a name that is one disk's: its token goes, whatever it looks like. */
static size_t token_length(const char *start, const char *p, const char *end)
{
	static const char *const before[] = { "UUID=",	  "uuid=",     "by-id/",	"by-uuid/",
					      "by-label/", "by-partuuid/", "by-partlabel/",
					      "luks-",	  "serial_number=" };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		size_t length = strlen(before[i]);
		if ((size_t)(p - start) < length || strncmp(p - length, before[i], length) != 0)
			continue;
		while (p + n < end && (is_letter_or_digit(p[n]) || strchr("-_.:+", p[n])))
			n++;
		return n;
	}
	return 0;
}

/* The longest name of the host that stands here, or 0. */
static size_t host_length(const struct scrub *s, const char *p, const char *end)
{
	size_t longest = 0;

	for (size_t i = 0; i < s->hosts; i++) {
		size_t n = strlen(s->host[i]);
		if (n > longest && (size_t)(end - p) >= n && ascii_same(p, s->host[i], n) &&
		    is_end(p + n, end))
			longest = n;
	}
	return longest;
}

static void put_serial(FILE *to, uint64_t serial)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		fprintf(to, shift ? "%02x-" : "%02x", (unsigned)(serial >> shift & 0xff));
}

static uint64_t read_serial(const char *p)
{
	uint64_t serial = 0;

	for (unsigned i = 0; i < SERIAL_PAIRS; i++)
		serial = serial << 8 | strtoul((char[]){ p[3 * i], p[3 * i + 1], '\0' }, NULL, 16);
	return serial;
}

/* Writes the stand-in for what begins at p, the first letter of a word of the text from `start` to
 * `end`. Returns how many bytes it stands for; 0: there is nothing to replace. */
static size_t replace_at(struct scrub *s, FILE *to, const char *start, const char *p,
			 const char *end)
{
	unsigned pairs;
	size_t n = uuid_length(p, end);

	if (n)
		return fprintf(to, "UUID-%zu", number_of(s, p, n)), n;
	n = pairs_length(p, end, &pairs);
	if (n && pairs == SERIAL_PAIRS && p[2] == '-')
		return put_serial(to, scrub_serial(s, read_serial(p))), n;
	if (n && pairs >= MAC_PAIRS)
		return fprintf(to, "MAC-%zu", number_of(s, p, n)), n;
	n = token_length(start, p, end);
	if (!n && count_hex(p, end) >= LONG_DIGITS && is_end(p + count_hex(p, end), end))
		n = count_hex(p, end);
	if (n)
		return fprintf(to, "ID-%zu", number_of(s, p, n)), n;
	n = host_length(s, p, end);
	if (n)
		fputs("HOST", to);
	return n;
}

size_t scrub_text(struct scrub *s, const char *text, size_t n, char **ret)
{
	const char *end = text + n;
	size_t size = 0, gone;
	FILE *to = open_memstream(ret, &size);

	if (!to)
		xalloc_fail(n);
	for (const char *p = text; p < end; p += gone) {
		bool begins = is_letter_or_digit(*p) && (p == text || !is_letter_or_digit(p[-1]));
		gone = begins && !s->off ? replace_at(s, to, text, p, end) : 0;
		/* "0x5000c500a1b2c3d4" */
		if (!gone && !s->off && p - text >= 2 && p[-2] == '0' && p[-1] == 'x' &&
		    count_hex(p, end) >= LONG_DIGITS)
			gone = replace_at(s, to, text, p, end);
		if (!gone) {
			fputc(*p, to);
			gone = 1;
		}
	}
	if (fclose(to))
		xalloc_fail(n);
	return size;
}

void scrub_uuid(struct scrub *s, const char *uuid, char ret[37])
{
	if (s->off)
		snprintf(ret, 37, "%s", uuid);
	else
		snprintf(ret, 37, "00000000-0000-0000-0000-%012u",
			 (unsigned)number_of(s, uuid, strlen(uuid)) % 1000000);
}

uint64_t scrub_serial(struct scrub *s, uint64_t serial)
{
	char text[20];

	snprintf(text, sizeof(text), "#%016llx", (unsigned long long)serial);
	return s->off ? serial : number_of(s, text, strlen(text));
}
