/* SPDX-License-Identifier: GPL-2.0-or-later */
/* menu_id.c - see menu_id.h */
#include "menu_id.h"

#include <errno.h>
#include <string.h>

#define ENTRY "vgapass-"
#define PROFILE "profile-"

int menu_id_of(const char *token, char id[MENU_ID_MAX])
{
	struct token is = { .word = TOKEN_NONE };

	token_parse(slice_of(token), &is);
	if (!is.word)
		return -EINVAL;
	if (is.word == TOKEN_PROFILE)
		text_make(id, MENU_ID_MAX, ENTRY PROFILE "%s", is.profile);
	else
		text_make(id, MENU_ID_MAX, ENTRY "%s", token_word(is.word));
	return 0;
}

static bool skip_start(struct slice *s, const char *start)
{
	size_t n = strlen(start);

	if (s->n < n || memcmp(s->p, start, n) != 0)
		return false;
	s->p += n;
	s->n -= n;
	return true;
}

int menu_id_token(struct slice id, char *token, size_t size)
{
	const char *at = memchr(id.p, '@', id.n);

	if (at) {
		id.n -= (size_t)(at + 1 - id.p);
		id.p = at + 1;
	} else {
		if (id.n && strchr("-~", *id.p))
			skip_start(&id, *id.p == '-' ? "-" : "~");
		if (id.n > 5 && !memcmp(id.p + id.n - 5, ".conf", 5))
			id.n -= 5;
	}
	if (!skip_start(&id, ENTRY))
		return 0;
	bool profile = skip_start(&id, PROFILE);
	struct token is = { .word = TOKEN_NONE };
	text_make(token, size, "1 %s%pv\n", profile ? "profile " : "", &id);
	token_parse(slice_of(token), &is);
	return is.word != TOKEN_NONE;
}
