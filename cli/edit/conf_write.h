/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf_write.h - the changed files of the configuration, onto the disk: all of them, or none. */
#pragma once

#include "conf_set.h"

/* Finds out whether conf_write() would refuse. Returns CMD_OK, or CMD_FAILED after printing why. */
int conf_write_check(const struct conf_set *s, const struct host *h);

/* Writes all changed files and prints the name of each. Returns CMD_OK, or CMD_FAILED after
 * printing the reason. Then nothing is changed, unless a rename fails after another one: the
 * message says which files are changed. SIGPIPE is ignored from here on, so that a change does
 * not stop half-way because the reader of stdout has gone. */
int conf_write(const struct conf_set *s, const struct host *h);
