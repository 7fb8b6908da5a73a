/* SPDX-License-Identifier: GPL-2.0-or-later */
/* supervise.h - work that may hang in the kernel, done by processes that may be left behind.
 *
 * A process that waits for a driver's lock cannot be killed. So a worker process takes one item
 * after the other. If no item is finished for SUPERVISE_STALL_MS (SUPERVISE_SLOW_MS for slow
 * items), another worker starts and goes on with the next item. After SUPERVISE_GIVE_UP_MS
 * without progress the caller waits no longer. A worker that comes back late still finishes its
 * item, and writes the result to the memory that it shares with the caller.
 */
#pragma once

#include <stdbool.h>

#define SUPERVISE_TICK_MS 100
#define SUPERVISE_IDLE_MS 2000
#define SUPERVISE_STALL_MS 1000
#define SUPERVISE_SLOW_MS 4000
#define SUPERVISE_GIVE_UP_MS 7000 /* less than the 10 s that the end of early boot waits */
#define SUPERVISE_WORKERS_MAX 16

struct crew {
	unsigned items;
	unsigned slow; /* items below this one may take longer */
	void (*item)(void *item_arg, unsigned i);
	void *item_arg; /* points to shared memory */
	/* NULL, or what the worker that finished the last item does next. supervise() returns
	 * when `then` calls supervise_ready(). If the last item is never finished, a new process
	 * does it. */
	void (*then)(void *then_arg);
	void *then_arg; /* points to shared memory */
	/* Workers take only processor time that nobody else wants, until nothing is finished for
	 * SUPERVISE_IDLE_MS, or hurry_fd, a listening socket, gets a connection. Each is a session
	 * of its own. */
	bool idle;
	int hurry_fd; /* -1: none */
	int close_fd; /* workers close their copy of this descriptor; -1: none */
};

/* Lives in memory that the workers share with their parent; zeros at first. Each call of
 * supervise() needs its own: a late worker of an earlier call still uses the old one. */
struct progress {
	unsigned next;     /* the first item that no worker has taken */
	unsigned done;     /* how many are finished */
	unsigned ready;    /* all are done, or `then` has called supervise_ready() */
	unsigned followed; /* a process does `then` */
	unsigned hurried;  /* an idle worker is to be one like others */
};

/* Calls item(item_arg, 0) to item(item_arg, items - 1), each once and in this order. Returns the
 * number of items that are not finished. */
unsigned supervise(struct progress *p, const struct crew *c);

/* Called by then(): lets supervise() return to its caller. */
void supervise_ready(struct progress *p);

/* What supervise() knows while it waits; zeros at first, but for `hurry`. */
struct watch {
	unsigned started; /* workers */
	unsigned idle;    /* ticks without a finished item, since that or another beginning */
	unsigned seen;    /* items that were done at the last tick */
	bool hurry;       /* workers run at normal priority */
	bool last;        /* items have been given up: only `then` is left to do */
};

enum watch_result { WATCH_WAIT, WATCH_START_WORKER, WATCH_GIVE_UP };

/* Decides what to do after a tick. asked: hurry_fd has a connection; gone: no worker is left.
 * Pure, so that tests can call it. */
enum watch_result watch_tick(struct watch *w, const struct crew *c, const struct progress *p,
			     bool asked, bool gone);
