/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt.c - XML of libvirt's domains: docs/formatdomain.rst, "Host device assignment" */
#include "assign.h"

#include "cli/cmd.h"

/* managed='no': libvirt leaves the host's drivers alone. It names no driver: 'vfio' is the only
 * one, and libvirt has long called the element needless. */
static void add_hostdev(struct text *t, const struct pci_function *f, const char *guest)
{
	text_add(t, "<hostdev mode='subsystem' type='pci' managed='no'>\n  <source>\n"
		    "    <address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>\n"
		    "  </source>\n%s</hostdev>", f->at.domain, f->at.bus, ASSIGN_SLOT(f),
		 ASSIGN_FUNCTION(f), guest);
}

const char *assign_hostdev(char buf[ASSIGN_HOSTDEV_MAX], const struct card *card, unsigned i)
{
	struct text t;

	text_start(&t, buf, ASSIGN_HOSTDEV_MAX);
	add_hostdev(&t, card->function[i], "");
	return buf;
}

/* On q35 the card is the only slot of a bus, behind a root port that libvirt makes for it. */
static void print_hostdev(const struct assign *a, unsigned i)
{
	char buf[ASSIGN_HOSTDEV_MAX], guest[128];
	struct text t;

	text_make(guest, sizeof(guest), "  <address type='pci' domain='0x0000' bus='0x%02x' "
		  "slot='0x%02x' function='0x%x'%s/>\n", a->pc ? 0 : a->slot,
		  a->pc ? a->slot : 0, assign_number(a->card, i),
		  i == 0 && a->card->n > 1 ? " multifunction='on'" : "");
	text_start(&t, buf, sizeof(buf));
	add_hostdev(&t, a->card->function[i], guest);
	puts(buf);
}

static void print_comment(const struct assign *a)
{
	char at[64];

	puts("<!--");
	assign_names(a, "  ");
	printf("  For a guest of machine %s that is shut down: virsh edit GUEST, into <devices>.\n"
	       "  If its %s 0x%02x is taken, the option guest-slot chooses another one.\n",
	       a->pc ? "pc" : "q35", a->pc ? "slot" : "bus", a->slot);
	if (a->card->n > 1)
		printf("  virsh attach-device GUEST FILE takes one of these devices at a time, "
		       "with the option\n  config, beginning with the first: vgapass assign %s "
		       "has the option single for that.\n",
		       text_make(at, sizeof(at), "%pa", &a->card->function[0]->at));
	if (assign_has_variant(a))
		puts("  libvirt 10.0 or later: an older one refuses another driver than vfio-pci.");
	puts("-->");
}

/* managed= and driver= are for PCI functions. Without display= a guest's display is that of
 * another device, or a program in the guest. */
static void print_mdev(const struct assign *a)
{
	puts("<!--");
	assign_mdev_name(a, "  ");
	printf("  For a guest of machine %s that is shut down: virsh edit GUEST, into <devices>.\n"
	       "  If its %s 0x%02x is taken, the option guest-slot chooses another one.\n"
	       "-->\n"
	       "<hostdev mode='subsystem' type='mdev' model='vfio-pci'>\n"
	       "  <source>\n    <address uuid='%s'/>\n  </source>\n"
	       "  <address type='pci' domain='0x0000' bus='0x%02x' slot='0x%02x' function='0x0'/>\n"
	       "</hostdev>\n",
	       a->pc ? "pc" : "q35", a->pc ? "slot" : "bus", a->slot, a->mdev->uuid,
	       a->pc ? 0 : a->slot, a->pc ? a->slot : 0);
}

int assign_libvirt(const struct assign *a)
{
	if (a->mdev) {
		print_mdev(a);
		return CMD_OK;
	}
	if (!a->single)
		print_comment(a);
	for (unsigned i = 0; i < a->card->n; i++)
		if (!a->single || a->single == a->card->function[i])
			print_hostdev(a, i);
	return CMD_OK;
}
