/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ask.h - asks something of the next boot for a person, who is told by the account of a verb. */
#pragma once

#include "cli/cmd.h"
#include "cli/machine/host.h"
#include "once.h"

struct once {
	const char *token;  /* "1 trial\n" */
	unsigned within;    /* seconds after which a trial that nobody confirms ends; 0: none */
	bool json;          /* of once_run(): one JSON document in place of text */
};

/* Finds out whether once_ask() can be done: leaves a text and takes it away again, as a firmware
 * that is full says so only then. What follows may be interrupted, so the token must not be there
 * yet. Returns CMD_OK, or CMD_FAILED after printing the reason. */
int once_prepare(const struct host *h, const struct once *once);

/* Leaves the token, and says what the next boot does. Returns CMD_OK, or CMD_FAILED after printing
 * the reason: then the next boot is asked nothing. */
int once_ask(const struct host *h, const struct once *once);

/* The same for a verb that changes nothing else: the image that boots has to look for it. Returns
 * an exit code. */
int once_run(const struct cmd_verb *verb, const struct host_options *o, const struct once *once);

/* vgapass VERB --cancel. Returns an exit code. */
int once_run_cancel(const struct cmd_verb *verb, const struct host_options *o, bool json);

/* Says that the next boot is asked nothing. Returns CMD_FAILED. */
int once_say_not_armed(void);

