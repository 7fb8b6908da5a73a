/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_explain.c - vgapass explain: from a message to its cause on this machine. Changes nothing. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/io/sysfs.h"
#include "cli/cmd.h"
#include "cli/explain/explain.h"
#include "cli/machine/kernel_log.h"
#include "cli/out/ascii.h"
#include "cli/out/json.h"
#include "cli/out/table.h"
#include "cli/out/wrap.h"
#include "cli/out/xalloc.h"

#define GUEST_LOGS "var/log/libvirt/qemu"

/* What the options say: at most one source. */
struct source {
	const char *file; /* "-": standard input */
	const char *guest;
	bool dmesg, previous_boot;
};

/* --- reading */

static void feed(const char *data, size_t n, void *arg)
{
	explain_feed(arg, data, n);
}

/* Feeds what can be read of fd. Returns 0, or -errno. */
static int feed_all(struct explain *e, int fd)
{
	int error = kernel_log_read(fd, e->records, feed, e);

	explain_end(e);
	return error;
}

/* A directory can be opened, and says so when it is read. */
static int feed_file(struct explain *e, int fd, const char *name)
{
	int error = fd < 0 ? fd : feed_all(e, fd);

	if (fd >= 0)
		close(fd);
	if (!error)
		return CMD_OK;
	bool denied = (error == -EACCES || error == -EPERM) && geteuid();
	return cmd_complain("%s: %s%s", name, strerror(-error),
			    denied ? ": run as root" : "");
}

/* Returns the path, below the root, of the log that qemu:///session keeps of a guest, to be freed;
 * NULL: the user has no home. */
static char *session_log(const char *guest)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (cache && *cache == '/')
		return xasprintf("%s/libvirt/qemu/log/%s.log", cache + 1, guest);
	return home && *home == '/' ?
	       xasprintf("%s/.cache/libvirt/qemu/log/%s.log", home + 1, guest) : NULL;
}

static int feed_guest(struct explain *e, const struct host *h, const char *guest)
{
	if (!*guest || *guest == '.' || strchr(guest, '/')) {
		cmd_complain("--guest %s: expected a guest's name, see virsh list --all",
			     guest);
		return CMD_USAGE;
	}
	char *path = xasprintf(GUEST_LOGS "/%s.log", guest);
	char *own = session_log(guest);
	int fd = sysfs_open(h->roots.root, path, O_RDONLY | O_NONBLOCK);

	/* A guest of the user's own libvirt, unless there is one of the system with this name. */
	if (fd == -ENOENT && own) {
		int other = sysfs_open(h->roots.root, own, O_RDONLY | O_NONBLOCK);
		if (other != -ENOENT) {
			free(path);
			path = own;
			own = NULL;
			fd = other;
		}
	}
	char *name = xasprintf("%s/%s", h->sysroot, path);
	e->last_start = true;
	int r = feed_file(e, fd, name);
	free(path);
	free(own);
	free(name);
	return r;
}

static int feed_dmesg(struct explain *e, const struct host *h)
{
	e->records = true;
	return feed_file(e, kernel_log_open(h), "/dev/kmsg");
}

/* journalctl(1) itself says what is wrong, as that no boot before this one is kept. */
static int feed_journal(struct explain *e, const struct host *h)
{
	pid_t pid = -1;
	int fd = kernel_log_journal(h, "-1", "short-precise", &pid);

	if (fd < 0)
		return cmd_complain("journalctl: %s", strerror(-fd));
	int r = feed_file(e, fd, "journalctl");
	int status = kernel_log_end(pid);
	if (!r && status && !e->n)
		return cmd_complain("journalctl -k -b -1 failed: without /var/log/journal, the "
				    "journal keeps no earlier boot");
	return r;
}

static int feed_source(struct explain *e, const struct host *h, const struct source *s)
{
	if (s->guest)
		return feed_guest(e, h, s->guest);
	if (s->dmesg)
		return feed_dmesg(e, h);
	if (s->previous_boot)
		return feed_journal(e, h);
	if (strcmp(s->file, "-") != 0) {
		int fd = open(s->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		return feed_file(e, fd < 0 ? -errno : fd, s->file);
	}
	if (isatty(STDIN_FILENO))
		fputs("Paste the message, then press Enter and Ctrl-D.\n", stderr);
	return feed_file(e, dup(STDIN_FILENO), "standard input");
}

/* --- output */

static json_object *json_strings(const struct strings *s)
{
	json_object *list = json_object_new_array();

	for (unsigned i = 0; i < s->n; i++)
		json_object_array_add(list, json_text(s->text[i], strlen(s->text[i])));
	return list;
}

static void add_text(json_object *o, const char *name, const char *text)
{
	json_object_object_add(o, name, json_text(text, strlen(text)));
}

static void print_json(const struct explain *e)
{
	json_object *list = json_object_new_array();

	for (unsigned i = 0; i < e->n; i++) {
		const struct explanation *f = e->finding[i];
		json_object *o = json_object_new_object();
		add_text(o, "code", f->s->code);
		add_text(o, "line", f->line);
		json_object_object_add(o, "count", json_object_new_int64(f->count));
		add_text(o, "cause", f->s->cause);
		json_object_object_add(o, "evidence", json_strings(&f->evidence));
		json_object_object_add(o, "fix", finding_fixes_json(&f->todo));
		json_object_array_add(list, o);
	}
	json_print(json_document("explanations", list));
}

/* The bytes that are printed for the line: above ASCII only whole characters of UTF-8, and only
 * where the locale has them; no control characters of Latin-1 (U+0080 to U+009F). */
static char *plain_line(const char *text)
{
	char *made = xstrdup(text);
	bool bad = MB_CUR_MAX == 1 || !utf8_is_valid(text, strlen(text));

	for (unsigned char *p = (unsigned char *)made; *p; p++)
		if (*p >= 0x80 && (bad || (*p == 0xc2 && p[1] < 0xa0)))
			p[0] = '?', p[1] = p[1] >= 0x80 ? '?' : p[1];
	return made;
}

/* Prints the line, or what fits of it from its message on. */
static void print_line(const struct explanation *f, unsigned width)
{
	const char *dots = MB_CUR_MAX > 1 ? "…" : "...";
	unsigned dots_width = MB_CUR_MAX > 1 ? 1 : 3;
	char *line = plain_line(f->line), *start = line;
	size_t n = strlen(line);
	bool cut = n > width;

	if (cut && f->start < n)
		start += f->start;
	while (*start == ' ')
		start++;
	bool head = cut && start > line;
	n = strlen(start);
	size_t room = width > 2 * dots_width ? width - (head ? dots_width : 0) : 1;
	bool tail = n > room;
	n = tail ? room - dots_width : n;
	while (tail && n && (start[n] & 0xc0) == 0x80)
		n--;
	printf("%s%s%.*s%s%s", color_bad(), head ? dots : "", (int)n, start, tail ? dots : "",
	       color_off());
	free(line);
	if (f->count > 1)
		printf("%s(%u times)", cut ? "\n  " : "  ", f->count);
	putchar('\n');
}

/* Prints words after `first`, and what does not fit on lines that begin with as many blanks. */
static void print_wrapped(const char *first, const char *text, unsigned width)
{
	size_t indent = strlen(first), column = indent;

	fputs(first, stdout);
	for (size_t n; *text; text += n) {
		text += strspn(text, " ");
		n = strcspn(text, " ");
		if (column > indent && column + 1 + n > width) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		fwrite(text, 1, n, stdout);
		column += n;
	}
	putchar('\n');
}

static void print_finding(const struct explanation *f, unsigned width)
{
	unsigned wrap = width == UINT32_MAX ? UINT32_MAX : width < 40 ? 40 : width;

	print_line(f, width);
	print_wrapped("  cause: ", f->s->cause, wrap);
	for (unsigned i = 0; i < f->evidence.n; i++)
		print_wrapped(i ? "         " : "  here:  ", f->evidence.text[i], wrap);
	finding_print_fixes(&f->todo, 2, wrap);
}

static void print_text(const struct explain *e)
{
	for (unsigned i = 0; i < e->n; i++) {
		if (i)
			putchar('\n');
		print_finding(e->finding[i], wrap_width());
	}
}

/* --- the verb */

static int explain_source(struct explain *e, struct host *h, const struct source *s, bool json)
{
	int r = feed_source(e, h, s);

	if (r)
		return r;
	explain_look(e, h);
	if (json)
		print_json(e);
	else
		print_text(e);
	if (e->dropped)
		cmd_complain("%llu more messages are left out: explain a part of the text",
			     e->dropped);
	if (e->n)
		return CMD_OK;
	return cmd_complain("no known message found: report it, with the text and the file that "
			    "vgapass report writes");
}

static struct host_options opt = { .as_boot = true };
static struct source source;
static bool json;

static const struct cmd_option options[] = {
	{ "guest", 0, "GUEST", "read libvirt's log of this guest, from its last start on", NULL,
	  &source.guest },
	{ "dmesg", 0, NULL, "read the kernel's log of this boot", &source.dmesg, NULL },
	{ "previous-boot", 0, NULL,
	  "read the kernel's log of the boot before this one, of the journal",
	  &source.previous_boot, NULL },
	CMD_JSON(&json),
	CMD_SYSROOT(&opt.sysroot),
	CMD_END,
};

static int run_explain(int argc, char **argv)
{
	struct source *s = &source;

	if (argc + !!s->guest + s->dmesg + s->previous_boot > 1)
		return cmd_misused(&verb_explain, "FILE, --guest, --dmesg and --previous-boot "
				   "exclude each other");
	s->file = argc ? argv[0] : "-";
	struct host *host = xcalloc(1, sizeof(*host));
	struct explain *e = xcalloc(1, sizeof(*e));
	int r = host_open(host, &opt);
	if (!r)
		r = explain_source(e, host, s, json);
	explain_free(e);
	free(e);
	host_close(host);
	free(host);
	return r;
}

const struct cmd_verb verb_explain = {
	.name = "explain",
	.summary = "find the cause of a message, on this machine",
	.arguments = "[FILE]",
	.about = "Finds messages of QEMU, libvirt, the kernel and guests in a text, and says for\n"
		 "each what its cause is on this machine, by what that shows, and what to do.\n"
		 "Without FILE, and for -, it reads standard input. It changes nothing.",
	.options = options,
	.exits = "0 a message is explained, 1 none is, or it cannot be read, 2 usage.",
	.plural = "explanations",
	.run = run_explain,
};
