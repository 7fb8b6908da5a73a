/* SPDX-License-Identifier: GPL-2.0-or-later */
/* group.c - see group.h */
#include "group.h"

#include <string.h>

#include "runtime/core/driver.h"
#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/out/xalloc.h"

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

enum group_member group_member(struct host *h, const struct pci_function *f, bool next)
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
		if (f->group != group || group_member(h, f, next) != what)
			continue;
		text_add(names, "%s%pa (%s)", n++ ? ", " : "", &f->at,
			 what == GROUP_HELD ? f->driver : wanting(h, f, modules));
	}
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

/* True: the engine then takes all that hold the group. */
static bool would_take(struct host *h, const struct rule *rule, enum rule_with with, int32_t group)
{
	const struct inventory *inv = &h->run.inv;
	const struct plan *plan = rule ? group_plan_with(h, rule, with) : NULL;

	for (unsigned i = 0; i < inv->functions && plan; i++)
		if (inv->function[i].group == group && plan->entry[i].state != STATE_PLANNED &&
		    group_member(h, &inv->function[i], true) == GROUP_HELD)
			return false;
	return plan;
}

/* An ISA or LPC bridge, or the like: no rule takes it, and no guest needs it. */
static const struct pci_function *find_bridge(struct host *h, int32_t group)
{
	const struct inventory *inv = &h->run.inv;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (f->group == group && !f->bridge && pci_is_bridge(f) &&
		    group_member(h, f, true) == GROUP_HELD)
			return f;
	}
	return NULL;
}

/* The boot display where it stays with the host and is of the group; NULL: it is not. */
static const struct pci_function *find_display(const struct host *h, int32_t group)
{
	const struct inventory *inv = &h->run.inv;

	for (unsigned i = 0; i < inv->functions; i++)
		if (inv->function[i].group == group && inv->function[i].boot_display &&
		    h->run.plan.entry[i].state != STATE_PLANNED)
			return &inv->function[i];
	return NULL;
}

const char *group_advice(struct host *h, const struct pci_function *f,
			 char advice[HOST_NAME_MAX])
{
	const struct rule *rule = host_entry(h, f)->rule;
	const struct pci_function *bridge = find_bridge(h, f->group);
	const struct pci_function *display = find_display(h, f->group);

	if (would_take(h, rule, WITH_SLOT, f->group))
		return text_make(advice, HOST_NAME_MAX, "write with=slot to its rule");
	if (would_take(h, rule, WITH_GROUP, f->group))
		return text_make(advice, HOST_NAME_MAX, "write with=group to its rule, or put the card "
				 "into another slot that has a group of its own (ACS)");
	if (bridge)
		return text_make(advice, HOST_NAME_MAX, "keep %s off the bridge %pa, which no rule takes: "
				 "blacklist it in /etc/modprobe.d, or unload it (rmmod); the others want "
				 "rules of their own", bridge->driver, &bridge->at);
	if (display && display != f && pci_same_slot(&display->at, &f->at))
		return text_make(advice, HOST_NAME_MAX, "%pa beside it is the boot display and stays: narrow "
				 "the rule by path= to the card that is meant, and leave this one to the "
				 "host", &display->at);
	return text_make(advice, HOST_NAME_MAX, "put the card into another slot (one of the CPU's, or "
			 "behind a port with ACS, has a group of its own)%s",
			 display && display != f ? ", or let it and the boot display change slots" :
						   "");
}
