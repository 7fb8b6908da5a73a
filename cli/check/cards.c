/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cards.c - the functions of the rules: can they be reset, and are they on their driver? */
#include "check.h"

#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/machine/group.h"
#include "cli/machine/iomem.h"
#include "cli/machine/receipt_read.h"

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
static void advise_reset(struct check *c, const struct pci_function *f)
{
	if (f->vendor == 0x1002 && PCI_CLASS_BASE(f->class) == PCI_BASE_DISPLAY)
		check_advise(c, "try the module vendor-reset, which knows some of AMD's");
	check_advise(c, "reboot the host then");
}

static void say_no_reset(struct check *c, const struct pci_function *f)
{
	const struct pci_function *staying = find_staying(c, f);

	if (f->identity->path.hops < 2) {
		check_say(c, FINDING_WARNING, CODE_RESET_MISSING, check_address(f), 
			  "cannot be reset, so the next start of a guest may find it hanging");
		advise_reset(c, f);
	} else if (staying) {
		check_say(c, FINDING_WARNING, CODE_RESET_SHARED, check_address(f),
			  "cannot be reset between guests, as %s of its slot stays with the host",
			  check_address(staying));
		if (slot_helps(c, f))
			check_edit(c, check_place(&host_entry(c->host, f)->rule->at),
				   "write with=slot to its rule");
		else
			advise_reset(c, f);
	} else {
		check_say(c, FINDING_OK, CODE_RESET_OF_SLOT, check_address(f),
			  "is reset with its slot, all of which is for guests");
	}
}

void check_reset(struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (check_is_planned(c, f) && !has_reset(c, f))
			say_no_reset(c, f);
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

static const char *driver_of(const struct pci_function *f)
{
	return *f->driver ? f->driver : "no driver";
}

/* Whether the boot images are current is reported by the topic images. */
static void advise_reboot(struct check *c)
{
	check_advise(c, "reboot, once vgapass check images finds nothing");
}

static void say_driver(struct check *c, const struct pci_function *f, json_object *receipt)
{
	const char *wanted = host_entry(c->host, f)->driver, *at = check_address(f);
	json_object *then = find_in_receipt(receipt, at);
	const char *state = then ? receipt_text(then, "state") : "";
	const char *reason = then ? receipt_text(then, "reason") : "";

	if (!then) {
		check_say(c, FINDING_WARNING, CODE_RULE_NEWER_THAN_BOOT, at, "uses %s instead of "
			  "%s, as the last boot knew no rule for it", driver_of(f), wanted);
		advise_reboot(c);
	} else if (!strcmp(state, "bound")) {
		check_say(c, FINDING_WARNING, CODE_DRIVER_CHANGED, at, "uses %s, though the boot "
			  "bound it to %s, so something moved it since", driver_of(f), wanted);
		check_run(c, "vgapass check elsewhere");
		check_advise(c, "look for libvirt's managed='yes', and in dmesg");
	} else {
		check_say(c, FINDING_WARNING, CODE_BIND_FAILED, at, "uses %s instead of %s, %s at "
			  "the last boot%s%s", driver_of(f), wanted, state,
			  *reason ? ": " : "", reason);
		check_advise(c, "correct that, and reboot");
	}
}

static bool is_elsewhere(const struct check *c, const struct pci_function *f)
{
	return check_is_planned(c, f) &&
	       strcmp(f->driver, host_entry(c->host, f)->driver) != 0;
}

/* Without a receipt all functions have the same reason. They are one finding, which names the
 * driver that has them only if it is one. */
static void say_no_receipt(struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;
	const struct pci_function *first = NULL;
	bool same = true;

	for (unsigned i = 0; i < inv->functions; i++) {
		if (!is_elsewhere(c, &inv->function[i]))
			continue;
		first = first ? first : &inv->function[i];
		same &= !strcmp(first->driver, inv->function[i].driver);
	}
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (!is_elsewhere(c, f))
			continue;
		check_say(c, FINDING_WARNING, CODE_BOOT_WITHOUT_VGAPASS, check_address(f),
			  "uses %s instead of %s, as the last boot did not run vgapass",
			  same ? driver_of(f) : "another driver",
			  host_entry(c->host, f)->driver);
		advise_reboot(c);
	}
}

void check_drivers(struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;
	const char *why;
	json_object *receipt = receipt_read(&c->host->roots, &why);

	if (!receipt && why) {
		check_say(c, FINDING_WARNING, CODE_RECEIPT_UNUSABLE, "",
			  "%s, so what the boot did is not known", why);
		if (geteuid())
			check_as_root(c);
		else
			check_reboot(c);
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

	return then && strstr(receipt_text(then, "reason"), "has not returned");
}

static bool is_stray(json_object *receipt, const char *address)
{
	json_object *list = receipt ? receipt_list(receipt, "strays") : NULL;

	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		if (!strcmp(receipt_text(json_object_array_get_idx(list, i), "address"), address))
			return true;
	return false;
}

static void advise_stray(struct check *c, const char *at)
{
	check_run(c, "vgapass check elsewhere");
	check_advise(c, "vgapass release %s gives it back, vgapass add %s makes it a rule", at, at);
}

static void look_for_binders(struct check *c, const struct pci_function *f, json_object *receipt)
{
	const struct plan_entry *e = host_entry(c->host, f);
	const char *at = check_address(f);
	bool unnamed = !e->rule || e->rule->keep;
	/* The driver that explains the override: the rule's, or else the current one. */
	const char *right = e->rule && e->state == STATE_PLANNED ? e->driver : f->driver;
	char override[PCI_DRIVER_NAME];

	read_override(c, f, override);
	/* With driver=keep in the rule for its physical function. */
	if (f->is_virtual && !strcmp(override, "vgapass-hold"))
		return;
	if (*override && strcmp(override, right) != 0) {
		check_say(c, FINDING_WARNING, CODE_OVERRIDE_UNEXPLAINED, at, "its driver_override "
			  "is %s, which no rule explains, and it uses %s", override, driver_of(f));
		check_run(c, "vgapass release %s", at);
		check_advise(c, "if it comes back, look for another program that binds functions");
	} else if (!unnamed || f->later || !driver_is_for_guests(f->driver)) {
		return;
	} else if (is_stray(receipt, at)) {
		check_say(c, FINDING_WARNING, CODE_STRAY_OF_BOOT, at, "was on %s when the boot "
			  "ended, and no rule takes it", f->driver);
		check_advise(c, "look for ids= or another binder in the boot image");
		advise_stray(c, at);
	} else if (!*override) {
		check_say(c, FINDING_WARNING, CODE_STRAY_FUNCTION, at,
			  "is on %s, and no rule takes it", f->driver);
		check_advise(c, "look for ids=, new_id or another binder");
		advise_stray(c, at);
	} else {
		check_say(c, FINDING_OK, CODE_BOUND_FOR_NOW, at, "is on %s until the next boot, as "
			  "vgapass bind, libvirt or driverctl do it", f->driver);
		check_advise(c, "vgapass add %s makes it a rule", at);
	}
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

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (!check_is_planned(c, f) || !f->boot_display)
			continue;
		check_say(c, FINDING_OK, CODE_BOOT_DISPLAY_TAKEN, check_address(f), "is the boot "
			  "display, so the screen goes dark early in the boot");
		check_advise(c, "keep ssh at hand; a guest may want a copy of its ROM (romfile)");
	}
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
		if (name) {
			check_say(c, FINDING_ERROR, CODE_FRAMEBUFFER_HELD, check_address(f),
				  "the firmware's framebuffer (%s) still holds its memory, so a "
				  "guest cannot use it (BAR: can't reserve)", name);
			check_run(c, IOMEM_UNBIND);
		}
		free(iomem);
	}
}
