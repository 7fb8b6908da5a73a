/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mediated.c - see mediated.h */
#include "mediated.h"

#include <stdio.h>

#include "cli/cmd.h"
#include "runtime/core/words.h"

/* Says how to make the device, by the first card that can. */
static void say_unknown(const struct host *h, const struct mdevs *all, const char *uuid)
{
	char type[MDEV_NAME_MAX] = "", at[64];
	const struct pci_function *f = mdev_maker(h, type);

	if (all->denied)
		cmd_complain("%s: not started, and /etc/mdevctl.d cannot be read: run as root",
			     uuid);
	else if (!f)
		cmd_complain("%s: no such mediated device, and no card here makes any: see "
			     "MEDIATED DEVICES in vgapass(8)", uuid);
	else
		cmd_complain("%s: no such mediated device: "
			     "mdevctl start -u %s -p %s -t %s", uuid, uuid,
			     text_make(at, sizeof(at), "%pa", &f->at), type);
}

/* Returns true, after printing it, if a rule takes the card: a card on VFIO has no shares. */
static bool is_taken(const struct host *h, const struct mdev *m)
{
	const struct pci_function *f = mdev_parent(h, m);
	const struct plan_entry *e = f ? host_entry(h, f) : NULL;
	char where[PLAN_LINE_MAX];

	if (!e || e->state != STATE_PLANNED)
		return false;
	cmd_complain("%s: %s its card %s goes to %s: remove %s", m->uuid,
		     m->exists ? "only in this boot, as" : "never, as", m->parent, e->driver,
		     text_make(where, sizeof(where), "%pp", &e->rule->at));
	return true;
}

static void warn_of_boots(const struct mdev *m)
{
	if (!m->exists)
		cmd_complain("%s: not started: mdevctl start --uuid %s", m->uuid, m->uuid);
	else if (!m->defined)
		cmd_complain("%s: gone after a reboot: mdevctl define --auto --uuid %s", m->uuid,
			     m->uuid);
	else if (!m->at_boot)
		cmd_complain("%s: not started at boot: mdevctl modify --auto --uuid %s", m->uuid,
			     m->uuid);
}

const struct mdev *mediated_ready(const struct host *h, const struct mdevs *all, const char *text)
{
	char uuid[MDEV_UUID_SIZE];

	if (!mdev_parse_uuid(text, uuid)) {
		cmd_complain("--mdev %s: expected a UUID, like "
			     "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001: mdevctl list has them", text);
		return NULL;
	}
	const struct mdev *m = mdevs_find(all, uuid);
	if (!m) {
		say_unknown(h, all, uuid);
		return NULL;
	}
	if (is_taken(h, m))
		return m->exists ? m : NULL;
	warn_of_boots(m);
	return m;
}
