/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan.c - see plan.h */
#include "plan.h"

static bool half_agrees(uint32_t rule, uint16_t function)
{
	return rule == PCI_ANY || rule == function;
}

static bool id_agrees(const struct rule *r, const struct pci_function *f)
{
	return half_agrees(r->vendor, f->vendor) && half_agrees(r->device, f->device);
}

static bool address_agrees(const struct rule *r, const struct pci_function *f)
{
	return r->any_function ? pci_same_slot(&r->address, &f->at) :
				 !pci_compare(&r->address, &f->at);
}

static bool path_agrees(const struct pci_path *a, const struct pci_path *b)
{
	if (a->domain != b->domain || a->bus != b->bus || a->hops != b->hops)
		return false;
	for (unsigned i = 0; i < a->hops; i++)
		if (a->hop[i] != b->hop[i])
			return false;
	return true;
}

/* Returns whether the function agrees with those of the options `which` that the rule has. */
static bool options_agree(const struct rule *r, const struct pci_function *f, unsigned which)
{
	which &= r->given;
	if (which & RULE_SUBSYSTEM && !(half_agrees(r->subvendor, f->subvendor) &&
					half_agrees(r->subdevice, f->subdevice)))
		return false;
	if (which & RULE_CLASS &&
	    (f->class & ~r->class_open) >> (24 - 4 * r->class_digits) != r->class)
		return false;
	if (which & RULE_ADDRESS && !address_agrees(r, f))
		return false;
	if (which & RULE_PATH && !path_agrees(&r->path, &f->identity->path))
		return false;
	if (which & RULE_SERIAL && !(f->has_serial && f->identity->serial == r->serial))
		return false;
	if (which & RULE_BOOT_DISPLAY && r->boot_display != f->boot_display)
		return false;
	return true;
}

bool plan_rule_matches(const struct rule *r, const struct pci_function *f)
{
	return id_agrees(r, f) && options_agree(r, f, ~0u);
}

unsigned plan_needs(const struct config *c, const char *profile, const struct pci_function *f)
{
	unsigned needs = 0;

	if (!config_may_ask(c, f->vendor, f->device))
		return 0;
	for (unsigned i = 0; i < c->rules; i++) {
		const struct rule *r = &c->rule[i];
		if (!plan_rule_holds(r, profile))
			continue;
		/* Any function may be in a group, or at a path. */
		if (r->with == WITH_GROUP)
			needs |= PCI_DETAIL_GROUP;
		if (r->given & RULE_PATH)
			needs |= PCI_DETAIL_PATH;
		if (!id_agrees(r, f))
			continue;
		if (r->given & RULE_SERIAL)
			needs |= PCI_DETAIL_SERIAL;
		if (!options_agree(r, f, RULE_SUBSYSTEM | RULE_CLASS | RULE_ADDRESS))
			continue;
		needs |= PLAN_VERDICT;
		if (r->vfs)
			needs |= PCI_DETAIL_VIRTUAL | PCI_DETAIL_VFS;
		/* A refusal shows the path, and only a slot behind a bridge is a card. */
		if (r->with || pci_kind(f) == PCI_VITAL)
			needs |= PCI_DETAIL_PATH;
		if (r->with)
			needs |= PLAN_LEADS;
	}
	return needs;
}

/* Returns the rule that decides about f, or NULL. A keep rule wins over all others; among the
 * rest the first that matches decides. */
static const struct rule *find_rule(const struct config *c, const char *profile,
				    const struct pci_function *f)
{
	const struct rule *by = NULL;

	if (f->later || !config_may_ask(c, f->vendor, f->device))
		return NULL;
	for (unsigned i = 0; i < c->rules && !(by && by->keep); i++) {
		const struct rule *r = &c->rule[i];
		if ((!by || r->keep) && plan_rule_holds(r, profile) && plan_rule_matches(r, f))
			by = r;
	}
	return by;
}

const char plan_vfio_pci[] = "vfio-pci";

const char *plan_driver(const struct config *c, const struct rule *by,
			const struct pci_function *f)
{
	if (!slice_is(slice_of(by->driver), config_auto))
		return by->driver;
	for (unsigned i = 0; i < c->rules; i++)
		if (c->rule[i].profile == config_auto && plan_rule_matches(&c->rule[i], f))
			return c->rule[i].driver;
	return plan_vfio_pci;
}

static void enter_rule(const struct config *c, const struct inventory *inv, struct plan *p,
		       unsigned i, const struct rule *by)
{
	struct plan_entry *e = &p->entry[i];

	e->rule = by;
	e->driver = plan_driver(c, by, &inv->function[i]);
	e->state = by->vfs ? STATE_SHARED : STATE_PLANNED;
	if (by->keep) {
		e->state = STATE_KEPT;
		e->reason = REASON_KEEP;
	}
}

/* Returns true if f, by its place, goes along with `lead`. Virtual functions never do, as the
 * boot has none yet; bridges never do, as they belong to no card. */
static bool goes_along(const struct pci_function *f, const struct pci_function *lead,
		       const struct rule *r)
{
	return (r->with == WITH_SLOT ? pci_same_slot(&f->at, &lead->at) :
				       f->group >= 0 && f->group == lead->group) &&
	       !f->is_virtual && !f->later && !pci_is_bridge(f);
}

/* Adds the companions of the functions that are planned. If several take the same one along, the
 * first gives the rule. On a root bus a slot is a part of the chipset, not a card. */
static void take_companions(const struct config *c, const struct inventory *inv, struct plan *p)
{
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *lead = &inv->function[i];
		const struct rule *r = p->entry[i].rule;
		if (!r || p->entry[i].state != STATE_PLANNED || p->entry[i].companion || !r->with)
			continue;
		bool is_card = lead->identity->path.hops > 1;
		const struct pci_function *f = inv->function;
		struct plan_entry *e = p->entry;
		for (unsigned k = 0; k < inv->functions; k++, f++, e++) {
			/* A stranger to this card may be a part of the next. */
			if ((e->rule && e->reason != REASON_STRANGER) || !goes_along(f, lead, r))
				continue;
			if (!is_card && r->with == WITH_SLOT) {
				p->alone[r - c->rule] = (uint16_t)(i + 1);
				break;
			}
			enter_rule(c, inv, p, k, r);
			e->companion = true;
			e->lead = (uint16_t)i;
			e->reason = pci_kind(f) == PCI_OTHER ||
						    (is_card && f->vendor == lead->vendor &&
						     pci_same_slot(&f->at, &lead->at)) ?
					    REASON_NONE : REASON_STRANGER;
		}
	}
}

/* Returns whether the rule means this function and no other, even if functions with the same ID
 * come and go: by a path, or by a serial number that one function has. Functions behind VMD, in a
 * domain of more than 16 bits, appear after the boot has looked. So their serial numbers are
 * counted only for a function of their kind. */
static bool identifies(const struct inventory *inv, const struct rule *r,
		       const struct pci_function *f)
{
	unsigned n = 0;

	for (unsigned i = 0; i < inv->functions && r->given & RULE_SERIAL; i++) {
		const struct pci_function *g = &inv->function[i];
		if (g->at.domain <= UINT16_MAX || f->at.domain > UINT16_MAX)
			n += id_agrees(r, g) && options_agree(r, g, RULE_SERIAL);
	}
	return !((r->vendor | r->device) & PCI_ANY) && (r->given & RULE_PATH || n == 1);
}

/* Returns true if f is in the slot of a boot display that stays with the host. No guest can have
 * the group then, so taking f along would only take it from the host. */
static bool is_beside_display(const struct inventory *inv, const struct plan *p,
			      const struct pci_function *f)
{
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *g = &inv->function[i];
		const struct rule *r = p->entry[i].rule;
		if (g->boot_display && r && !r->take_boot_display && pci_same_slot(&g->at, &f->at))
			return true;
	}
	return false;
}

static enum reason reason_to_refuse(const struct config *c, const struct inventory *inv,
				    const struct plan *p, const struct pci_function *f,
				    const struct plan_entry *e)
{
	const struct rule *r = e->rule;
	/* What stays with the host needs no guard. */
	enum pci_kind kind = r->vfs ? PCI_OTHER : pci_kind(f);

	if (pci_is_bridge(f))
		return REASON_BRIDGE;
	if (r->vfs > f->vfs)
		return REASON_VFS;
	/* First the reasons that do not depend on what this boot happens to see. */
	if (e->reason)
		return e->reason;
	if (!e->companion && kind == PCI_VITAL && !identifies(inv, r, f))
		return REASON_IDENTITY;
	if (!e->companion && kind == PCI_NETWORK && p->networks[r - c->rule] > 1 && !r->expect &&
	    !(r->given & RULE_LOCATION))
		return REASON_SEVERAL;
	if (r->expect && r->expect != p->matched[r - c->rule])
		return REASON_EXPECT;
	/* This comes before the boot display: without an IOMMU, vfio-pci's probe first removes
	 * the console and then fails (drivers/vfio/pci/vfio_pci_core.c, vfio_pci_vga_init()). */
	if (f->group == PCI_NO_GROUP && !r->iommu_ignore)
		return REASON_NO_GROUP;
	if (f->boot_display && !r->take_boot_display && !r->vfs)
		return REASON_BOOT_DISPLAY;
	return e->companion && r->with == WITH_GROUP && is_beside_display(inv, p, f) ?
		       REASON_STRANGER : REASON_NONE;
}

/* Refuses what reason_to_refuse() gives a reason for: among the functions that rules match, or
 * among the companions. reason_to_refuse() does not look at other functions of the same kind, so
 * their order does not matter. */
static void refuse_entries(const struct config *c, const struct inventory *inv, struct plan *p,
			   bool companions)
{
	for (unsigned i = 0; i < inv->functions; i++) {
		struct plan_entry *e = &p->entry[i];
		if ((e->state != STATE_PLANNED && e->state != STATE_SHARED) ||
		    e->companion != companions)
			continue;
		e->reason = (uint8_t)reason_to_refuse(c, inv, p, &inv->function[i], e);
		if (e->reason) {
			e->state = STATE_REFUSED;
			e->matched = p->matched[e->rule - c->rule];
			p->refused++;
			p->strangers += e->reason == REASON_STRANGER;
		} else if (e->rule->vfs) {
			p->shared++;
		} else {
			p->planned++;
		}
	}
}

struct plan_miss plan_explain(const struct rule *r, const struct inventory *inv)
{
	const unsigned place = RULE_ADDRESS | RULE_PATH;
	struct plan_miss miss = { NULL, NULL, NULL };

	for (unsigned i = inv->functions; i-- > 0;) {
		const struct pci_function *f = &inv->function[i];
		if (f->later)
			continue;
		if (plan_rule_matches(r, f))
			miss.taken = f;
		else if (r->given & place && options_agree(r, f, place))
			miss.there = f;
		else if (r->vendor != PCI_ANY && r->device != PCI_ANY && id_agrees(r, f))
			miss.same = f;
	}
	return miss;
}

void plan_build(const struct config *c, const struct cmdline *cmd, const struct inventory *inv,
		struct plan *ret)
{
	struct slice profile = plan_profile(c, cmd);

	ret->profile = config_find_profile(c, profile);
	ret->state = cmd->mode == MODE_OFF ? PLAN_OFF :
		     c->errors ? PLAN_BROKEN_CONFIG :
		     profile.n && !ret->profile ? PLAN_UNKNOWN_PROFILE : PLAN_READY;
	ret->planned = ret->refused = ret->shared = ret->strangers = 0;
	for (unsigned i = 0; i < c->rules; i++)
		ret->matched[i] = ret->networks[i] = ret->alone[i] = 0;
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		const struct rule *by = ret->state == PLAN_READY ?
						find_rule(c, ret->profile, f) : NULL;
		ret->entry[i] = (struct plan_entry){ .state = STATE_NONE };
		if (!by)
			continue;
		ret->matched[by - c->rule]++;
		ret->networks[by - c->rule] += pci_kind(f) == PCI_NETWORK;
		enter_rule(c, inv, ret, i, by);
	}
	refuse_entries(c, inv, ret, false);
	/* After that, as a refused function takes nothing along. */
	take_companions(c, inv, ret);
	refuse_entries(c, inv, ret, true);
}
