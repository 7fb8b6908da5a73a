/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravada.c - SQL for Ravada VDI, and its list of devices */
#include "ravada.h"

#include <stdio.h>

#include "runtime/core/driver.h"
#include "assign.h"
#include "cli/cmd.h"
#include "ready.h"

#define LISTER "plugins/list_vgapass" /* below /usr/share/ravada */

static void print_sql_text(const char *text)
{
	putchar('\'');
	for (; *text; text++)
		printf(*text == '\'' ? "''" : "%c", *text);
	putchar('\'');
}

/* Ravada has a unique index of (id_host_device, path), so each function has another path to the
 * same place; the last part must be "hostdev", or the device stays in the guest. Ravada reads
 * them in the order of that index: shorter comes first. */
static void print_template(const char *name, unsigned i, const char *xml)
{
	printf("INSERT INTO host_device_templates (id_host_device, path, type, template)\n"
	       "  SELECT id, '/domain/devices");
	for (unsigned k = 0; k < i; k++)
		printf("[1]");
	printf("/hostdev', 'node', ");
	print_sql_text(xml);
	printf("\n  FROM host_devices WHERE name = '%s';\n", name);
}

/* One argument, as Ravada takes leading zeros off one that is hex as a whole; the ":" keeps
 * them. */
static const char *make_pool_hostdev(char buf[ASSIGN_HOSTDEV_MAX], const struct pci_function *f)
{
	static const char part[] = "(split /:/, $pci)";
	static const char from[] = "<%=", to[] = "%>";

	return text_make(buf, ASSIGN_HOSTDEV_MAX,
			 "<hostdev mode='subsystem' type='pci' managed='no'>\n  <source>\n"
			 "    <address domain='0x%s %s[0] %s' bus='0x%s %s[1] %s' "
			 "slot='0x%s %s[2] %s' function='0x%x'/>\n  </source>\n</hostdev>",
			 from, part, to, from, part, to, from, part, to, ASSIGN_FUNCTION(f));
}

/* The pattern of a device's line has no backslash: that is MySQL's own. */
static void print_device(const struct assign *a, const char *name, const char *list,
			 const char *filter)
{
	puts("-- For Ravada's database, once: mysql -u rvd_user -p ravada. Then it is among the "
	     "Host\n"
	     "-- Devices, to be chosen for a virtual machine. Without the transaction, what "
	     "fails half-way\n"
	     "-- would leave a device that is a part of the card.\nBEGIN;");
	printf("INSERT INTO host_devices (name, id_vm, list_command, list_filter, template_args)\n"
	       "  SELECT '%s', id, '%s',\n    '%s', '%s'\n"
	       "  FROM vms WHERE vm_type = 'KVM' AND hostname = 'localhost';\n",
	       name, list, filter, a->pool ? "{\"pci\":\"^([0-9a-f:]+)[.]\"}" : "{}");
}

static const char *make_filter(char buf[64], const struct pci_function *f)
{
	return text_make(buf, 64, "^%04x:%02x:%02x[.]%x .*%04x:%04x", f->at.domain, f->at.bus,
			 ASSIGN_SLOT(f), ASSIGN_FUNCTION(f), f->vendor, f->device);
}

/* What can be entered without SQL, by one of Ravada's own templates. */
static void print_form(const char *template, const char *list, const char *filter)
{
	printf("-- Without SQL: Admin tools, Host Devices, a new one by the template\n"
	       "-- \"%s\", then List Command %s and List Filter\n-- %s\n", template, list,
	       filter);
}

/* One host device that stands for the card: it is found by its first function, and its templates
 * bring all of it. Ravada's own template PCI would have a host device for each function, in
 * different guests perhaps. The place in the guest is libvirt's choice: Ravada numbers those
 * that are written down anew, each as if it were the only one (Domain/KVM.pm, _fix_pci_slot). */
static void print_card(const struct assign *a)
{
	const struct pci_function *f = a->card->function[0];
	char name[64], filter[64], buf[ASSIGN_HOSTDEV_MAX];

	text_make(name, sizeof(name), "vgapass %pa", &f->at);
	make_filter(filter, f);
	/* It has managed='no', as we want it; "PCI" has managed='yes'. */
	if (a->card->n == 1)
		print_form("vGPU VFIO", LISTER, filter);
	print_device(a, name, LISTER, filter);
	for (unsigned i = 0; i < a->card->n; i++)
		print_template(name, i, assign_hostdev(buf, a->card, i));
}

/* True: the cards have the same functions, each with the same ID. */
static bool are_equal(const struct card *a, const struct card *b)
{
	for (unsigned i = 0; i < a->n && i < b->n; i++)
		if (a->function[i]->vendor != b->function[i]->vendor ||
		    a->function[i]->device != b->function[i]->device ||
		    ASSIGN_FUNCTION(a->function[i]) != ASSIGN_FUNCTION(b->function[i]))
			return false;
	return a->n == b->n;
}

/* The entry takes what has the ID of the first function: whatever else has it must be equal. */
static int check_pool(const struct assign *a)
{
	const struct inventory *inv = &a->host->run.inv;
	const struct pci_function *f = a->card->function[0];
	struct card all, other;
	char at[64], bt[64];

	text_make(at, sizeof(at), "%pa", &f->at);
	for (unsigned i = 1; i < a->card->n; i++)
		if (!pci_same_slot(&a->card->function[i]->at, &f->at))
			return cmd_complain("%s: --pool: the card has more than one slot: leave "
					    "--pool out, once for each card", at);
	card_of(a->host, f, &all);
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *g = &inv->function[i];
		if (g->vendor != f->vendor || g->device != f->device || card_has(&all, g))
			continue;
		card_of(a->host, g, &other);
		if (other.n && other.function[0] == g && !are_equal(&all, &other))
			return cmd_complain("%s: --pool: %s has the same ID and other functions: "
					    "leave --pool out, once for each card", at,
					    text_make(bt, sizeof(bt), "%pa", &g->at));
	}
	return CMD_OK;
}

static void print_pool(const struct assign *a)
{
	const struct pci_function *f = a->card->function[0];
	char name[64], filter[64], buf[ASSIGN_HOSTDEV_MAX];

	text_make(name, sizeof(name), "vgapass %pi", f);
	text_make(filter, sizeof(filter), ".%pi]", f);
	puts("-- A pool: a virtual machine gets one of the cards that have this ID, whichever is "
	     "free.");
	print_device(a, name, LISTER, filter);
	for (unsigned i = 0; i < a->card->n; i++)
		print_template(name, i, make_pool_hostdev(buf, a->card->function[i]));
}

/* "mdevctl list" has a line for each device that exists, and none else: a guest gets it while it
 * is started. */
static int print_mdev(const struct assign *a)
{
	static const char list[] = "mdevctl list";
	char name[64], filter[64], xml[ASSIGN_HOSTDEV_MAX];

	assign_mdev_name(a, "-- ");
	text_make(name, sizeof(name), "vgapass %s", a->mdev->uuid);
	text_make(filter, sizeof(filter), "^%s", a->mdev->uuid);
	print_form("GPU Mediated Device (no display)", list, filter);
	print_device(a, name, list, filter);
	print_template(name, 0, text_make(xml, sizeof(xml),
					  "<hostdev mode='subsystem' type='mdev' "
					  "model='vfio-pci'>\n  <source>\n"
					  "    <address uuid='%s'/>\n  </source>\n</hostdev>",
					  a->mdev->uuid));
	puts("COMMIT;");
	return CMD_OK;
}

int assign_ravada(const struct assign *a)
{
	if (a->mdev)
		return print_mdev(a);
	if (a->pool && check_pool(a))
		return CMD_FAILED;
	assign_names(a, "-- ");
	if (a->pool)
		print_pool(a);
	else
		print_card(a);
	puts("COMMIT;");
	return CMD_OK;
}

void ravada_list(struct host *h)
{
	const struct inventory *inv = &h->run.inv;
	char class[HOST_NAME_MAX], name[HOST_NAME_MAX], line[3 * HOST_NAME_MAX];
	struct card card;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (!driver_is_vfio(f->driver))
			continue;
		card_of(h, f, &card);
		if (!card.n || card.function[0] != f || !ready_now(h, &card))
			continue;
		puts(text_make(line, sizeof(line), "%pa %s [%02x%02x]: %s [%pi]", &f->at,
			       host_class(h, f, class), f->class >> 16, f->class >> 8 & 0xff,
			       host_name(h, f, name), f));
	}
}
