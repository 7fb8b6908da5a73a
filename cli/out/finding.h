/* SPDX-License-Identifier: GPL-2.0-or-later */
/* finding.h - what is not as wished: each with its cause, and below it what to do.
 *
 *     error    config     0000:18:00.0 and 4 more: is refused: expect=6, but it matches 5
 *                         also 0000:ab:00.0 0000:ba:00.0 0000:ca:00.0 0000:db:00.0
 *                         -> /etc/vgapass.conf:5: correct or narrow it
 *
 * On a terminal the lines are wrapped at its width; elsewhere each of these is one line.
 */
#pragma once

#include "json.h"

enum finding_level { FINDING_OK, FINDING_NOTE, FINDING_WARNING, FINDING_ERROR, FINDING_LEVELS };

/* A command to run; what to write in a file, whose place is fix.at; anything else, in words. */
enum fix_kind { FIX_COMMAND, FIX_EDIT, FIX_ADVICE };

struct fix {
	enum fix_kind kind;
	char *at; /* "/etc/vgapass.conf:5" or "" */
	char *text;
};

struct finding {
	enum finding_level level;
	const char *code;  /* one stable word, for programs: "iommu-off" */
	const char *topic; /* of check; NULL: it has none */
	char *at;          /* the place, or the function's address, or "" */
	char *text;        /* what is wrong: a phrase that reads well behind "PLACE: " */
	char **also;       /* further places that the same is true of, see findings_merge() */
	unsigned alsos;
	struct fix *fix;
	unsigned fixes;
};

struct findings {
	struct finding *finding;
	unsigned n;
	unsigned count[FINDING_LEVELS];
	const char *topic; /* that of the findings that are added from now on */
};

/* Adds a finding; its text may hold any bytes. Valid until the next one is added. */
struct finding *findings_add(struct findings *l, enum finding_level level, const char *code,
			     const char *at, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Adds what to do about it. at: NULL but for an edit. */
void finding_fix(struct finding *f, enum fix_kind kind, const char *at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Adds what to do, in words: "DO THIS; or, DO THAT" becomes two. */
void finding_advise(struct finding *f, const char *advice);

/* Prints it by cmd_complain(), or by cmd_note() if it is no error: "PLACE: TEXT" and what to do
 * below it, in lines of the terminal. Returns CMD_FAILED. */
int finding_complain(const struct finding *f);

/* Prints what to do about it on stdout, each line behind "-> ". */
void finding_print_fixes(const struct finding *f, unsigned indent, unsigned width);

/* What to do as JSON: [ { kind, at, text } ]. */
json_object *finding_fixes_json(const struct finding *f);

/* Frees what it has; findings_free() does it for a list. */
void finding_free(struct finding *f);

/* Removes the findings of a level. */
void findings_drop(struct findings *l, enum finding_level level);

/* Makes one of findings that differ only in their place. */
void findings_merge(struct findings *l);

/* Prints them on stdout, wrapped to the terminal; where stdout is none, each text is one line. */
void findings_print(const struct findings *l);

/* "3 errors, 2 warnings"; "": there is neither. Valid until the next call. */
const char *findings_count(const struct findings *l);

/* A list of { level, code, topic, at, text, also, fix: [ { kind, at, text } ] }. */
json_object *findings_json(const struct findings *l);

void findings_free(struct findings *l);
