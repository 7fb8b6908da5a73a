/* SPDX-License-Identifier: GPL-2.0-or-later */
/* within.h - the time in which a trial has to be confirmed. vgapass-confirm.service reboots the
 * machine when it is over, so that one that cannot be reached comes back.
 *
 * It is a file with the seconds, which is there from vgapass try --within until the trial is
 * confirmed, or a boot finds that it is no trial.
 */
#pragma once

#include "runtime/io/gather.h"

#define WITHIN_FILE "var/lib/vgapass/within"
#define WITHIN_MAX 86400 /* seconds */

/* Reads "90", "90s", "5m" or "1h". False: it is none of them, or more than WITHIN_MAX. */
bool within_parse(const char *text, unsigned *seconds);

/* Returns the seconds; 0: there is no such file. */
unsigned within_read(const struct roots *roots);

/* The same; 0 too if vgapass-confirm.service does not run, as the file is for the next boot. */
unsigned within_running(const struct roots *roots);

/* Returns NULL, or why nothing would end the trial. */
const char *within_obstacle(const struct roots *roots);

/* Writes the file, so that a power cut leaves it or none; removes it. Return 0, or -errno. */
int within_write(const struct roots *roots, unsigned seconds);
int within_remove(const struct roots *roots);
