/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.h - the checks of vgapass check: what they look at, and how they say what they find. */
#pragma once

#include "cli/machine/host.h"
#include "cli/machine/kernels.h"
#include "cli/out/finding.h"
#include "codes.h"
#include "runtime/core/driver.h"

/* bytes that hold an address, or a place in the configuration */
#define CHECK_PLACE_MAX 384

struct boot_image;
struct check;

/* Checks one subject and reports findings by check_say(). Changes nothing. */
typedef void check_fn(struct check *c);

struct check {
	struct host *host;
	struct findings found; /* in the order of the checks */
	bool unread;           /* root could have read more */
};

/* Reports a finding. `at` is a place, an address or "". The text reads well behind it: a verb
 * first, or a sentence of its own. What to do follows by the functions below, a step each, in the
 * order in which they are done. */
void check_say(struct check *c, enum finding_level level, enum check_code code, const char *at,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));

/* What a code means, in a sentence. */
const char *check_meaning(enum check_code code);

/* Add a step to the last finding: a command to run; what to write, and where; anything else. */
void check_run(struct check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void check_edit(struct check *c, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void check_advise(struct check *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The step is the advice of another part of the program: "run X" is a command, and "write X" is an
 * edit at `at`, unless that is NULL. "X; or, Y" is two steps. */
void check_follow(struct check *c, const char *at, const char *advice);

/* The steps are to run this again as root; to reboot; to rebuild the boot images of a kernel, NULL:
 * of all, and reboot. `image` is as for rebuild_advice_for(). */
void check_as_root(struct check *c);
void check_reboot(struct check *c);
void check_rebuild(struct check *c, const char *kernel, const struct boot_image *image);

/* The steps add a parameter to the kernel command line, or remove it from there, and reboot:
 * "add X to", "remove X from". */
void check_bootline(struct check *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Return an address or a place as text, in one of four buffers that are used in turn. */
const char *check_address(const struct pci_function *f);
const char *check_place(const struct place *at);
const char *check_line(const char *path, unsigned line); /* line 0: the file as a whole */

/* True: the path exists below the sysroot. */
bool check_exists(const struct check *c, const char *path);

/* Returns the host's path of a path below the sysroot. The caller frees it. */
char *check_path(const struct check *c, const char *path);

/* Returns the text of a file below the sysroot; the caller frees it. NULL: it does not exist, or
 * it cannot be read, which is reported. */
char *check_read(struct check *c, const char *path);

/* Calls fn for each line of a file that is neither empty nor a comment, without the blanks
 * around it. *at says which line it is. */
struct check_at {
	const char *path;
	unsigned line;
};

typedef void check_line_fn(struct check *c, const struct check_at *at, char *line);

void check_lines(struct check *c, const char *path, check_line_fn *fn);

/* True: the newest kernel has no such module, built in or not. False: it has, or that is not
 * known. */
bool check_lacks_module(const struct check *c, const char *module);

/* Part of the topic elsewhere: settings that share a display by GVT-g. */
struct settings;
void check_shares(struct check *c, const struct settings *found);

/* Adds the steps that remove a setting: cli/settings/settings.h. */
struct setting;
void check_remove(struct check *c, const struct setting *s);

/* Returns where a setting is, for check_say(). */
const char *check_where(const struct setting *s);

/* Cuts the next word off *rest and returns it, or NULL at the end. */
char *check_word(char **rest, const char *separators);

/* True: the next boot is to bind the function. */
static inline bool check_is_planned(const struct check *c, const struct pci_function *f)
{
	return host_entry(c->host, f)->state == STATE_PLANNED;
}

/* True: there are no rules, so boot images need nothing. */
static inline bool check_is_idle(const struct check *c)
{
	const struct config *config = &c->host->run.config;
	return !config->rules && !config->cmdline_rules && !config->errors;
}

/* config.c */
check_fn check_files, check_rules, check_later, check_kinds, check_refused;
/* once.c */
check_fn check_once;
/* iommu.c */
check_fn check_iommu, check_no_group, check_groups, check_reserved, check_late_iommu;
check_fn check_remapping;
/* images.c */
check_fn check_images;
/* modules.c */
check_fn check_modules, check_signatures;
/* elsewhere.c */
check_fn check_settings;
/* mediated.c */
check_fn check_mediated;
/* virtual.c */
check_fn check_virtual;
/* cards.c */
check_fn check_reset, check_drivers, check_binders, check_display, check_framebuffer;
/* needs.c */
check_fn check_host_needs, check_passphrase;
/* guests.c */
check_fn check_kvm, check_kvm_access, check_group_files;
