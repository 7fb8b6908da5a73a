/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reader.h - what the readers of cli/settings share: files, lines, and the list they fill. */
#pragma once

#include <sys/types.h>

#include "cli/machine/host.h"
#include "runtime/core/driver.h"
#include "setting.h"

/* Where a reader is, and what it fills. */
struct reader {
	struct host *h;
	struct settings *found;
	enum setting_source source;
	const char *file; /* below the root */
	unsigned line;
	const char *text;  /* the line, without blanks around it */
	const char *entry; /* see struct setting */
	const char *variable;
	const char *environment; /* of a unit */
	const char *guards;	 /* lines of udev that lead past the next ones */
	bool foreign; /* a file of the distribution's: its blacklists have their reasons */
};

/* A copy of a text that lives as long as the list. */
const char *reader_copy(struct reader *r, struct slice s);

/* Adds a setting at the reader's place. words: what of the line says it; the line has more
 * where they are not all of it. */
struct setting *reader_add(struct reader *r, enum setting_kind kind, struct slice words,
			   struct slice items, const char *why);

/* Adds an item to the items of a setting, unless it has it. */
void reader_add_item(struct reader *r, struct setting *s, struct slice item);

/* A file's text, to be freed; a NUL in it becomes a blank. NULL: it is not found, or cannot be
 * read; of reader_text() that is a setting of its own, of reader_try() *n is -errno. */
char *reader_text(struct reader *r, const char *path, size_t *n);
char *reader_try(struct reader *r, const char *path, ssize_t *n);

/* Adds that a file cannot be read, unless it is only not found. */
void reader_add_unread(struct reader *r, const char *path, ssize_t error);

typedef void reader_line_fn(struct reader *r, struct slice line);
typedef void reader_file_fn(struct reader *r, const char *path);

/* How lines that end in a backslash go on. */
enum reader_join { JOIN_NOT, JOIN_LINES /* as libkmod and udev: with nothing between */ };

/* Calls fn for each line that is neither empty nor a comment, without the blanks around it. */
void reader_lines(struct reader *r, const char *path, enum reader_join join, reader_line_fn *fn);

/* Calls fn for each file whose name has this end, of all folders in the order of the names. A
 * file stands for those of the same name in later folders; NULL ends the list. */
void reader_folders(struct reader *r, const char *const *folders, const char *end,
		    reader_file_fn *fn);

/* True: `with` is in front of s, or anywhere in it. */
bool slice_starts(struct slice s, const char *with);
bool slice_contains(struct slice s, const char *with);

/* Without quotes of either kind, and without blanks. */
struct slice slice_unquoted(struct slice s);
struct slice slice_trimmed(struct slice s);

/* Adds each address that a text names, and each ID: "10de:1b81"; with new_id also "10de 1b81". */
void reader_add_named(struct reader *r, struct setting *s, struct slice text, bool new_id);

/* Adds the addresses of xen-pciback's hide=: "(0000:01:00.0)(01:00.1)". */
void reader_add_hidden(struct reader *r, struct setting *s, struct slice value);

/* The readers. */
void read_kernel_words(struct reader *r, struct slice line); /* words.c */
void read_cmdline_sources(struct reader *r);		     /* cmdline.c */
void read_running_cmdline(struct reader *r);		     /* last: what no file has */
void read_modprobe(struct reader *r);			     /* modprobe.c */
void read_module_lists(struct reader *r);		     /* lists.c */
void read_binders(struct reader *r);			     /* binders.c */
void read_udev(struct reader *r);			     /* udev.c */
void read_scripts(struct reader *r);			     /* scripts.c */

/* True: a command that binds functions. vfio: what is around it speaks of VFIO or pci-stub. */
bool reader_binds(struct slice line, bool vfio);

/* Looks into a script that a line of modprobe.d or udev names. Adds what it names to *s, and
 * returns true where the script binds functions. */
bool read_named_script(struct reader *r, struct setting *s, struct slice command);
