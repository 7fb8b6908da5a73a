/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf_set.h - the files of the configuration while they are changed.
 *
 * A file is replaced as a whole by rename(2), so that a crash leaves the old or the new one.
 */
#pragma once

#include "cli/machine/host.h"

struct conf_file {
	char name[sizeof(struct conf_path)]; /* as messages name it: "vgapass.conf" */
	bool there;                          /* it exists */
	bool linked;                         /* by a symbolic link, which is kept */
	bool changed;
	size_t n, old_n;
	char *text; /* as it is to be */
	char *old;
};

struct conf_set {
	int lock;
	unsigned files;
	struct conf_file file[CONFIG_FILES_MAX];
};

/* Opens the machine and its configuration. Returns CMD_OK, or CMD_FAILED after printing the
 * reason: a configuration with errors is not changed, nor one that cannot be written, unless
 * `look_only`. conf_set_close() must follow in both cases. */
int conf_set_open(struct conf_set *s, struct host *h, const struct host_options *o,
		  bool look_only);
void conf_set_close(struct conf_set *s, struct host *h);

/* Reads the files of the configuration, and makes h->run's configuration and plan of them. Called
 * after all questions have been answered, as an editor may have saved a file meanwhile. Until
 * conf_set_close() no other vgapass changes the configuration, unless `look_only`. Returns CMD_OK,
 * or CMD_FAILED after printing the reason. */
int conf_set_read(struct conf_set *s, struct host *h, bool look_only);

/* The file that messages call `name`, an empty one if it does not exist. NULL, said: there are
 * CONFIG_FILES_MAX already. */
struct conf_file *conf_set_file(struct conf_set *s, const char *name);

/* Makes h->run's configuration and plan those of a boot with the changed files. `profile` is chosen
 * as by vgapass=PROFILE; none is if it is NULL or no section has that name, and config_trial is a
 * trial. Nothing else of the kernel command line counts. */
void conf_set_plan(const struct conf_set *s, struct host *h, const char *profile);

/* The same for the configuration that r has. */
void conf_set_plan_plainly(struct run *r, const char *profile);

/* Adds the errors of h->run's configuration to the account. Returns how many there are. */
unsigned conf_set_errors(const struct host *h);

/* Gives the file a new text, made by conf_edit_add() or conf_edit_change(). False, said: the text
 * is too long. */
bool conf_file_take(struct conf_file *f, const struct text *new);

/* Prints the changes as "diff -U0" does; nothing with JSON. */
void conf_set_diff(const struct conf_set *s);

/* True: the file is in vgapass.conf.d and empty, so it is removed. */
bool conf_file_goes(const struct conf_file *f);

/* False: the configuration is not what conf_set_read() has read, and `which` is the name of the
 * first file that differs. */
bool conf_set_is_current(const struct conf_set *s, const struct host *h, char which[256]);
