/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ready.c - see ready.h */
#include "ready.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/core/driver.h"
#include "runtime/core/words.h"
#include "cli/cmd.h"
#include "cli/machine/group.h"
#include "cli/machine/mdev.h"
#include "cli/out/finding.h"
#include "cli/out/xalloc.h"

const char *ready_planned(const struct host *h, const struct pci_function *f)
{
	const struct plan_entry *e = host_entry(h, f);

	return e->state == STATE_PLANNED ? e->driver : "";
}

static bool goes(const struct host *h, const struct pci_function *f)
{
	return driver_is_vfio(f->driver) || driver_is_vfio(ready_planned(h, f));
}

/* Prints "ADDRESS: WHAT" and, if there is any, the advice below it. */
static void say_with_advice(const struct pci_function *f, const char *what, const char *advice)
{
	struct findings l = { .n = 0 };
	char at[64];
	struct finding *one = findings_add(&l, FINDING_ERROR, "",
					   text_make(at, sizeof(at), "%pa", &f->at), "%s", what);

	if (*advice)
		finding_advise(one, advice);
	finding_complain(one);
	findings_free(&l);
}

/* Prints `first` and why the function comes later: "WHAT: ADVICE" or "WHAT". */
static void say_why_later(const struct host *h, const struct pci_function *f, const char *first)
{
	char why[HOST_NAME_MAX];
	const char *colon = strstr(host_later_text(h, f, why), ": ");
	char *what = xasprintf("%s%.*s", first, (int)(colon ? (size_t)(colon - why) :
							      strlen(why)), why);

	say_with_advice(f, what, colon ? colon + 2 : "");
	free(what);
}

static int refuse_without_group(const struct pci_function *f)
{
	char at[64];

	return cmd_complain("%s: no IOMMU group, so no guest can have it: see vgapass check iommu",
			    text_make(at, sizeof(at), "%pa", &f->at));
}

/* ", or assign --mdev UUID", where the function has such a share; else "". */
static const char *advise_share(const struct host *h, const struct pci_function *f, char text[64])
{
	const struct mdev *one;
	struct mdevs all;

	*text = '\0';
	mdevs_read(h, &all);
	if (mdevs_of(h, &all, f, &one))
		text_make(text, 64, ", or assign --mdev %s", one->uuid);
	mdevs_free(&all);
	return text;
}

/* Neither this boot nor the next gives the function to a guest: says why not. Without an IOMMU
 * group add refuses it, too. */
static int refuse_function(const struct host *h, const struct pci_function *f)
{
	const struct plan_entry *e = host_entry(h, f);
	char why_buf[PLAN_LINE_MAX], at[64], share[64];
	struct text why;

	if (f->group < 0 && e->state == STATE_NONE)
		return refuse_without_group(f);
	text_start(&why, why_buf, sizeof(why_buf));
	if (h->run.plan.state != PLAN_READY)
		text_add(&why, "will not bind it: see vgapass plan");
	else if (e->state == STATE_PLANNED)
		text_add(&why, "will bind it to %s: write driver=vfio-pci in %pp", e->driver,
			 &e->rule->at);
	else if (e->state == STATE_SHARED)
		text_add(&why, "leaves it there: assign one of its virtual functions");
	else if (e->state == STATE_NONE)
		text_add(&why, "leaves it there: run vgapass add %pa%s", &f->at,
			 advise_share(h, f, share));
	else {
		text_add(&why, "leaves it there: ");
		words_reason(&why, &h->run, f, e);
		text_add(&why, " (%pp)", &e->rule->at);
	}
	return cmd_complain("%s: %s%s, and the next boot %s",
			    text_make(at, sizeof(at), "%pa", &f->at),
			    *f->driver ? "uses " : "has no driver", f->driver, why_buf);
}

/* Says what keeps the group of f from guests after the next boot, or may do so later; functions
 * of the card are judged one by one. Returns CMD_OK if guests can have it. */
static int refuse_group(struct host *h, const struct card *card, const struct pci_function *f)
{
	struct group_words words;
	enum group_state state = group_judge(h, f, card, &words);

	if (state != GROUP_OPEN)
		say_with_advice(f, words.what, words.advice);
	return state > GROUP_FOR_NOW ? CMD_FAILED : CMD_OK;
}

static bool shares_group(const struct card *card, const struct pci_function *f)
{
	for (unsigned i = 0; i < card->n; i++)
		if (card->function[i]->group == f->group)
			return true;
	return false;
}

/* What stays of the card. It is no obstacle where its group is another one. */
static int check_left_out(struct host *h, const struct card *card, const struct card *going)
{
	char at[64];

	for (unsigned i = 0; i < card->n; i++) {
		const struct pci_function *f = card->function[i];
		if (card_has(going, f))
			continue;
		if (!going->n || shares_group(going, f)) {
			refuse_group(h, card, f);
			return refuse_function(h, f);
		}
		text_make(at, sizeof(at), "%pa", &f->at);
		cmd_complain("%s: stays with the host, which its IOMMU group %d allows%s%s", at,
			     (int)f->group, host_entry(h, f)->rule ? "" :
			     ": to give it to the guest too, run vgapass add ",
			     host_entry(h, f)->rule ? "" : at);
	}
	return CMD_OK;
}

/* What says that a function cannot be had by any guest, now or after the next boot. */
static int check_function(struct host *h, const struct card *card, const struct pci_function *f)
{
	char at[64];

	text_make(at, sizeof(at), "%pa", &f->at);
	if (f->group < 0)
		return refuse_without_group(f);
	if (f->at.domain > 0xffff)
		return cmd_complain("%s: QEMU takes no PCI domain above ffff: turn VMD off in the "
				    "firmware", at);
	for (unsigned i = 0; card->function[i] != f; i++)
		if (card->function[i]->group == f->group)
			return CMD_OK;
	return refuse_group(h, card, f);
}

/* Warns that the guest can have the card only after the next boot. What appears late in a boot is
 * taken by bind, whatever the boot does. */
static void warn_of_later(const struct host *h, const struct pci_function *f)
{
	char at[64];

	text_make(at, sizeof(at), "%pa", &f->at);
	if (host_later(h, f) != HOST_NOT_LATER)
		say_why_later(h, f, "");
	else
		cmd_complain("%s: the guest can have the card after the next boot, not before: "
			     "rebuild the boot image if it is stale, and reboot", at);
}

/* Warns that no rule takes the card at the next boot. */
static void warn_of_once(const struct host *h, const struct pci_function *f)
{
	enum host_later later = host_later(h, f);
	char at[64];

	text_make(at, sizeof(at), "%pa", &f->at);
	if (later == HOST_VIRTUAL || later == HOST_BEHIND_VMD)
		say_why_later(h, f, "the guest can have the card now; at the next boot ");
	else
		cmd_complain("%s: the guest can have the card now, but the next boot leaves it "
			     "to the host: run vgapass add %s", at, at);
}

/* The card can be had, but not in this boot or not in the next: says so once. */
static void warn_of_boots(struct host *h, const struct card *card)
{
	const struct pci_function *later = NULL, *once = NULL;

	for (unsigned i = 0; i < card->n; i++) {
		const struct pci_function *f = card->function[i];
		if (!later && (!driver_is_vfio(f->driver) ||
			       group_list(h, f->group, GROUP_HELD, false, NULL)))
			later = f;
		if (!once && !driver_is_vfio(ready_planned(h, f)))
			once = f;
	}
	if (later)
		warn_of_later(h, later);
	if (once)
		warn_of_once(h, once);
}

int ready_card(struct host *h, const struct card *card, struct card *ret)
{
	ret->n = 0;
	for (unsigned i = 0; i < card->n; i++)
		if (goes(h, card->function[i]))
			ret->function[ret->n++] = card->function[i];
	if (check_left_out(h, card, ret))
		return CMD_FAILED;
	for (unsigned i = 0; i < ret->n; i++)
		if (check_function(h, ret, ret->function[i]))
			return CMD_FAILED;
	warn_of_boots(h, ret);
	return CMD_OK;
}

/* What no rule takes may be with the host, as long as its group is another one. */
bool ready_now(struct host *h, const struct card *card)
{
	struct card going = { .n = 0 };

	for (unsigned i = 0; i < card->n; i++)
		if (driver_is_vfio(card->function[i]->driver))
			going.function[going.n++] = card->function[i];
	for (unsigned i = 0; i < card->n; i++) {
		const struct pci_function *f = card->function[i];
		if (!card_has(&going, f) && (goes(h, f) || shares_group(&going, f)))
			return false;
	}
	for (unsigned i = 0; i < going.n; i++) {
		int32_t group = going.function[i]->group;
		if (group < 0 || group_is_reserved(h, group) ||
		    group_list(h, group, GROUP_HELD, false, NULL))
			return false;
	}
	return going.n;
}
