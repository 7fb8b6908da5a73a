/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply.h - carries a plan out and looks whether it came true.
 *
 * Every step may hang in the kernel for ever: a driver's unbind holds the function's lock,
 * and whoever wants that lock waits with it (drivers/base/dd.c). So the work is cut into
 * items that a worker process takes one after the other; when one does not come back,
 * another worker goes on with the rest (io/supervise.h). All of *r is shared memory.
 */
#pragma once

#include "gather.h"

/* Where the boot image keeps the modules: a list, and the files that it names. */
#define MODULES_LIST "usr/lib/vgapass/modules"
#define MODULES_DIR "usr/lib/vgapass/ko"
#define MODULES_LIST_MAX 8192 /* bytes of the list */

/* What the workers share. The items are, after the claims (apply_claim()): attributes of
 * unbound functions first, then the modules, whose loading binds all functions that nobody
 * holds, then those that are left, but for the held ones. Those come late, as items of their
 * own (apply_late()): a hanging unbind holds the function's lock, and a udev that reads uevent
 * of it would hang the boot at its next settle. A held function is unbound only when its new
 * driver is there to take it, and never while a disk of it is in use. Late come also those
 * that have no IOMMU group before a module of the host brings the IOMMU. */
struct work {
	struct run *run;
	struct roots roots;
	bool late;        /* early boot is at its end: udev is through */
	unsigned modules; /* lines of the module list */
	char list[MODULES_LIST_MAX];
};

/* Reads the module list and gives the number of items. */
unsigned apply_prepare(struct work *w);
void apply_item(void *work, unsigned item);

/* Item i below the number of functions writes driver_override of function i if it is to be
 * bound, the one thing that must come before any driver loads. A function where that fails is
 * failed. As many items behind those take storage and USB controllers from drivers that are in
 * the kernel itself, where no disk of them is in use: before udev finds the disks, and md, LVM
 * or ZFS something on them. What does not let go stays for the late pass. */
void apply_claim(void *work, unsigned i);

/* With `late` set: item i takes function i from the driver that holds it. */
void apply_late(void *work, unsigned i);

/* After the last item: what has not come back is failed. When it is late the groups are
 * looked at, as the host's drivers have theirs then, and who else is on the rules' drivers.
 * Returns how many are still to be bound, when it is late. */
unsigned apply_finish(const struct work *w);

/* The time of day in microseconds, modulo 2^32: for differences. klibc has no other clock. */
uint32_t apply_clock_us(void);
