/* SPDX-License-Identifier: GPL-2.0-or-later */
/* assign_text.c - see assign_text.h */
#include "assign_text.h"

#include <string.h>

#include "cli/cmd.h"

#define SLOT(f) ((unsigned)(f)->at.devfn >> 3)
#define FUNCTION(f) ((unsigned)(f)->at.devfn & 7)

/* The function that it is in the guest: the one that it is on the host, as drivers of one
 * card find each other by that; counted from 0 where the card begins elsewhere, as no guest
 * looks for others in a slot without function 0. */
static unsigned guest_function(const struct card *card, unsigned i)
{
	return FUNCTION(card->function[0]) ? i : FUNCTION(card->function[i]);
}

/* A line "0000:01:00.0 [1002:6608] VGA compatible controller: Oland" for each function.
 * Neither XML nor SQL has "--" in a comment. */
static void print_functions(const struct assign *a, const char *before)
{
	char line[3 * HOST_NAME_MAX], class[HOST_NAME_MAX], name[HOST_NAME_MAX];

	for (unsigned i = 0; i < a->card->n; i++) {
		const struct pci_function *f = a->card->function[i];
		text_make(line, sizeof(line), "%pa [%pi] %s: %s", &f->at, f,
			  host_class(a->host, f, class), host_name(a->host, f, name));
		for (char *p = line; (p = strstr(p, "--")); p++)
			p[1] = ' ';
		printf("%s%s\n", before, line);
	}
}

#define HOSTDEV_MAX 512

/* managed='no': libvirt leaves the host's drivers alone. With slot = 0 it chooses the place
 * in the guest. */
static const char *make_hostdev(char buf[HOSTDEV_MAX], const struct card *card, unsigned i,
				unsigned slot)
{
	const struct pci_function *f = card->function[i];
	struct text t;

	text_start(&t, buf, HOSTDEV_MAX);
	text_add(&t, "<hostdev mode='subsystem' type='pci' managed='no'>\n  <source>\n"
		     "    <address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>\n"
		     "  </source>\n", f->at.domain, f->at.bus, SLOT(f), FUNCTION(f));
	if (slot)
		text_add(&t, "  <address type='pci' domain='0x0000' bus='0x%02x' slot='0x00' "
			     "function='0x%x'%s/>\n", slot, guest_function(card, i),
			 i == 0 && card->n > 1 ? " multifunction='on'" : "");
	text_add(&t, "</hostdev>");
	return buf;
}

static int print_libvirt(const struct assign *a)
{
	char buf[HOSTDEV_MAX];

	puts("<!--");
	print_functions(a, "  ");
	printf("  For a guest of machine q35 that is shut down: virsh edit GUEST, into <devices>.\n"
	       "  If its bus 0x%02x is taken, the option guest-slot chooses another one.\n-->\n",
	       a->slot);
	for (unsigned i = 0; i < a->card->n; i++)
		puts(make_hostdev(buf, a->card, i, a->slot));
	return CMD_OK;
}

/* The comments come last: in front of the options they would end the command. */
static int print_qemu(const struct assign *a)
{
	int32_t said = -1;
	char at[64];

	printf("-device pcie-root-port,id=vgapass%u,chassis=%u", a->slot, a->slot);
	for (unsigned i = 0; i < a->card->n; i++) {
		const struct pci_function *f = a->card->function[i];
		printf(" \\\n-device vfio-pci,host=%04x:%02x:%02x.%x,bus=vgapass%u,addr=00.%x%s",
		       f->at.domain, f->at.bus, SLOT(f), FUNCTION(f), a->slot,
		       guest_function(a->card, i),
		       i == 0 && a->card->n > 1 ? ",multifunction=on" : "");
	}
	printf("\n# For -machine q35: the last lines of a script's command, or\n"
	       "#     eval \"qemu-system-x86_64 -machine q35 ... $(vgapass assign %s --for qemu)\"\n",
	       text_make(at, sizeof(at), "%pa", &a->card->function[0]->at));
	print_functions(a, "# ");
	for (unsigned i = 0; i < a->card->n; i++) {
		int32_t group = a->card->function[i]->group;
		if (group != said)
			printf("# Whoever runs it needs to read and write /dev/vfio/%d,\n", (int)group);
		said = group;
	}
	puts("# and to lock all of the guest's memory, which the IOMMU maps for the card: for another\n"
	     "# user than root \"ulimit -l\" must be the guest's memory and 1 GiB more, in KiB.");
	return CMD_OK;
}

/* True: the address without its function means this card and nothing else. */
static bool is_whole_slot(const struct assign *a)
{
	const struct inventory *inv = &a->host->run.inv;
	unsigned n = 0;

	for (unsigned i = 0; i < inv->functions; i++)
		n += pci_same_slot(&inv->function[i].at, &a->card->function[0]->at);
	return n == a->card->n && n > 1;
}

/* hostpci in PVE/QemuServer/PCI.pm: addresses with ";" between, then key=value. */
static void print_hostpci(const struct assign *a)
{
	bool whole = is_whole_slot(a), display = false;

	for (unsigned i = 0; i < a->card->n; i++) {
		const struct pci_function *f = a->card->function[i];
		display |= f->boot_display;
		if (i == 0 || !whole)
			printf("%s%04x:%02x:%02x", i ? ";" : "", f->at.domain, f->at.bus, SLOT(f));
		if (!whole)
			printf(".%x", FUNCTION(f));
	}
	printf(",pcie=1%s", display ? ",x-vga=1" : "");
}

static int print_proxmox(const struct assign *a)
{
	print_functions(a, "# ");
	printf("# In /etc/pve/qemu-server/VMID.conf above the first [section], for machine: q35; "
	       "or by\n#     qm set VMID --hostpci%u '", a->slot);
	print_hostpci(a);
	printf("'\nhostpci%u: ", a->slot);
	print_hostpci(a);
	putchar('\n');
	return CMD_OK;
}

/* A resource is one function for each IOMMU group (pkg/virt-handler/device-manager), so two
 * of one ID in a group cannot be had together. */
static int check_kubevirt(const struct assign *a)
{
	const struct inventory *inv = &a->host->run.inv;
	char at[64], other[64];

	for (unsigned i = 0; i < a->card->n; i++) {
		const struct pci_function *f = a->card->function[i];
		for (unsigned k = 0; k < inv->functions; k++) {
			const struct pci_function *g = &inv->function[k];
			if (f == g || f->vendor != g->vendor || f->device != g->device)
				continue;
			text_make(at, sizeof(at), "%pa", &f->at);
			text_make(other, sizeof(other), "%pa", &g->at);
			if (f->group == g->group && pci_same_slot(&f->at, &g->at))
				return cmd_complain("%s: KubeVirt gives out one function of an ID in "
						    "an IOMMU group, not this one with %s: use "
						    "another --for", at, other);
			if (!pci_same_slot(&f->at, &g->at))
				cmd_complain("%s: KubeVirt chooses by ID: the guest may get %s "
					     "in its place, if that is on vfio-pci", at, other);
		}
	}
	return CMD_OK;
}

static bool is_repeated(const struct card *card, unsigned i)
{
	const struct pci_function *f = card->function[i];

	for (unsigned k = 0; k < i; k++)
		if (card->function[k]->vendor == f->vendor && card->function[k]->device == f->device)
			return true;
	return false;
}

/* The members of a guest's list "gpus" (the displays) or "hostDevices" (all others). */
static void print_devices(const struct assign *a, const char *list, bool displays)
{
	bool begun = false;

	for (unsigned i = 0; i < a->card->n; i++) {
		const struct pci_function *f = a->card->function[i];
		if ((PCI_CLASS_BASE(f->class) == PCI_BASE_DISPLAY) != displays)
			continue;
		if (!begun)
			printf("      %s:\n", list);
		printf("      - name: pci-%04x-%02x-%02x-%x\n        deviceName: vgapass/%04x_%04x\n",
		       f->at.domain, f->at.bus, SLOT(f), FUNCTION(f), f->vendor, f->device);
		begun = true;
	}
}

static int print_kubevirt(const struct assign *a)
{
	if (check_kubevirt(a))
		return CMD_FAILED;
	print_functions(a, "# ");
	puts("# For the cluster: kubectl edit -n kubevirt kubevirt kubevirt. HostDevices must be one of\n"
	     "# configuration.developerConfiguration.featureGates.\n"
	     "apiVersion: kubevirt.io/v1\nkind: KubeVirt\n"
	     "metadata:\n  name: kubevirt\n  namespace: kubevirt\n"
	     "spec:\n  configuration:\n    permittedHostDevices:\n      pciHostDevices:");
	for (unsigned i = 0; i < a->card->n; i++) {
		const struct pci_function *f = a->card->function[i];
		if (!is_repeated(a->card, i))
			printf("      - pciVendorSelector: \"%04x:%04x\"\n"
			       "        resourceName: vgapass/%04x_%04x\n",
			       f->vendor, f->device, f->vendor, f->device);
	}
	puts("---\n# For the guest. In a VirtualMachine this spec is below spec.template.\n"
	     "apiVersion: kubevirt.io/v1\nkind: VirtualMachineInstance\n"
	     "spec:\n  domain:\n    devices:");
	print_devices(a, "gpus", true);
	print_devices(a, "hostDevices", false);
	return CMD_OK;
}

static void print_sql_text(const char *text)
{
	putchar('\'');
	for (; *text; text++)
		printf(*text == '\'' ? "''" : "%c", *text);
	putchar('\'');
}

/* One host device that stands for the card: it is found by function 0, and its templates
 * bring all of it. Ravada's own template PCI would have a host device for each function, in
 * different guests perhaps. The place in the guest is libvirt's choice: Ravada numbers those
 * that are written down anew, each as if it were the only one (Domain/KVM.pm, _fix_pci_slot).
 * The pattern has no backslash: that is MySQL's own. */
static int print_ravada(const struct assign *a)
{
	const struct pci_function *f = a->card->function[0];
	char at[64], buf[HOSTDEV_MAX];

	text_make(at, sizeof(at), "%pa", &f->at);
	print_functions(a, "-- ");
	puts("-- For Ravada's database, once: mysql -u rvd_user -p ravada. Then the card is among the\n"
	     "-- Host Devices, to be chosen for a virtual machine.");
	printf("INSERT INTO host_devices (name, id_vm, list_command, list_filter, template_args)\n"
	       "  SELECT 'vgapass %s', id, 'lspci -Dnn',\n"
	       "    '^%04x:%02x:%02x[.]%x .*%04x:%04x', '{}'\n"
	       "  FROM vms WHERE vm_type = 'KVM' AND hostname = 'localhost';\n",
	       at, f->at.domain, f->at.bus, SLOT(f), FUNCTION(f), f->vendor, f->device);
	for (unsigned i = 0; i < a->card->n; i++) {
		printf("INSERT INTO host_device_templates (id_host_device, path, type, template)\n"
		       "  SELECT id, '/domain/devices/hostdev', 'node', ");
		print_sql_text(make_hostdev(buf, a->card, i, 0));
		printf("\n  FROM host_devices WHERE name = 'vgapass %s';\n", at);
	}
	return CMD_OK;
}

const struct assign_form assign_forms[] = {
	{ "libvirt", 10, 1, 255, print_libvirt },
	{ "qemu", 10, 1, 255, print_qemu },
	{ "proxmox", 0, 0, 15, print_proxmox },
	{ "kubevirt", 0, 0, 0, print_kubevirt },
	{ "ravada", 0, 0, 0, print_ravada },
	{ NULL, 0, 0, 0, NULL },
};
