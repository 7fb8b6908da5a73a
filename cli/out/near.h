/* SPDX-License-Identifier: GPL-2.0-or-later */
/* near.h - "did you mean": the name that a mistyped word comes nearest to. */
#pragma once

struct near {
	const char *word, *best;
	unsigned distance; /* of the best */
	char hint[96];
};

void near_start(struct near *n, const char *word);

/* Compares the word with a name that it may be meant for; the name must stay. */
void near_try(struct near *n, const char *name);

/* The nearest name, if it is near enough for a slip of the fingers; else NULL. */
const char *near_best(const struct near *n);

/* ", did you mean --tree?" with the prefix "--"; "": nothing is near. Valid as long as *n. */
const char *near_hint(struct near *n, const char *prefix);
