/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench.h - a run on the workbench: functions and a configuration in, the plan's words out. */
#pragma once

#include "runtime/core/words.h"

extern struct run bench;

/* No function, no configuration. */
void bench_start(void);

/* Adds a function, to be done in the order of addresses. All of its details are known, it
 * has a group of its own, a path like its address, no driver and no serial number; the test
 * changes what it wants. */
struct pci_function *bench_add(const char *address, const char *id, uint32_t class);

/* Reads a configuration, as the file "c"; errors stay in bench.config. */
void bench_config(const char *conf);

/* The same, with a kernel command line, and builds the plan. */
void bench_plan(const char *conf, const char *cmdline);

/* What is said of a function, behind its address and ID; "" for nothing. */
const char *bench_says(const char *address);

/* The k-th problem, "PLACE: TEXT"; "" for none. */
const char *bench_problem(unsigned k);

/* The plan's entry of a function. */
struct plan_entry *bench_entry(const char *address);

/* What became of a function; bench_plan() clears it. */
struct outcome *bench_outcome(const char *address);
