/* SPDX-License-Identifier: GPL-2.0-or-later */
/* in_use.c - see in_use.h */
#include "in_use.h"

#include <string.h>

#include "runtime/core/driver.h"
#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "in_use_parts.h"

/* Without sriov_numvfs: to read that takes the function's lock. */
static void look_at_virtual_functions(const struct roots *roots, const struct pci_function *f,
				      struct obstacles *o)
{
	if (sysfs_exists(roots->sys, path_make("bus/pci/devices/%pa/virtfn0", &f->at)))
		obstacle_add(o, f, "it has virtual functions\nwrite 0 to its sriov_numvfs");
}

static void find_by_host(const struct roots *roots, const struct pci_function *const *f, unsigned n,
			 bool claims, struct obstacles *ret)
{
	const struct in_use_of of = { f, n };

	ret->n = 0;
	in_use_disks(roots, &of, claims, ret);
	in_use_networks(roots, &of, ret);
	in_use_keyboards(roots, &of, ret);
	obstacle_sort(ret);
}

void in_use_by_host(const struct roots *roots, const struct pci_function *const *f, unsigned n,
		    struct obstacles *ret)
{
	const struct pci_function *has_driver[PCI_FUNCTIONS_MAX];
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++)
		if (*f[i]->driver && !driver_is_for_guests(f[i]->driver))
			has_driver[k++] = f[i];
	ret->n = 0;
	if (k)
		find_by_host(roots, has_driver, k, false, ret);
}

static bool is_meant(const struct plan_entry *e)
{
	return e->state == STATE_PLANNED ||
	       (e->state == STATE_REFUSED &&
		(e->reason == REASON_IDENTITY || e->reason == REASON_SEVERAL));
}

void in_use_by_plan(const struct roots *roots, const struct inventory *inv,
		    const struct plan *plan, const bool *going, struct obstacles *ret)
{
	struct obstacles all;
	const struct pci_function *f[PCI_FUNCTIONS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < inv->functions; i++)
		if (is_meant(&plan->entry[i]) || (going && going[i]))
			f[n++] = &inv->function[i];
	in_use_by_host(roots, f, n, &all);
	ret->n = 0;
	for (unsigned i = 0; i < all.n && i < OBSTACLES_MAX; i++)
		if (!going || !going[all.obstacle[i].f - inv->function])
			ret->obstacle[ret->n++] = all.obstacle[i];
	ret->n += all.n > OBSTACLES_MAX ? all.n - OBSTACLES_MAX : 0;
}

static pid_t caller; /* 0: none */

void in_use_except(pid_t pid)
{
	caller = pid;
}

void in_use_virtual(const struct roots *roots, const struct pci_function *f, struct obstacles *ret)
{
	struct nodes nodes = { 0 };

	ret->n = 0;
	nodes_find_virtual(roots, f, &nodes);
	in_use_process(roots, &nodes, caller, ret);
	nodes_free(&nodes);
}

void in_use_find(const struct roots *roots, const struct pci_function *const *f, unsigned n,
		 struct obstacles *ret)
{
	struct nodes nodes = { 0 };

	find_by_host(roots, f, n, true, ret);
	for (unsigned i = 0; i < n; i++) {
		nodes_find(roots, f[i], &nodes);
		nodes_find_virtual(roots, f[i], &nodes);
		look_at_virtual_functions(roots, f[i], ret);
	}
	in_use_consoles(roots, &nodes, ret);
	in_use_addresses(roots, &nodes, ret);
	in_use_displays(roots, &nodes, ret);
	in_use_kernel(roots, &nodes, ret);
	in_use_process(roots, &nodes, caller, ret);
	nodes_free(&nodes);
}
