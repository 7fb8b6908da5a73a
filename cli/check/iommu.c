/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iommu.c - the IOMMU, its groups, and interrupt remapping */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "hook/image/cpio.h"
#include "runtime/io/sysfs.h"
#include "cli/machine/bootline.h"
#include "cli/machine/group.h"
#include "cli/machine/iommu.h"

/* True: Xen isolates its guests, and no rule is for VFIO. */
static bool is_for_xen(const struct check *c)
{
	const struct config *config = &c->host->run.config;
	bool all = iommu_is_xens(c->host);

	for (unsigned i = 0; i < config->rules; i++)
		all &= config->rule[i].keep || strstr(config->rule[i].driver, "pciback");
	return all;
}

void check_iommu(struct check *c)
{
	struct iommu_text t;

	if (c->host->run.input_error || iommu_is_on(c->host) || is_for_xen(c))
		return;
	iommu_explain(c->host, &t);
	check_say(c, FINDING_ERROR, CODE_IOMMU_OFF, "", "%s", t.what);
	if (*t.change)
		check_bootline(c, "%s", t.change);
	else
		check_advise(c, "%s", t.fix);
}

/* Reports functions without a group on a machine whose IOMMU is on. On arm64 a group may
 * appear when a driver probes the function, so a function without a driver is not reported. */
void check_no_group(struct check *c)
{
	const struct run *r = &c->host->run;

	if (!iommu_is_on(c->host))
		return;
	for (unsigned i = 0; i < r->inv.functions; i++) {
		const struct pci_function *f = &r->inv.function[i];
		const struct plan_entry *e = &r->plan.entry[i];
		bool hopes = e->state == STATE_PLANNED && !e->rule->iommu_ignore && f->group < 0;
		if (e->reason != REASON_NO_GROUP && !(hopes && *f->driver))
			continue;
		check_say(c, FINDING_ERROR, CODE_GROUP_MISSING, check_address(f),
			  "has no IOMMU group, while other functions have theirs");
		check_advise(c, "%s", iommu_fix_of_one(c->host));
	}
}

/* --- groups that a guest cannot have */

/* Returns the function that reports are about for a group: the first that a rule names, or else
 * the first that goes along. NULL: no rule is about the group. */
static const struct pci_function *find_lead(const struct check *c, int32_t group)
{
	const struct inventory *inv = &c->host->run.inv;
	const struct pci_function *along = NULL;

	for (unsigned i = 0; i < inv->functions && group >= 0; i++) {
		const struct pci_function *f = &inv->function[i];
		if (f->group != group || !group_is_meant(host_entry(c->host, f)))
			continue;
		if (!host_entry(c->host, f)->companion)
			return f;
		along = along ? along : f;
	}
	return along;
}

static void say_group(struct check *c, const struct pci_function *f, enum group_state state,
		      const struct group_words *words)
{
	const struct rule *rule = host_entry(c->host, f)->rule;
	enum check_code code = state == GROUP_FOR_NOW  ? CODE_GROUP_FRAGILE :
			       state == GROUP_RESERVED ? CODE_GROUP_RESERVED :
							 CODE_GROUP_NOT_VIABLE;

	check_say(c, state == GROUP_FOR_NOW ? FINDING_WARNING : FINDING_ERROR, code,
		  check_address(f), "%s", words->what);
	/* "write with=slot to its rule" */
	check_follow(c, strstr(words->advice, "to its rule") ? check_place(&rule->at) : NULL,
		     words->advice);
}

/* Reports what group_judge() says of each group that a rule is about. */
static void say_groups(struct check *c, bool reserved)
{
	const struct inventory *inv = &c->host->run.inv;
	struct group_words words;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (f != find_lead(c, f->group))
			continue;
		enum group_state state = group_judge(c->host, f, NULL, &words);
		if (state != GROUP_OPEN && (state == GROUP_RESERVED) == reserved)
			say_group(c, f, state, &words);
	}
}

void check_groups(struct check *c)
{
	say_groups(c, false);
}

void check_reserved(struct check *c)
{
	say_groups(c, true);
}

/* --- an IOMMU whose driver is a module: groups come when that is loaded */

#define LATE_IOMMU "virtio_iommu"

static bool is_late_iommu(const char *name, void *arg)
{
	const char *file = strrchr(name, '/');

	(void)arg;
	return file && (!strncmp(file, "/virtio-iommu.ko", 16) ||
			!strncmp(file, "/virtio_iommu.ko", 16));
}

static int count_file(const char *name, const void *data, size_t n, void *arg)
{
	(void)name;
	(void)data;
	(void)n;
	++*(unsigned *)arg;
	return 0;
}

/* The boot binds such a function after udev has loaded the module. If the image lacks the
 * module, the boot gives the function back to the host. */
static void look_at_image(struct check *c, const struct kernel *k, const char *image,
			  const struct pci_function *f)
{
	unsigned n = 0;
	const struct cpio_visitor visitor = { is_late_iommu, count_file, &n };
	char *path = check_path(c, image);
	int r = cpio_read(path, &visitor);

	free(path);
	if (r)
		return;
	if (n) {
		check_say(c, FINDING_OK, CODE_IOMMU_MODULE, check_line(image, 0),
			  "holds the module " LATE_IOMMU ", so %s is bound once udev has loaded it",
			  check_address(f));
		return;
	}
	check_say(c, FINDING_WARNING, CODE_IOMMU_MODULE_MISSING, check_line(image, 0), "lacks "
		  LATE_IOMMU ", the module of the IOMMU, so the boot gives %s back to the host",
		  check_address(f));
	check_advise(c, "add " LATE_IOMMU " to /etc/initramfs-tools/modules, add_drivers of dracut "
		     "or MODULES of mkinitcpio");
	check_rebuild(c, k->version, NULL);
}

void check_late_iommu(struct check *c)
{
	struct kernels kernels;
	const struct inventory *inv = &c->host->run.inv;
	const struct pci_function *f = NULL;

	for (unsigned i = 0; i < inv->functions && !f; i++)
		if (inv->function[i].group >= 0 && check_is_planned(c, &inv->function[i]))
			f = &inv->function[i];
	/* A driver that is built in has no initstate. */
	if (!f || !sysfs_exists(c->host->roots.sys, "module/" LATE_IOMMU "/initstate"))
		return;
	kernels_find(c->host, &kernels);
	for (unsigned i = 0; i < kernels.n; i++)
		for (unsigned k = 0; k < kernels.kernel[i].images; k++)
			look_at_image(c, &kernels.kernel[i], kernels.kernel[i].image[k].path, f);
	kernels_free(&kernels);
}

static bool has_word(const struct check *c, const char *word)
{
	struct slice rest = slice_of(c->host->run.cmdline), one;

	while ((one = slice_next(&rest, '"')).n)
		if (slice_is(one, word))
			return true;
	return false;
}

/* With interrupt remapping the names of interrupt controllers begin with IR-. */
void check_remapping(struct check *c)
{
	char *text = iommu_is_on(c->host) ? check_read(c, "proc/interrupts") : NULL;
	/* On arm64 DesignWare's root complexes call theirs PCI-MSI too, beside a GIC. */
	bool x86 = text && !strstr(text, " GIC") &&
		   (strstr(text, " IO-APIC") || strstr(text, " PCI-MSI"));
	bool remapped = text && strstr(text, " IR-");

	free(text);
	if (!x86 || remapped)
		return;
	if (iommu_word(c->host, "intremap", "off") || has_word(c, "nointremap")) {
		check_say(c, FINDING_ERROR, CODE_REMAPPING_DISABLED, "", "interrupt remapping is "
			  "off by the kernel command line, so VFIO refuses guests");
		check_bootline(c, "remove %s from", has_word(c, "nointremap") ? "nointremap" :
										"intremap=off");
		return;
	}
	check_say(c, FINDING_WARNING, CODE_REMAPPING_MISSING, "", "interrupt remapping is off, so "
		  "VFIO may refuse guests (Operation not permitted)");
	check_advise(c, "turn on interrupt remapping or x2APIC in the firmware setup");
	check_edit(c, "/etc/modprobe.d/vfio.conf", "without it, and for guests that you trust, "
		   "write options vfio_iommu_type1 allow_unsafe_interrupts=1");
}
