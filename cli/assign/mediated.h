/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mediated.h - whether a guest can have a mediated device. */
#pragma once

#include "cli/machine/mdev.h"

/* Finds the device in `all` that the UUID names. Warns where it must be started before, or is gone
 * after a reboot. Returns NULL after printing the reason: the text is no UUID, there is no such
 * device, or a rule takes its card. */
const struct mdev *mediated_ready(const struct host *h, const struct mdevs *all,
				  const char *text);
