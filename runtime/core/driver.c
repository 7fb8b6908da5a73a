/* SPDX-License-Identifier: GPL-2.0-or-later */
/* driver.c - see driver.h */
#include "driver.h"

bool driver_is_like(const char *driver, const char *words)
{
	struct slice name = slice_of(driver);
	size_t front = name.n - 8;

	if (name.n < 8)
		return false;
	name.n = 8;
	if (slice_word(name, words) != SLICE_NO_WORD)
		return true;
	name.p += front;
	return slice_word(name, words) != SLICE_NO_WORD;
}

static char with_underscore(char c)
{
	return c == '-' ? '_' : c;
}

bool module_same_name(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (with_underscore(a.p[i]) != with_underscore(b.p[i]))
			return false;
	return true;
}
