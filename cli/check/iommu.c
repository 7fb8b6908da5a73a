/* iommu.c - the IOMMU, its groups, and interrupt remapping */
#define _GNU_SOURCE
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "../../runtime/io/path.h"
#include "../../runtime/io/sysfs.h"

static bool is_on(const struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;

	for (unsigned i = 0; i < inv->functions; i++)
		if (inv->function[i].group >= 0)
			return true;
	return false;
}

/* True: the kernel command line has this very word. */
static bool cmdline_has(const struct check *c, const char *word)
{
	struct slice rest = slice_of(c->host->run.cmdline), one;

	while ((one = slice_next(&rest, '"')).n)
		if (slice_is(one, word))
			return true;
	return false;
}

/* A word of the kernel command line that turns the IOMMU off; NULL: none. */
static const char *word_off(const struct check *c)
{
	static const char *const words[] = { "iommu=off", "intel_iommu=off", "amd_iommu=off" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (cmdline_has(c, words[i]))
			return words[i];
	return NULL;
}

/* Intel's table is DMAR, AMD's IVRS: where it is, the firmware has the IOMMU on. */
static void say_intel(struct check *c, bool table)
{
	if (!table)
		check_say(c, CHECK_ERROR, "", "the IOMMU is off: the firmware shows none (no ACPI "
			  "table DMAR)\nturn on VT-d (Intel Virtualization Technology for "
			  "Directed I/O) in the firmware setup");
	else if (cmdline_has(c, "intel_iommu=on"))
		check_say(c, CHECK_ERROR, "", "the IOMMU is off, though the firmware and "
			  "intel_iommu=on turn it on\nread dmesg | grep -e DMAR -e IOMMU; update "
			  "the firmware, or take a kernel with CONFIG_INTEL_IOMMU");
	else
		check_say(c, CHECK_ERROR, "", "the IOMMU is off: the firmware has it on, the kernel "
			  "does not use it\nadd intel_iommu=on to %s, and reboot",
			  check_boot_loader(c));
}

static void say_amd(struct check *c, bool table)
{
	if (!table)
		check_say(c, CHECK_ERROR, "", "the IOMMU is off: the firmware shows none (no ACPI "
			  "table IVRS)\nturn on IOMMU (AMD-Vi; often under AMD CBS, NBIO) in the "
			  "firmware setup: Enabled, not Auto");
	else
		check_say(c, CHECK_ERROR, "", "the IOMMU is off, though the firmware has it on\nread "
			  "dmesg | grep AMD-Vi; update the firmware, or take a kernel with "
			  "CONFIG_AMD_IOMMU");
}

static void say_off(struct check *c)
{
	char *cpu = check_read(c, "proc/cpuinfo");
	const char *word = word_off(c);
	bool dmar = sysfs_exists(c->host->roots.sys, "firmware/acpi/tables/DMAR");
	bool ivrs = sysfs_exists(c->host->roots.sys, "firmware/acpi/tables/IVRS");

	if (word)
		check_say(c, CHECK_ERROR, "", "the IOMMU is off: %s is on the kernel command line\n"
			  "take it out of %s, and reboot", word, check_boot_loader(c));
	else if (cpu && strstr(cpu, " hypervisor") && !dmar && !ivrs)
		check_say(c, CHECK_ERROR, "", "there is no IOMMU, as this is a virtual machine "
			  "itself\ngive it one: QEMU's -device intel-iommu, libvirt's <iommu "
			  "model='intel'/>");
	else if (dmar || (cpu && strstr(cpu, "GenuineIntel")))
		say_intel(c, dmar);
	else if (ivrs || (cpu && (strstr(cpu, "AuthenticAMD") || strstr(cpu, "HygonGenuine"))))
		say_amd(c, ivrs);
	else
		check_say(c, CHECK_ERROR, "", "the IOMMU is off\nturn it on in the firmware setup "
			  "(VT-d, AMD-Vi, SMMU)");
	free(cpu);
}

void check_iommu(struct check *c)
{
	if (!c->host->run.input_error && !is_on(c))
		say_off(c);
}

/* One function without a group, where others have theirs. */
void check_no_group(struct check *c)
{
	const struct run *r = &c->host->run;

	if (!is_on(c))
		return;
	for (unsigned i = 0; i < r->inv.functions; i++) {
		const struct pci_function *f = &r->inv.function[i];
		if (r->plan.entry[i].reason != REASON_NO_GROUP)
			continue;
		check_say(c, CHECK_ERROR, check_address(f), "has no IOMMU group, while other "
			  "functions have theirs\n%s", strstr(r->cmdline, "igfx_off") ?
			  "take igfx_off out of the kernel command line, and reboot" :
			  "put the card into another slot, or look for its IOMMU in the firmware setup");
	}
}

/* --- groups that a guest cannot have */

struct strangers {
	char names[1024];
	struct text t;
	unsigned n;
	bool same_slot; /* all are in a slot of the planned ones */
	bool refused;   /* with=group does not take one of them */
};

static bool shares_slot(const struct check *c, const struct pci_function *g)
{
	const struct inventory *inv = &c->host->run.inv;

	for (unsigned i = 0; i < inv->functions; i++)
		if (check_is_planned(c, &inv->function[i]) && inv->function[i].group == g->group &&
		    pci_same_slot(&inv->function[i].at, &g->at))
			return true;
	return false;
}

static bool is_bridge(const struct pci_function *f)
{
	return f->bridge || PCI_CLASS_BASE(f->class) == PCI_BASE_BRIDGE;
}

/* Bridges do not count for the kernel, nor does what no driver has. */
static void find_strangers(const struct check *c, int32_t group, struct strangers *ret)
{
	const struct inventory *inv = &c->host->run.inv;

	*ret = (struct strangers){ .same_slot = true };
	text_start(&ret->t, ret->names, sizeof(ret->names));
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (f->group != group || is_bridge(f) || check_is_planned(c, f) || !*f->driver ||
		    check_is_for_guests(f->driver))
			continue;
		text_add(&ret->t, "%s%a (%s)", ret->n ? ", " : "", &f->at, f->driver);
		ret->n++;
		if (!shares_slot(c, f)) {
			ret->same_slot = false;
			ret->refused |= PCI_CLASS_BASE(f->class) == PCI_BASE_STORAGE ||
					f->class >> 8 == PCI_CLASS_USB;
		}
	}
}

/* True: it is the first planned function of its group. */
static bool is_first(const struct check *c, const struct pci_function *f)
{
	const struct pci_function *g = c->host->run.inv.function;

	for (; g < f; g++)
		if (g->group == f->group && check_is_planned(c, g))
			return false;
	return f->group >= 0 && check_is_planned(c, f);
}

void check_groups(struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;
	struct strangers s;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (!is_first(c, f))
			continue;
		find_strangers(c, f->group, &s);
		if (!s.n)
			continue;
		check_say(c, CHECK_ERROR, check_address(f), "its IOMMU group %d is not viable for a "
			  "guest: the host's drivers have %s\n%s", f->group, s.names,
			  s.same_slot ? "write with=slot to its rule" :
			  s.refused ? "put the card into another slot (a switch with ACS, or a slot "
				      "of the CPU's, has groups of its own)" :
				      "write with=group to its rule, or put the card into another slot "
				      "that has a group of its own (ACS)");
	}
}

/* A region of type "direct" is memory that the firmware keeps for itself through this
 * function (RMRR); the kernel gives no such function to a guest. */
void check_reserved(struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;
	char text[4096];

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (!is_first(c, f) ||
		    sysfs_read_file(c->host->roots.sys,
				    path_make("kernel/iommu_groups/%u/reserved_regions",
					      (unsigned)f->group), text, sizeof(text)) < 0 ||
		    !strstr(text, " direct\n"))
			continue;
		check_say(c, CHECK_ERROR, check_address(f), "the firmware keeps memory of its own "
			  "through it (RMRR), so the kernel gives it to no guest\nturn that off in the "
			  "firmware setup (HP: conrep, shared memory of the slot), or put the card "
			  "into another slot");
	}
}

/* With interrupt remapping the names of interrupt controllers begin with IR-. */
void check_remapping(struct check *c)
{
	char *text = is_on(c) ? check_read(c, "proc/interrupts") : NULL;
	bool x86 = text && (strstr(text, " IO-APIC") || strstr(text, " PCI-MSI"));
	bool remapped = text && strstr(text, " IR-");

	free(text);
	if (!x86 || remapped)
		return;
	if (cmdline_has(c, "intremap=off") || cmdline_has(c, "nointremap"))
		check_say(c, CHECK_ERROR, "", "interrupt remapping is off by the kernel command "
			  "line: VFIO refuses guests\ntake intremap=off out of %s, and reboot",
			  check_boot_loader(c));
	else
		check_say(c, CHECK_WARNING, "", "no interrupt remapping: VFIO may refuse guests "
			  "(Operation not permitted)\nturn on interrupt remapping or x2APIC in the "
			  "firmware setup; without it, and for guests that you trust, write options "
			  "vfio_iommu_type1 allow_unsafe_interrupts=1 to /etc/modprobe.d/vfio.conf");
}
