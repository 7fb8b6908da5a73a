/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan.h - which functions to take, and why not the others.
 *
 * plan_build() is a pure function from (rules, switches, inventory) to one entry for each
 * function: the same code decides at boot, for `vgapass plan` and in the tests.
 */
#pragma once

#include "cmdline.h"
#include "config.h"
#include "pci.h"

/* Why the plan as a whole is what it is. */
enum plan_state {
	PLAN_READY,           /* entries hold */
	PLAN_OFF,             /* vgapass=off */
	PLAN_BROKEN_CONFIG,   /* the configuration has errors: no rule holds */
	PLAN_UNKNOWN_PROFILE, /* vgapass=NAME and no such section */
};

/* What is to become, or became, of a function. The plan knows the first four. */
enum function_state {
	STATE_NONE, /* no rule is about it */
	STATE_PLANNED,
	STATE_REFUSED,
	STATE_KEPT,
	STATE_BOUND,
	STATE_FAILED, /* given back to the host */
	STATE_HELD,   /* on-failure=hold: no driver may have it */
};

/* Why a function is left alone, or was not bound. Plan first, then what a run can meet. */
enum reason {
	REASON_NONE,
	REASON_KEEP,         /* a keep rule matches it */
	REASON_BRIDGE,
	REASON_NO_GROUP,     /* no IOMMU group */
	REASON_BOOT_DISPLAY,
	REASON_IDENTITY,     /* storage, SD or USB, and the rule does not identify it */
	REASON_SEVERAL,      /* an ID alone, and several network controllers have it */
	REASON_STRANGER,     /* a companion that is storage, SD, USB or network, not the card's; or
				of the card of a boot display that stays */
	REASON_EXPECT,       /* expect=N, and another number matches */

	REASON_NO_DRIVER,    /* the driver is not registered: its module did not load */
	REASON_OVERRIDE,     /* driver_override could not be written */
	REASON_ATTR,         /* an attr.NAME could not be written, or a BAR has no such size */
	REASON_IN_USE,       /* a disk below it is mounted, swap space or held */
	REASON_UNBIND,       /* its holder did not let go */
	REASON_PROBE,        /* the driver link does not say what it should */
	REASON_HANG,         /* the kernel has not come back */
	REASON_GONE,         /* the function vanished */
	REASONS,
};

struct plan_entry {
	const struct rule *rule; /* NULL with STATE_NONE */
	uint8_t state;           /* enum function_state */
	uint8_t reason;          /* enum reason */
	bool companion;          /* taken along by with=slot or with=group */
};

struct plan {
	enum plan_state state;
	const char *profile; /* the chosen one, as rule.profile has it; NULL: none */
	unsigned planned, refused;
	unsigned strangers; /* of those refused: companions that no rule was to take */
	uint16_t matched[CONFIG_RULES_MAX]; /* functions that a rule decides, companions left out */
	uint16_t networks[CONFIG_RULES_MAX]; /* network controllers among them */
	uint16_t alone[CONFIG_RULES_MAX]; /* 1 + the first function without the slot of with=slot */
	struct plan_entry entry[PCI_FUNCTIONS_MAX]; /* parallel to inventory.function */
};

/* True: the rule holds in the chosen profile. */
static inline bool plan_rule_holds(const struct rule *r, const char *profile)
{
	return !r->profile || r->profile == profile;
}

/* What decides whether a function may be taken. Who has it now does not. */
#define PLAN_VERDICT (PCI_DETAIL_GROUP | PCI_DETAIL_HEADER | PCI_DETAIL_DISPLAY)

/* What decides whether one may go along with another. */
#define PLAN_FOLLOWS (PLAN_VERDICT | PCI_DETAIL_VIRTUAL)

/* In pci_function.known: others may go along with this function, and need PLAN_FOLLOWS. */
#define PLAN_LEADS PCI_MARK

/* Which details (enum pci_detail, PLAN_LEADS) the rules need of this function, whose IDs and
 * class are known; 0: none, it matches nothing and no message will speak of it. */
unsigned plan_needs(const struct config *c, const char *profile, const struct pci_function *f);

/* True: f may go along with `lead`, by with=slot or with=group of whatever rule. */
static inline bool plan_may_follow(const struct pci_function *lead, const struct pci_function *f)
{
	return pci_same_slot(&f->at, &lead->at) || (f->group >= 0 && f->group == lead->group);
}

/* Always fills *ret; ret->state says whether its entries hold. */
void plan_build(const struct config *c, const struct cmdline *cmd, const struct inventory *inv,
		struct plan *ret);

/* Why a rule decides nothing: the first function that is another rule's, the one at its
 * place, one that has its ID somewhere else; or NULL. */
struct plan_miss {
	const struct pci_function *taken, *there, *same;
};

struct plan_miss plan_explain(const struct rule *r, const struct inventory *inv);
