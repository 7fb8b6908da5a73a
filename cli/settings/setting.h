/* SPDX-License-Identifier: GPL-2.0-or-later */
/* setting.h - one thing that this machine is told outside of vgapass.conf, and where. */
#pragma once

#include <stdbool.h>

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
	SETTING_SHARES,	   /* lets i915 share a display by GVT-g: the parameter enable_gvt, or items
			      are its module kvmgt, to be loaded */
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
