/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_json.h - the JSON of bind and release. */
#pragma once

#include "live.h"

/* Notes what function_json() says of each function, while the plan is still that of the next
 * boot. */
void live_json_start(const struct live *l);

/* Whether a step is done with the k-th function. Unknown: nothing was to be changed, as with
 * --dry-run. */
enum live_done { LIVE_DONE_UNKNOWN, LIVE_DONE_NO, LIVE_DONE_YES };

/* Adds what the verb does with it: action, "bind", "release" or "clear-override"; NULL: nothing;
 * done; was, the driver before; and the driver that has it now. */
void live_json_set(const struct live *l, unsigned k, const char *action, enum live_done done,
		   const char *now);

/* Prints the document of all functions. live_json_set() was called for each. */
void live_json_print(const struct live *l);
