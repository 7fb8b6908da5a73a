/* SPDX-License-Identifier: GPL-2.0-or-later */
/* near.c - see near.h */
#include "near.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "ascii.h"

#define WORD_MAX 63 /* longer ones are nobody's slip */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many letters must be put in, taken out, changed or swapped with their neighbor to make b of
 * a (Damerau and Levenshtein); upper case counts as lower. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[3][WORD_MAX + 2] = { { 0 } };
	size_t na = strlen(a), nb = strlen(b);

	if (na > WORD_MAX || nb > WORD_MAX)
		return UINT_MAX;
	for (unsigned j = 0; j <= nb; j++)
		row[0][j] = j;
	for (unsigned i = 1; i <= na; i++) {
		unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
		now[0] = i;
		for (unsigned j = 1; j <= nb; j++) {
			char ca = ascii_lower(a[i - 1]), cb = ascii_lower(b[j - 1]);
			now[j] = least(last[j - 1] + (ca != cb), least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && ca == ascii_lower(b[j - 2]) &&
			    ascii_lower(a[i - 2]) == cb)
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return row[na % 3][nb];
}

void near_start(struct near *n, const char *word)
{
	*n = (struct near){ .word = word, .distance = UINT_MAX };
}

void near_try(struct near *n, const char *name)
{
	unsigned d = distance(n->word, name);

	if (d < n->distance) {
		n->distance = d;
		n->best = name;
	}
}

/* One slip in up to four letters, two in eight. */
const char *near_best(const struct near *n)
{
	size_t length = strlen(n->word);

	return n->best && length > 1 && n->distance <= 1 + (length - 1) / 4 ? n->best : NULL;
}

const char *near_hint(struct near *n, const char *prefix)
{
	const char *best = near_best(n);

	if (best)
		snprintf(n->hint, sizeof(n->hint), ", did you mean %s%s?", prefix, best);
	return n->hint;
}
