/* SPDX-License-Identifier: GPL-2.0-or-later */
/* group.c - see group.h */
#include "group.h"

#include <string.h>

#include "runtime/core/driver.h"
#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/live/in_use.h"
#include "cli/out/xalloc.h"

#define SHOWN_MAX 8 /* functions in a command */
#define NAMED_MAX 3 /* members of a group that are named in a sentence, with their drivers */

/* Modules that want the function and are not loaded yet: those that are have not taken it. */
static const char *wanting(struct host *h, const struct pci_function *f, char names[HOST_NAME_MAX])
{
	char all[HOST_NAME_MAX];
	struct slice rest = slice_of(host_candidates(h, f, all));
	struct text t;

	text_start(&t, names, HOST_NAME_MAX);
	while (rest.n) {
		struct slice name = slice_cut(&rest, ',');
		if (!sysfs_exists(h->roots.sys, path_make("module/%pv", &name)))
			text_add(&t, "%s%pv", t.len ? "," : "", &name);
	}
	return names;
}

enum group_member group_member_of(struct host *h, const struct pci_function *f, bool next)
{
	char names[HOST_NAME_MAX];

	/* drivers/vfio/vfio_main.c, vfio_dev_driver_allowed(); drivers/iommu/iommu.c,
	 * iommu_device_use_default_domain(). An ISA bridge has header type 0. */
	if (f->bridge || (next && group_is_meant(host_entry(h, f))))
		return GROUP_FREE;
	if (!*f->driver)
		return *wanting(h, f, names) ? GROUP_WANTED : GROUP_FREE;
	return driver_shares_group(f->driver) ? GROUP_FREE : GROUP_HELD;
}

bool group_is_reserved(const struct host *h, int32_t group)
{
	char text[4096];

	return group >= 0 &&
	       sysfs_read_file(h->roots.sys, path_make("kernel/iommu_groups/%u/reserved_regions",
						       (unsigned)group), text, sizeof(text)) >= 0 &&
	       strstr(text, " direct\n");
}

unsigned group_list(struct host *h, int32_t group, enum group_member what, bool next,
		    struct text *names)
{
	const struct inventory *inv = &h->run.inv;
	char modules[HOST_NAME_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < inv->functions && group >= 0; i++) {
		const struct pci_function *f = &inv->function[i];
		if (f->group != group || group_member_of(h, f, next) != what)
			continue;
		if (n++ < NAMED_MAX && names)
			text_add(names, "%s%pa (%s)", n > 1 ? ", " : "", &f->at,
				 what == GROUP_HELD ? f->driver : wanting(h, f, modules));
	}
	if (n > NAMED_MAX && names)
		text_add(names, " and %u more", n - NAMED_MAX);
	return n;
}

const struct plan *group_plan_with(const struct host *h, const struct rule *rule,
				   enum rule_with with)
{
	/* The plan points into the configuration. */
	static struct {
		struct config config;
		struct plan plan;
	} *other;
	const struct run *r = &h->run;

	if (!other)
		other = xcalloc(1, sizeof(*other));
	other->config = r->config;
	other->config.rule[rule - r->config.rule].with = (uint8_t)with;
	/* Its companions may be anybody. */
	other->config.asks_all = true;
	plan_build(&other->config, &r->cmd, &r->inv, &other->plan);
	return &other->plan;
}

/* --- advice */

/* Members that the host's drivers have after the next boot, of one group at a time. */
struct held {
	unsigned n;
	const struct pci_function *function[PCI_FUNCTIONS_MAX];
	const struct pci_function *display; /* the boot display, which no rule takes; NULL: none */
	const struct pci_function *bridge;  /* the first of the ISA bridges, which no rule takes */
	unsigned bridges;
	const struct pci_function *needed;  /* one that the host cannot do without; NULL: none */
};

static void find_held(struct host *h, int32_t group, const struct card *without, struct held *ret)
{
	const struct inventory *inv = &h->run.inv;
	static struct obstacles found;

	*ret = (struct held){ .n = 0 };
	for (unsigned i = 0; i < inv->functions && group >= 0; i++) {
		const struct pci_function *f = &inv->function[i];
		if (f->group != group || (without && card_has(without, f)) ||
		    group_member_of(h, f, true) != GROUP_HELD)
			continue;
		ret->function[ret->n++] = f;
		if (f->boot_display)
			ret->display = f;
		else if (pci_is_bridge(f) && !ret->bridges++)
			ret->bridge = f;
	}
	in_use_by_host(&h->roots, ret->function, ret->n, &found);
	if (found.n)
		ret->needed = found.obstacle[0].f;
}

/* True: the firmware calls the machine a laptop, a tablet or the like (SMBIOS, 7.4.1). */
static bool is_portable(const struct host *h)
{
	static const uint64_t types[] = { 8, 9, 10, 11, 14, 30, 31, 32 };
	char text[16];
	uint64_t type;

	if (sysfs_read(h->roots.sys, "class/dmi/id/chassis_type", text, sizeof(text)) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	if (!slice_dec(slice_of(text), UINT8_MAX, &type))
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i] == type)
			return true;
	return false;
}

/* True: it is a part of the board or of the processor. AMD's display in a processor has another
 * vendor than what is beside it. A laptop has no slots but those of external cards. */
static bool is_fixed(const struct host *h, const struct pci_function *f)
{
	const struct inventory *inv = &h->run.inv;

	for (unsigned i = 0; i < inv->functions; i++)
		if (pci_same_slot(&inv->function[i].at, &f->at) &&
		    card_is_of_processor(&inv->function[i]))
			return true;
	return f->identity->path.hops < 2 ||
	       (is_portable(h) && host_later(h, f) != HOST_REMOVABLE);
}

/* Finds a card whose place is good for f: no other function that is no bridge is in its group, and
 * it stays with the host. Only displays have slots that are alike. Returns NULL: none. */
static const struct pci_function *find_exchange(const struct host *h, const struct pci_function *f)
{
	const struct inventory *inv = &h->run.inv;
	struct card card;

	if (PCI_CLASS_BASE(f->class) != PCI_BASE_DISPLAY)
		return NULL;
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *g = &inv->function[i];
		bool own = g->group >= 0 && g->group != f->group && !is_fixed(h, g) &&
			   PCI_CLASS_BASE(g->class) == PCI_BASE_DISPLAY && !g->is_virtual &&
			   h->run.plan.entry[i].state != STATE_PLANNED;
		if (own)
			card_of(h, g, &card);
		for (unsigned k = 0; own && k < inv->functions; k++)
			own = inv->function[k].group != g->group || inv->function[k].bridge ||
			      card_has(&card, &inv->function[k]);
		if (own)
			return g;
	}
	return NULL;
}

/* A display outside of the group that the firmware could use in place of the boot display. */
static const struct pci_function *find_other_display(const struct host *h, int32_t group)
{
	const struct inventory *inv = &h->run.inv;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (f->group != group && f->class >> 8 == PCI_CLASS_VGA && !f->is_virtual &&
		    h->run.plan.entry[i].state != STATE_PLANNED)
			return f;
	}
	return NULL;
}

/* "put the card into another slot ...": how the card gets a group of its own. */
static void add_move(struct host *h, const struct pci_function *f, struct text *t)
{
	const struct pci_function *other = find_exchange(h, f);

	if (is_fixed(h, f)) {
		text_add(t, "it is a part of the board, which no other slot helps");
	} else if (host_later(h, f) == HOST_REMOVABLE) {
		text_add(t, "connect the card to a port of another controller, or put it into a "
			    "slot that has a group of its own (ACS)");
	} else {
		text_add(t, "put the card into another slot (one of the CPU's, or behind a port "
			    "with ACS, has a group of its own)");
		if (other)
			text_add(t, ", like that of %pa, which can change places with it",
				 &other->at);
	}
}

/* Where no rule can take the boot display. */
static void add_display(struct host *h, const struct pci_function *f, const struct held *held,
			struct text *t)
{
	const struct pci_function *other = find_other_display(h, f->group);

	if (pci_same_slot(&held->display->at, &f->at)) {
		text_add(t, "%pa beside it is the boot display and stays: narrow the rule by "
			    "path= to the card that is meant, and leave this one to the host",
			 &held->display->at);
		return;
	}
	text_add(t, "%pa is the boot display and stays: ", &held->display->at);
	add_move(h, f, t);
	if (other)
		text_add(t, "; or let the firmware boot on %pa (primary display), and give "
			    "guests the whole group", &other->at);
}

/* "vgapass add ..." for what rules can take. */
static void add_rules(const struct held *held, struct text *t)
{
	unsigned n = 0;

	for (unsigned i = 0; i < held->n; i++) {
		if (pci_is_bridge(held->function[i]))
			continue;
		if (!n++)
			text_add(t, "vgapass add");
		if (n <= SHOWN_MAX)
			text_add(t, " %pa", &held->function[i]->at);
	}
	text_add(t, n > SHOWN_MAX ? " ..." : "");
}

/* Where rules can take all but ISA bridges. The host does not need what a driver does there: it
 * is for a watchdog and pins. */
static void add_others(struct host *h, const struct pci_function *f, const struct held *held,
		       struct text *t)
{
	if (held->bridge)
		text_add(t, "keep %s off the bridge %pa, which no rule takes: blacklist it in "
			    "/etc/modprobe.d, or unload it (rmmod)", held->bridge->driver,
			 &held->bridge->at);
	else if (!is_fixed(h, f))
		add_move(h, f, t);
	if (held->n == held->bridges)
		return;
	text_add(t, "%sif the host can do without the others, ", !t->len ? "" : held->bridge ?
		 "; and " : "; or, ");
	add_rules(held, t);
}

/* True: the engine then takes all that hold the group. */
static bool would_take(struct host *h, const struct rule *rule, enum rule_with with,
		       const struct held *held)
{
	const struct plan *plan = rule ? group_plan_with(h, rule, with) : NULL;

	for (unsigned i = 0; i < held->n && plan; i++)
		if (plan->entry[held->function[i] - h->run.inv.function].state != STATE_PLANNED)
			return false;
	return plan;
}

/* Returns what the rule of f would have to say to open the group. */
static enum rule_with find_with(struct host *h, const struct pci_function *f,
				const struct held *held)
{
	const struct rule *rule = host_entry(h, f)->rule;

	if (held->display || held->needed)
		return WITH_FUNCTION;
	return would_take(h, rule, WITH_SLOT, held) ? WITH_SLOT :
	       would_take(h, rule, WITH_GROUP, held) ? WITH_GROUP : WITH_FUNCTION;
}

static void add_advice(struct host *h, const struct pci_function *f, const struct held *held,
		       enum rule_with with, struct text *t)
{
	if (held->display) {
		add_display(h, f, held, t);
	} else if (held->needed) {
		text_add(t, "the host cannot do without %pa: ", &held->needed->at);
		add_move(h, f, t);
	} else if (with == WITH_SLOT) {
		text_add(t, "write with=slot to its rule");
	} else if (with == WITH_GROUP) {
		text_add(t, "write with=group to its rule");
		if (!is_fixed(h, f)) {
			text_add(t, ", or ");
			add_move(h, f, t);
		}
	} else {
		add_others(h, f, held, t);
	}
}

static void say_reserved(struct host *h, const struct pci_function *f, struct group_words *ret)
{
	text_make(ret->what, sizeof(ret->what), "its IOMMU group %u goes to no guest: the "
						"firmware keeps memory of its own through it "
						"(RMRR)", (unsigned)f->group);
	text_make(ret->advice, sizeof(ret->advice), "turn that off in the firmware setup (HP: "
						    "conrep, "
		  "shared memory of the slot)%s", is_fixed(h, f) ? "" :
		  ", or put the card into another slot");
}

static void add_held(const struct held *held, struct text *t)
{
	for (unsigned i = 0; i < held->n && i < NAMED_MAX; i++)
		text_add(t, "%s%pa (%s)", i ? ", " : "", &held->function[i]->at,
			 held->function[i]->driver);
	if (held->n > NAMED_MAX)
		text_add(t, " and %u more", held->n - NAMED_MAX);
}

/* True: a module wants an ISA bridge of the group. */
static bool wants_bridge(struct host *h, int32_t group)
{
	const struct inventory *inv = &h->run.inv;

	for (unsigned i = 0; i < inv->functions; i++)
		if (inv->function[i].group == group && pci_is_bridge(&inv->function[i]) &&
		    group_member_of(h, &inv->function[i], true) == GROUP_WANTED)
			return true;
	return false;
}

enum group_state group_judge(struct host *h, const struct pci_function *f,
			     const struct card *without, struct group_words *ret)
{
	static struct held held;
	struct text what, advice;

	if (f->group < 0)
		return GROUP_OPEN;
	ret->with = WITH_FUNCTION;
	if (group_is_reserved(h, f->group)) {
		say_reserved(h, f, ret);
		return GROUP_RESERVED;
	}
	text_start(&what, ret->what, sizeof(ret->what));
	text_start(&advice, ret->advice, sizeof(ret->advice));
	find_held(h, f->group, without, &held);
	if (held.n) {
		text_add(&what, "its IOMMU group %u is not viable for a guest: the host's "
				"drivers have ",
			 (unsigned)f->group);
		add_held(&held, &what);
		ret->with = find_with(h, f, &held);
		add_advice(h, f, &held, ret->with, &advice);
		return GROUP_CLOSED;
	}
	text_add(&what, "its IOMMU group %u is viable for a guest only until the host loads "
			"drivers for ", (unsigned)f->group);
	if (!group_list(h, f->group, GROUP_WANTED, true, &what))
		return GROUP_OPEN;
	text_add(&advice, wants_bridge(h, f->group) ?
		 "blacklist these modules in /etc/modprobe.d, as no rule takes an ISA bridge" :
		 "write rules for them, or blacklist these modules");
	return GROUP_FOR_NOW;
}
