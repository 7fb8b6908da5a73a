/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader_parse.c - see loader_parse.h */
#include "loader_parse.h"

#include <stdlib.h>
#include <string.h>

#include "cli/out/xalloc.h"
#include "runtime/core/text.h"

#define BLANKS " \t"

/* Returns a copy of the path without "(hd0,gpt2)" (GRUB), "boot():", "uuid(...):" or "boot://"
 * (limine) in front and "#checksum" (limine) behind, with slashes for backslashes. */
static char *copy_path(const char *path)
{
	const char *colon = strstr(path, "):"), *url = strstr(path, ":///");

	if (colon)
		path = colon + 2;
	else if (url)
		path = url + 3;
	else if (*path == '(' && strchr(path, ')'))
		path = strchr(path, ')') + 1;
	char *ret = xstrdup(path);
	for (char *p = ret; *p; p++)
		if (*p == '\\')
			*p = '/';
	ret[strcspn(ret, "#")] = '\0';
	return ret;
}

struct loader_entry *loader_add(struct loader *l, enum loader_kind kind, const char *file,
				unsigned line)
{
	l->entry = xreallocarray(l->entry, l->n + 1, sizeof(*l->entry));
	struct loader_entry *e = &l->entry[l->n++];
	*e = (struct loader_entry){ .kind = kind, .file = xstrdup(file), .line = line };
	return e;
}

void loader_set_kernel(struct loader_entry *e, const char *path)
{
	free(e->kernel.path);
	e->kernel.path = copy_path(path);
}

void loader_add_initrd(struct loader_entry *e, const char *path)
{
	e->initrd = xreallocarray(e->initrd, e->initrds + 1, sizeof(*e->initrd));
	e->initrd[e->initrds++] = (struct loader_path){ .path = copy_path(path) };
}

void loader_clear(struct loader_entry *e)
{
	for (unsigned i = 0; i < e->initrds; i++)
		free(e->initrd[i].path);
	for (unsigned i = 0; i < e->options; i++)
		free(e->option[i].text);
	free(e->kernel.path);
	free(e->initrd);
	free(e->option);
	e->kernel.path = NULL;
	e->initrds = e->options = 0;
	e->initrd = NULL;
	e->option = NULL;
}

void loader_add_options(struct loader_entry *e, unsigned line, const char *text)
{
	e->option = xreallocarray(e->option, e->options + 1, sizeof(*e->option));
	e->option[e->options++] = (struct loader_options){ line, xstrdup(text) };
}

/* --- lines and words */

struct reader {
	char *rest;
	unsigned line; /* of the line that next_line() returned */
};

/* Returns the next line that is neither empty nor a comment, without blanks around it; NULL: no
 * more. A carriage return is a blank: these files lie on FAT. */
static char *next_line(struct reader *r)
{
	while (r->rest && *r->rest) {
		char *line = r->rest, *end = line + strcspn(line, "\n");
		r->rest = *end ? end + 1 : end;
		r->line++;
		while (end > line && strchr(BLANKS "\r", end[-1]))
			end--;
		*end = '\0';
		line += strspn(line, BLANKS);
		if (*line && *line != '#')
			return line;
	}
	return NULL;
}

/* Cuts the first word off *rest, which begins at what follows it then. Quotes of both kinds and
 * backslashes are as in a shell where `shell`, else a word ends at a blank. NULL: no more. */
static char *next_word(char **rest, bool shell)
{
	char *from = *rest + strspn(*rest, BLANKS), *word = from, *to = from, quote = '\0';

	if (!*from)
		return NULL;
	for (; *from && (quote || !strchr(BLANKS, *from)); from++) {
		if (shell && !quote && (*from == '"' || *from == '\''))
			quote = *from;
		else if (shell && quote && *from == quote)
			quote = '\0';
		else if (shell && *from == '\\' && quote != '\'' && from[1])
			*to++ = *++from;
		else
			*to++ = *from;
	}
	*rest = *from ? from + 1 + strspn(from + 1, BLANKS) : from;
	*to = '\0';
	return word;
}

static bool is_word(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (!strcasecmp(word, *words))
			return true;
	return false;
}

/* True: the line is "KEY VALUE" in any case; *value is behind it. */
static bool has_key(char *line, const char *key, char **value)
{
	size_t n = strlen(key);

	if (strncasecmp(line, key, n) != 0 || (line[n] && !strchr(BLANKS, line[n])))
		return false;
	*value = line + n + strspn(line + n, BLANKS);
	return true;
}

static void add_initrd_words(struct loader_entry *e, char *words)
{
	/* GRUB's blscfg takes several images on a line, and variables such as $tuned_initrd. */
	for (char *word; (word = next_word(&words, true));)
		if (*word != '$' && strncmp(word, "--", 2) != 0)
			loader_add_initrd(e, word);
}

/* --- GRUB: scripts of grub-mkconfig, of which the lines that load something count */

struct grub {
	struct loader *l;
	const char *file;
	bool is_open; /* the last entry of l is of the menuentry that is being read */
	bool is_xen;
};

static void add_grub_kernel(struct grub *g, unsigned line, char *words)
{
	char *path = next_word(&words, true);

	while (path && !strncmp(path, "--", 2))
		path = next_word(&words, true);
	if (!path)
		return;
	struct loader_entry *e = loader_add(g->l, LOADER_GRUB, g->file, line);
	loader_set_kernel(e, path);
	loader_add_options(e, line, words);
	g->is_open = true;
}

void loader_parse_grub(struct loader *l, const char *file, char *text)
{
	static const char *const kernel[] = { "linux", "linux16", "linuxefi", NULL };
	static const char *const initrd[] = { "initrd", "initrd16", "initrdefi", NULL };
	static const char *const xen[] = { "multiboot", "multiboot2", "xen_hypervisor", NULL };
	static const char *const module[] = { "module", "module2", "xen_module", NULL };
	struct grub g = { .l = l, .file = file };
	struct reader r = { text, 0 };

	for (char *line; (line = next_line(&r));) {
		char *rest = line, *word = next_word(&rest, true);
		if (!word || !strcmp(word, "menuentry") || !strcmp(word, "submenu"))
			g.is_open = g.is_xen = false;
		else if (is_word(word, xen))
			g.is_xen = true;
		else if (is_word(word, kernel) || (g.is_xen && !g.is_open && is_word(word, module)))
			add_grub_kernel(&g, r.line, rest);
		else if (g.is_open && (is_word(word, initrd) || is_word(word, module)))
			add_initrd_words(&l->entry[l->n - 1], rest);
	}
}

/* grubenv: "kernelopts=..." are the options of Boot Loader Specification entries that have
 * $kernelopts, as older Fedora and RHEL write them. */
void loader_parse_grubenv(struct loader *l, const char *file, char *text)
{
	struct reader r = { text, 0 };

	for (char *line; (line = next_line(&r));)
		if (!strncmp(line, "kernelopts=", 11))
			loader_add_options(loader_add(l, LOADER_GRUB, file, r.line), r.line,
					   line + 11);
}

/* --- Boot Loader Specification, type 1: "KEY VALUE", a file an entry */

static void set_text(char **to, const char *text)
{
	free(*to);
	*to = xstrdup(text);
}

void loader_parse_bls(struct loader *l, const char *file, char *text)
{
	struct loader_entry *e = loader_add(l, LOADER_BLS, file, 0);
	struct reader r = { text, 0 };

	for (char *line, *value; (line = next_line(&r));) {
		if (has_key(line, "version", &value))
			set_text(&e->version, value);
		else if (has_key(line, "machine-id", &value))
			set_text(&e->machine, value);
		else if (has_key(line, "linux", &value) || has_key(line, "efi", &value) ||
			   has_key(line, "uki", &value))
			loader_set_kernel(e, value);
		else if (has_key(line, "initrd", &value))
			add_initrd_words(e, value);
		else if (has_key(line, "options", &value))
			loader_add_options(e, r.line, value);
	}
}

/* --- extlinux, syslinux: "KEYWORD VALUE" in any case; a label begins an entry */

/* Returns "/" for a path without one in front: the kernel itself and rEFInd begin at the root of
 * the volume, whatever the path begins with. Else "". */
static const char *volume_root(const char *path)
{
	return *path == '/' || *path == '\\' || strchr(path, ':') ? "" : "/";
}

/* Adds "initrd=A,B" among the options. */
static void add_initrd_options(struct loader_entry *e, const char *options)
{
	char *copy = xstrdup(options), *rest = copy, path[1024];

	for (char *word; (word = next_word(&rest, false));) {
		char *images = strncmp(word, "initrd=", 7) ? NULL : word + 7;
		for (char *image; (image = strsep(&images, ","));)
			loader_add_initrd(e, text_make(path, sizeof(path), "%s%s",
				e->kind == LOADER_REFIND ? volume_root(image) : "", image));
	}
	free(copy);
}

static void add_extlinux_options(struct loader_entry *e, unsigned line, char *value)
{
	/* "-": none, those in front of all labels included. */
	loader_add_options(e, line, strcmp(value, "-") ? value : "");
	add_initrd_options(e, value);
}

void loader_parse_extlinux(struct loader *l, const char *file, char *text)
{
	struct reader r = { text, 0 }, global = { NULL, 0 };
	unsigned first = l->n;

	for (char *line, *value; (line = next_line(&r));) {
		struct loader_entry *e = l->n > first ? &l->entry[l->n - 1] : NULL;
		if (has_key(line, "label", &value))
			loader_add(l, LOADER_EXTLINUX, file, r.line);
		else if (has_key(line, "append", &value) && !e)
			global = (struct reader){ value, r.line };
		else if (!e)
			continue;
		else if (has_key(line, "linux", &value) || has_key(line, "kernel", &value))
			loader_set_kernel(e, value);
		else if (has_key(line, "append", &value))
			add_extlinux_options(e, r.line, value);
		else if (has_key(line, "initrd", &value))
			for (char *image; (image = strsep(&value, ","));)
				loader_add_initrd(e, image);
	}
	/* An entry without options of its own takes those in front of all labels. */
	for (unsigned i = first; global.rest && i < l->n; i++)
		if (!l->entry[i].options)
			add_extlinux_options(&l->entry[i], global.line, global.rest);
}

/* --- limine: "/Title" and "key: value"; in limine.cfg ":Title" and "KEY=value" */

static bool has_limine_key(char *line, const char *key, char **value)
{
	size_t n = strlen(key);

	if (strncasecmp(line, key, n) != 0 || (line[n] != ':' && line[n] != '='))
		return false;
	*value = line + n + 1 + strspn(line + n + 1, BLANKS);
	return true;
}

void loader_parse_limine(struct loader *l, const char *file, char *text)
{
	struct reader r = { text, 0 };
	unsigned first = l->n;

	for (char *line, *value; (line = next_line(&r));) {
		struct loader_entry *e = l->n > first ? &l->entry[l->n - 1] : NULL;
		if (*line == '/' || *line == ':')
			loader_add(l, LOADER_LIMINE, file, r.line);
		else if (!e)
			continue;
		else if (has_limine_key(line, "path", &value) ||
			 has_limine_key(line, "image_path", &value) ||
			 has_limine_key(line, "kernel_path", &value))
			loader_set_kernel(e, value);
		else if (has_limine_key(line, "module_path", &value))
			loader_add_initrd(e, value);
		else if (has_limine_key(line, "cmdline", &value) ||
			 has_limine_key(line, "kernel_cmdline", &value))
			loader_add_options(e, r.line, value);
	}
}

/* --- rEFInd */

/* Cuts the first word off *rest as rEFInd does: quotes of one kind, of which two stand for one.
 * NULL: no more. */
static char *next_refind_word(char **rest)
{
	char *from = *rest + strspn(*rest, BLANKS), *word = from, *to = from;
	bool quoted = false;

	if (!*from)
		return NULL;
	for (; *from && (quoted || !strchr(BLANKS, *from)); from++) {
		if (*from == '"' && from[1] == '"' && quoted)
			*to++ = *from++;
		else if (*from == '"')
			quoted = !quoted;
		else
			*to++ = *from;
	}
	*rest = *from ? from + 1 : from;
	*to = '\0';
	return word;
}

/* Adds a line of a stanza. A submenu's kernel and image stand for those of the stanza when it is
 * chosen by hand; its options are edited as all others. */
static void add_refind_line(struct loader_entry *e, unsigned line, bool submenu, const char *key,
			    char *rest)
{
	char *value = next_refind_word(&rest), path[1024];

	if (!value)
		return;
	text_make(path, sizeof(path), "%s%s", volume_root(value), value);
	if (!submenu && !strcasecmp(key, "loader"))
		loader_set_kernel(e, path);
	else if (!submenu && !strcasecmp(key, "initrd"))
		loader_add_initrd(e, path);
	else if (!strcasecmp(key, "options") || !strcasecmp(key, "add_options"))
		loader_add_options(e, line, value);
}

void loader_parse_refind(struct loader *l, const char *file, char *text)
{
	struct reader r = { text, 0 };
	bool is_open = false, submenu = false;

	for (char *line, *value; (line = next_line(&r));) {
		if (has_key(line, "menuentry", &value)) {
			is_open = loader_add(l, LOADER_REFIND, file, r.line);
			submenu = false;
			continue;
		}
		char *rest = line, *key = next_refind_word(&rest);
		if (!strcasecmp(key, "submenuentry"))
			submenu = true;
		else if (!strcmp(key, "}"))
			submenu = false;
		else if (is_open && !submenu && !strcasecmp(key, "disabled")) {
			is_open = false;
			loader_clear(&l->entry[l->n - 1]);
		} else if (is_open)
			add_refind_line(&l->entry[l->n - 1], r.line, submenu, key, rest);
	}
}

/* refind_linux.conf: "TITLE" "OPTIONS", for each kernel of its directory. */
void loader_parse_refind_linux(struct loader *l, const char *file, char *text)
{
	struct reader r = { text, 0 };

	for (char *line; (line = next_line(&r));) {
		char *title = next_refind_word(&line);
		char *options = title ? next_refind_word(&line) : NULL;
		if (!options)
			continue;
		struct loader_entry *e = loader_add(l, LOADER_REFIND, file, r.line);
		loader_add_options(e, r.line, options);
		add_initrd_options(e, options);
	}
}
