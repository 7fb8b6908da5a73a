/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live.h - changing drivers now: what `vgapass bind` and `vgapass release` share.
 *
 * The kernel may hang in every step (see io/apply.h), so steps are done by workers
 * (io/supervise.h); all of *l is memory that is shared with them.
 */
#pragma once

#include <sys/types.h>

#include "runtime/io/apply.h"
#include "runtime/io/supervise.h"
#include "cli/machine/card.h"
#include "in_use.h"

#define LIVE_RUNS_MAX 8 /* of live_run() in one command */
#define LIVE_FRAMEBUFFERS_MAX 4

/* An attribute that a rule writes. */
struct live_attribute {
	char before[256]; /* what writing takes it back to */
	bool known;       /* that is known: it could be read */
	bool left;        /* it could not be taken back */
};

/* A function of the cards that are meant. */
struct live_function {
	const struct pci_function *f; /* f->driver is that of the last look */
	char has[PCI_DRIVER_NAME];    /* what f->driver points to */
	char override[PCI_DRIVER_NAME]; /* driver_override as it was; "": none */
	bool wanted;                    /* its driver is to lose it, by l->wants at the last look */
	bool changed;                   /* another function is at its address, or none */
	bool is_new;                    /* a virtual function that the command has found or made
					   on its way: undone, it is the host's */
	bool done;                      /* live_give_back() has come to its end */
	char driver[PCI_DRIVER_NAME];   /* then: what the driver link says; "": none */
	struct live_attribute attribute[CONFIG_ATTRS_MAX]; /* as those of its rule */
};

/* A driver of the firmware's framebuffer, like efi-framebuffer.0 on efi-framebuffer. */
struct live_framebuffer {
	char device[64], driver[64];
};

struct live {
	struct host host;
	struct work work;
	struct progress progress[LIVE_RUNS_MAX]; /* one for each live_run() */
	unsigned runs;
	pid_t parent;
	int lock;
	const char *verb;
	bool (*wants)(const struct live *l, unsigned k); /* set by the verb */
	bool undoes; /* from here on a worker whose parent has been killed undoes all */
	bool undone; /* live_undo() has begun: what comes back late is to be undone too */
	bool stop;   /* something is wrong: what has not begun must not */
	bool looked; /* a look has come to its end */
	struct obstacles found;
	unsigned framebuffers;
	struct live_framebuffer framebuffer[LIVE_FRAMEBUFFERS_MAX];
	unsigned n;
	struct live_function function[PCI_FUNCTIONS_MAX];
};

struct live_options {
	const char *verb;
	bool dry_run; /* looks only: without the lock */
	bool (*wants)(const struct live *l, unsigned k);
};

/* Reads the machine and finds the cards, all functions of each. NULL, said: not root,
 * another change is going on, no such card. */
struct live *live_open(const struct live_options *o, unsigned cards, char **card);
void live_close(struct live *l);

/* Nothing that a terminal sends ends or stops the command from here on: half a change is worse
 * than a whole one, and what hangs ends by itself. */
void live_begin(void);

/* Calls item(l, 0) to item(l, items - 1) in workers. Waits for a slow driver, but not for
 * ever: true, all have come back. At most LIVE_RUNS_MAX times. */
bool live_run(struct live *l, unsigned items, void (*item)(void *live, unsigned i));

/* Reads anew which drivers have the functions, and whether those are still there. True:
 * nobody uses one that is wanted. False, said: somebody does, or that cannot be seen. */
bool live_is_free(struct live *l);

/* The same for one function, by a worker that is about to unbind it. False: l->stop is set,
 * live_complain() says why. */
bool live_may_take(struct live *l, unsigned k);
void live_complain(const struct live *l);

/* Before anything is changed: note what live_undo() is to bring back. The first by a worker. */
void live_remember(struct live *l, unsigned k);
void live_note_framebuffers(struct live *l);

/* Takes the k-th function from its driver and gives it back: to the driver that it had,
 * with the override and the attributes that it had; or to the host's own, which is loaded if
 * need be. */
void live_give_back(struct live *l, unsigned k, bool as_it_was);

/* Writes its driver_override; "" clears it. */
int live_override(const struct live *l, const struct pci_function *f, const char *driver);

/* Gives all functions back as they were, and says what became of each. */
void live_undo(struct live *l);
