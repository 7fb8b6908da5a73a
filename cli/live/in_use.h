/* in_use.h - who uses a function, so that its driver must not lose it.
 *
 * To unbind a driver that is in use hangs in the kernel, loses data or takes the display away.
 */
#pragma once

#include <sys/types.h>

#include "../../runtime/io/gather.h"

#define OBSTACLES_MAX 32

/* One user: who, of what, and what to do: "sh (pid 77) has /dev/dri/card0 open: end it". */
struct obstacle {
	const struct pci_function *f;
	char text[384];
};

struct obstacles {
	const char *blind; /* NULL, or why there may be more: "cannot see ..."; for unbinding */
	unsigned n;        /* counted all, kept up to OBSTACLES_MAX */
	struct obstacle obstacle[OBSTACLES_MAX];
};

/* Finds the users of n functions. */
void in_use_find(const struct roots *roots, const struct pci_function *const *f, unsigned n,
		 struct obstacles *ret);

/* Leaves out one more process than the one that asks: its parent, of whom it has inherited what
 * is open. */
void in_use_except(pid_t pid);
