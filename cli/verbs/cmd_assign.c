/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_assign.c - vgapass assign: the text that hands a card to a guest. */
#include <stdlib.h>
#include <string.h>

#include "cli/assign/assign.h"
#include "cli/assign/ready.h"
#include "cli/cmd.h"
#include "cli/machine/hint.h"
#include "cli/out/xalloc.h"

static const char help[] =
	"usage: vgapass assign [OPTION ...] --for SOFTWARE CARD\n\n"
	"Prints the text that gives a card to a guest, and in comments where it goes.\n"
	"CARD is an address, an ID or words of its name, see vgapass list. All functions\n"
	"of the card go that are on VFIO, now or after the next boot; one that stays with\n"
	"the host is no obstacle where it is in another IOMMU group.\n\n"
	"  --for SOFTWARE   libvirt: XML for the domain; qemu: options of the command\n"
	"                   line, quoted for a shell; container: a compose file for QEMU\n"
	"                   in a container; proxmox: a line of VMID.conf; kubevirt: YAML\n"
	"                   for the KubeVirt object and for the guest; ravada: SQL that\n"
	"                   adds a host device; incus: commands, also for LXD;\n"
	"                   cloud-hypervisor: an option of the command line\n"
	"  --guest-slot N   where the guest gets the card: libvirt's bus and QEMU's root\n"
	"                   port (10), with --machine pc the slot (10), the number behind\n"
	"                   Proxmox's hostpci (0)\n"
	"  --machine q35|pc  the guest's machine, for libvirt, qemu, container and\n"
	"                   proxmox (q35)\n"
	"  --single         for libvirt: the function that CARD names, alone, as virsh\n"
	"                   attach-device takes it\n"
	"  --mapping NAME   for proxmox: a resource mapping, and a line that uses it\n"
	"  --pool           for ravada: all cards that are equal to this one; a guest\n"
	"                   gets one of them that is free\n"
	"  --sysroot DIR    look at the machine whose files are below DIR\n\n"
	"Exit code: 0 printed, 1 no guest can have the card, 2 usage.\n";

/* What the options say. */
struct options {
	struct host_options host;
	const char *form, *slot, *machine, *mapping;
	bool single, pool;
};

/* The function that is named; NULL, after printing the reason: none is. */
static const struct pci_function *find_single(const struct card *card, const char *text)
{
	struct pci_address at;

	for (unsigned i = 0; i < card->n; i++)
		if (pci_parse_address(slice_of(text), &at, NULL) &&
		    !pci_compare(&at, &card->function[i]->at))
			return card->function[i];
	cmd_complain("%s: --single: expected the address of one function that goes to the guest, "
		     "like 01:00.1", text);
	return NULL;
}

static int print_card(struct assign *a, const char *text, const struct assign_form *form,
		      const struct options *o)
{
	static struct card going;
	struct card card;
	char at[64];

	if (a->host->run.input_error)
		return hint_input(a->host);
	if (!card_pick(a->host, text, &card) || ready_card(a->host, &card, &going))
		return CMD_FAILED;
	a->card = &going;
	if (o->single && !(a->single = find_single(&going, text)))
		return CMD_FAILED;
	if (form->only_vfio_pci && assign_has_variant(a))
		return cmd_complain("%s: %s takes functions on vfio-pci only, not on %s: write "
				    "driver=vfio-pci to its rule, or use another --for",
				    text_make(at, sizeof(at), "%pa", &going.function[0]->at),
				    form->name, assign_driver(a, going.function[0]));
	return form->print(a);
}

/* NULL, after printing the reason: there is no such form. */
static const struct assign_form *find_form(const char *name)
{
	const struct assign_form *form = assign_forms;
	char names[128];
	struct text t;

	text_start(&t, names, sizeof(names));
	for (; form->name; form++) {
		if (!strcmp(form->name, name))
			return form;
		text_add(&t, "%s%s", t.len ? ", " : "", form->name);
	}
	cmd_complain("--for %s: expected one of %s", name, names);
	return NULL;
}

/* False, after printing the reason: no such slot. */
static bool read_slot(const struct assign_form *form, const char *text, struct assign *a)
{
	bool bus = a->pc && form->slot_max > ASSIGN_PC_SLOT_MAX;
	unsigned min = bus ? ASSIGN_PC_SLOT_MIN : form->slot_min;
	unsigned max = bus ? ASSIGN_PC_SLOT_MAX : form->slot_max;
	uint64_t slot = form->slot;

	if (text && !form->slot_max)
		cmd_complain("--guest-slot: %s chooses that itself: leave it out", form->name);
	else if (text && (!slice_dec(slice_of(text), max, &slot) || slot < min))
		cmd_complain("--guest-slot %s: for %s it is a number from %u to %u", text,
			     form->name, min, max);
	else {
		a->slot = (unsigned)slot;
		return true;
	}
	return false;
}

/* What pve-configid takes, in PVE/JSONSchema.pm. */
static bool is_mapping_name(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t n = strspn(s, letters);

	return n && s[1] && !s[strspn(s, "0123456789-_abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

/* False, after printing the reason: the form has no such option, or not this value. */
static bool read_options(const struct assign_form *form, const struct options *o,
			 struct assign *a)
{
	const struct { const char *name; unsigned bit; bool given; } some[] = {
		{ "machine", ASSIGN_MACHINE, o->machine }, { "single", ASSIGN_SINGLE, o->single },
		{ "mapping", ASSIGN_MAPPING, o->mapping }, { "pool", ASSIGN_POOL, o->pool },
	};

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		if (some[i].given && !(form->options & some[i].bit)) {
			cmd_complain("--%s: --for %s has no such option: leave it out",
				     some[i].name, form->name);
			return false;
		}
	a->pc = o->machine && !strcmp(o->machine, "pc");
	if (o->machine && !a->pc && strcmp(o->machine, "q35") != 0) {
		cmd_complain("--machine %s: expected q35 or pc", o->machine);
		return false;
	}
	if (o->mapping && !is_mapping_name(o->mapping)) {
		cmd_complain("--mapping %s: expected a letter, and then letters, digits, - and _",
			     o->mapping);
		return false;
	}
	a->mapping = o->mapping;
	a->pool = o->pool;
	return read_slot(form, o->slot, a);
}

int cmd_assign(int argc, char **argv)
{
	struct host *host = xcalloc(1, sizeof(*host));
	struct options o = { .form = NULL };
	struct assign a = { .host = host };
	const struct cmd_option options[] = {
		{ .name = "for", .text = &o.form },
		{ .name = "guest-slot", .text = &o.slot },
		{ .name = "machine", .text = &o.machine },
		{ .name = "single", .flag = &o.single },
		{ .name = "mapping", .text = &o.mapping },
		{ .name = "pool", .flag = &o.pool },
		{ .name = "sysroot", .text = &o.host.sysroot },
		{ .name = NULL },
	};
	int r, first = cmd_options(argc, argv, options, help, &r);

	if (first < 0)
		return r;
	if (argc - first != 1 || !o.form) {
		cmd_complain("assign: expected one CARD and --for: see vgapass assign --help");
		return CMD_USAGE;
	}
	const struct assign_form *form = find_form(o.form);
	if (!form || !read_options(form, &o, &a))
		return CMD_USAGE;
	const char *card = argv[first];
	r = host_open(host, &o.host);
	if (!r)
		r = print_card(&a, card, form, &o);
	host_close(host);
	free(host);
	return r;
}
