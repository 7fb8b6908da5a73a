/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qemu.c - options of QEMU's command line */
#include "assign.h"

#include <stdio.h>

#include "cli/cmd.h"

/* Machine pc has no PCI Express: the card is a slot of its only bus, pci.0. */
static void print_root_port(const struct assign *a, const char *between)
{
	if (!a->pc)
		printf("-device pcie-root-port,id=vgapass%u,chassis=%u%s", a->slot, a->slot,
		       between);
}

void assign_qemu_words(const struct assign *a, const char *between)
{
	print_root_port(a, between);
	for (unsigned i = 0; i < a->card->n; i++) {
		const struct pci_function *f = a->card->function[i];
		printf("%s-device vfio-pci,host=%04x:%02x:%02x.%x,", i ? between : "",
		       f->at.domain, f->at.bus, ASSIGN_SLOT(f), ASSIGN_FUNCTION(f));
		if (a->pc)
			printf("bus=pci.0,addr=%02x", a->slot);
		else
			printf("bus=vgapass%u,addr=00", a->slot);
		printf(".%x%s", assign_number(a->card, i),
		       i == 0 && a->card->n > 1 ? ",multifunction=on" : "");
	}
}

static void print_group(unsigned group)
{
	printf("# Whoever runs it needs to read and write /dev/vfio/%u,\n", group);
}

static int print_mdev(const struct assign *a)
{
	print_root_port(a, " \\\n");
	printf("-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/%s,", a->mdev->uuid);
	if (a->pc)
		printf("bus=pci.0,addr=%02x.0\n", a->slot);
	else
		printf("bus=vgapass%u,addr=00.0\n", a->slot);
	assign_mdev_name(a, "# ");
	if (a->mdev->group >= 0)
		printf("# Whoever runs it needs to read and write /dev/vfio/%d.\n",
		       a->mdev->group);
	return CMD_OK;
}

/* The comments come last: in front of the options they would end the command. */
int assign_qemu(const struct assign *a)
{
	char at[64];

	if (a->mdev)
		return print_mdev(a);
	assign_qemu_words(a, " \\\n");
	printf("\n# For -machine %s: the last lines of a script's command, or\n"
	       "#     eval \"qemu-system-x86_64 -machine %s ... $(vgapass assign %s --for "
	       "qemu%s)\"\n",
	       a->pc ? "pc" : "q35", a->pc ? "pc" : "q35",
	       text_make(at, sizeof(at), "%pa", &a->card->function[0]->at),
	       a->pc ? " --machine pc" : "");
	assign_names(a, "# ");
	assign_each_group(a, print_group);
	puts("# and to lock all of the guest's memory, which the IOMMU maps for the card: for "
	     "another\n"
	     "# user than root \"ulimit -l\" must be the guest's memory and 1 GiB more, in KiB.");
	return CMD_OK;
}
