/* SPDX-License-Identifier: GPL-2.0-or-later */
/* group.h - who keeps an IOMMU group from guests, and what can be done about it.
 *
 * VFIO gives a group to a guest as a whole or not at all.
 */
#pragma once

#include "host.h"

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

/* By what is so now; with `next`, by what the next boot does to those that are meant. */
enum group_member group_member(struct host *h, const struct pci_function *f, bool next);

/* True: the firmware keeps memory through a member (RMRR), so the kernel gives the group to no
 * guest. */
bool group_is_reserved(const struct host *h, int32_t group);

/* The members that are `what`, with commas between: "0000:02:00.0 (igc)". Their number. */
unsigned group_list(struct host *h, int32_t group, enum group_member what, bool next,
		    struct text *names);

/* What to do about all that are GROUP_HELD after the next boot. `f` is a planned function, or
 * one to be planned, of the group: with=slot or with=group of its rule only where the engine
 * then takes them all. */
const char *group_advice(struct host *h, const struct pci_function *f,
			 char advice[HOST_NAME_MAX]);

/* The plan if the rule, one of h->run's configuration, said this. Good until the next call. */
const struct plan *group_plan_with(const struct host *h, const struct rule *rule,
				   enum rule_with with);
