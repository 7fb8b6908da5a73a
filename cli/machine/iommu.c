/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iommu.c - see iommu.h */
#include "iommu.h"

#include <stdlib.h>
#include <string.h>

#include "bootline.h"
#include "smmu.h"
#include "cli/out/xalloc.h"
#include "runtime/core/driver.h"
#include "runtime/io/sysfs.h"

#define CPUINFO_MAX 65536
#define TABLES "firmware/acpi/tables/"

bool iommu_is_on(const struct host *h)
{
	const struct inventory *inv = &h->run.inv;

	for (unsigned i = 0; i < inv->functions; i++)
		if (inv->function[i].group >= 0)
			return true;
	return false;
}

bool iommu_is_xens(const struct host *h)
{
	char type[8] = "";

	sysfs_read(h->roots.sys, "hypervisor/type", type, sizeof(type));
	return !iommu_is_on(h) && !memcmp(type, "xen", 3) && sysfs_exists(h->roots.proc, "xen");
}

/* The value without the quotes that may stand around it, or around the whole word. */
static struct slice unquoted(struct slice s)
{
	while (s.n && *s.p == '"')
		s.p++, s.n--;
	while (s.n && s.p[s.n - 1] == '"')
		s.n--;
	return s;
}

/* The kernel compares keys without telling '-' from '_' (parameq() in kernel/params.c), and of a
 * value only the beginning, "on" of "on_now" (intel_iommu_setup() and the like). */
static bool is_value(struct slice word, const char *value)
{
	size_t n = strlen(value);

	return word.n >= n && !memcmp(word.p, value, n);
}

bool iommu_word(const struct host *h, const char *key, const char *value)
{
	struct slice rest = slice_of(h->run.cmdline), word;
	bool has = false;

	while ((word = unquoted(slice_next(&rest, '"'))).n) {
		if (!module_same_name(slice_cut(&word, '='), slice_of(key)))
			continue;
		word = unquoted(word);
		while (word.n)
			if (is_value(slice_cut(&word, ','), value))
				has = true;
	}
	return has;
}

/* Which of two values a parameter has in the end: the kernel takes them in order
 * (drivers/iommu/intel/iommu.c, intel_iommu_setup()). */
static bool is_last(const struct host *h, const char *key, const char *value, const char *other)
{
	struct slice rest = slice_of(h->run.cmdline), word;
	bool is = false;

	while ((word = unquoted(slice_next(&rest, '"'))).n) {
		if (!module_same_name(slice_cut(&word, '='), slice_of(key)))
			continue;
		word = unquoted(word);
		while (word.n) {
			struct slice one = slice_cut(&word, ',');
			is = is_value(one, value) || (is && !is_value(one, other));
		}
	}
	return is;
}

/* The machine, as far as it tells by its CPU and by what the firmware shows of it. */
struct machine {
	bool intel, amd, arm, guest;
	bool dmar, ivrs, iort;
	enum smmu smmu;
};

static void look_at_machine(const struct host *h, struct machine *m)
{
	char *cpu = xcalloc(1, CPUINFO_MAX);

	/* The vendor stands in the first lines; the rest may be cut. */
	sysfs_read(h->roots.proc, "cpuinfo", cpu, CPUINFO_MAX - 1);
	m->dmar = sysfs_exists(h->roots.sys, TABLES "DMAR");
	m->ivrs = sysfs_exists(h->roots.sys, TABLES "IVRS");
	m->iort = sysfs_exists(h->roots.sys, TABLES "IORT");
	m->intel = m->dmar || strstr(cpu, "GenuineIntel");
	m->amd = m->ivrs || strstr(cpu, "AuthenticAMD") || strstr(cpu, "HygonGenuine");
	m->arm = m->iort || strstr(cpu, "CPU implementer");
	/* A saved machine may be without its processor. */
	m->arm |= !*cpu && !m->dmar && !m->ivrs && smmu_device_tree(h->roots.sys);
	if (m->arm)
		m->smmu = smmu_in_firmware(h->roots.sys);
	m->guest = m->arm ? smmu_is_guest(h->roots.sys) && m->smmu != SMMU_SHOWN :
			    strstr(cpu, " hypervisor") && !m->dmar && !m->ivrs;
	/* Who made the processor made the root bus, too. */
	if (!m->intel && !m->amd && !m->arm) {
		m->intel = h->run.inv.function[0].vendor == 0x8086;
		m->amd = h->run.inv.function[0].vendor == 0x1022;
	}
	free(cpu);
}

/* A word of the kernel command line that turns the IOMMU off; NULL: none. */
static const char *word_off(const struct host *h, const struct machine *m)
{
	if (!m->arm && iommu_word(h, "acpi", "off"))
		return "acpi=off";
	if (!m->arm && iommu_word(h, "iommu", "off"))
		return "iommu=off";
	if (m->intel && is_last(h, "intel_iommu", "off", "on"))
		return "intel_iommu=off";
	if (m->amd && iommu_word(h, "amd_iommu", "off"))
		return "amd_iommu=off";
	return NULL;
}

/* The fix is to add a word to the kernel command line, or to remove it there. */
static void change_line(const struct host *h, struct iommu_text *t, const char *word, bool add)
{
	text_make(t->change, sizeof(t->change), add ? "add %s to" : "remove %s from", word);
	text_make(t->fix, sizeof(t->fix), "%s %s, and reboot", t->change, bootline_place(h));
}

static void explain_intel(const struct host *h, bool table, struct iommu_text *t)
{
	const char *what, *fix;

	if (!table) {
		what = "the IOMMU is off: the firmware shows none (no ACPI table DMAR)";
		fix = "turn on VT-d (Intel Virtualization Technology for Directed I/O) in the "
		      "firmware setup";
	} else if (is_last(h, "intel_iommu", "on", "off")) {
		what = "the IOMMU is off, though the firmware and intel_iommu=on turn it on";
		fix = "read dmesg | grep -e DMAR -e IOMMU; update the firmware, or take a "
		      "kernel with "
		      "CONFIG_INTEL_IOMMU";
	} else {
		what = "the IOMMU is off: the firmware has it on, the kernel does not use it";
		fix = NULL;
	}
	text_make(t->what, sizeof(t->what), "%s", what);
	if (fix)
		text_make(t->fix, sizeof(t->fix), "%s", fix);
	else
		change_line(h, t, "intel_iommu=on", true);
}

static void explain_amd(bool table, struct iommu_text *t)
{
	text_make(t->what, sizeof(t->what),
		  table ? "the IOMMU is off, though the firmware has it on" :
			  "the IOMMU is off: the firmware shows none (no ACPI table IVRS)");
	text_make(
		t->fix, sizeof(t->fix),
		table ? "read dmesg | grep AMD-Vi; update the firmware, or take a kernel with "
			"CONFIG_AMD_IOMMU" :
			"turn on IOMMU (AMD-Vi; often under AMD CBS, NBIO) in the firmware "
			"setup: Enabled, "
			"not Auto");
}

static void explain_arm(const struct machine *m, struct iommu_text *t)
{
	const char *where = m->iort ? "ACPI table IORT" : "device tree";

	if (m->smmu == SMMU_SHOWN) {
		text_make(t->what, sizeof(t->what),
			  "the IOMMU is off, though the firmware describes it (%s)", where);
		text_make(t->fix, sizeof(t->fix),
			  "read dmesg | grep -i smmu; take a kernel with CONFIG_ARM_SMMU_V3 or "
			  "CONFIG_ARM_SMMU");
	} else if (m->smmu == SMMU_NONE) {
		text_make(t->what, sizeof(t->what),
			  "the IOMMU is off: the firmware shows none (no SMMU in the %s)", where);
		text_make(t->fix, sizeof(t->fix),
			  m->iort ? "turn on the SMMU (some call it IOMMU) in the firmware setup" :
				    "update the firmware, or boot with a device tree whose PCI "
				    "host has iommu-map; many boards have no SMMU for PCI");
	} else {
		text_make(t->what, sizeof(t->what), "the IOMMU is off");
		text_make(t->fix, sizeof(t->fix),
			  "turn on the SMMU (some call it IOMMU) in the firmware setup, or read "
			  "dmesg | grep -i smmu");
	}
}

static void explain_guest(const struct machine *m, struct iommu_text *t)
{
	text_make(t->what, sizeof(t->what),
		  "there is no IOMMU, as this is a virtual machine itself");
	text_make(t->fix, sizeof(t->fix), "give it one: %s",
		  m->arm ? "QEMU's -machine virt,iommu=smmuv3, libvirt's <iommu model='smmuv3'/>" :
			   "QEMU's -device intel-iommu, libvirt's <iommu model='intel'/>");
}

static void explain_other(struct iommu_text *t)
{
	text_make(t->what, sizeof(t->what), "the IOMMU is off");
	text_make(t->fix, sizeof(t->fix), "turn it on in the firmware setup");
}

void iommu_explain(const struct host *h, struct iommu_text *ret)
{
	struct machine m = { 0 };

	*ret->change = '\0';
	look_at_machine(h, &m);
	const char *word = word_off(h, &m);

	if (iommu_is_xens(h)) {
		text_make(ret->what, sizeof(ret->what),
			  "Xen has the IOMMU, so the kernel sees none and VFIO cannot work");
		text_make(ret->fix, sizeof(ret->fix),
			  "write driver=pciback iommu=ignore to the rules for Xen's guests; for "
			  "VFIO boot the kernel without Xen");
	} else if (word) {
		text_make(ret->what, sizeof(ret->what),
			  "the IOMMU is off: %s is on the kernel command "
			  "line",
			  word);
		change_line(h, ret, word, false);
	} else if (m.guest) {
		explain_guest(&m, ret);
	} else if (m.intel) {
		explain_intel(h, m.dmar, ret);
	} else if (m.amd) {
		explain_amd(m.ivrs, ret);
	} else if (m.arm) {
		explain_arm(&m, ret);
	} else {
		explain_other(ret);
	}
}

const char *iommu_fix_of_one(const struct host *h)
{
	return iommu_word(h, "intel_iommu", "igfx_off") ?
		       "remove igfx_off from the kernel command line, and reboot" :
		       "put the card into another slot, or look for its IOMMU in the firmware "
		       "setup";
}
