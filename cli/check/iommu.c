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

void check_iommu(struct check *c)
{
	struct iommu_text t;

	if (c->host->run.input_error || iommu_is_on(c->host))
		return;
	iommu_explain(c->host, &t);
	check_say(c, CHECK_ERROR, "", "%s\n%s", t.what, t.fix);
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
		check_say(c, CHECK_ERROR, check_address(f), "has no IOMMU group, while other "
			  "functions have theirs\n%s", iommu_fix_of_one(c->host));
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

void check_groups(struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;
	char names[1024], advice[HOST_NAME_MAX];
	struct text t;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (f != find_lead(c, f->group))
			continue;
		text_start(&t, names, sizeof(names));
		if (group_list(c->host, f->group, GROUP_HELD, true, &t)) {
			check_say(c, CHECK_ERROR, check_address(f), "its IOMMU group %d is not viable for "
				  "a guest: the host's drivers have %s\n%s", (int)f->group, names,
				  group_advice(c->host, f, advice));
			continue;
		}
		text_start(&t, names, sizeof(names));
		if (group_list(c->host, f->group, GROUP_WANTED, true, &t))
			check_say(c, CHECK_WARNING, check_address(f), "its IOMMU group %d is viable for a "
				  "guest only until the host loads drivers for %s\nwrite rules for them, or "
				  "blacklist these modules", (int)f->group, names);
	}
}

/* A region of type "direct" is memory that the firmware keeps for itself through this
 * function (RMRR); the kernel gives no such function to a guest. */
void check_reserved(struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (f != find_lead(c, f->group) || !group_is_reserved(c->host, f->group))
			continue;
		check_say(c, CHECK_ERROR, check_address(f), "the firmware keeps memory of its own "
			  "through it (RMRR), so the kernel gives it to no guest\nturn that off in the "
			  "firmware setup (HP: conrep, shared memory of the slot), or put the card "
			  "into another slot");
	}
}

/* --- an IOMMU whose driver is a module: groups come when that is loaded */

#define LATE_IOMMU "virtio_iommu"

static bool is_late_iommu(const char *name, void *arg)
{
	const char *file = strrchr(name, '/');

	(void)arg;
	return file && (!strncmp(file, "/virtio-iommu.ko", 16) || !strncmp(file, "/virtio_iommu.ko", 16));
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
	const struct image_visitor visitor = { is_late_iommu, count_file, &n };
	char *path = check_path(c, image);
	int r = image_read(path, &visitor);

	free(path);
	if (!r && n)
		check_say(c, CHECK_OK, check_line(image, 0), "holds " LATE_IOMMU ", a module, so %s is "
			  "bound late in the boot, once udev has loaded it\n", check_address(f));
	else if (!r)
		check_say(c, CHECK_WARNING, check_line(image, 0), "lacks " LATE_IOMMU ", the module that "
			  "makes the IOMMU groups: the boot finds none and gives %s back to the host\nadd "
			  LATE_IOMMU " to the modules of boot images (/etc/initramfs-tools/modules, "
			  "add_drivers of dracut, MODULES of mkinitcpio), and %s", check_address(f),
			  check_rebuild(c, k->version));
}

void check_late_iommu(struct check *c)
{
	static struct kernels kernels;
	const struct inventory *inv = &c->host->run.inv;
	const struct pci_function *f = NULL;

	for (unsigned i = 0; i < inv->functions && !f; i++)
		if (inv->function[i].group >= 0 && check_is_planned(c, &inv->function[i]))
			f = &inv->function[i];
	/* A driver that is built in has no initstate. */
	if (!f || !sysfs_exists(c->host->roots.sys, "module/" LATE_IOMMU "/initstate"))
		return;
	kernels_find(c, &kernels);
	for (unsigned i = 0; i < kernels.n; i++)
		for (unsigned k = 0; k < kernels.kernel[i].images; k++)
			look_at_image(c, &kernels.kernel[i], kernels.kernel[i].image[k], f);
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
	bool x86 = text && (strstr(text, " IO-APIC") || strstr(text, " PCI-MSI"));
	bool remapped = text && strstr(text, " IR-");

	free(text);
	if (!x86 || remapped)
		return;
	if (iommu_word(c->host, "intremap", "off") || has_word(c, "nointremap"))
		check_say(c, CHECK_ERROR, "", "interrupt remapping is off by the kernel command "
			  "line: VFIO refuses guests\nremove intremap=off from %s, and reboot",
			  bootline_place(c->host));
	else
		check_say(c, CHECK_WARNING, "", "no interrupt remapping: VFIO may refuse guests "
			  "(Operation not permitted)\nturn on interrupt remapping or x2APIC in the "
			  "firmware setup; without it, and for guests that you trust, write options "
			  "vfio_iommu_type1 allow_unsafe_interrupts=1 to /etc/modprobe.d/vfio.conf");
}
