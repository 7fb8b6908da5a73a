/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravada.h - the cards that Ravada may give to guests, for its own list of devices. */
#pragma once

#include "cli/machine/host.h"

/* Prints a line for each card that is ready now, as "lspci -Dnn" has it for its first function:
 * "0000:01:00.0 VGA compatible controller [0300]: Oland GL [1002:6608]". The line is the name of
 * Ravada's lock, so it stays the same as long as the card does. Nothing goes to stderr, as
 * Ravada takes that for a failure. */
void ravada_list(struct host *h);
