/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sriov.c - see sriov.h */
#include "sriov.h"
#include "path.h"
#include "scan.h"
#include "sysfs.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "runtime/core/driver.h"

#define NUMVFS "sriov_numvfs"

/* An override that no driver has: see io/apply.c, give_back(). */
#define NO_DRIVER "vgapass-hold"

static struct pci_function *physical_of(const struct sriov *s)
{
	return &s->work->run->inv.function[s->function];
}

static const struct rule *rule_of(const struct sriov *s)
{
	return s->work->run->plan.entry[s->function].rule;
}

static bool keeps(const struct rule *r)
{
	return !strcmp(r->driver, CONFIG_DRIVER_KEEP);
}

static int write_physical(const struct sriov *s, const char *name, const char *value)
{
	return sysfs_write(s->work->run->inv.devices, path_function(physical_of(s), name), value);
}

/* Records in words why function i has failed. */
static void fail_with(const struct sriov *s, unsigned i, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void fail_with(const struct sriov *s, unsigned i, const char *format, ...)
{
	struct outcome *o = &s->work->run->outcome[i];
	struct text t;
	va_list args;

	o->state = STATE_FAILED;
	o->reason = REASON_VFS;
	text_start(&t, o->detail, sizeof(o->detail));
	va_start(args, format);
	text_vadd(&t, format, args);
	va_end(args);
}

/* Reads the name of a function's driver into its outcome, "" for none. */
static const char *read_driver(const struct sriov *s, unsigned i)
{
	struct run *r = s->work->run;
	char *name = r->outcome[i].driver;

	if (sysfs_link(r->inv.devices, path_function(&r->inv.function[i], "driver"), 0, name,
		       PCI_DRIVER_NAME) < 0)
		*name = '\0';
	return name;
}

/* --- making them */

/* Reads the address of virtual function k. Returns false if there is none. */
static bool read_virtual(const struct sriov *s, unsigned k, struct pci_address *ret)
{
	const struct pci_function *f = physical_of(s);
	char name[16], target[PCI_ADDRESS_SIZE];

	text_make(name, sizeof(name), "virtfn%u", k);
	return sysfs_link(s->work->run->inv.devices, path_function(f, name), 0, target,
			  sizeof(target)) > 0 &&
	       pci_parse_address(slice_of(target), ret, NULL);
}

static unsigned count_virtual(const struct sriov *s)
{
	struct pci_address at;
	unsigned n = 0;

	while (n < UINT16_MAX && read_virtual(s, n, &at))
		n++;
	return n;
}

static void make_item(void *sriov, unsigned item)
{
	struct sriov *s = sriov;
	char number[8];

	(void)item;
	s->error = write_physical(s, NUMVFS, text_make(number, sizeof(number), "%u",
						       rule_of(s)->vfs));
	s->write_done = true;
}

/* The kernel makes one after the other. A driver of many takes longer than supervise() waits, so
 * it has time as long as there are more and more of them. Returns true if the write came back. */
static bool wait_for_all(const struct sriov *s)
{
	unsigned seen = count_virtual(s);

	for (unsigned ms = 0; !s->write_done && ms < SUPERVISE_GIVE_UP_MS;
	     ms += SUPERVISE_TICK_MS) {
		poll(NULL, 0, SUPERVISE_TICK_MS);
		unsigned n = count_virtual(s);
		if (n > seen)
			ms = 0;
		seen = n;
	}
	return s->write_done;
}

/* Makes them, or records why there are none. */
static void make_virtual(struct sriov *s)
{
	struct crew crew = { .items = 1, .slow = 1, .item = make_item, .item_arg = s,
			     .hurry_fd = -1, .close_fd = s->close_fd };
	unsigned vfs = rule_of(s)->vfs, i = s->function;
	struct outcome *o = &s->work->run->outcome[i];

	o->error = apply_hold(s->work, i);
	if (o->error) {
		fail_with(s, i, "sriov_drivers_autoprobe was not written");
		return;
	}
	s->hangs = supervise(&s->make, &crew) && !wait_for_all(s);
	if (!s->hangs)
		o->error = s->error;
	if (s->hangs)
		fail_with(s, i, "the kernel has not come back from making %u virtual functions",
			  vfs);
	else if (s->error)
		fail_with(s, i, "its driver made no %u virtual functions: see the kernel log",
			  vfs);
}

/* Looks at what is there, and makes what is not, or records why it cannot be. */
static void provide_virtual(struct sriov *s)
{
	struct run *r = s->work->run;
	struct pci_function *f = physical_of(s);
	unsigned vfs = rule_of(s)->vfs, i = s->function, there = count_virtual(s);

	if (there == vfs)
		return;
	/* A driver may allow less than the function can. */
	f->known = 0;
	scan_details(s->work->roots.root, &r->inv, i, PCI_DETAIL_VFS);
	/* The kernel changes the number only by removing all, and waits for their users then. */
	if (there)
		fail_with(s, i, "it has %u virtual functions already: write 0 to its " NUMVFS
			  " first", there);
	else if (vfs > f->vfs)
		fail_with(s, i, "its driver can make %u virtual functions: correct vfs=", f->vfs);
	else
		make_virtual(s);
}

/* --- planning for them */

static bool is_kept(const struct run *r, const struct pci_function *f)
{
	for (unsigned i = 0; i < r->config.rules; i++)
		if (r->config.rule[i].keep &&
		    plan_rule_holds(&r->config.rule[i], r->plan.profile) &&
		    plan_rule_matches(&r->config.rule[i], f))
			return true;
	return false;
}

/* Returns the place of the function at the address, which is appended if it is not there;
 * negative: it is gone, or there is no room. */
static int place_of(struct inventory *inv, const struct pci_address *at)
{
	unsigned n = inv->functions;

	for (unsigned i = 0; i < n; i++)
		if (!pci_compare(&inv->function[i].at, at))
			return (int)i;
	if (n == PCI_FUNCTIONS_MAX)
		return -E2BIG;
	scan_function(inv, scan_key(at));
	return inv->functions == n ? -ENODEV : (int)n;
}

/* Makes the entry of function i, which is virtual function k of those that the rule is about. */
static void plan_virtual(const struct sriov *s, unsigned i, unsigned k)
{
	struct run *r = s->work->run;
	const struct pci_function *f = &r->inv.function[i];
	struct plan_entry *e = &r->plan.entry[i];
	const struct rule *by = rule_of(s);

	if (!config_takes_vf(by, k) || is_kept(r, f))
		return;
	*e = (struct plan_entry){ .state = STATE_PLANNED, .rule = by };
	e->driver = keeps(by) ? NO_DRIVER : plan_driver(&r->config, by, f);
	read_driver(s, i);
	/* The kernel would wait for its guest to let go of it. */
	if (*f->driver && strcmp(f->driver, e->driver) != 0 &&
	    (keeps(by) || driver_is_for_guests(f->driver))) {
		fail_with(s, i, "%s has it: release it first", f->driver);
	} else if (f->group == PCI_NO_GROUP && !by->iommu_ignore && !keeps(by)) {
		e->state = STATE_REFUSED;
		e->reason = REASON_NO_GROUP;
	}
}

/* Adds all of them to the run. If their physical function has failed, none is taken. */
static void adopt_virtual(struct sriov *s)
{
	struct run *r = s->work->run;
	struct inventory *inv = &r->inv;
	bool takes = run_state(r, s->function) == STATE_SHARED;
	unsigned n = takes ? rule_of(s)->vfs : count_virtual(s);
	struct pci_address at;

	for (unsigned k = 0; k < n && k < CONFIG_VFS_MAX; k++) {
		int i = read_virtual(s, k, &at) ? place_of(inv, &at) : -ENODEV;
		if (i < 0) {
			r->outcome[s->function].error = i;
			fail_with(s, s->function, "virtual function %u cannot be read", k);
			continue;
		}
		struct pci_function *f = &inv->function[i];
		f->known = 0;
		f->driver = inv->name[0];
		scan_details(s->work->roots.root, inv, (unsigned)i,
			     PCI_DETAIL_GROUP | PCI_DETAIL_DRIVER | PCI_DETAIL_VIRTUAL);
		r->outcome[i] = (struct outcome){ .state = STATE_NONE };
		r->plan.entry[i] = (struct plan_entry){ .state = STATE_NONE };
		if (takes)
			plan_virtual(s, (unsigned)i, k);
		s->vf[s->vfs++] = (uint16_t)i;
	}
}

/* --- the work on them, an item for each */

static void claim_item(void *sriov, unsigned item)
{
	const struct sriov *s = sriov;

	apply_claim(s->work, s->vf[item]);
}

static void bind_item(void *sriov, unsigned item)
{
	const struct sriov *s = sriov;

	apply_item(s->work, s->vf[item]);
	if (!keeps(rule_of(s)))
		apply_late(s->work, s->vf[item]);
}

/* What is not taken, and what has been given back. A probe that hangs has the function's lock. */
static void probe_item(void *sriov, unsigned item)
{
	const struct sriov *s = sriov;
	struct run *r = s->work->run;
	unsigned i = s->vf[item], state = run_state(r, i);
	char address[PCI_ADDRESS_SIZE];

	if (state != STATE_FAILED &&
	    (!s->unheld || (state != STATE_NONE && state != STATE_REFUSED)))
		return;
	pci_put_address(address, &r->inv.function[i].at);
	sysfs_write(r->inv.devices, "../drivers_probe", address);
	if (state == STATE_FAILED)
		read_driver(s, i);
}

static void work_on_all(struct sriov *s, struct progress *p, void (*item)(void *, unsigned))
{
	struct crew crew = { .items = s->vfs, .slow = s->vfs, .item = item, .item_arg = s,
			     .hurry_fd = -1, .close_fd = s->close_fd };

	if (s->vfs)
		supervise(p, &crew);
}

/* With driver=keep: those that have all that they need. */
static void keep_virtual(const struct sriov *s)
{
	struct run *r = s->work->run;

	for (unsigned n = 0; n < s->vfs && keeps(rule_of(s)); n++) {
		unsigned i = s->vf[n];
		if (run_state(r, i) != STATE_PLANNED || r->outcome[i].step)
			continue;
		fail_with(s, i, "driver=keep, so no driver gets it");
		r->outcome[i].state = STATE_KEPT;
	}
}

unsigned sriov_serve(struct sriov *s, struct work *w, unsigned i)
{
	s->work = w;
	s->function = i;
	w->late = true;
	if (run_state(w->run, i) != STATE_SHARED)
		return 0;
	const char *driver = read_driver(s, i);
	if (!*driver)
		return 0;
	bool held = apply_is_held(w, i);
	if (driver_is_for_guests(driver))
		fail_with(s, i, "%s has it: release it first", driver);
	else
		provide_virtual(s);
	if ((held && !s->hangs) || run_state(w->run, i) == STATE_SHARED)
		adopt_virtual(s);
	work_on_all(s, &s->claim, claim_item);
	work_on_all(s, &s->bind, bind_item);
	/* If the kernel is still making them, none may have a driver when they come. */
	s->unheld = w->run->outcome[i].held && !s->hangs;
	if (s->unheld)
		apply_unhold(w, i);
	keep_virtual(s);
	work_on_all(s, &s->probe, probe_item);
	return s->vfs;
}

bool sriov_is_served(const struct work *w, unsigned i)
{
	const struct run *r = w->run;
	char target[PCI_ADDRESS_SIZE];
	struct pci_address at;

	if (sysfs_link(r->inv.devices, path_function(&r->inv.function[i], "physfn"), 0, target,
		       sizeof(target)) <= 0 ||
	    !pci_parse_address(slice_of(target), &at, NULL))
		return false;
	for (unsigned k = 0; k < r->inv.functions; k++)
		if (!pci_compare(&r->inv.function[k].at, &at))
			return r->plan.entry[k].state == STATE_SHARED;
	return false;
}
