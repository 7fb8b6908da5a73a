/* SPDX-License-Identifier: GPL-2.0-or-later */
/* proxmox.c - Proxmox VE: a line of VMID.conf, and a resource mapping */
#include "assign.h"

#include <stdio.h>
#include <string.h>

#include "runtime/io/sysfs.h"
#include "cli/cmd.h"

/* True: the address without its function means this card and nothing else. */
static bool is_whole_slot(const struct assign *a)
{
	const struct inventory *inv = &a->host->run.inv;
	unsigned n = 0;

	for (unsigned i = 0; i < inv->functions; i++)
		n += pci_same_slot(&inv->function[i].at, &a->card->function[0]->at);
	for (unsigned i = 1; i < a->card->n; i++)
		if (!pci_same_slot(&a->card->function[i]->at, &a->card->function[0]->at))
			return false;
	return n == a->card->n && n > 1;
}

/* Addresses with ";" between, as hostpci in PVE/QemuServer/PCI.pm has them, and a mapping's
 * path in PVE/Mapping/PCI.pm. */
static void print_addresses(const struct assign *a)
{
	bool whole = is_whole_slot(a);

	for (unsigned i = 0; i < (whole ? 1 : a->card->n); i++) {
		const struct pci_function *f = a->card->function[i];
		printf("%s%04x:%02x:%02x", i ? ";" : "", f->at.domain, f->at.bus, ASSIGN_SLOT(f));
		if (!whole)
			printf(".%x", ASSIGN_FUNCTION(f));
	}
}

/* Without driver=keep Proxmox binds a function on a variant driver to vfio-pci. On vfio-pci it
 * would only leave out the reset. Only machine q35 has PCI Express. */
static void print_hostpci(const struct assign *a)
{
	bool display = false;

	for (unsigned i = 0; i < a->card->n; i++)
		display |= a->card->function[i]->boot_display;
	if (a->mapping)
		printf("mapping=%s", a->mapping);
	else
		print_addresses(a);
	printf("%s%s%s", a->pc ? "" : ",pcie=1", display ? ",x-vga=1" : "",
	       assign_has_variant(a) ? ",driver=keep" : "");
}

/* All properties but the node's name are held against the card at each start. */
static void print_mapping(const struct assign *a)
{
	const struct pci_function *f = a->card->function[0];
	char node[64];

	if (sysfs_read_file(a->host->roots.proc, "sys/kernel/hostname", node, sizeof(node)) < 0 ||
	    !node[strspn(node, "\n")])
		strcpy(node, "NODE");
	node[strcspn(node, ".\n")] = '\0';
	printf("# In /etc/pve/mapping/pci.cfg, the second line with a tab in front; another "
	       "\"map\" line is another\n# card that may be given in its place, on this node or "
	       "another:\n"
	       "%s\n\tmap id=%04x:%04x,iommugroup=%u,node=%s,path=", a->mapping, f->vendor,
	       f->device,
	       (unsigned)f->group, node);
	print_addresses(a);
	if (f->subvendor || f->subdevice)
		printf(",subsystem-id=%04x:%04x", f->subvendor, f->subdevice);
	putchar('\n');
}

int assign_proxmox(const struct assign *a)
{
	assign_names(a, "# ");
	if (a->mapping)
		print_mapping(a);
	printf("# In /etc/pve/qemu-server/VMID.conf above the first [section], for machine: %s; "
	       "or by\n#     qm set VMID --hostpci%u '", a->pc ? "pc" : "q35", a->slot);
	print_hostpci(a);
	puts("'");
	if (assign_has_variant(a))
		puts("# driver=keep is known to qemu-server 9.0.25 and later.");
	printf("hostpci%u: ", a->slot);
	print_hostpci(a);
	putchar('\n');
	return CMD_OK;
}
