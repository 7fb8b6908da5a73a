/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply.h - carries a plan out and checks the result.
 *
 * Every step may hang in the kernel for ever: a driver's unbind holds the function's lock, and
 * every process that wants this lock waits with it (drivers/base/dd.c). So the work is cut into
 * items, which a worker process takes one after the other. If one does not come back, another
 * worker goes on with the rest (io/supervise.h). All that struct work points to is in shared
 * memory.
 */
#pragma once

#include "gather.h"

/* In the boot image: the list of modules, and the directory of their files. */
#define MODULES_LIST "usr/lib/vgapass/modules"
#define MODULES_DIR "usr/lib/vgapass/ko"
#define MODULES_LIST_MAX 8192 /* bytes of the list */

/* What the workers share. The order of the work is:
 *  - the claims, see apply_claim();
 *  - attributes of functions that no driver holds;
 *  - the modules, which are one item. Loading them binds all functions that are free;
 *  - binding of what is still free;
 *  - late, as items of their own (apply_late()): functions that a driver of the host holds, and
 *    those that had no IOMMU group before a module brought the IOMMU, or no driver as the
 *    modules were still being loaded.
 * The late ones wait for the end of early boot because an unbind that hangs holds the function's
 * lock: udev would read the function's uevent, and its next settle would hang with it. A held
 * function is unbound only if its new driver is registered, and never while a disk of it is in
 * use. */
struct work {
	struct run *run;
	struct roots roots;
	bool late; /* early boot is over: udev has handled its events */
	char list[MODULES_LIST_MAX];
};

/* Reads the module list. Returns the number of items for apply_item(). */
unsigned apply_prepare(struct work *w);
void apply_item(void *work, unsigned item);

/* Does a claim; there are two for each function. Item i below the number of functions writes
 * driver_override of function i, if that is to be bound: the one thing that must be done before
 * any driver loads. If it cannot be written, the function has failed. A function that is to get
 * virtual ones is held, see apply_hold(); io/sriov.h ends that. Then as many items again take
 * storage and USB controllers from drivers that are built into the kernel, if no disk of them is
 * in use: udev has not found the disks yet, and md, LVM or ZFS nothing on them. A controller whose
 * driver does not let go is left for the late pass. */
void apply_claim(void *work, unsigned i);

/* Holds function i: writes sriov_drivers_autoprobe=0, so that virtual functions which its driver
 * makes meet no driver of the host. An empty file, run/vgapass/held-ADDRESS, tells all later
 * processes that it was 1 before; without the file nothing is written. If somebody else has written
 * 0, nothing is done. Returns 0 if it is 0 now, or -errno. */
int apply_hold(const struct work *w, unsigned i);

/* Returns true if a process before this one holds function i; sets outcome.held. */
bool apply_is_held(const struct work *w, unsigned i);

/* Writes 1 again, if the function is held as far as this process knows, and removes the file. */
void apply_unhold(const struct work *w, unsigned i);

/* Removes the file of a function that is gone. */
void apply_forget_hold(const struct roots *roots, const struct pci_address *at);

/* Takes function i from the driver that holds it; needs `late`. */
void apply_late(void *work, unsigned i);

/* Call it after the last item: functions whose step has not come back have failed. With `late` it
 * also looks at the IOMMU groups, as the host's drivers have bound their functions by then, and
 * at other functions on drivers for guests. Returns how many functions are left for the late
 * pass; 0 with `late`. */
unsigned apply_finish(const struct work *w);

/* Returns the time of day in microseconds, modulo 2^32: for differences. klibc has no other
 * clock. */
uint32_t apply_clock_us(void);
