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

/* Whether `which` of the rule's narrowing options agree with the function. */
static bool options_agree(const struct rule *r, const struct pci_function *f, unsigned which)
{
	which &= r->given;
	if (which & RULE_SUBSYSTEM && !(half_agrees(r->subvendor, f->subvendor) &&
					half_agrees(r->subdevice, f->subdevice)))
		return false;
	if (which & RULE_CLASS && f->class >> (24 - 4 * r->class_digits) != r->class)
		return false;
	if (which & RULE_ADDRESS && !address_agrees(r, f))
		return false;
	if (which & RULE_PATH && !path_agrees(&r->path, &f->path))
		return false;
	if (which & RULE_SERIAL && !(f->has_serial && f->serial == r->serial))
		return false;
	if (which & RULE_BOOT_DISPLAY && r->boot_display != f->boot_display)
		return false;
	return true;
}

static bool matches(const struct rule *r, const struct pci_function *f)
{
	return id_agrees(r, f) && options_agree(r, f, ~0u);
}

unsigned plan_needs(const struct config *c, const char *profile, const struct pci_function *f)
{
	const unsigned verdict = PCI_DETAIL_DRIVER | PCI_DETAIL_GROUP | PCI_DETAIL_HEADER |
				 PCI_DETAIL_DISPLAY;
	unsigned needs = 0;

	for (unsigned i = 0; i < c->rules; i++) {
		const struct rule *r = &c->rule[i];
		if (!plan_rule_holds(r, profile))
			continue;
		/* A companion may be any function; a path may be anybody's. */
		if (r->with != WITH_FUNCTION)
			needs |= verdict;
		if (r->given & RULE_PATH)
			needs |= PCI_DETAIL_PATH;
		if (!id_agrees(r, f))
			continue;
		if (r->given & RULE_SERIAL)
			needs |= PCI_DETAIL_SERIAL;
		if (options_agree(r, f, RULE_SUBSYSTEM | RULE_CLASS))
			needs |= verdict;
	}
	return needs;
}

/* keep wins over every rule; among the rest the first that matches decides. */
static void decide(const struct config *c, const struct pci_function *f, struct plan *p,
		   struct plan_entry *e)
{
	unsigned by = 0;

	for (unsigned i = 0; i < c->rules && !(e->rule && e->rule->keep); i++) {
		const struct rule *r = &c->rule[i];
		if ((!e->rule || r->keep) && plan_rule_holds(r, p->profile) && matches(r, f)) {
			e->rule = r;
			by = i;
		}
	}
	if (!e->rule)
		return;
	p->rule[by].matched++;
	e->state = STATE_PLANNED;
	if (e->rule->keep) {
		e->state = STATE_KEPT;
		e->reason = REASON_KEEP;
	}
}

static bool is_bridge(const struct pci_function *f)
{
	return f->bridge || PCI_CLASS_BASE(f->class) == PCI_BASE_BRIDGE;
}

/* Adds the companions of what is taken. Bridges are left out in silence: they go with no
 * card. The first function that takes one along gives the rule. */
static void take_companions(const struct inventory *inv, struct plan *p)
{
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *lead = &inv->function[i];
		const struct plan_entry *by = &p->entry[i];
		if (by->state != STATE_PLANNED || by->companion || by->rule->with == WITH_FUNCTION)
			continue;
		for (unsigned k = 0; k < inv->functions; k++) {
			const struct pci_function *f = &inv->function[k];
			struct plan_entry *e = &p->entry[k];
			bool along = by->rule->with == WITH_SLOT ?
					     pci_same_slot(&f->at, &lead->at) :
					     f->group >= 0 && f->group == lead->group;
			if (!along || e->rule || is_bridge(f))
				continue;
			e->rule = by->rule;
			e->state = STATE_PLANNED;
			e->companion = true;
		}
	}
}

static bool is_dangerous(const struct pci_function *f)
{
	return PCI_CLASS_BASE(f->class) == PCI_BASE_STORAGE || f->class >> 8 == PCI_CLASS_USB;
}

/* How many functions the rule names by its own words: storage or USB controllers, or with
 * `slot` those in the slot of this one. */
static unsigned count_named(const struct inventory *inv, const struct plan *p,
			    const struct rule *rule, const struct pci_function *slot)
{
	unsigned n = 0;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (p->entry[i].rule == rule && !p->entry[i].companion &&
		    (slot ? pci_same_slot(&f->at, &slot->at) : is_dangerous(f)))
			n++;
	}
	return n;
}

static enum reason guard(const struct config *c, const struct inventory *inv,
			 const struct plan *p, const struct pci_function *f,
			 const struct plan_entry *e)
{
	const struct rule *r = e->rule;

	if (is_bridge(f))
		return REASON_BRIDGE;
	if (r->expect && r->expect != p->rule[r - c->rule].matched)
		return REASON_EXPECT;
	/* Before the boot display: without an IOMMU vfio-pci's probe first takes the console
	 * away and then fails (drivers/vfio/pci/vfio_pci_core.c, vfio_pci_vga_init()). */
	if (f->group < 0 && !r->iommu_ignore)
		return REASON_NO_GROUP;
	if (f->boot_display && !r->take_boot_display)
		return REASON_BOOT_DISPLAY;
	if (!is_dangerous(f))
		return REASON_NONE;
	if (e->companion)
		return count_named(inv, p, r, f) ? REASON_NONE : REASON_STRANGER;
	if (!r->expect && !(r->given & RULE_LOCATION) && count_named(inv, p, r, NULL) > 1)
		return REASON_SEVERAL;
	return REASON_NONE;
}

/* Looks at those that the rules name by their own words, or at the companions. No guard
 * looks at what another one has refused, so they may come in any order. */
static void refuse(const struct config *c, const struct inventory *inv, struct plan *p,
		   bool companions)
{
	for (unsigned i = 0; i < inv->functions; i++) {
		struct plan_entry *e = &p->entry[i];
		if (e->state != STATE_PLANNED || e->companion != companions)
			continue;
		e->reason = (uint8_t)guard(c, inv, p, &inv->function[i], e);
		if (e->reason) {
			e->state = STATE_REFUSED;
			p->refused++;
		} else {
			p->planned++;
		}
	}
}

/* A rule that decides nothing: whose are those that it matches, who is at its place, and
 * who has its ID? The first of each is named. */
static void explain(const struct rule *r, const struct inventory *inv, struct plan_rule *out)
{
	const unsigned place = RULE_ADDRESS | RULE_PATH;

	for (unsigned i = inv->functions; i-- > 0;) {
		const struct pci_function *f = &inv->function[i];
		if (matches(r, f))
			out->taken = f;
		else if (r->given & place && options_agree(r, f, place))
			out->there = f;
		else if (r->vendor != PCI_ANY && r->device != PCI_ANY && id_agrees(r, f))
			out->same = f;
	}
}

void plan_build(const struct config *c, const struct cmdline *cmd, const struct inventory *inv,
		struct plan *ret)
{
	ret->profile = config_find_profile(c, cmd->profile);
	ret->state = cmd->mode == MODE_OFF ? PLAN_OFF :
		     c->errors ? PLAN_BROKEN_CONFIG :
		     cmd->profile.n && !ret->profile ? PLAN_UNKNOWN_PROFILE : PLAN_READY;
	ret->planned = ret->refused = 0;
	for (unsigned i = 0; i < c->rules; i++)
		ret->rule[i] = (struct plan_rule){ .matched = 0 };
	for (unsigned i = 0; i < inv->functions; i++) {
		ret->entry[i] = (struct plan_entry){ .state = STATE_NONE };
		if (ret->state == PLAN_READY)
			decide(c, &inv->function[i], ret, &ret->entry[i]);
	}
	if (ret->state != PLAN_READY)
		return;
	refuse(c, inv, ret, false);
	/* What goes along with a function goes nowhere if that is refused. */
	take_companions(inv, ret);
	refuse(c, inv, ret, true);
	for (unsigned i = 0; i < c->rules; i++)
		if (plan_rule_holds(&c->rule[i], ret->profile) && !ret->rule[i].matched)
			explain(&c->rule[i], inv, &ret->rule[i]);
}

/* True: a rule with required=yes is not fulfilled. */
static bool required_is_missing(const struct run *r)
{
	const struct plan *p = &r->plan;
	const struct rule *rule = r->config.rule;

	for (unsigned i = 0; i < r->config.rules; i++, rule++)
		if (rule->required && !p->rule[i].matched && plan_rule_holds(rule, p->profile))
			return true;
	for (unsigned i = 0; i < r->inv.functions; i++) {
		const struct plan_entry *e = &p->entry[i];
		if (e->rule && e->rule->required && e->state != STATE_BOUND &&
		    e->state != STATE_KEPT)
			return true;
	}
	return false;
}

const char *run_result(const struct run *r)
{
	const struct plan *p = &r->plan;
	unsigned bound = 0;

	if (p->state == PLAN_OFF)
		return "off";
	if (p->state != PLAN_READY || r->input_error)
		return "error";
	if (r->cmd.mode == MODE_DRY_RUN)
		bound = p->planned;
	else if (required_is_missing(r))
		return "failed";
	for (unsigned i = 0; i < r->inv.functions; i++)
		if (p->entry[i].state == STATE_BOUND)
			bound++;
	if (bound)
		return bound == p->planned && !p->refused ? "ok" : "partial";
	return p->planned ? "failed" : p->refused ? "refused" : "nothing";
}
