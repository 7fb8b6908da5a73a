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

/* What is to become of a function, or has become of it. A plan has the first five only. */
enum function_state {
	STATE_NONE, /* no rule is about it */
	STATE_PLANNED,
	STATE_SHARED, /* vfs=: it stays with the host, its virtual functions do not */
	STATE_REFUSED,
	STATE_KEPT,
	STATE_BOUND,
	STATE_FAILED, /* given back to the host */
	STATE_HELD,   /* on-failure=hold: no driver gets it */
};

/* Why a function is left alone, or was not bound. First the reasons of a plan, then those of a
 * run. To add one, add a line here and its phrase in words_reason(). */
enum reason {
	REASON_NONE,
	REASON_KEEP,         /* a keep rule matches it */
	REASON_BRIDGE,
	REASON_NO_GROUP,     /* no IOMMU group */
	REASON_BOOT_DISPLAY,
	REASON_IDENTITY,     /* storage, SD or USB, and the rule does not identify it */
	REASON_SEVERAL,      /* an ID alone, and several network controllers have it */
	REASON_STRANGER,     /* a companion that is storage, SD, USB or network and no part of the
				card; or one beside a boot display that stays with the host */
	REASON_EXPECT,       /* expect=N, but another number matches */
	REASON_VFS,          /* vfs=N, but it cannot have so many virtual functions; or, of a run,
				outcome.detail has the reason in words */

	REASON_NO_DRIVER,    /* the driver is not registered: its module did not load */
	REASON_OVERRIDE,     /* driver_override could not be written */
	REASON_ATTR,         /* an attr.NAME could not be written, or a BAR has no such size */
	REASON_IN_USE,       /* a disk below it is mounted, swap space or held */
	REASON_UNBIND,       /* the driver that holds it did not let go */
	REASON_PROBE,        /* the driver link does not name the rule's driver */
	REASON_HANG,         /* a call to the kernel has not come back */
	REASON_GONE,         /* the function vanished */
	REASONS,
};

struct plan_entry {
	const struct rule *rule; /* NULL with STATE_NONE */
	const char *driver;      /* the rule's, or what driver=auto means for this function */
	uint8_t state;           /* enum function_state */
	uint8_t reason;          /* enum reason */
	bool companion;          /* taken by with=slot or with=group, together with: */
	uint16_t lead;           /* the index of the function that the rule matches */
	uint16_t matched;        /* REASON_EXPECT: how many functions the rule decides */
};

struct plan {
	enum plan_state state;
	const char *profile; /* the chosen one, as rule.profile has it; NULL: none */
	unsigned planned, refused, shared;
	unsigned strangers; /* those of the refused that are REASON_STRANGER */
	/* For each rule: how many functions it decides, without companions, and how many of them
	 * are network controllers; and 1 + the first function whose with=slot means nothing, as
	 * it is on a root bus. */
	uint16_t matched[CONFIG_RULES_MAX];
	uint16_t networks[CONFIG_RULES_MAX];
	uint16_t alone[CONFIG_RULES_MAX];
	struct plan_entry entry[PCI_FUNCTIONS_MAX]; /* parallel to inventory.function */
};

/* Returns the name of the profile that is chosen: by the command line, or by profile=. n == 0:
 * none. */
static inline struct slice plan_profile(const struct config *c, const struct cmdline *cmd)
{
	return cmd->profile.p || !c->chosen ? cmd->profile : slice_of(c->chosen);
}

/* Returns true if the rule holds in the chosen profile. */
static inline bool plan_rule_holds(const struct rule *r, const char *profile)
{
	return !r->profile || r->profile == profile;
}

/* The details that decide whether a function may be taken; its present driver is none of them. */
#define PLAN_VERDICT (PCI_DETAIL_GROUP | PCI_DETAIL_HEADER | PCI_DETAIL_DISPLAY)

/* The details that decide whether a function may go along with another. */
#define PLAN_FOLLOWS (PLAN_VERDICT | PCI_DETAIL_VIRTUAL)

/* In pci_function.known: others may go along with this function, and need PLAN_FOLLOWS. */
#define PLAN_LEADS PCI_MARK

/* Returns the details (enum pci_detail, PLAN_LEADS) that the rules need of this function, whose
 * IDs and class are known. 0: none, as no rule matches it and no message names it. */
unsigned plan_needs(const struct config *c, const char *profile, const struct pci_function *f);

/* Returns true if f may go along with `lead`, by with=slot or with=group of any rule. */
static inline bool plan_may_follow(const struct pci_function *lead, const struct pci_function *f)
{
	return pci_same_slot(&f->at, &lead->at) || (f->group >= 0 && f->group == lead->group);
}

/* Fills *ret, always; ret->state says whether its entries hold. */
void plan_build(const struct config *c, const struct cmdline *cmd, const struct inventory *inv,
		struct plan *ret);

/* Returns true if the function agrees with all that the rule says of it. */
bool plan_rule_matches(const struct rule *r, const struct pci_function *f);

/* Returns the driver that the rule means for f: driver=auto is that of the first matching rule of
 * [auto], or else vfio-pci. */
extern const char plan_vfio_pci[];
const char *plan_driver(const struct config *c, const struct rule *by,
			const struct pci_function *f);

/* Why a rule decides nothing. Each is the first such function, or NULL: it matches but another
 * rule decides it; it is at the rule's address or path; it has the rule's ID at another place. */
struct plan_miss {
	const struct pci_function *taken, *there, *same;
};

struct plan_miss plan_explain(const struct rule *r, const struct inventory *inv);
