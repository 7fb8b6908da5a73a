/* SPDX-License-Identifier: GPL-2.0-or-later */
/* refusal.h - the line of the configuration that allows what a plan refuses; for next_boot.c. */
#pragma once

#include "next_boot.h"

/* Adds what to do about a rule that decides nothing. */
void refusal_fix_miss(const struct host *h, const struct rule *rule, const struct plan_miss *miss,
		      struct finding *to);
