/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmdline.c - the files that the kernel command line comes from, and the one of now. */
#include "reader.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "cli/machine/bootline.h"
#include "cli/machine/loader.h"
#include "shell.h"

#define GRUB_PREFIX "GRUB_CMDLINE"

/* A file that a shell reads, and which of its variables are kernel command lines. */
struct shell_file {
	struct reader *r;
	struct slice text;
	const char *prefix;
};

/* The line of this number, from 1. */
static struct slice line_of(struct slice text, unsigned line)
{
	while (line-- > 1)
		slice_cut(&text, '\n');
	return slice_trimmed(slice_cut(&text, '\n'));
}

/* What a shell has assigned before counts no more. */
static void void_variable(struct reader *r)
{
	struct settings *all = r->found;
	unsigned kept = 0;

	for (unsigned i = 0; i < all->n; i++) {
		const struct setting *s = &all->list[i];
		if (s->source != r->source || strcmp(s->variable, r->variable) != 0)
			all->list[kept++] = *s;
	}
	all->n = kept;
}

static void read_command_line(void *arg, const struct shell_assignment *a)
{
	const struct shell_file *f = arg;
	struct reader *r = f->r;
	struct slice rest = a->value, word;

	/* Xen's own command line is not that of its kernel. */
	if (!slice_starts(slice_of(a->name), f->prefix) || strstr(a->name, GRUB_PREFIX "_XEN"))
		return;
	r->variable = a->name;
	r->entry = strstr(a->name, "RECOVERY") ? "for recovery" : "";
	if (!a->append)
		void_variable(r);
	while ((word = slice_next(&rest, '"')).n) {
		r->line = a->line[word.p - a->value.p];
		r->text = reader_copy(r, line_of(f->text, r->line));
		read_kernel_words(r, word);
	}
	r->variable = r->entry = "";
}

static void read_shell_file(struct reader *r, const char *path, const char *prefix)
{
	struct shell_file f = { .r = r, .prefix = prefix };
	char *text = reader_text(r, path, &f.text.n);

	f.text.p = text;
	r->file = path;
	if (text)
		shell_read(f.text, prefix, read_command_line, &f);
	free(text);
}

static void read_grub_file(struct reader *r, const char *path)
{
	read_shell_file(r, path, GRUB_PREFIX);
}

/* "menuentry 'Arch with VFIO' {" and "linux /vmlinuz root=... vfio-pci.ids=...": an entry of
 * its own, which grub-mkconfig copies from /etc/grub.d/40_custom. */
static void read_grub_entry(struct reader *r, struct slice line)
{
	struct slice rest = line, word = slice_next(&rest, '"');

	if (slice_is(word, "menuentry")) {
		rest = slice_trimmed(rest);
		char quote = rest.n && (*rest.p == '\'' || *rest.p == '"') ? *rest.p : ' ';
		if (quote != ' ')
			rest.p++, rest.n--;
		r->entry = reader_copy(r, slice_cut(&rest, quote));
	} else if (slice_word(word, "linux|linux16|linuxefi|module|module2") != SLICE_NO_WORD) {
		read_kernel_words(r, rest);
	}
}

static void read_grub_entries(struct reader *r, const char *path)
{
	reader_lines(r, path, JOIN_LINES, read_grub_entry);
	r->entry = "";
}

static void read_words_file(struct reader *r, const char *path)
{
	reader_lines(r, path, JOIN_NOT, read_kernel_words);
}

static void read_json_words(struct reader *r, json_object *words)
{
	for (size_t i = 0;
	     json_object_is_type(words, json_type_array) && i < json_object_array_length(words);
	     i++)
		read_json_words(r, json_object_array_get_idx(words, i));
	if (!json_object_is_type(words, json_type_string))
		return;
	r->text = reader_copy(r, slice_of(json_object_get_string(words)));
	read_kernel_words(r, slice_of(r->text));
}

/* { "user": { "kernel_options": [ "quiet", ... ] } }, of Pop!_OS */
static void read_kernelstub(struct reader *r)
{
	const char *path = "etc/kernelstub/configuration";
	json_object *user = NULL, *words = NULL;
	size_t n;
	char *text = reader_text(r, path, &n);
	json_object *o = text ? json_tokener_parse(text) : NULL;

	r->file = path;
	r->line = 0;
	if (json_object_is_type(o, json_type_object) &&
	    json_object_object_get_ex(o, "user", &user) &&
	    json_object_is_type(user, json_type_object) &&
	    json_object_object_get_ex(user, "kernel_options", &words))
		read_json_words(r, words);
	json_object_put(o);
	free(text);
}

static void read_grub(struct reader *r)
{
	static const char *const snippets[] = { "etc/default/grub.d", NULL };
	static const char *const scripts[] = { "etc/grub.d", NULL };

	r->source = SOURCE_GRUB;
	read_grub_file(r, "etc/default/grub");
	reader_folders(r, snippets, ".cfg", read_grub_file);
	reader_folders(r, scripts, "", read_grub_entries);
}

static void read_kernel_install(struct reader *r)
{
	static const char *const snippets[] = { "etc/kernel/cmdline.d", "etc/cmdline.d", NULL };

	r->source = SOURCE_KERNEL;
	read_words_file(r, bootline_exists(r->h, "etc/kernel/cmdline") ? "etc/kernel/cmdline" :
									 "usr/lib/kernel/cmdline");
	reader_folders(r, snippets, ".conf", read_words_file);
}

static void read_limine_file(struct reader *r, const char *path)
{
	read_shell_file(r, path, "KERNEL_CMDLINE");
}

/* The files of limine-entry-tool: the last one that assigns counts. */
static void read_limine(struct reader *r)
{
	static const char *const snippets[] = { "etc/limine-entry-tool.d", NULL };

	read_limine_file(r, "etc/limine-entry-tool.conf");
	reader_folders(r, snippets, ".conf", read_limine_file);
	read_limine_file(r, "etc/default/limine");
}

/* On Proxmox the files of GRUB and of systemd-boot are both there, and one loader boots. */
static void read_files(struct reader *r)
{
	bool proxmox = bootline_is_proxmox(r->h), grub = bootline_is_grub(r->h);

	if (!proxmox || grub || !bootline_exists(r->h, "etc/kernel/cmdline"))
		read_grub(r);
	if (!proxmox || !grub)
		read_kernel_install(r);
	r->source = SOURCE_KERNEL;
	read_limine(r);
	read_shell_file(r, "etc/update-extlinux.conf", "default_kernel_opts");
	read_shell_file(r, "etc/default/u-boot", "U_BOOT_PARAMETERS");
	read_kernelstub(r);
}

/* --- entries of boot loaders, most of which are made of the files above */

/* True: the entry is of the loader that boots this system, as far as anybody knows. */
static bool counts(const struct loader_entry *e)
{
	return e->use == LOADER_UNKNOWN || e->use == LOADER_BOOTED;
}

static bool options_have(const struct loader_entry *e, const char *word)
{
	bool has = false;

	for (unsigned i = 0; i < e->options; i++)
		has |= strstr(e->option[i].text, word) != NULL;
	return has;
}

/* True: the loader has another entry that does not say it, so the host can be booted without. */
static bool is_alternative(const struct loader *l, const struct loader_entry *of, const char *word)
{
	for (unsigned i = 0; i < l->n && of->use != LOADER_BOOTED; i++) {
		const struct loader_entry *e = &l->entry[i];
		if (e->kind == of->kind && counts(e) && e->options && !options_have(e, word))
			return true;
	}
	return false;
}

/* True: the tools make entries of this kind out of the file. */
static bool is_made_of(const struct host *h, enum loader_kind kind, const struct setting *f)
{
	if (f->source == SOURCE_GRUB)
		return kind == LOADER_GRUB || (kind == LOADER_BLS && !bootline_is_grubby(h));
	if (f->source != SOURCE_KERNEL)
		return false;
	if (strstr(f->file, "limine"))
		return kind == LOADER_LIMINE;
	if (strstr(f->file, "u-boot") || strstr(f->file, "extlinux"))
		return kind == LOADER_EXTLINUX;
	return kind == LOADER_BLS || kind == LOADER_UKI || kind == LOADER_ADDON;
}

/* True: the words are the same but for quotes, which loaders and shells take off. */
static bool same_words(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, "\"'");
		b += strspn(b, "\"'");
		if (*a != *b || !*a)
			return *a == *b;
	}
}

/* True: a file that the entry is made of says it, or another entry of the same file. */
static bool is_written(const struct host *h, const struct settings *found, enum loader_kind kind,
		       const struct setting *s, unsigned before)
{
	for (unsigned i = 0; i < before; i++) {
		const struct setting *f = &found->list[i];
		if (same_words(f->words, s->words) &&
		    (is_made_of(h, kind, f) ||
		     (f->source == SOURCE_ENTRY && !strcmp(f->file, s->file))))
			return true;
	}
	return false;
}

static const char *name_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

static void read_entry(struct reader *r, const struct loader *l, const struct loader_entry *e)
{
	struct settings *all = r->found;

	for (unsigned i = 0; i < e->options; i++) {
		unsigned before = all->n, kept = before;
		r->file = reader_copy(r, slice_of(e->file));
		r->line = e->option[i].line;
		r->text = reader_copy(r, slice_of(e->option[i].text));
		read_kernel_words(r, slice_of(r->text));
		for (unsigned k = before; k < all->n; k++) {
			struct setting *s = &all->list[k];
			if (is_alternative(l, e, s->words))
				s->entry = reader_copy(r, slice_of(name_of(e->file)));
			if (!is_written(r->h, all, e->kind, s, kept))
				all->list[kept++] = *s;
		}
		all->n = kept;
	}
}

static void read_loaders(struct reader *r)
{
	struct loader l = { 0 };

	r->source = SOURCE_ENTRY;
	loader_read(r->h, &l);
	for (unsigned i = 0; i < l.n; i++)
		if (counts(&l.entry[i]))
			read_entry(r, &l, &l.entry[i]);
	loader_free(&l);
}

/* What the command line of now has and no file. */
void read_running_cmdline(struct reader *r)
{
	struct settings *all = r->found;
	unsigned before = all->n, kept = before;

	r->source = SOURCE_RUNNING;
	r->file = r->text = "";
	r->line = 0;
	read_kernel_words(r, slice_of(r->h->run.cmdline));
	for (unsigned i = before; i < all->n; i++) {
		bool written = false;
		for (unsigned k = 0; k < before; k++)
			if (same_words(all->list[k].words, all->list[i].words)) {
				/* An entry that has the words is the one that was chosen. */
				all->list[k].entry = "";
				written = true;
			}
		if (!written)
			all->list[kept++] = all->list[i];
	}
	all->n = kept;
}

void read_cmdline_sources(struct reader *r)
{
	read_files(r);
	read_loaders(r);
}
