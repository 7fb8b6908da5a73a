/* SPDX-License-Identifier: GPL-2.0-or-later */
/* obstacle.h - who uses a function, and what to do about it. */
#pragma once

#include "runtime/core/pci.h"

#define OBSTACLES_MAX 32

/* Users that some callers have more to say of. */
enum user {
	USER_OTHER,
	USER_ROOT,     /* the host runs from it: nothing makes it free */
	USER_KEYBOARD, /* the only one */
};

/* One user: who, of what, and what to do: "sh (pid 77) has /dev/dri/card0 open: end it". */
struct obstacle {
	const struct pci_function *f;
	enum user user;
	unsigned who; /* bytes of text that say who; what to do stands behind ": " */
	char text[384];
};

/* No pointers into the heap: live.h has one in memory that processes share. */
struct obstacles {
	const char *blind; /* NULL, or why there may be more: "cannot see ..."; for unbinding */
	unsigned n;        /* all that were found, of which OBSTACLES_MAX are kept */
	struct obstacle obstacle[OBSTACLES_MAX];
};

/* Adds an obstacle, printf-like: who, a newline, and what to do. */
void obstacle_add(struct obstacles *o, const struct pci_function *f, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Says which user the obstacle is that was added last. */
void obstacle_mark(struct obstacles *o, enum user user);

/* Sorts them by function, then by text: sysfs has no order. */
void obstacle_sort(struct obstacles *o);

/* Calls each() with every line of a file below `at`; a missing file has none. */
void obstacle_lines(int at, const char *path, void (*each)(char *line, void *arg), void *arg);
