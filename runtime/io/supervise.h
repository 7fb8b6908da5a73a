/* SPDX-License-Identifier: GPL-2.0-or-later */
/* supervise.h - work that may hang in the kernel, done by processes that may be left behind.
 *
 * A process that waits for a driver's lock cannot be killed. So a worker takes item after
 * item; when none has been finished for SUPERVISE_STALL_MS, or SUPERVISE_SLOW_MS for slow
 * ones, another worker is started that goes on with the next one, and after
 * SUPERVISE_GIVE_UP_MS without any progress nobody waits any longer. A worker that is late
 * still finishes its item: shared memory says so.
 */
#pragma once

#include <stdbool.h>

#define SUPERVISE_IDLE_MS 2000
#define SUPERVISE_STALL_MS 1000
#define SUPERVISE_SLOW_MS 4000
#define SUPERVISE_GIVE_UP_MS 7000 /* with the above below the 10 s that early boot's end waits */
#define SUPERVISE_WORKERS_MAX 16

struct crew {
	unsigned items;
	unsigned slow; /* items before this one may take longer, and want the one before done */
	void (*item)(void *arg, unsigned i);
	void *arg; /* points to shared memory */
	/* NULL, or what the worker that did the last item goes on with; the caller is let go when
	 * that calls supervise_ready(). Where the last item never comes, a new process does it. */
	void (*then)(void *arg);
	/* Workers take what processor time nobody else wants, until nothing has been finished for
	 * SUPERVISE_IDLE_MS or somebody connects to `waiter`. */
	bool idle;
	int waiter; /* a socket that workers close; -1: none */
};

/* Lives in memory that the workers share with their parent, zeros at first. One for each call:
 * a worker that is late may come back to it. */
struct progress {
	unsigned next; /* item that nobody has taken yet */
	unsigned done;
	unsigned ready;    /* all are done, or `then` has said so */
	unsigned followed; /* somebody does `then` */
};

/* Calls item(arg, 0) to item(arg, items - 1), each once and in this order. Returns the number
 * of items that did not come back. */
unsigned supervise(struct progress *p, const struct crew *c);

/* Of `then`: who called supervise() need not wait any longer. */
void supervise_ready(struct progress *p);
