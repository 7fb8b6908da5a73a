/* SPDX-License-Identifier: GPL-2.0-or-later */
/* token.h - what was asked for one boot: a trial, no passthrough, a profile.
 *
 * Pure. A token is one line of text, which must be whole: "1 trial\n", "1 off\n", or
 * "1 profile NAME\n". Half of one counts as none. The first word is the version of the format.
 */
#pragma once

#include "text.h"

/* An EFI variable has a token for the next boot: this is its file in efivarfs. Before the text
 * are four bytes, the attributes (Documentation/filesystems/efivarfs.rst of the kernel). */
#define TOKEN_VARIABLE "VgapassNextBoot-769b70b5-b113-4536-b5a2-9ded57c784a1"
#define TOKEN_ATTRIBUTES 4
#define TOKEN_MAX 128 /* bytes of the text, with a NUL */

enum token_word { TOKEN_NONE, TOKEN_TRIAL, TOKEN_OFF, TOKEN_PROFILE };

enum token_from { TOKEN_EFI, TOKEN_CREDENTIAL };

enum token_state {
	TOKEN_ABSENT,
	TOKEN_TAKEN,
	TOKEN_STUCK, /* it is there, but cannot be deleted: it does not count, unless it is "off" */
	TOKEN_HUNG,  /* the kernel or the firmware has not come back: no token counts */
};

struct token {
	uint8_t word;  /* enum token_word; TOKEN_NONE: there is none, or TOKEN_HUNG */
	uint8_t from;  /* enum token_from; if state is not TOKEN_ABSENT */
	uint8_t state; /* enum token_state */
	int error;     /* -errno: why it is stuck; 0: none */
	char profile[64]; /* of TOKEN_PROFILE */
};

/* Reads the text of a token. Fills ret->word and ret->profile only: TOKEN_NONE if it is no
 * token. */
void token_parse(struct slice text, struct token *ret);

/* Adds the text of the token. */
void token_text(struct text *t, const struct token *token);

/* Returns what the token asks for, as far as it counts. */
enum token_word token_counts(const struct token *token);

/* Returns "trial", "off" or "profile"; NULL for TOKEN_NONE. */
const char *token_word(enum token_word word);
