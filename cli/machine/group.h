/* SPDX-License-Identifier: GPL-2.0-or-later */
/* group.h - what keeps an IOMMU group from guests, and what can be done about it.
 *
 * VFIO gives a group to a guest as a whole or not at all.
 */
#pragma once

#include "card.h"

/* What a function is to a guest that wants another one of its group. */
enum group_member {
	GROUP_FREE,   /* no obstacle */
	GROUP_WANTED, /* none yet: no driver has it, and the host has a module that wants it */
	GROUP_HELD,   /* a driver of the host's has it */
};

/* True: a rule takes it, or will when it says more exactly what it means. */
static inline bool group_is_meant(const struct plan_entry *e)
{
	return e->state == STATE_PLANNED ||
	       (e->state == STATE_REFUSED && (e->reason == REASON_IDENTITY ||
					      e->reason == REASON_SEVERAL));
}

/* Judges a member by what is so now; with `next`, by what the next boot does to those that are
 * meant. */
enum group_member group_member_of(struct host *h, const struct pci_function *f, bool next);

/* True: the firmware keeps memory through a member (RMRR), so the kernel gives the group to no
 * guest. */
bool group_is_reserved(const struct host *h, int32_t group);

/* Adds the members that are `what`, with commas between: "0000:02:00.0 (igc)"; `names` may be
 * NULL. Returns their number. */
unsigned group_list(struct host *h, int32_t group, enum group_member what, bool next,
		    struct text *names);

/* Whether guests can have a group after the next boot. */
enum group_state {
	GROUP_OPEN,
	GROUP_FOR_NOW,    /* until the host loads drivers for members that have none */
	GROUP_CLOSED,     /* drivers of the host's have members */
	GROUP_RESERVED,   /* group_is_reserved() */
};

struct group_words {
	char what[1024];            /* "its IOMMU group 1 is not viable for a guest: ..." */
	char advice[HOST_NAME_MAX]; /* what to do */
	enum rule_with with;        /* the rule of f opens the group with this; or WITH_FUNCTION */
};

/* Judges the group of f, a function that is planned, or is to be, and gives words for it unless
 * it is GROUP_OPEN. Members that are in `without` are left out; NULL: none.
 *
 * The advice is one that can work: with=slot or with=group only where the engine then takes all
 * members that are held; a rule only for what the host can do without; another slot only for
 * what has one. */
enum group_state group_judge(struct host *h, const struct pci_function *f,
			     const struct card *without, struct group_words *ret);

/* Gives the plan if the rule, one of h->run's configuration, said this. Good until the next
 * call. */
const struct plan *group_plan_with(const struct host *h, const struct rule *rule,
				   enum rule_with with);
