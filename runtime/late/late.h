/* SPDX-License-Identifier: GPL-2.0-or-later */
/* late.h - one function that appears after early boot has looked: by hot-plug, Thunderbolt, VMD
 * or a rescan.
 *
 * The same rules, guards and steps as at boot (core/plan, io/apply). What is decided goes to a
 * file of its own, run/vgapass/late/0000:01:00.0.json, so that several of these programs at a
 * time never write the same file. It says "bind" before the first change: whatever ends this
 * program between two steps, the next event of the function finds that and begins again.
 */
#pragma once

#include "runtime/io/apply.h"
#include "runtime/io/sriov.h"
#include "runtime/io/supervise.h"

/* Below run/vgapass: a file for each late function; and, for the udev rule, a file for each ID
 * that rules may be about, like 0x1002:0x6608 or 0x1002:any. LATE_NEW: a function that has just
 * been found may go along with another, whatever its ID is. LATE_ALL: any function. */
#define LATE_DIR "late"
#define LATE_ASK "ask"
#define LATE_ANY "any"
#define LATE_NEW "new"
#define LATE_ALL "all"

/* All that workers share with their parent; zeros at first, but for `roots`. Large: untouched
 * pages of it are never allocated. */
struct late {
	struct work work; /* roots is set by the caller */
	struct run run;
	struct progress progress;
	struct sriov sriov;
	struct pci_address at;
	bool served;      /* a virtual function: the rule for its physical one decides about it */
	bool image;       /* this is a boot image */
	bool host_known;  /* host_ms is */
	uint32_t host_ms; /* how long the host may have had the function */
	unsigned i;       /* its place in the inventory */
	int dir;          /* directory fd of LATE_DIR; negative: it could not be made */
	uint32_t start;   /* by apply_clock_us() */
};

/* Reads the rules of the boot, and the ID of the function l->at. Returns false if no rule can be
 * about it: a few calls, however many functions the machine has. `cmdline`: see gather_run(). */
bool late_asks(struct late *l, const char *cmdline);

/* Reads all functions and decides. Returns false if no rule is about the function, or if it is
 * served. If a rule is, opens LATE_DIR. Entries of all other functions are removed from the
 * plan. */
bool late_plan(struct late *l);

/* Returns true if the function is a virtual one. */
bool late_is_virtual(const struct late *l);

/* Returns true if the function is to be bound now. */
bool late_is_planned(const struct late *l);

/* Returns true if the function is to get virtual functions, and has its driver, which has made none
 * yet or has not been asked to. */
bool late_is_shared(const struct late *l);

/* Does the claim for a function that is to get virtual functions, and has no driver yet. With a
 * file it has been served, and sriov_drivers_autoprobe is somebody else's. */
void late_hold(struct late *l);

/* The same after its driver has let go of it, and its virtual functions are gone: the next driver
 * may make them as soon as it comes. So the file goes too, and the function is served anew. */
void late_hold_again(struct late *l);

/* The step that loads the driver of the virtual functions, for supervise(). */
void late_load(void *late, unsigned item);

/* The steps that bind the function, for supervise(); the first LATE_SLOW may take long. */
#define LATE_ITEMS 4
#define LATE_SLOW 3
void late_item(void *late, unsigned item);

/* Call it after the last item. */
void late_finish(struct late *l);

/* Writes the file of function i of the inventory. Returns 0, or -errno. */
int late_write(struct late *l, unsigned i);

/* Makes an event, so that udev learns what the file of function i says: its own events were before
 * that. */
void late_announce(const struct late *l, unsigned i);

/* Returns true if the function has a file, whatever the rules are: a virtual function has one
 * because of the rule for its physical function. */
bool late_has_file(const struct late *l);

/* What is known of the function: the words are empty if nothing is. They point into a static
 * buffer. */
struct late_known {
	struct slice state, rule, id, driver;
};

/* Reads the function's file, or else what the boot's receipt says of it. */
struct late_known late_read(const struct late *l);

/* Returns true if that is still true of the function: what was bound may have been released, and
 * another card may be at the address. */
bool late_is_current(const struct late *l, const struct late_known *known);

/* Removes the file of a function that is gone, or that no rule is about. That of a virtual function
 * which is still there is left: the work for its physical function writes it. */
void late_forget(const struct late *l);

/* Makes LATE_ASK, if it is missing: from then on the udev rule calls this program only for
 * functions with an ID that is there. */
void late_mark(struct late *l);
