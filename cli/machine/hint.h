/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hint.h - a line on stderr about what a table cannot show: each only where it matters. */
#pragma once

#include "host.h"

/* The functions cannot be listed. CMD_FAILED. */
int hint_input(const struct host *h);

/* No function has an IOMMU group: why, and how to turn the IOMMU on. */
void hint_iommu(const struct host *h);

/* Why the boot of this kernel command line, whose plan is PLAN_OFF, binds nothing, for a sentence:
 * vgapass=off, or the word that asks for a recovery boot. */
const char *hint_off(const struct run *r, char text[HOST_NAME_MAX]);

/* A function has mediated devices: how to give one to a guest. */
void hint_mediated(const struct host *h);

/* No rule holds: vgapass=off, a broken configuration, an unknown profile. */
void hint_plan(const struct host *h);

/* Returns true if a serial number counts that only root can read: a rule has one, or `shown` is
 * true. */
bool hint_is_serial_hidden(const struct host *h, bool shown);

/* Says so. */
void hint_serials(const struct host *h, bool shown);
