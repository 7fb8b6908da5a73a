/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.h - the checks of vgapass check: what they look at, and how they say what they find. */
#pragma once

#include "cli/machine/host.h"
#include "cli/machine/kernels.h"
#include "runtime/core/driver.h"

/* bytes that hold an address, or a place in the configuration */
#define CHECK_PLACE_MAX 384

enum check_level { CHECK_OK, CHECK_WARNING, CHECK_ERROR };

struct check;

/* Checks one subject and reports findings by check_say(). Changes nothing. */
typedef void check_fn(struct check *c);

struct check {
	struct host *host;
	const char *topic; /* of the check that runs */
	void *findings;    /* json_object, in the order of the finding */
	bool verbose;
	unsigned count[CHECK_ERROR + 1];
};

/* Reports a finding. `at` is a place, or "". The text is what is wrong, a newline, and what to
 * do about it. */
void check_say(struct check *c, enum check_level level, const char *at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

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

/* Cuts the next word off *rest and returns it, or NULL at the end. */
char *check_word(char **rest, const char *separators);

/* "update-initramfs -u -k 6.1.0-13-amd64", by the generator that this machine has; for all
 * kernels where `kernel` is NULL. There is one buffer. */
const char *check_rebuild(const struct check *c, const char *kernel);

/* True: the next boot is to bind the function. */
static inline bool check_is_planned(const struct check *c, const struct pci_function *f)
{
	return host_entry(c->host, f)->state == STATE_PLANNED;
}

/* True: there are no rules, so boot images need nothing. */
static inline bool check_is_idle(const struct check *c)
{
	const struct config *config = &c->host->run.config;
	return !config->rules && !config->cmdline_ids && !config->errors;
}

/* config.c */
check_fn check_files, check_rules, check_later, check_kinds, check_refused;
/* iommu.c */
check_fn check_iommu, check_no_group, check_groups, check_reserved, check_late_iommu;
check_fn check_remapping;
/* images.c */
check_fn check_images;
/* modules.c */
check_fn check_modules, check_signatures;
/* elsewhere.c */
check_fn check_settings;
/* cards.c */
check_fn check_reset, check_drivers, check_binders, check_display, check_framebuffer;
/* needs.c */
check_fn check_host_needs, check_passphrase;
/* guests.c */
check_fn check_kvm, check_kvm_access, check_group_files;
