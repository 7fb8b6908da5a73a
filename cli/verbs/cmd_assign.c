/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_assign.c - vgapass assign: the text that hands a card to a guest. */
#include <stdlib.h>
#include <string.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/assign/assign.h"
#include "cli/assign/mediated.h"
#include "cli/assign/ready.h"
#include "cli/cmd.h"
#include "cli/machine/function_json.h"
#include "cli/machine/hint.h"
#include "cli/out/near.h"
#include "cli/out/xalloc.h"

/* What the options say. */
struct options {
	struct host_options host;
	const char *form, *slot, *machine, *mapping, *vf, *mdev;
	bool single, pool, json;
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

/* The forms print on stdout, which is a text of memory meanwhile: glibc has it as a variable. */
static int print_form_json(struct assign *a, const struct assign_form *form)
{
	FILE *out = stdout;
	char *text;
	size_t n = 0;

	stdout = xopen_text(&text, &n);
	int code = form->print(a);
	xclose_text(stdout);
	stdout = out;
	if (code == CMD_OK) {
		json_object *list = json_object_new_array();
		for (unsigned i = 0; i < a->card->n; i++)
			if (!a->single || a->single == a->card->function[i])
				json_object_array_add(list, function_json(a->host,
									  a->card->function[i]));
		json_object *o = json_document("functions", list);
		json_set(o, "software", form->name);
		json_object_object_add(o, "text", json_text(text, n));
		json_print(o);
	}
	free(text);
	return code;
}

/* Returns the address of the virtual function of the card that --vf names; NULL, said. */
static const char *find_virtual(const struct host *h, const char *text, const char *vf,
				char at[PCI_ADDRESS_SIZE])
{
	struct card card;
	uint64_t n;

	if (!slice_dec(slice_of(vf), CONFIG_VFS_MAX - 1, &n)) {
		cmd_complain("--vf %s: expected a number from 0 to %u", vf, CONFIG_VFS_MAX - 1);
		return NULL;
	}
	if (!card_pick(h, text, &card))
		return NULL;
	for (unsigned i = 0; i < card.n; i++)
		if (sysfs_link(h->run.inv.devices, path_make("%pa/virtfn%u",
							     &card.function[i]->at, (unsigned)n),
			       0, at, PCI_ADDRESS_SIZE) > 0)
			return at;
	cmd_complain("%s: it has no virtual function %u now: vgapass add %s --vfs %u makes it at "
		     "the next boot", text, (unsigned)n, text, (unsigned)n + 1);
	return NULL;
}

static int print_card(struct assign *a, const char *text, const struct assign_form *form,
		      const struct options *o)
{
	static struct card going;
	struct card card;
	char at[64], virtual[PCI_ADDRESS_SIZE];

	if (a->host->run.input_error)
		return hint_input(a->host);
	if (o->vf && !(text = find_virtual(a->host, text, o->vf, virtual)))
		return CMD_FAILED;
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
	return o->json ? print_form_json(a, form) : form->print(a);
}

/* The share of a card, in place of a card. */
static int print_mdev(struct assign *a, const struct assign_form *form, const struct options *o)
{
	static struct card card;
	struct mdevs all;

	mdevs_read(a->host, &all);
	a->mdev = mediated_ready(a->host, &all, o->mdev);
	int r = CMD_FAILED;
	if (a->mdev) {
		card.function[0] = mdev_parent(a->host, a->mdev);
		card.n = card.function[0] != NULL;
		a->card = &card;
		r = o->json ? print_form_json(a, form) : form->print(a);
	}
	mdevs_free(&all);
	return r;
}

/* NULL, said: there is no such form. */
static const struct assign_form *find_form(const char *name)
{
	const struct assign_form *form = assign_forms;
	struct near near;

	near_start(&near, name);
	for (; form->name; form++) {
		if (!strcmp(form->name, name))
			return form;
		near_try(&near, form->name);
	}
	cmd_misused(&verb_assign, "--for %s: no such software%s", name, near_hint(&near, ""));
	return NULL;
}

static bool get_software(unsigned i, struct cmd_word *ret)
{
	*ret = (struct cmd_word){ assign_forms[i].name, assign_forms[i].help };
	return ret->word != NULL;
}

static const struct cmd_words words[] = { { "SOFTWARE", "Software", get_software },
					  CMD_WORDS_END };

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
		{ "mdev", ASSIGN_MDEV, o->mdev },
	};

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		if (some[i].given && !(form->options & some[i].bit)) {
			cmd_complain("--%s: --for %s has no such option: leave it out",
				     some[i].name, form->name);
			return false;
		}
	a->pc = o->machine && !strcmp(o->machine, "pc");
	if (o->mapping && !is_mapping_name(o->mapping)) {
		cmd_complain("--mapping %s: expected a letter, and then letters, digits, - and _",
			     o->mapping);
		return false;
	}
	a->mapping = o->mapping;
	a->pool = o->pool;
	return read_slot(form, o->slot, a);
}

/* False, after printing the reason: an option is about a card, and --mdev is not. */
static bool has_only_mdev(const struct options *o)
{
	const char *other = o->vf ? "vf" : o->single ? "single" : o->pool ? "pool" : NULL;

	if (o->mdev && other)
		cmd_complain("--%s: not with --mdev: leave it out", other);
	return !o->mdev || !other;
}

static struct options opt;

static const struct cmd_option options[] = {
	{ "for", 0, "SOFTWARE", "the software of the guest, see below", NULL, &opt.form },
	{ "guest-slot", 0, "N", "where the guest gets the card: libvirt's bus and QEMU's root port "
	  "(10), with --machine pc the slot (10), the number behind Proxmox's hostpci (0)", NULL,
	  &opt.slot },
	{ "machine", 0, "q35|pc", "the guest's machine, for libvirt, qemu, container and proxmox "
	  "(q35)", NULL, &opt.machine },
	{ "single", 0, NULL, "for libvirt: the function that CARD names, alone, as virsh "
	  "attach-device takes it", &opt.single, NULL },
	{ "vf", 0, "N", "virtual function N of the card, which stays with the host", NULL,
	  &opt.vf },
	{ "mdev", 0, "UUID", "for libvirt, qemu and ravada: this mediated device, in place of a "
	  "card", NULL, &opt.mdev },
	{ "mapping", 0, "NAME", "for proxmox: a resource mapping, and a line that uses it", NULL,
	  &opt.mapping },
	{ "pool", 0, NULL, "for ravada: all cards that are equal to this one; a guest gets one of "
	  "them that is free", &opt.pool, NULL },
	CMD_JSON(&opt.json),
	CMD_SYSROOT(&opt.host.sysroot),
	CMD_END,
};

static int run_assign(int argc, char **argv)
{
	if (argc != !opt.mdev || !opt.form)
		return cmd_misused(&verb_assign, "expected one CARD, or --mdev, and --for");
	const struct assign_form *form = find_form(opt.form);
	struct host *host = xcalloc(1, sizeof(*host));
	struct assign a = { .host = host };
	if (!form || !read_options(form, &opt, &a) || !has_only_mdev(&opt))
		return CMD_USAGE;
	int r = host_open(host, &opt.host);
	if (!r)
		r = opt.mdev ? print_mdev(&a, form, &opt) : print_card(&a, argv[0], form, &opt);
	host_close(host);
	free(host);
	return r;
}

const struct cmd_verb verb_assign = {
	.name = "assign",
	.summary = "print the text that gives a card to a guest",
	.arguments = "--for SOFTWARE CARD | --mdev UUID",
	.about = "Prints the text that gives a card to a guest, and in comments where it goes.\n"
		 "CARD is an address, an ID or words of its name, see vgapass list. All functions\n"
		 "of the card go that are on VFIO, now or after the next boot; one that stays\n"
		 "with the host is no obstacle where it is in another IOMMU group.\n"
		 "\n"
		 "A mediated device is a share of a card, which its host driver makes; mdevctl(8)\n"
		 "has their UUIDs.",
	.options = options,
	.words = words,
	.exits = "0 printed, 1 no guest can have the card, 2 usage.",
	.plural = "functions",
	.run = run_assign,
};
