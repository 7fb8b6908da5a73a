/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain.h - messages of QEMU, libvirt, kernel and guests: the cause on this machine.
 *
 * A text of any size is fed in pieces. Each message that a signature knows becomes a finding; equal
 * ones become one, with their count. The evidence is looked up once the whole text is read.
 */
#pragma once

#include "cli/machine/host.h"
#include "cli/out/finding.h"
#include "pattern.h"

/* Exceeding it is told: a person reads no more. */
#define EXPLAIN_FINDINGS_MAX 128

/* A line of more bytes is searched in pieces, which overlap: a message is found if it has at most
 * EXPLAIN_OVERLAP bytes. */
#define EXPLAIN_LINE_MAX 4096
#define EXPLAIN_OVERLAP 1024

struct explanation;

/* Finds what this machine has to say of a message, by the calls below. */
typedef void evidence_fn(struct explanation *f);

struct signature {
	const char *code;
	const char *patterns; /* see pattern.h, with newlines between them */
	const char *cause;    /* a sentence */
	const char *fix;      /* what to do, a line each, where the evidence has nothing better:
				 "$ COMMAND"; "FILE: TEXT" or "kernel command line: TEXT", an edit;
				 "% OPTION", to be added to the function's rule; else advice */
	evidence_fn *look;    /* NULL: there is nothing to look for */
};

/* All signatures; ends with a NULL code. Of two that match at one place the first is taken. */
extern const struct signature explain_signatures[];

struct strings {
	unsigned n;
	char **text;
};

struct explanation {
	const struct signature *s;
	struct capture capture; /* word is in `word` */
	char word[PATTERN_WORD_MAX + 1];
	unsigned count;
	char *line; /* the first that has it: UTF-8 or not, but without control characters */
	size_t start; /* where in it the message begins, with its address */
	struct host *host;
	struct strings evidence;
	struct finding todo; /* its fixes alone */
};

struct explain {
	unsigned n;
	unsigned long long dropped; /* messages beyond EXPLAIN_FINDINGS_MAX */
	struct explanation *finding[EXPLAIN_FINDINGS_MAX]; /* in the order of the text */
	bool last_start; /* for the caller: forget all before libvirt's last "starting up" */
	bool records;    /* for the caller: the lines are records of /dev/kmsg */
	/* the line that is being read */
	size_t length, seen; /* it is searched up to there */
	unsigned char escape; /* state within an escape sequence of a terminal */
	char line[EXPLAIN_LINE_MAX];
};

/* Takes the next n bytes of the text. *e is zeros at first. */
void explain_feed(struct explain *e, const char *data, size_t n);

/* Ends the text: its last line may lack a newline. */
void explain_end(struct explain *e);

/* Looks for the evidence of all findings. */
void explain_look(struct explain *e, struct host *h);

void explain_free(struct explain *e);

/* For an evidence_fn: add a line of evidence, or one of what to do, which is no edit. */
void explain_say(struct explanation *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void explain_fix(struct explanation *f, enum fix_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
