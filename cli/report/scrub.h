/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scrub.h - stand-ins for what tells one machine from all others of its kind.
 *
 * Serial numbers, MAC addresses, UUIDs, other long numbers in hex, names below /dev/disk/by-* and
 * the host's name are replaced, each by the same stand-in wherever it occurs. A serial number's
 * is a serial number, so that rules with serial= still match.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct scrub;

/* With `off` all texts stay as they are. Given back with scrub_free(). */
struct scrub *scrub_new(int off);
void scrub_free(struct scrub *s);

/* Adds a name of the host: "box.example.org", of which "box" is another. Names that most hosts have
 * ("localhost") are left out. */
void scrub_add_host(struct scrub *s, const char *name);

/* The text with stand-ins, n bytes and a NUL, to be freed. Returns its length. */
size_t scrub_text(struct scrub *s, const char *text, size_t n, char **ret);

/* The stand-in of a UUID of 36 letters, which is one, too: ...-000000000001 for UUID-1. */
void scrub_uuid(struct scrub *s, const char *uuid, char ret[37]);

/* The stand-in of a serial number as config space has it. */
uint64_t scrub_serial(struct scrub *s, uint64_t serial);
