/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cards.c - the functions of the rules: can they be reset, and are they on their driver? */
#include "check.h"

#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/machine/group.h"
#include "cli/machine/iomem.h"
#include "cli/machine/receipt_read.h"

/* Whether the boot image is current is reported by the topic images. */
#define REBOOT "reboot, but first rebuild the boot images that the topic images finds too old"

/* The kernel shows the attribute reset if it can reset this function alone. */
static bool has_reset(const struct check *c, const struct pci_function *f)
{
	char methods[64];
	int devices = c->host->run.inv.devices;

	if (sysfs_read(devices, path_function(f, "reset_method"), methods, sizeof(methods)) >= 0)
		return *methods && *methods != '\n';
	return sysfs_exists(devices, path_function(f, "reset"));
}

/* Returns a function of the same slot that stays with the host, or NULL. Because of it VFIO
 * cannot reset the whole slot. */
static const struct pci_function *find_staying(const struct check *c, const struct pci_function *f)
{
	const struct inventory *inv = &c->host->run.inv;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *g = &inv->function[i];
		if (pci_same_slot(&f->at, &g->at) && !g->bridge && !check_is_planned(c, g) &&
		    !driver_is_for_guests(g->driver))
			return g;
	}
	return NULL;
}

/* True: with=slot would take every function of the slot. */
static bool slot_helps(const struct check *c, const struct pci_function *f)
{
	const struct inventory *inv = &c->host->run.inv;
	const struct plan *plan = group_plan_with(c->host, host_entry(c->host, f)->rule, WITH_SLOT);

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *g = &inv->function[i];
		if (pci_same_slot(&f->at, &g->at) && !g->bridge &&
		    !driver_is_for_guests(g->driver) && plan->entry[i].state != STATE_PLANNED)
			return false;
	}
	return true;
}

/* The module vendor-reset supports some AMD displays. */
static const char *reset_advice(const struct pci_function *f)
{
	return f->vendor == 0x1002 && PCI_CLASS_BASE(f->class) == PCI_BASE_DISPLAY ?
		"reboot the host then; the module vendor-reset knows some of AMD's" :
		"reboot the host then";
}

void check_reset(struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i], *staying;
		if (!check_is_planned(c, f) || has_reset(c, f))
			continue;
		staying = find_staying(c, f);
		if (f->identity->path.hops < 2)
			check_say(c, CHECK_WARNING, check_address(f), "cannot be reset: a "
				  "guest that is started again may find it hanging\n%s",
				  reset_advice(f));
		else if (staying)
			check_say(c, CHECK_WARNING, check_address(f), "cannot be reset alone, "
				  "and %s of the same slot stays with the host: a guest that is "
				  "started again may find it hanging\n%s", check_address(staying),
				  slot_helps(c, f) ? "write with=slot to its rule" :
				  reset_advice(f));
		else
			check_say(c, CHECK_OK, check_address(f), "is reset with its slot, "
				  "all of which is for guests\n");
	}
}

/* The state and reason in the last boot's receipt; NULL: it does not know the function. */
static json_object *find_in_receipt(json_object *receipt, const char *address)
{
	json_object *list = receipt ? receipt_list(receipt, "functions") : NULL;

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		json_object *f = json_object_array_get_idx(list, i);
		if (!strcmp(receipt_text(f, "address"), address))
			return f;
	}
	return NULL;
}

static void say_driver(struct check *c, const struct pci_function *f, json_object *receipt)
{
	const char *wanted = host_entry(c->host, f)->driver, *at = check_address(f);
	const char *now = *f->driver ? f->driver : "no driver";
	json_object *then = find_in_receipt(receipt, at);
	const char *state = then ? receipt_text(then, "state") : "";

	if (!then)
		check_say(c, CHECK_WARNING, at, "uses %s instead of %s: the last boot knew no rule "
			  "for it\n" REBOOT, now, wanted);
	else if (!strcmp(state, "bound"))
		check_say(c, CHECK_WARNING, at, "uses %s, though the boot bound it to %s: "
			  "something moved it since\nlook at the topic elsewhere, at libvirt's "
			  "managed='yes', and at dmesg", now, wanted);
	else
		check_say(c, CHECK_WARNING, at, "uses %s instead of %s: %s at the last boot, "
			  "%s\ncorrect that, and reboot", now, wanted, state,
			  *receipt_text(then, "reason") ? receipt_text(then, "reason") :
							  "no reason");
}

static bool is_elsewhere(const struct check *c, const struct pci_function *f)
{
	return check_is_planned(c, f) &&
	       strcmp(f->driver, host_entry(c->host, f)->driver) != 0;
}

/* Without a receipt all functions have the same reason, so one line is enough. */
static void say_no_receipt(struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;
	const struct pci_function *first = NULL;
	char more[48] = "";
	unsigned n = 0;

	for (unsigned i = 0; i < inv->functions; i++)
		if (is_elsewhere(c, &inv->function[i]) && !n++)
			first = &inv->function[i];
	if (!first)
		return;
	if (n > 1)
		text_make(more, sizeof(more), " (and %u more like it)", n - 1);
	check_say(c, CHECK_WARNING, check_address(first), "uses %s instead of %s%s: the last boot "
		  "did not run vgapass\n" REBOOT,
		  *first->driver ? first->driver : "no driver",
		  host_entry(c->host, first)->driver, more);
}

void check_drivers(struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;
	const char *why;
	json_object *receipt = receipt_read(&c->host->roots, &why);

	if (!receipt && why) {
		check_say(c, CHECK_WARNING, "", "%s, so what the boot did is not known\nrun "
			  "vgapass check as root, or reboot", why);
		return;
	}
	if (!receipt)
		say_no_receipt(c);
	for (unsigned i = 0; receipt && i < inv->functions; i++)
		if (is_elsewhere(c, &inv->function[i]))
			say_driver(c, &inv->function[i], receipt);
	json_object_put(receipt);
}

/* --- what no rule explains */

/* Returns the driver_override of the function, or "". */
static const char *read_override(const struct check *c, const struct pci_function *f,
				 char override[PCI_DRIVER_NAME])
{
	if (sysfs_read(c->host->run.inv.devices, path_function(f, "driver_override"), override,
		       PCI_DRIVER_NAME) < 0)
		*override = '\0';
	override[strcspn(override, "\n")] = '\0';
	if (!strcmp(override, "(null)"))
		*override = '\0';
	return override;
}

/* True: a driver hung at this function during the boot. It still holds the function's lock, and
 * reading driver_override waits for that lock (Linux 6.1, drivers/pci/pci-sysfs.c). */
static bool is_hanging(json_object *receipt, const struct pci_function *f)
{
	json_object *then = find_in_receipt(receipt, check_address(f));

	return then && strstr(receipt_text(then, "reason"), "has not come back");
}

static bool is_stray(json_object *receipt, const char *address)
{
	json_object *list = receipt ? receipt_list(receipt, "strays") : NULL;

	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		if (!strcmp(receipt_text(json_object_array_get_idx(list, i), "address"), address))
			return true;
	return false;
}

static void look_for_binders(struct check *c, const struct pci_function *f, json_object *receipt)
{
	const struct plan_entry *e = host_entry(c->host, f);
	const char *at = check_address(f), *on = *f->driver ? f->driver : "no driver";
	bool unnamed = !e->rule || e->rule->keep;
	/* The driver that explains the override: the rule's, or else the current one. */
	const char *right = e->rule && e->state == STATE_PLANNED ? e->driver : f->driver;
	char override[PCI_DRIVER_NAME];

	read_override(c, f, override);
	/* With driver=keep in the rule for its physical function. */
	if (f->is_virtual && !strcmp(override, "vgapass-hold"))
		return;
	if (*override && strcmp(override, right) != 0)
		check_say(c, CHECK_WARNING, at, "driver_override is %s, which no rule "
			  "explains, and it is on %s: another binder has set it, or a vgapass bind "
			  "that was ended half-way\nvgapass release %s", override, on, at);
	else if (!unnamed || f->later || !driver_is_for_guests(f->driver))
		return;
	else if (is_stray(receipt, at))
		check_say(c, CHECK_WARNING, at, "was on %s when the boot ended, and no rule "
			  "takes it: ids= or another binder in the boot image\nlook at the topic "
			  "elsewhere; vgapass release %s gives it back, vgapass add %s makes "
			  "it a rule", f->driver, at, at);
	else if (!*override)
		check_say(c, CHECK_WARNING, at, "is on %s, and no rule takes it: ids=, "
			  "new_id or another binder\nlook at the topic elsewhere; vgapass release "
			  "%s gives it back, vgapass add %s makes it a rule", f->driver, at, at);
	else
		check_say(c, CHECK_OK, at, "is on %s until the next boot, as vgapass "
			  "bind, libvirt or driverctl do it\nvgapass add %s makes it a rule",
			  f->driver, at);
}

void check_binders(struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;
	const char *why;

	if (check_is_idle(c) || c->host->run.plan.state != PLAN_READY)
		return;
	json_object *receipt = receipt_read(&c->host->roots, &why);
	for (unsigned i = 0; i < inv->functions; i++)
		if (!is_hanging(receipt, &inv->function[i]))
			look_for_binders(c, &inv->function[i], receipt);
	json_object_put(receipt);
}

void check_display(struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;

	for (unsigned i = 0; i < inv->functions; i++)
		if (check_is_planned(c, &inv->function[i]) && inv->function[i].boot_display)
			check_say(c, CHECK_OK, check_address(&inv->function[i]), "is the "
				  "boot display: the screen goes dark early in the boot\nkeep ssh "
				  "at hand; a guest may want a copy of its ROM (romfile)");
}

/* vfio-pci cannot reserve memory that a framebuffer holds, so the guest's driver fails. */
void check_framebuffer(struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (!check_is_planned(c, f) || !driver_is_for_guests(f->driver) ||
		    PCI_CLASS_BASE(f->class) != PCI_BASE_DISPLAY)
			continue;
		char *iomem = check_read(c, "proc/iomem");
		const char *name = iomem ? iomem_framebuffer(iomem, check_address(f)) : NULL;
		if (name)
			check_say(c, CHECK_ERROR, check_address(f), "the firmware's "
				  "framebuffer (%s) still holds memory of it: a guest gets it and "
				  "cannot use it (BAR: can't reserve)\n" IOMEM_UNBIND, name);
		free(iomem);
	}
}
