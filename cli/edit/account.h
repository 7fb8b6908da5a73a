/* SPDX-License-Identifier: GPL-2.0-or-later */
/* account.h - what add, remove and import have to say: text as they work, or one JSON document at
 * their end.
 *
 * What is not as wished is a finding. In text it is printed on stderr before anything else is
 * printed, with what to do indented below it:
 *
 *     vgapass: 0000:01:00.0: the boot display
 *       -> vgapass add --take-boot-display 01:00.0
 */
#pragma once

#include "cli/cmd.h"
#include "cli/machine/host.h"
#include "cli/out/finding.h"

/* Starts the account of a verb. */
void account_start(const struct cmd_verb *verb, bool json);

bool account_is_json(void);

/* The findings, for functions that add to such a list. */
struct findings *account_findings(void);

/* Add a finding; the first returns CMD_FAILED. */
int account_error(const char *code, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void account_warning(const char *code, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void account_note(const char *code, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds what to do about the last finding: see finding_advise(). */
void account_advise(const char *advice);

/* Adds what to do about the last finding; at: NULL but for FIX_EDIT. */
void account_fix(enum fix_kind kind, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Prints the findings that are not printed yet; nothing with JSON. */
void account_flush(void);

/* Prints the findings, and then a text on stdout; nothing with JSON. */
void account_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for a line of prose, which a terminal gets in lines that fit. */
void account_print_wrapped(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says that nothing is changed. Returns CMD_FAILED. */
int account_unchanged(void);

/* Notes for JSON: a rule that is added, changed or removed, at its place in the new file, or in the
 * old one if it is removed; which functions it is about, parallel to the inventory; that the files
 * are written; and whether the boot images hold them. */
void account_rule(const char *at, struct slice text, const char *action);
void account_functions(const struct host *h, const bool *wanted);
void account_written(void);
void account_applied(bool applied);

/* Prints the findings that are left, or the JSON document. Returns the exit code, `code`. */
int account_end(int code);

/* Returns the command line of this process with more options behind the verb, to be typed in a
 * shell: "sudo vgapass add --yes 01:00". Valid until the next call. */
const char *account_command(const char *more);
