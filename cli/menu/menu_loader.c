/* SPDX-License-Identifier: GPL-2.0-or-later */
/* menu_loader.c - see menu.h
 *
 * Our entries must not come before the default one, which is often the first of the list:
 *
 * systemd-boot    sorts by sort-key (ascending), machine-id, version and name (both descending).
 *                 Entries that have a sort-key come first. So ours have the default's with
 *                 "-vgapass" behind it; where that has none, a name with "-" in front, which is
 *                 older than each that begins with a letter or a digit.
 * GRUB, blscfg    sorts by name, as versions of packages are compared, newest first: "~" in front
 *                 is older than all.
 */
#include "menu.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook/image/modprobe.h"
#include "runtime/io/replace.h"
#include "runtime/io/sysfs.h"
#include "cli/edit/account.h"
#include "cli/machine/bootline.h"
#include "cli/machine/loader.h"
#include "cli/machine/whole_file.h"
#include "cli/out/xalloc.h"

#define MARK "# vgapass menu writes this file, vgapass menu --remove deletes it\n"
#define FILE_MAX ((size_t)1 << 20)
#define TEMPORARY ".vgapass-menu.new" /* no *.conf, so that nothing reads it */
#define NAME_SIZE 160

static const char *const folders[] = {
	"boot/loader/entries", "efi/loader/entries", "boot/efi/loader/entries",
};

/* A folder of entries, and the default one of them. */
struct bls {
	struct menu *m;
	char *folder; /* below the root */
	int dir;
	char *text;   /* of the default entry */
	const char *prefix; /* of our files' names */
	bool has_key;       /* the default entry has a sort-key */
};

/* --- the default entry */

static const char *base_name(const char *path)
{
	return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

static bool is_our_name(const char *name)
{
	size_t n = strlen(name);

	name += *name == '-' || *name == '~';
	return !strncmp(name, "vgapass-", 8) && n > 5 && !strcmp(name + strlen(name) - 5, ".conf");
}

/* True: a kernel image with its own command line and boot image. With Secure Boot it ignores the
 * options of an entry without a word. */
static bool is_unified(const struct loader_entry *e)
{
	return e->kernel.path && e->initrds == 1 && e->initrd[0].path &&
	       !strcmp(e->kernel.path, e->initrd[0].path);
}

static bool can_be_default(const struct loader_entry *e)
{
	const char *name = base_name(e->file), *dot = strrchr(name, '.');

	return e->kind == LOADER_BLS && e->use != LOADER_UNUSED && e->use != LOADER_FOREIGN &&
	       e->kernel.path && e->kernel.found && (e->initrds || e->options) && dot &&
	       !strcmp(dot, ".conf") && !is_our_name(name);
}

/* Greater than 0: a is the default rather than b. The newest kernel is, as for both loaders. */
static int compare_entries(const struct loader_entry *a, const struct loader_entry *b)
{
	int r = strverscmp(a->version ? a->version : "", b->version ? b->version : "");

	return r ? r : (a->use == LOADER_BOOTED) - (b->use == LOADER_BOOTED);
}

static const struct loader_entry *find_default(const struct loader *l)
{
	const struct loader_entry *best = NULL;

	for (const struct loader_entry *e = l->entry; e < l->entry + l->n; e++)
		if (can_be_default(e) && (!best || compare_entries(e, best) > 0))
			best = e;
	return best;
}

/* --- the text of an entry */

/* True: the line is "KEY VALUE"; *value is behind it. */
static bool has_key(struct slice line, const char *key, struct slice *value)
{
	struct slice word = slice_next(&line, '\0');

	*value = line;
	while (value->n && strchr(" \t", *value->p)) {
		value->p++;
		value->n--;
	}
	while (value->n && strchr(" \t\r", value->p[value->n - 1]))
		value->n--;
	return slice_is(word, key);
}

/* Cuts the first line off. False: there is none. */
static bool next_line(struct slice *rest, struct slice *line)
{
	if (!rest->n)
		return false;
	*line = slice_cut(rest, '\n');
	return true;
}

/* Writes the default entry's text as that of ours. GRUB takes the first line of options alone, so
 * the word goes there. */
static char *make_text(const struct bls *b, const struct menu_entry *e)
{
	struct slice rest = slice_of(b->text), line, value;
	bool optioned = false;
	char *text;
	size_t n;
	FILE *f = xopen_text(&text, &n);

	fputs(MARK, f);
	while (next_line(&rest, &line)) {
		if (has_key(line, "id", &value))
			continue;
		if (has_key(line, "title", &value))
			fprintf(f, "title %.*s, %s\n", (int)value.n, value.p, e->title);
		else if (has_key(line, "sort-key", &value))
			fprintf(f, "sort-key %.*s-vgapass\n", (int)value.n, value.p);
		else if (!optioned && has_key(line, "options", &value)) {
			fprintf(f, "options %.*s%svgapass=%s\n", (int)value.n, value.p,
				value.n ? " " : "", e->word);
			optioned = true;
		} else {
			fprintf(f, "%.*s\n", (int)line.n, line.p);
		}
	}
	if (!optioned)
		fprintf(f, "options vgapass=%s\n", e->word);
	xclose_text(f);
	return text;
}

/* --- files */

/* Names the file for messages: "/boot/loader/entries/vgapass-off.conf". */
static const char *place_of(const struct bls *b, const char *name)
{
	static char at[512];

	return text_make(at, sizeof(at), "/%s/%s", b->folder, name);
}

static int say_not_changed(const struct bls *b, const char *name, int error)
{
	account_error("not-written", place_of(b, name), "cannot be changed: %s", strerror(-error));
	return CMD_FAILED;
}

/* Makes the file whole, on the disk: after a power cut it is the old one or the new. Returns 0, or
 * -errno. */
static int replace_entry(int dir, const char *name, const char *text)
{
	int r = 0, fd;

	if (unlinkat(dir, TEMPORARY, 0) && errno != ENOENT)
		return -errno;
	fd = openat(dir, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	r = replace_write(fd, slice_of(text));
	if (!r && fsync(fd))
		r = -errno;
	if (close(fd) && !r)
		r = -errno;
	if (!r && renameat(dir, TEMPORARY, dir, name))
		r = -errno;
	if (r)
		unlinkat(dir, TEMPORARY, 0);
	else if (fsync(dir))
		r = -errno;
	return r;
}

static int write_entry(const struct bls *b, const struct menu_entry *e)
{
	char name[NAME_SIZE], *is, *text = make_text(b, e);
	int r = 0;

	text_make(name, sizeof(name), "%s%s.conf", b->prefix, e->id);
	whole_file(b->dir, name, FILE_MAX, &is);
	bool same = is && !strcmp(is, text);
	if (!same && !b->m->dry_run)
		r = replace_entry(b->dir, name, text);
	if (!same && !r) {
		account_print("%s %s written\n", place_of(b, name),
			      b->m->dry_run ? "would be" : "is");
		b->m->changes++;
	}
	free(is);
	free(text);
	return r ? say_not_changed(b, name, r) : CMD_OK;
}

/* True: the file is one of ours, and none of those that are to be there. */
static bool is_needless(const struct bls *b, const char *name)
{
	char wanted[NAME_SIZE], *text;

	if (!is_our_name(name))
		return false;
	for (unsigned i = 0; !b->m->remove && i < b->m->entries; i++)
		if (!strcmp(name, text_make(wanted, sizeof(wanted), "%s%s.conf", b->prefix,
					    b->m->entry[i].id)))
			return false;
	whole_file(b->dir, name, FILE_MAX, &text);
	bool ours = text && !strncmp(text, MARK, strlen(MARK));
	free(text);
	return ours;
}

static int delete_entry(const struct bls *b, const char *name)
{
	if (!b->m->dry_run && (unlinkat(b->dir, name, 0) || fsync(b->dir)))
		return say_not_changed(b, name, -errno);
	account_print("%s %s removed\n", place_of(b, name), b->m->dry_run ? "would be" : "is");
	b->m->changes++;
	return CMD_OK;
}

static int delete_needless(const struct bls *b)
{
	char **found = NULL;
	size_t n = 0;
	int r = CMD_OK;
	struct folder f;

	if (!folder_open(&f, b->m->h->roots.root, b->folder))
		return CMD_OK;
	for (const char *name; (name = folder_next(&f));) {
		if (!is_needless(b, name))
			continue;
		found = xreallocarray(found, n + 1, sizeof(*found));
		found[n++] = xstrdup(name);
	}
	for (size_t i = 0; i < n; i++) {
		r = delete_entry(b, found[i]) ? CMD_FAILED : r;
		free(found[i]);
	}
	free(found);
	return r;
}

static bool open_folder(struct bls *b, struct menu *m, const char *folder)
{
	*b = (struct bls){ .m = m, .folder = xstrdup(folder), .prefix = "" };
	b->dir = sysfs_open(m->h->roots.root, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return b->dir >= 0;
}

static void close_folder(struct bls *b)
{
	if (b->dir >= 0)
		close(b->dir);
	free(b->folder);
	free(b->text);
}

static int remove_all(struct menu *m)
{
	struct bls b;
	int r = CMD_OK;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (open_folder(&b, m, folders[i]) && delete_needless(&b))
			r = CMD_FAILED;
		close_folder(&b);
	}
	return r;
}

/* Reads the default entry, from which the names of ours follow. Returns 0, or -errno. */
static int read_default(struct bls *b, const char *name)
{
	struct slice rest, line, value;
	ssize_t n = whole_file(b->dir, name, FILE_MAX, &b->text);

	if (n < 0)
		return (int)n;
	for (rest = slice_of(b->text); next_line(&rest, &line);)
		b->has_key |= has_key(line, "sort-key", &value);
	b->prefix = bootline_is_grubby(b->m->h) ? "~" : b->has_key ? "" : "-";
	return 0;
}

static int write_all(struct menu *m, const struct loader_entry *like)
{
	char *folder = xstrndup(like->file, (size_t)(strrchr(like->file, '/') - like->file));
	const char *name = base_name(like->file);
	struct bls b;
	int r = open_folder(&b, m, folder) ? read_default(&b, name) : b.dir;

	if (r)
		r = say_not_changed(&b, name, r);
	for (unsigned i = 0; !r && i < m->entries; i++)
		r = write_entry(&b, &m->entry[i]);
	if (!r)
		r = delete_needless(&b);
	close_folder(&b);
	free(folder);
	return r;
}

/* Says what is to be done where unified kernel images boot. ukify(1) takes profiles on its command
 * line alone: no file of settings has a place for them. */
static void say_unified(const struct menu *m)
{
	/* As kernel-install(8) finds it, whose plugin has called ukify. */
	const char *line = bootline_exists(m->h, "etc/kernel/cmdline") ? "/etc/kernel/cmdline" :
									 "/proc/cmdline";

	account_error("not-written", "", "the kernel that boots is a unified kernel image, whose "
		      "menu entries are profiles in it: vgapass cannot add them");
	for (unsigned i = 0; i < m->entries; i++)
		account_fix(FIX_COMMAND, NULL, "ukify build --profile=\"ID=%s\" --cmdline="
			    "\"$(cat %s) vgapass=%s\" --stub=/usr/lib/systemd/boot/efi/addonx64.efi"
			    ".stub --output=/etc/kernel/%s.efi", m->entry[i].id, line,
			    m->entry[i].word, m->entry[i].id);
	account_fix(FIX_ADVICE, NULL, "then build the image with ukify of systemd 257 or newer, "
		    "with --join-profile=/etc/kernel/ID.efi for each");
}

int menu_loader(struct menu *m)
{
	struct loader l = { .n = 0 };
	bool unified = false;
	int r = CMD_OK;

	if (m->remove)
		return remove_all(m);
	loader_read(m->h, &l);
	const struct loader_entry *like = find_default(&l);
	for (unsigned i = 0; i < l.n; i++)
		unified |= l.entry[i].kind == LOADER_UKI && l.entry[i].use != LOADER_UNUSED &&
			   l.entry[i].use != LOADER_FOREIGN;
	if (like && !is_unified(like)) {
		m->menus++;
		r = write_all(m, like);
	} else if (unified || like) {
		m->menus++;
		say_unified(m);
		r = CMD_FAILED;
	}
	loader_free(&l);
	return r;
}
