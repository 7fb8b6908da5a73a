/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iommu.c - the IOMMU, its groups, and interrupt remapping */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "hook/image/cpio.h"
#include "runtime/io/sysfs.h"
#include "cli/machine/group.h"

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

/* True: the kernel splits the value at commas: drivers/iommu/intel/iommu.c,
 * intel_iommu_setup(). */
static bool intel_is_on(const struct check *c)
{
	struct slice rest = slice_of(c->host->run.cmdline), word;

	while ((word = slice_next(&rest, '"')).n) {
		if (!slice_is(slice_cut(&word, '='), "intel_iommu"))
			continue;
		while (word.n)
			if (slice_is(slice_cut(&word, ','), "on"))
				return true;
	}
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
	else if (intel_is_on(c))
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
		check_say(c, CHECK_ERROR, "", "the IOMMU is off\nturn it on in the firmware setup%s",
			  cpu && strstr(cpu, "CPU implementer") ? " (SMMU)" : "");
	free(cpu);
}

void check_iommu(struct check *c)
{
	if (!c->host->run.input_error && !is_on(c))
		say_off(c);
}

/* One function without a group, where others have theirs. The boot may hope that it comes with
 * the probe, as on arm64; here a driver has probed it. */
void check_no_group(struct check *c)
{
	const struct run *r = &c->host->run;

	if (!is_on(c))
		return;
	for (unsigned i = 0; i < r->inv.functions; i++) {
		const struct pci_function *f = &r->inv.function[i];
		const struct plan_entry *e = &r->plan.entry[i];
		bool hopes = e->state == STATE_PLANNED && !e->rule->iommu_ignore && f->group < 0;
		if (e->reason != REASON_NO_GROUP && !(hopes && *f->driver))
			continue;
		check_say(c, CHECK_ERROR, check_address(f), "has no IOMMU group, while other "
			  "functions have theirs\n%s", strstr(r->cmdline, "igfx_off") ?
			  "take igfx_off out of the kernel command line, and reboot" :
			  "put the card into another slot, or look for its IOMMU in the firmware setup");
	}
}

/* --- groups that a guest cannot have */

/* The function that speaks for its group: the first that a rule is about, and rather one that
 * it names than one that goes along. NULL: no rule is about the group. */
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

/* Says what group_judge() has to say of each group that a rule is about. */
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
			check_say(c, state == GROUP_FOR_NOW ? CHECK_WARNING : CHECK_ERROR,
				  check_address(f), "%s\n%s", words.what, words.advice);
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

/* The boot binds such functions in the end, once udev has loaded the module, and gives them
 * back where it does not. */
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
	/* One that is built in has no such file. */
	if (!f || !sysfs_exists(c->host->roots.sys, "module/" LATE_IOMMU "/initstate"))
		return;
	kernels_find(c, &kernels);
	for (unsigned i = 0; i < kernels.n; i++)
		for (unsigned k = 0; k < kernels.kernel[i].images; k++)
			look_at_image(c, &kernels.kernel[i], kernels.kernel[i].image[k], f);
	kernels_free(&kernels);
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
