/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_look.c - is it still that function, and does nobody use it: see live.h */
#include <stdlib.h>
#include <string.h>

#include "runtime/io/path.h"
#include "runtime/io/scan.h"
#include "runtime/io/sysfs.h"
#include "cli/cmd.h"
#include "cli/out/xalloc.h"
#include "live.h"

static bool is_same_path(const struct pci_path *a, const struct pci_path *b)
{
	return a->domain == b->domain && a->bus == b->bus && a->hops == b->hops &&
	       !memcmp(a->hop, b->hop, a->hops);
}

/* False: another one has been plugged in at its address, or none is there. */
static bool is_still_there(const struct live *l, const struct pci_function *f)
{
	char text[128];
	ssize_t n = sysfs_read(l->host.run.inv.devices, path_function(f, "modalias"), text,
			       sizeof(text));

	/* Of an inventory one function is used; the kernel gives no memory for the others. */
	struct inventory *again = xcalloc(1, sizeof(*again));
	struct pci_function *now = &again->function[0];
	*now = (struct pci_function){ .at = f->at, .identity = &again->identity[0] };
	bool same = n > 0 && scan_parse_modalias((struct slice){ text, (size_t)n }, now);
	again->devices = l->host.run.inv.devices;
	if (same)
		scan_details(l->host.roots.root, again, 0, PCI_DETAIL_PATH | PCI_DETAIL_SERIAL);
	same = same && now->vendor == f->vendor && now->device == f->device &&
	       now->subvendor == f->subvendor && now->subdevice == f->subdevice &&
	       now->class == f->class && now->has_serial == f->has_serial &&
	       now->identity->serial == f->identity->serial &&
	       is_same_path(&now->identity->path, &f->identity->path);
	free(again);
	return same;
}

/* Time has passed: modules have been loaded, somebody else may have bound or unbound it. */
static void read_again(struct live *l, unsigned k)
{
	struct live_function *one = &l->function[k];

	if (sysfs_link(l->host.run.inv.devices, path_function(one->f, "driver"), 0, one->has,
		       sizeof(one->has)) < 0)
		*one->has = '\0';
	one->changed = !is_still_there(l, one->f);
	one->wanted = l->wants(l, k);
}

static void find_users(const struct live *l, const struct pci_function *const *f, unsigned n,
		       struct obstacles *ret)
{
	ret->n = 0;
	ret->blind = NULL;
	in_use_except(l->parent);
	if (n)
		in_use_find(&l->host.roots, f, n, ret);
}

/* A disk that does not answer hangs whoever asks after it. */
static void look_item(void *live, unsigned i)
{
	struct live *l = live;
	const struct pci_function *f[PCI_FUNCTIONS_MAX];
	unsigned n = i;

	for (unsigned k = 0; k < l->n; k++) {
		read_again(l, k);
		if (l->function[k].wanted)
			f[n++] = l->function[k].f;
	}
	find_users(l, f, n, &l->found);
	l->looked = true;
}

void live_complain(const struct live *l)
{
	const struct obstacles *o = &l->found;
	char at[64];

	for (unsigned k = 0; k < l->n; k++)
		if (l->function[k].changed)
			cmd_complain("%s: removed or replaced meanwhile: see vgapass list",
				     text_make(at, sizeof(at), "%pa", &l->function[k].f->at));
	for (unsigned i = 0; i < o->n && i < OBSTACLES_MAX; i++)
		cmd_complain("%s: in use: %s",
			     text_make(at, sizeof(at), "%pa", &o->obstacle[i].f->at),
			     o->obstacle[i].text);
	if (o->n > OBSTACLES_MAX)
		cmd_complain("and %u more", o->n - OBSTACLES_MAX);
	if (o->blind)
		cmd_complain("%s", o->blind);
}

bool live_is_free(struct live *l)
{
	bool good = true;

	l->looked = false;
	if (!live_run(l, 1, look_item) || !l->looked) {
		cmd_complain("the kernel has not returned from looking at who uses the cards: see "
			     "the kernel log");
		return false;
	}
	live_complain(l);
	for (unsigned k = 0; k < l->n; k++)
		good = good && !l->function[k].changed;
	return good && !l->found.n && !l->found.blind;
}

bool live_may_take(struct live *l, unsigned k)
{
	static struct obstacles found;
	struct live_function *one = &l->function[k];

	if (l->stop)
		return false;
	read_again(l, k);
	find_users(l, &one->f, one->wanted && !one->changed, &found);
	if (!one->changed && !found.n && !found.blind)
		return true;
	l->found = found;
	l->stop = true;
	return false;
}
