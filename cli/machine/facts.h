/* SPDX-License-Identifier: GPL-2.0-or-later */
/* facts.h - what sysfs says of a function that no rule asks for, but people do.
 *
 * Each call reads its files when it is called. None takes the function's lock (drivers/base/core.c,
 * uevent_show(); drivers/pci/iov.c, sriov_numvfs_show()): a driver that hangs holds it, and the
 * reader would hang as well. Nothing is read that wakes a function from D3cold. What is not there,
 * as on a saved machine, counts as not known.
 */
#pragma once

#include "host.h"

#define FACTS_BARS 6

/* Text of a size in bytes: "256M", "4K". */
#define SIZE_TEXT_MAX 24
const char *size_text(uint64_t size, char text[SIZE_TEXT_MAX]);

/* The revision, or the NUMA node; negative: not known, or no node. */
int facts_revision(const struct host *h, const struct pci_function *f);
int facts_numa(const struct host *h, const struct pci_function *f);

/* A PCI Express link as it is and at its best. */
struct link_speed {
	char speed[16], best_speed[16]; /* in GT/s: "8.0" */
	unsigned width, best_width;     /* lanes */
};

/* Returns false if there is no link, or the function is in D3cold. */
bool facts_link(const struct host *h, const struct pci_function *f, struct link_speed *ret);

struct bar {
	uint64_t size; /* 0: there is none */
	bool is_io;    /* I/O ports, else memory */
	bool can_resize;
};

struct resources {
	struct bar bar[FACTS_BARS];
	uint64_t rom; /* bytes of the expansion ROM; 0: there is none */
	bool is_shadow; /* the firmware's copy in memory stands for it */
};

/* Returns false if it is not known. */
bool facts_resources(const struct host *h, const struct pci_function *f, struct resources *ret);

/* How many virtual functions there are, and can be. Returns false if it can have none. */
bool facts_vfs(const struct host *h, const struct pci_function *f, unsigned *used,
	       unsigned *total);

/* Physical slots, by the names that are printed on the case or board. */
struct slots {
	size_t n;
	struct {
		char at[PCI_ADDRESS_SIZE]; /* "0000:01:00" */
		char *name;
	} *slot;
};

/* slots_free() is needed afterwards. */
void slots_find(const struct host *h, struct slots *ret);
void slots_free(struct slots *l);

/* "": not known. */
const char *slots_name(const struct slots *l, const struct pci_function *f);
