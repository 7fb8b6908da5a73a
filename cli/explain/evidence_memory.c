/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evidence_memory.c - memory of a function: who holds it, its ROM, the boot display; see
 * evidence.h */
#include "evidence.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/machine/iomem.h"

static void say_holder(const char *line, void *arg)
{
	explain_say(arg, "/proc/iomem: %s", line);
}

static void say_boot_display(struct explanation *f, const struct pci_function *one)
{
	if (one->boot_display)
		explain_say(f, "%s is the boot display: the firmware has drawn on it",
			    evidence_name(one));
}

void evidence_bar(struct explanation *f)
{
	const struct pci_function *one = evidence_function(f);
	char *text = one ? evidence_read(f, "proc/iomem") : NULL;
	char at[PCI_ADDRESS_SIZE];

	if (!one)
		return;
	pci_put_address(at, &one->at);
	unsigned n = text ? iomem_holders(text, at, say_holder, f) : 0;
	if (text && !n)
		explain_say(f, "/proc/iomem: nothing holds memory of %s now", at);
	else if (!text)
		explain_say(f, "/proc/iomem cannot be read: run vgapass explain as root");
	if (text && iomem_framebuffer(text, at)) {
		explain_fix(f, FIX_ADVICE, "shut the guest down, and unbind the framebuffer");
		explain_fix(f, FIX_COMMAND, "%s", IOMEM_UNBIND);
		explain_fix(f, FIX_ADVICE, "start the guest again");
	}
	say_boot_display(f, one);
	free(text);
}

/* A line of `resource` is start, end and flags of a BAR, the ROM or a window; one that the kernel
 * could not place starts at 0 (drivers/pci/pci-sysfs.c). */
static void say_resource(struct explanation *f, const struct pci_function *one, const char *line,
			 unsigned i)
{
	unsigned long long start, end, flags;

	if (sscanf(line, "%llx %llx %llx", &start, &end, &flags) == 3 && flags && end && !start)
		explain_say(f, "BAR %u of %s has no memory now: %llu MiB", i, evidence_name(one),
			    (end + 1) >> 20);
}

void evidence_bar_space(struct explanation *f)
{
	const struct pci_function *one = evidence_function(f);
	char text[4096];
	unsigned i = 0;

	if (!one || sysfs_read(f->host->run.inv.devices, path_function(one, "resource"), text,
			       sizeof(text)) < 0)
		return;
	for (struct slice rest = slice_of(text); rest.n && i < 6; i++)
		say_resource(f, one, slice_cut(&rest, '\n').p, i);
}

static void say_rom(struct explanation *f, const struct pci_function *one)
{
	int devices = f->host->run.inv.devices;

	say_boot_display(f, one);
	if (PCI_CLASS_BASE(one->class) == PCI_BASE_DISPLAY)
		explain_say(f, sysfs_exists(devices, path_function(one, "rom")) ?
			    "%s has a ROM that can be read" :
			    "%s shows no ROM: the guest needs a copy (romfile)",
			    evidence_name(one));
}

void evidence_rom(struct explanation *f)
{
	evidence_each(f, say_rom);
}

static void say_display(struct explanation *f, const struct pci_function *one)
{
	if (PCI_CLASS_BASE(one->class) != PCI_BASE_DISPLAY)
		return;
	explain_say(f, "%s is on %s", evidence_name(one), *one->driver ? one->driver : "no driver");
	say_rom(f, one);
}

void evidence_display(struct explanation *f)
{
	evidence_each(f, say_display);
}
