/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pattern.h - a message as software prints it, and whether a text has it.
 *
 * Pure. A pattern begins with two literal characters, each part behind a '*' with one. It has
 *     %a  a PCI address, 0000:01:00.0 or 01:00.0
 *     %g  a decimal number: an IOMMU group
 *     %d  a decimal number that tells two messages apart: a BAR, an interrupt
 *     %i  a decimal number of no interest
 *     %x  hex digits of no interest
 *     %w  a word of at most PATTERN_WORD_MAX bytes, without blanks, quotes and brackets
 *     %e  nothing, where no letter or digit follows
 *     *   any text of at most PATTERN_GAP_MAX bytes
 * and other characters, which stand for themselves.
 */
#pragma once

#include "runtime/core/pci.h"

#define PATTERN_WORD_MAX 128
#define PATTERN_GAP_MAX 256

struct capture {
	bool has_address;
	struct pci_address at;
	int64_t group, number; /* -1: none */
	struct slice word;     /* in the text; empty: none */
};

void capture_start(struct capture *c);

/* Reads an address at the beginning of s. Returns its length, or 0. */
size_t pattern_address(struct slice s, struct pci_address *at);

/* Matches the pattern at the beginning of s. Returns the length of what it matches, or 0 if it
 * does not; *ret is valid only where it does. The time is bounded by the pattern, whatever s is. */
size_t pattern_match(struct slice pattern, struct slice s, struct capture *ret);
