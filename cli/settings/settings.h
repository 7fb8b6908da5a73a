/* SPDX-License-Identifier: GPL-2.0-or-later */
/* settings.h - what this machine is told outside of vgapass.conf about functions for guests.
 *
 * One reader for each place: the kernel command line and the files it comes from, modprobe.d,
 * lists of modules, driverctl, udev rules, scripts, and what Unraid, TrueNAS, Qubes and Xen
 * keep. A reader states what is written and where; the verbs import and check judge it.
 */
#pragma once

#include "cli/machine/host.h"
#include "runtime/core/driver.h"
#include "setting.h"

/* Reads all places. Files that do not exist yield nothing. Ends with settings_free(). */
void settings_read(struct host *h, struct settings *ret);
void settings_free(struct settings *s);

/* "/etc/default/grub:9", or "the kernel command line". */
#define SETTING_PLACE_MAX 384
const char *setting_place(const struct setting *s, char buf[SETTING_PLACE_MAX]);

/* What removes the setting and nothing else. */
#define SETTING_FIX_MAX 512
struct setting_fix {
	char edit[SETTING_FIX_MAX]; /* "remove vfio-pci.ids=10de:1e84"; "": nothing is written */
	enum {
		SETTING_FILE,     /* the edit is of the file that the setting is in */
		SETTING_BOOTLINE, /* of where bootline_find() says: "remove vgapass=off from" */
		SETTING_SCREEN,   /* it is done with the mouse */
	} target;
	char command[SETTING_FIX_MAX]; /* to run, after the edit if any: "update-grub"; "": none */
};

void setting_fix(struct host *h, const struct setting *s, struct setting_fix *ret);

/* What has to stay of a word with a list or of a softdep line, as the rules do nothing of it:
 * "modprobe.blacklist=pcspkr" of "modprobe.blacklist=nouveau,pcspkr". "": all of it may go. */
const char *setting_kept(struct host *h, const struct setting *s, char buf[SETTING_FIX_MAX]);

/* True: an item means the function. Without items no function is meant. */
bool setting_means(const struct host *h, const struct setting *s, const struct pci_function *f);

/* True: an item of a blacklist, or the module of a word, is a driver of the host's for a
 * function that the plan in h->run binds: the rules do what the setting is for. */
bool setting_is_for_rules(struct host *h, const struct setting *s);
