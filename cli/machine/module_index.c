/* SPDX-License-Identifier: GPL-2.0-or-later */
/* module_index.c - see module_index.h
 *
 * An index (kmod, shared/tmpfile-util and libkmod-index.c) is a header of three big-endian words,
 * magic, version and the root, and nodes:
 *
 *     node  = [prefix NUL] [first last child...] [count value...]
 *     child = word: offset of a node in 28 bits, flags of what that node has in the others
 *     value = word: priority; text NUL
 *
 * depmod writes a node behind all of its children.
 */
#include "module_index.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out/xalloc.h"
#include "whole_file.h"

#define SIZE_MAX_OF_INDEX (256u << 20)
#define MAGIC 0xb007f457
#define VERSION_MAJOR 2
#define HEADER_SIZE 12

#define NODE_PREFIX 0x80000000
#define NODE_VALUES 0x40000000
#define NODE_CHILDREN 0x20000000
#define NODE_OFFSET 0x0fffffff

struct index {
	const unsigned char *bytes;
	size_t n, visits;
	uint32_t *todo; /* children that are still to be visited, as words */
	size_t todo_n, todo_cap;
};

/* Reads the word at *at and moves on. False: the file ends before. */
static bool take_word(const struct index *i, size_t *at, uint32_t *ret)
{
	const unsigned char *p = i->bytes + *at;

	if (*at > i->n || i->n - *at < 4)
		return false;
	*ret = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	*at += 4;
	return true;
}

/* Moves on behind a text. False: it has no end. */
static bool skip_text(const struct index *i, size_t *at)
{
	const unsigned char *end = *at < i->n ? memchr(i->bytes + *at, '\0', i->n - *at) : NULL;

	if (end)
		*at = (size_t)(end - i->bytes) + 1;
	return end;
}

static bool add_children(struct index *i, size_t *at, size_t parent)
{
	uint32_t child;

	if (*at + 2 > i->n || i->bytes[*at] > i->bytes[*at + 1])
		return false;
	unsigned count = (unsigned)i->bytes[*at + 1] - i->bytes[*at] + 1;
	*at += 2;
	while (count--) {
		if (!take_word(i, at, &child))
			return false;
		/* A letter between the first and the last may have no node. */
		if (!(child & NODE_OFFSET))
			continue;
		if ((child & NODE_OFFSET) >= parent)
			return false;
		if (i->todo_n == i->todo_cap)
			i->todo = xreallocarray(i->todo, i->todo_cap = 2 * i->todo_cap + 256,
						sizeof(*i->todo));
		i->todo[i->todo_n++] = child;
	}
	return true;
}

static bool visit_node(struct index *i, uint32_t node)
{
	const size_t start = node & NODE_OFFSET;
	size_t at = start;
	uint32_t count = 0, priority;

	/* Each node takes a byte at least: more visits are no tree's. */
	if (start < HEADER_SIZE || start > i->n || i->visits++ > i->n)
		return false;
	if (node & NODE_PREFIX && !skip_text(i, &at))
		return false;
	if (node & NODE_CHILDREN && !add_children(i, &at, start))
		return false;
	if (node & NODE_VALUES && !take_word(i, &at, &count))
		return false;
	while (count--)
		if (!take_word(i, &at, &priority) || !skip_text(i, &at))
			return false;
	return true;
}

bool module_index_check(const unsigned char *index, size_t n)
{
	struct index i = { .bytes = index, .n = n };
	uint32_t magic, version, root;
	size_t at = 0;
	bool good = take_word(&i, &at, &magic) && magic == MAGIC && take_word(&i, &at, &version) &&
		    version >> 16 == VERSION_MAJOR && take_word(&i, &at, &root) &&
		    visit_node(&i, root);

	while (good && i.todo_n)
		good = visit_node(&i, i.todo[--i.todo_n]);
	free(i.todo);
	return good;
}

bool module_index_is_good(int at, const char *name)
{
	char *text;
	ssize_t n = whole_file(at, name, SIZE_MAX_OF_INDEX, &text);
	bool good = n == -ENOENT;

	if (n >= 0)
		good = module_index_check((const unsigned char *)text, (size_t)n);
	free(text);
	return good;
}
