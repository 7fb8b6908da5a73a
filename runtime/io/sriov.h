/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sriov.h - virtual functions (SR-IOV): the host's driver makes them, vgapass binds them.
 *
 * Not in vgapass-early: no driver is loaded yet that could make them. The order of the writes
 * keeps every driver of the host off a virtual function that a rule takes:
 *  - sriov_drivers_autoprobe is 0 while sriov_numvfs makes them, so no driver gets them; and 0
 *    before the function has its driver, which may make them by itself (apply_hold());
 *  - each one that is taken gets its driver_override, then its attributes, then its driver;
 *  - only then sriov_drivers_autoprobe is as it was, and the others are probed.
 * Without an override a later driver could take them, as autoprobe is looked at whenever a driver
 * meets a function (drivers/pci/pci-driver.c, pci_device_can_probe()).
 *
 * Nothing here reads sriov_numvfs: while a virtual function is being taken from its user, the
 * kernel holds the lock that the read waits for, however long that takes. The links virtfn0,
 * virtfn1, ... are counted instead.
 */
#pragma once

#include "apply.h"
#include "supervise.h"

/* What one call of sriov_serve() shares with its workers: in shared memory, zeros at first, but for
 * `close_fd`. */
struct sriov {
	int close_fd;                 /* of struct crew */
	struct work *work;
	unsigned function;            /* the physical one */
	unsigned vfs;                 /* so many virtual functions are known */
	uint16_t vf[CONFIG_VFS_MAX];  /* virtual function k is this one of the inventory */
	bool unheld;                  /* sriov_drivers_autoprobe is 1 again */
	bool hangs;                   /* the write to sriov_numvfs has not come back */
	bool write_done;              /* it has, with this result: */
	int error;
	struct progress make, claim, bind, probe;
};

/* Serves function i, whose entry is STATE_SHARED, once it has its driver: makes its virtual
 * functions, unless they are there, and binds those that the rule takes. Each becomes a function of
 * the run, behind all others, with an entry and an outcome of its own; with driver=keep it ends as
 * STATE_KEPT. Those that the rule does not take, or that a keep rule matches, get drivers of the
 * host. Writes the outcome of function i if it fails.
 *
 * In the end sriov_drivers_autoprobe is what it was before vgapass held it. If function i fails,
 * no virtual function is taken; what it has got meanwhile gets drivers of the host.
 *
 * Returns the number of virtual functions, which are s->vf[]; 0: there are none, as function i has
 * failed, has no driver yet, or is not to be served. Call apply_finish() behind it. */
unsigned sriov_serve(struct sriov *s, struct work *w, unsigned i);

/* Returns true if function i is virtual, and a rule with vfs= is about its physical function. Then
 * sriov_serve() for that one decides about it, and nothing else. */
bool sriov_is_served(const struct work *w, unsigned i);
