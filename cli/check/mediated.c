/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mediated.c - mediated devices: does a rule take their card, and can GVT-g work here? */
#include "check.h"

#include <string.h>

#include "cli/machine/mdev.h"
#include "cli/settings/settings.h"

/* The driver of the host must have the card, so a rule for it and its shares cannot both hold. */
void check_mediated(struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;
	const struct mdev *one;
	struct mdevs all;

	mdevs_read(c->host, &all);
	c->unread |= all.denied;
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		unsigned n = check_is_planned(c, f) ? mdevs_of(c->host, &all, f, &one) : 0;
		if (!n)
			continue;
		const char *rule = check_place(&host_entry(c->host, f)->rule->at);
		check_say(c, FINDING_ERROR, CODE_MDEV_WITHOUT_CARD, check_address(f),
			  "has %u mediated device%s (%s), which the next boot loses, as a rule "
			  "takes the card", n, n > 1 ? "s" : "", one->uuid);
		check_edit(c, rule, "remove the rule, to keep what it shares");
		if (one->defined)
			check_advise(c, "or, to give the whole card to one guest, mdevctl "
				     "undefine --uuid %s", one->uuid);
	}
	mdevs_free(&all);
}

/* --- GVT-g: i915.enable_gvt=1 and the module kvmgt */

/* Why no boot of this machine has GVT-g; NULL: nothing is known against it. */
static const char *find_gvt_fault(const struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;
	bool planned = false, on_xe = false, possible = false;

	if (!inv->functions)
		return NULL;
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (!mdev_has_gvt(f))
			continue;
		bool xe = !strcmp(f->driver, "xe");
		planned |= check_is_planned(c, f);
		on_xe |= xe;
		possible |= !xe && !check_is_planned(c, f);
	}
	if (possible)
		return check_lacks_module(c, "kvmgt") ?
		       "the newest kernel is built without GVT-g (it has no module kvmgt)" : NULL;
	return planned ? "a rule takes the display from i915" :
	       on_xe ? "the display is on xe, which has no GVT-g" :
	       "only Intel's displays of Broadwell to Comet Lake have GVT-g";
}

static const struct setting *find_share(const struct settings *found, bool module)
{
	for (unsigned i = 0; i < found->n; i++)
		if (found->list[i].kind == SETTING_SHARES && !*found->list[i].items != module)
			return &found->list[i];
	return NULL;
}

/* "i915.enable_gvt=1", "kvmgt", "options i915 enable_gvt=1" */
static void say_useless(struct check *c, const struct setting *s, const char *why)
{
	check_say(c, FINDING_WARNING, CODE_GVT_USELESS, check_where(s),
		  "%s does nothing here: %s", s->words, why);
}

/* i915 offers no mediated devices without the parameter, and makes none without kvmgt, which no
 * alias loads. */
void check_shares(struct check *c, const struct settings *found)
{
	const struct setting *option = find_share(found, false), *module = find_share(found, true);
	const char *why = option || module ? find_gvt_fault(c) : NULL;

	for (unsigned i = 0; why && i < found->n; i++)
		if (found->list[i].kind == SETTING_SHARES) {
			say_useless(c, &found->list[i], why);
			check_remove(c, &found->list[i]);
		}
	if (why)
		return;
	if (option && !module && !check_exists(c, "sys/module/kvmgt")) {
		say_useless(c, option, "nothing loads kvmgt, which makes the devices");
		check_edit(c, "/etc/modules-load.d/kvmgt.conf", "write kvmgt");
	} else if (module && !option) {
		say_useless(c, module, "i915 needs enable_gvt=1, too");
		check_bootline(c, "add i915.enable_gvt=1 to");
	}
}
