/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader_parse.h - the formats that loader.c reads. Pure but for the heap.
 *
 * A parser cuts `text` to pieces and adds what it finds to l. Paths stay as they are written,
 * without the name of a device in front; backslashes are slashes.
 */
#pragma once

#include "loader_entry.h"

typedef void loader_parser(struct loader *l, const char *file, char *text);

loader_parser loader_parse_grub, loader_parse_grubenv, loader_parse_bls, loader_parse_extlinux;
loader_parser loader_parse_limine, loader_parse_refind, loader_parse_refind_linux;

/* Adds an entry without paths and options, and returns it; good until the next call. */
struct loader_entry *loader_add(struct loader *l, enum loader_kind kind, const char *file,
				unsigned line);

void loader_add_initrd(struct loader_entry *e, const char *path);
void loader_add_options(struct loader_entry *e, unsigned line, const char *text);

/* Removes paths and options: the entry boots nothing. */
void loader_clear(struct loader_entry *e);

/* Sets the kernel; a second one replaces the first. */
void loader_set_kernel(struct loader_entry *e, const char *path);
