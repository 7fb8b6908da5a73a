/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf_write.h - the changed files of the configuration, onto the disk: all of them, or none. */
#pragma once

#include "conf_set.h"

/* Looks at what is to be replaced. 0, or CMD_FAILED, said: what conf_write() would refuse. */
int conf_write_check(const struct conf_set *s, const struct host *h, const char *verb);

/* Writes them, and says so of each. 0, or CMD_FAILED, said: nothing is changed, but where a
 * file's replacement fails behind another's, which is said. From then on SIGPIPE is ignored: a
 * change that is made does not end with whoever reads of it. */
int conf_write(const struct conf_set *s, const struct host *h, const char *verb);
