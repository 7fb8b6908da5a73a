/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf_set.h - the configuration's files, to be changed: read, planned as changed, shown,
 * written.
 *
 * A file is replaced as a whole by rename(2), so that a crash leaves the old or the new one.
 */
#pragma once

#include "cli/machine/host.h"

struct conf_file {
	char name[sizeof(struct conf_path)]; /* as messages name it: "vgapass.conf" */
	bool there;                          /* on the disk */
	bool linked;                         /* a link is, to be kept */
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

/* Opens the machine and looks at its configuration: one that has errors, or that cannot be
 * written, unless `look_only`, is not to be changed. 0, or CMD_FAILED, said. `verb` is who
 * speaks. conf_set_close() is due in both cases. */
int conf_set_open(struct conf_set *s, struct host *h, const struct host_options *o,
		  const char *verb, bool look_only);
void conf_set_close(struct conf_set *s, struct host *h);

/* Reads the configuration to be changed, as it is now, when all questions have their answers:
 * an editor may have saved it meanwhile. No other vgapass changes it until conf_set_close(),
 * unless `look_only`. h->run's configuration and plan are its own then. 0, or CMD_FAILED,
 * said. */
int conf_set_read(struct conf_set *s, struct host *h, const char *verb, bool look_only);

/* The file that messages call `name`, made if it is not there. NULL, said: no room for one
 * more. */
struct conf_file *conf_set_file(struct conf_set *s, const char *name, const char *verb);

/* Makes h->run's configuration and plan those of a boot with the files as they are to be and
 * vgapass=PROFILE, none if it is NULL or there is no such section; of the kernel command line
 * nothing else counts. */
void conf_set_plan(const struct conf_set *s, struct host *h, const char *profile);

/* Prints the errors of h->run's configuration. How many there are. */
unsigned conf_set_errors(const struct host *h);

/* Makes the text that conf_edit_add() or conf_edit_remove() has filled the file's own. False,
 * said: it is too long. */
bool conf_file_take(struct conf_file *f, const struct text *new, const char *verb);

/* Prints what is changed, as "diff -U0" does. */
void conf_set_diff(const struct conf_set *s);

/* True: it is in vgapass.conf.d and nothing is left in it, so it goes. */
bool conf_file_goes(const struct conf_file *f);

/* False: the configuration is not what conf_set_read() has read, and `which` is the name of the
 * first file that differs. */
bool conf_set_is_current(const struct conf_set *s, const struct host *h, char which[256]);
