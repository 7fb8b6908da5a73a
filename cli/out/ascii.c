/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ascii.c - see ascii.h */
#include "ascii.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool ascii_same(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	return true;
}

const char *ascii_find(const char *text, const char *part)
{
	size_t n = strlen(part), left = strlen(text);

	for (; left >= n; text++, left--)
		if (ascii_same(text, part, n))
			return text;
	return NULL;
}

bool utf8_is_valid(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + n;

	while (p < end) {
		unsigned more = *p < 0x80 ? 0 : *p < 0xc2 ? 9 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 :
				*p < 0xf5 ? 3 : 9;
		if (more == 9 || more >= (size_t)(end - p))
			return false;
		for (p++; more; more--, p++)
			if ((*p & 0xc0) != 0x80)
				return false;
	}
	return true;
}

unsigned utf8_columns(const char *text, size_t n)
{
	unsigned columns = 0;

	for (size_t i = 0; i < n; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

void utf8_set_locale(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *locale = NULL;

	if (setlocale(LC_CTYPE, ""))
		return;
	for (unsigned i = 0; i < 3 && !(locale && *locale); i++)
		locale = getenv(names[i]);
	if (locale && (ascii_find(locale, ".UTF-8") || ascii_find(locale, ".utf8")))
		setlocale(LC_CTYPE, "C.UTF-8");
}
