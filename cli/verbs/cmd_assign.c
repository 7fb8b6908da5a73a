/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_assign.c - vgapass assign: the text that hands a card to a guest. */
#include <stdlib.h>
#include <string.h>

#include "runtime/core/words.h"
#include "cli/assign/assign_text.h"
#include "cli/cmd.h"
#include "cli/machine/group.h"
#include "cli/machine/hint.h"
#include "cli/out/xalloc.h"

static const char help[] =
	"usage: vgapass assign [OPTION ...] --for SOFTWARE CARD\n\n"
	"Prints the text that hands all functions of a card to a guest, and in comments\n"
	"where it goes. CARD is an address, an ID or words of its name, see vgapass list.\n\n"
	"  --for libvirt|qemu|proxmox|kubevirt|ravada\n"
	"                   libvirt: XML for the domain; qemu: options of the command\n"
	"                   line, quoted for a shell; proxmox: a line of VMID.conf;\n"
	"                   kubevirt: YAML for the KubeVirt object and for the guest;\n"
	"                   ravada: SQL that adds a host device\n"
	"  --guest-slot N   where the guest is to have it: libvirt's bus and QEMU's root\n"
	"                   port (10), the number behind Proxmox's hostpci (0)\n"
	"  --sysroot DIR    the machine whose files are below DIR\n\n"
	"Exit code: 0 the text is there, 1 the card cannot be had, 2 usage.\n";

#define STRANGERS_SHOWN 8

/* vfio-pci, or one of the kernel's variants of it, like mlx5_vfio_pci */
static bool is_vfio(const char *driver)
{
	return strstr(driver, "vfio-pci") || strstr(driver, "vfio_pci");
}

/* The driver that the next boot gives the function, "": none of ours. */
static const char *planned(const struct host *h, const struct pci_function *f)
{
	const struct plan_entry *e = host_entry(h, f);

	return e->state == STATE_PLANNED ? e->rule->driver : "";
}

/* Neither this boot nor the next gives a function of the card to a guest: says why not. */
static int refuse(const struct host *h, const struct pci_function *f)
{
	const struct plan_entry *e = host_entry(h, f);
	char why_buf[PLAN_LINE_MAX], at[64];
	struct text why;

	text_start(&why, why_buf, sizeof(why_buf));
	if (h->run.plan.state != PLAN_READY)
		text_add(&why, "will not bind it: see vgapass plan");
	else if (e->state == STATE_PLANNED)
		text_add(&why, "will bind it to %s: write driver=vfio-pci in %pp", e->rule->driver,
			 &e->rule->at);
	else if (e->state == STATE_NONE)
		text_add(&why, "leaves it there: run vgapass add %pa", &f->at);
	else {
		text_add(&why, "leaves it there: ");
		words_reason(&why, &h->run, f, e);
		text_add(&why, " (%pp)", &e->rule->at);
	}
	return cmd_complain("%s: it is on %s, and the next boot %s",
			    text_make(at, sizeof(at), "%pa", &f->at),
			    *f->driver ? f->driver : "no driver", why_buf);
}

static bool is_in(const struct card *card, const struct pci_function *f)
{
	for (unsigned i = 0; i < card->n; i++)
		if (card->function[i] == f)
			return true;
	return false;
}

/* True: a function outside the card keeps its IOMMU group from a guest; with `next`, after
 * the next boot, too. */
static bool is_stranger(struct host *h, const struct card *card, int32_t group,
			const struct pci_function *f, bool next)
{
	return f->group == group && !is_in(card, f) && group_member(h, f, next) == GROUP_HELD;
}

static unsigned count_strangers(struct host *h, const struct card *card, int32_t group,
				bool next)
{
	const struct inventory *inv = &h->run.inv;
	unsigned n = 0;

	for (unsigned i = 0; i < inv->functions; i++)
		n += is_stranger(h, card, group, &inv->function[i], next);
	return n;
}

static int refuse_group(struct host *h, const struct card *card, const struct pci_function *f)
{
	const struct inventory *inv = &h->run.inv;
	char list[64 * STRANGERS_SHOWN + 64], at[64], advice[HOST_NAME_MAX];
	unsigned n = 0;
	struct text t;

	text_start(&t, list, sizeof(list));
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *g = &inv->function[i];
		if (!is_stranger(h, card, f->group, g, true))
			continue;
		if (n++ < STRANGERS_SHOWN)
			text_add(&t, "%s%pa on %s", n > 1 ? ", " : "", &g->at, g->driver);
	}
	if (n > STRANGERS_SHOWN)
		text_add(&t, " and %u more", n - STRANGERS_SHOWN);
	return cmd_complain("%s: the host holds others of its IOMMU group %d, %s: %s",
			    text_make(at, sizeof(at), "%pa", &f->at), (int)f->group, list,
			    group_advice(h, f, advice));
}

/* What says that a function cannot be had by any guest, now or after the next boot. */
static int check_function(struct host *h, const struct card *card,
			  const struct pci_function *f)
{
	char at[64];

	text_make(at, sizeof(at), "%pa", &f->at);
	if (!is_vfio(f->driver) && !is_vfio(planned(h, f))) {
		if (count_strangers(h, card, f->group, true))
			refuse_group(h, card, f);
		return refuse(h, f);
	}
	if (f->group < 0)
		return cmd_complain("%s: it has no IOMMU group, and no guest can have it: vgapass check "
				    "iommu says what to do", at);
	if (f->at.domain > 0xffff)
		return cmd_complain("%s: QEMU takes no PCI domain above ffff: turn VMD off in the "
				    "firmware", at);
	if (count_strangers(h, card, f->group, true))
		return refuse_group(h, card, f);
	return CMD_OK;
}

/* The card can be had, but not in this boot or not in the next: says so once. */
static void warn(struct host *h, const struct card *card)
{
	const struct pci_function *f = NULL, *g = NULL;
	char at[64];

	for (unsigned i = 0; i < card->n; i++) {
		const struct pci_function *each = card->function[i];
		if (!is_vfio(each->driver) || count_strangers(h, card, each->group, false))
			f = f ? f : each;
		if (!is_vfio(planned(h, each)))
			g = g ? g : each;
	}
	if (f)
		cmd_complain("%s: the guest can have the card after the next boot, not before: rebuild the "
			     "boot image if that is not done, and reboot",
			     text_make(at, sizeof(at), "%pa", &f->at));
	if (g)
		cmd_complain("%s: the guest can have the card now, but the next boot leaves it to the "
			     "host: run vgapass add %s", text_make(at, sizeof(at), "%pa", &g->at), at);
}

static int print(struct host *h, const char *text, const struct assign_form *form,
		 unsigned slot)
{
	struct card card;
	struct assign a = { h, &card, slot };

	if (h->run.input_error)
		return hint_input(h);
	if (!card_pick(h, text, &card))
		return CMD_FAILED;
	for (unsigned i = 0; i < card.n; i++)
		if (check_function(h, &card, card.function[i]))
			return CMD_FAILED;
	warn(h, &card);
	return form->print(&a);
}

static const struct assign_form *find_form(const char *name)
{
	const struct assign_form *form = assign_forms;

	while (form->name && strcmp(form->name, name))
		form++;
	if (form->name)
		return form;
	cmd_complain("--for %s: it is one of libvirt, qemu, proxmox, kubevirt, ravada", name);
	return NULL;
}

/* False, said: no such slot. */
static bool read_slot(const struct assign_form *form, const char *text, unsigned *ret)
{
	uint64_t slot = form->slot;

	if (text && !form->slot_max)
		cmd_complain("--guest-slot: %s chooses that itself: leave it out", form->name);
	else if (text && (!slice_dec(slice_of(text), form->slot_max, &slot) ||
			  slot < form->slot_min))
		cmd_complain("--guest-slot %s: for %s it is a number from %u to %u", text,
			     form->name, form->slot_min, form->slot_max);
	else {
		*ret = (unsigned)slot;
		return true;
	}
	return false;
}

int cmd_assign(int argc, char **argv)
{
	struct host *host = xcalloc(1, sizeof(*host));
	struct host_options o = { 0 };
	const char *name = NULL, *slot_text = NULL;
	const struct cmd_option options[] = {
		{ .name = "for", .text = &name },
		{ .name = "guest-slot", .text = &slot_text },
		{ .name = "sysroot", .text = &o.sysroot },
		{ .name = NULL },
	};
	unsigned slot;
	int r, first = cmd_options(argc, argv, options, help, &r);

	if (first < 0)
		return r;
	if (argc - first != 1 || !name) {
		cmd_complain("assign: it takes one CARD and --for: see vgapass assign --help");
		return CMD_USAGE;
	}
	const struct assign_form *form = find_form(name);
	if (!form || !read_slot(form, slot_text, &slot))
		return CMD_USAGE;
	const char *card = argv[first];
	r = host_open(host, &o);
	if (!r)
		r = print(host, card, form, slot);
	host_close(host);
	free(host);
	return r;
}
