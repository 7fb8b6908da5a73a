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

enum setting_kind {
	SETTING_GIVES,	   /* items go to a driver for guests: IDs, addresses, paths */
	SETTING_BINDS,	   /* a script or udev rule does that; items are what it names, if any */
	SETTING_GUESTS,	   /* a script does that when a guest starts or ends, not at boot */
	SETTING_REMOVES,   /* a script or udev rule removes items from the PCI bus */
	SETTING_BLACKLIST, /* items are modules that do not load */
	SETTING_LOADS,	   /* items are VFIO's modules, to be loaded or put into boot images */
	SETTING_NEEDLESS,  /* needless once rules hold; why says what it was for */
	SETTING_OPTIONS,   /* items are options of VFIO's module `driver`, without ids= */
	SETTING_STOPS,	   /* keeps VFIO or vgapass from working; why says how */
	SETTING_HINDERS,   /* may do so */
	SETTING_WRONG,	   /* nothing reads it; why says what is wrong; items are what was meant */
	SETTING_RISK,	   /* does something else that a person should know; why says what */
	SETTING_UNREAD,	   /* a file that cannot be read; why says the error */
};

enum setting_source {
	SOURCE_RUNNING, /* the kernel command line of now, as it is in no file */
	SOURCE_GRUB,	/* /etc/default/grub and its snippets */
	SOURCE_ENTRY,	/* an entry of a boot loader */
	SOURCE_KERNEL,	/* /etc/kernel/cmdline and others that kernel-install or dracut read */
	SOURCE_MODPROBE,
	SOURCE_ALIAS, /* an alias in modprobe.d */
	SOURCE_LIST,  /* a list of modules */
	SOURCE_DRIVERCTL,
	SOURCE_UDEV,
	SOURCE_SCRIPT,
	SOURCE_UNRAID,
	SOURCE_TRUENAS,
};

struct setting {
	enum setting_kind kind;
	enum setting_source source;
	unsigned line;	    /* 0: the file as a whole */
	const char *file;   /* below the root; "" for SOURCE_RUNNING */
	const char *text;   /* the line */
	const char *words;  /* the part of it that says this */
	bool more;	    /* the line has other words, which say something else */
	bool denied;	    /* -E2BIG and others: for SETTING_UNREAD, whether root could read it */
	const char *items;  /* with commas between; "": none is named */
	const char *driver; /* "vfio-pci"; for SETTING_OPTIONS the module */
	const char *why;    /* for a sentence */
	const char *entry;  /* of a boot loader that was not chosen at this boot: its name; "" */
	const char *variable; /* of a shell: a later assignment voids this one; "" */
	bool left_out;	      /* for the caller: no rule does what it does, so it has to stay */
};

struct settings {
	unsigned n, cap;
	struct setting *list;
	unsigned texts, texts_cap;
	char **text; /* every text above */
};

/* Reads all places. Files that do not exist yield nothing. Ends with settings_free(). */
void settings_read(struct host *h, struct settings *ret);
void settings_free(struct settings *s);

/* "/etc/default/grub:9", or "the kernel command line". */
#define SETTING_PLACE_MAX 384
const char *setting_place(const struct setting *s, char buf[SETTING_PLACE_MAX]);

/* What removes the setting and nothing else, for a sentence: "remove it, and run update-grub". */
#define SETTING_FIX_MAX 512
const char *setting_fix(struct host *h, const struct setting *s, char buf[SETTING_FIX_MAX]);

/* What has to stay of a word with a list or of a softdep line, as the rules do nothing of it:
 * "modprobe.blacklist=pcspkr" of "modprobe.blacklist=nouveau,pcspkr". "": all of it may go. */
const char *setting_kept(struct host *h, const struct setting *s, char buf[SETTING_FIX_MAX]);

/* True: an item means the function. Without items no function is meant. */
bool setting_means(const struct host *h, const struct setting *s, const struct pci_function *f);

/* True: an item of a blacklist, or the module of a word, is a driver of the host's for a
 * function that the plan in h->run binds: the rules do what the setting is for. */
bool setting_is_for_rules(struct host *h, const struct setting *s);

/* True: a module of VFIO's, or pci-stub. */
bool settings_is_vfio(struct slice module);

/* True: of those, a module that may take functions by ids=: vfio-pci and its like, pci-stub. */
bool settings_takes_ids(struct slice module);
