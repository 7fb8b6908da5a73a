/* live.h - changing drivers now: what `vgapass bind` and `vgapass release` share.
 *
 * The kernel may hang in every step (see io/apply.h), so steps are done by workers
 * (io/supervise.h); all of *l is memory that is shared with them.
 */
#pragma once

#include <sys/types.h>

#include "../../runtime/io/apply.h"
#include "../../runtime/io/supervise.h"
#include "../host.h"

#define LIVE_RUNS_MAX 8 /* of live_run() in one command */

/* A function of the cards that are meant. */
struct live_function {
	const struct pci_function *f;
	char override[PCI_DRIVER_NAME]; /* driver_override as it was; "": none */
	bool wanted;                    /* something is to be done with it */
	bool done;                      /* live_give_back() has come to its end */
	char driver[PCI_DRIVER_NAME];   /* then: what the driver link says; "": none */
};

struct live {
	struct host host;
	struct work work;
	struct progress progress[LIVE_RUNS_MAX]; /* one for each live_run() */
	unsigned runs;
	pid_t parent;
	int lock;
	unsigned n;
	struct live_function function[PCI_FUNCTIONS_MAX];
};

struct live_options {
	const char *verb;
	bool dry_run; /* looks only: without the lock */
};

/* Reads the machine and finds the cards, all functions of each. NULL, said: not root,
 * another change is going on, no such card. */
struct live *live_open(const struct live_options *o, unsigned cards, char **card);
void live_close(struct live *l);

/* True, said: functions that are `wanted` are in use. */
bool live_in_use(const struct live *l);

/* Calls item(l, 0) to item(l, items - 1) in workers. Waits for a slow driver, but not for
 * ever: true, all have come back. At most LIVE_RUNS_MAX times. */
bool live_run(struct live *l, unsigned items, void (*item)(void *live, unsigned i));

/* Takes the k-th function from its driver and gives it back: to the driver that it had,
 * with the override that it had; or to the host's own, which is loaded if need be. */
void live_give_back(struct live *l, unsigned k, bool as_it_was);
