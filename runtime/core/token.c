/* SPDX-License-Identifier: GPL-2.0-or-later */
/* token.c - see token.h */
#include "token.h"

#define WORDS "|trial|off|profile" /* in the order of enum token_word */

void token_parse(struct slice text, struct token *ret)
{
	struct slice line = slice_cut(&text, '\n');
	bool whole = !text.n && text.p > line.p + line.n;
	struct slice version = slice_cut(&line, ' '), word = slice_cut(&line, ' ');
	unsigned known = slice_word(word, WORDS);

	ret->word = TOKEN_NONE;
	ret->profile[0] = '\0';
	if (!whole || !slice_is(version, "1") || known == SLICE_NO_WORD ||
	    !line.n == (known == TOKEN_PROFILE) || line.n >= sizeof(ret->profile))
		return;
	text_make(ret->profile, sizeof(ret->profile), "%pv", &line);
	ret->word = (uint8_t)known;
}

const char *token_word(enum token_word word)
{
	return word == TOKEN_TRIAL ? "trial" : word == TOKEN_OFF ? "off" :
	       word == TOKEN_PROFILE ? "profile" : NULL;
}

void token_text(struct text *t, const struct token *token)
{
	text_add(t, "1 %s%s%s\n", token_word(token->word), *token->profile ? " " : "",
		 token->profile);
}

enum token_word token_counts(const struct token *token)
{
	return token->state == TOKEN_TAKEN || token->word == TOKEN_OFF ? token->word : TOKEN_NONE;
}
