/* SPDX-License-Identifier: GPL-2.0-or-later */
/* depmod.c - see depmod.h
 *
 * An index is a trie in a file (kmod, libkmod/libkmod-index.c): a magic, a version, the root's
 * offset; and nodes. The high bits of an offset say what its node has, in this order: a prefix
 * that ends with a NUL; the first and the last letter of its children and an offset for each, 0
 * where there is none; how many values, and for each a priority and a text that ends with a NUL.
 * Numbers are big-endian.
 */
#include "depmod.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unpack.h"

#define MAGIC 0xb007f457
#define VERSION_MAJOR 2 /* the other half of the version changes nothing for readers */
#define HEADER 12
#define NODE_PREFIX 0x80000000
#define NODE_VALUES 0x40000000
#define NODE_CHILDREN 0x20000000
#define NODE_OFFSET 0x0fffffff
#define LETTER_MAX 127
#define DEPTH_MAX 4096 /* names and aliases have some hundred letters */

struct trie {
	const unsigned char *p;
	size_t n;
	size_t left; /* bytes that nodes may still take: none belongs to two */
};

static uint32_t get_be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* Takes n bytes at *at. Returns false if the file or the nodes do not have so many. */
static bool trie_take(struct trie *t, size_t *at, size_t n)
{
	if (n > t->n - *at || n > t->left)
		return false;
	*at += n;
	t->left -= n;
	return true;
}

static bool trie_take_text(struct trie *t, size_t *at)
{
	const unsigned char *nul = memchr(t->p + *at, '\0', t->n - *at);

	return nul && trie_take(t, at, (size_t)(nul + 1 - (t->p + *at)));
}

static bool trie_take_values(struct trie *t, size_t *at)
{
	if (!trie_take(t, at, 4))
		return false;
	for (uint32_t n = get_be32(t->p + *at - 4); n; n--)
		if (!trie_take(t, at, 4) || !trie_take_text(t, at))
			return false;
	return true;
}

/* Returns true if the node at the offset, and all below it, are whole. A circle takes more bytes
 * than there are. */
static bool is_whole_node(struct trie *t, uint32_t offset, unsigned depth)
{
	size_t at = offset & NODE_OFFSET, children = 0, n = 0;

	if (at > t->n || depth > DEPTH_MAX)
		return false;
	if (offset & NODE_PREFIX && !trie_take_text(t, &at))
		return false;
	if (offset & NODE_CHILDREN) {
		if (!trie_take(t, &at, 2))
			return false;
		unsigned first = t->p[at - 2], last = t->p[at - 1];
		if (first > last || last > LETTER_MAX)
			return false;
		n = last - first + 1;
		children = at;
		if (!trie_take(t, &at, 4 * n))
			return false;
	}
	if (offset & NODE_VALUES && !trie_take_values(t, &at))
		return false;
	for (size_t i = 0; i < n; i++) {
		uint32_t child = get_be32(t->p + children + 4 * i);
		if (child & NODE_OFFSET && !is_whole_node(t, child, depth + 1))
			return false;
	}
	return true;
}

int depmod_check(const unsigned char *index, size_t n)
{
	struct trie t = { index, n, n - HEADER };

	if (n < HEADER || get_be32(index) != MAGIC)
		return -EBADMSG;
	/* libkmod refuses versions that it does not know. */
	if (get_be32(index + 4) >> 16 != VERSION_MAJOR)
		return 0;
	return is_whole_node(&t, get_be32(index + 8), 0) ? 0 : -EBADMSG;
}

static bool is_damaged(int root, const char *path, bool may_be_empty)
{
	unsigned char *index = NULL;
	size_t n = 0;
	int r = unpack_file(root, path, &index, &n);

	if (r == -ENOENT || r == -ENOTDIR || r == -EACCES)
		return false;
	if (!r && (n || !may_be_empty))
		r = depmod_check(index, n);
	free(index);
	return r;
}

char *depmod_find_damage(int root, const char *folder)
{
	/* depmod leaves the first one empty where the kernel has no modules.builtin.modinfo. */
	static const char *const names[] = { "builtin.alias", "builtin", "dep", "alias",
					     "symbols" };
	char *path;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (asprintf(&path, "%s/modules.%s.bin", folder, names[i]) < 0)
			return NULL;
		if (is_damaged(root, path, !i))
			return path;
		free(path);
	}
	return NULL;
}
