/* supervise.h - work that may hang in the kernel, done by processes that may be left behind.
 *
 * A process that waits for a driver's lock cannot be killed. So a worker takes item after
 * item; when none has been finished for SUPERVISE_STALL_MS, or SUPERVISE_SLOW_MS for slow
 * ones, another worker is started that goes on with the next one, and after SUPERVISE_GIVE_UP_MS without any progress nobody
 * waits any longer. A worker that is late still finishes its item: shared memory says so.
 */
#pragma once

#define SUPERVISE_STALL_MS 1000
#define SUPERVISE_SLOW_MS 4000
#define SUPERVISE_GIVE_UP_MS 7000 /* below the 10 s that the end of early boot waits */
#define SUPERVISE_WORKERS_MAX 16

/* Lives in memory that the workers share with their parent. */
struct progress {
	unsigned next; /* item that nobody has taken yet */
	unsigned done;
};

/* Calls item(arg, 0) to item(arg, items - 1), each once and in this order; those before
 * `slow` may take longer, and want the one before to be done. `arg` points to shared memory. Workers close `not_for_workers` (-1: nothing). Returns the number of items
 * that did not come back. */
unsigned supervise(struct progress *p, unsigned items, unsigned slow,
		   void (*item)(void *arg, unsigned i), void *arg, int not_for_workers);
