/* receipt.c - see receipt.h */
#include "receipt.h"
#include "sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/plan_text.h"

#ifndef VGAPASS_VERSION
#error "the Makefile gives VGAPASS_VERSION"
#endif

/* A file under construction; the first error stays. */
struct out {
	int fd;
	int error;
	struct text t;
	char buf[4096];
};

/* Writes a text around the buffer. */
static void put(struct out *o, const char *text, size_t n)
{
	while (n && !o->error) {
		ssize_t wrote = write(o->fd, text, n);
		if (wrote < 0 && errno != EINTR)
			o->error = -errno;
		if (wrote > 0) {
			text += wrote;
			n -= (size_t)wrote;
		}
	}
}

static void flush(struct out *o)
{
	put(o, o->buf, o->t.len);
	text_start(&o->t, o->buf, sizeof(o->buf));
}

static void add(struct out *o, const char *format, ...)
{
	va_list args;

	/* Room for any one line. */
	if (o->t.len > sizeof(o->buf) - 2 * PLAN_LINE_MAX)
		flush(o);
	va_start(args, format);
	text_vadd(&o->t, format, args);
	va_end(args);
}

static int replace(int dir, const char *name, const char *temporary,
		   void (*fill)(struct out *o, const struct roots *roots, const struct run *r),
		   const struct roots *roots, const struct run *r)
{
	static struct out o;

	unlinkat(dir, temporary, 0);
	/* O_EXCL: nobody's link is followed, whoever put it there. */
	o.fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (o.fd < 0)
		return -errno;
	o.error = 0;
	text_start(&o.t, o.buf, sizeof(o.buf));
	fill(&o, roots, r);
	flush(&o);
	if (close(o.fd) && !o.error)
		o.error = -errno;
	if (!o.error && renameat(dir, temporary, dir, name))
		o.error = -errno;
	if (o.error)
		unlinkat(dir, temporary, 0);
	return o.error;
}

/* A line of /proc/sys/kernel as a member; "" where it cannot be read. */
static void add_proc(struct out *o, const struct roots *roots, const char *name, const char *path)
{
	char value[128] = "";
	struct slice line;
	ssize_t n = roots->proc < 0 ? -1 : sysfs_read_file(roots->proc, path, value, sizeof(value));

	if (n > 0) {
		line = (struct slice){ value, (size_t)n };
		value[slice_cut(&line, '\n').n] = '\0';
	}
	add(o, ",\n  %j: %j", name, n > 0 ? value : "");
}

static void add_function(struct out *o, const struct run *r, const struct pci_function *f,
			 const struct plan_entry *e)
{
	char buf[PLAN_LINE_MAX];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	text_add(&t, "%p", &e->rule->at);
	add(o, "{ \"address\": \"%a\", \"id\": \"%i\", \"rule\": %j, \"state\": %j, ", &f->at, f,
	    buf, state_word(e->state));
	add(o, f->group < 0 ? "\"driver\": %n, \"was\": %n, \"group\": null, " :
			      "\"driver\": %n, \"was\": %n, \"group\": %u, ",
	    e->state < STATE_BOUND ? f->driver : e->driver, f->driver, (unsigned)f->group);
	text_start(&t, buf, sizeof(buf));
	plan_text_reason(&t, r, f, e);
	add(o, "\"viable\": %s, \"reason\": %n, \"us\": %u }",
	    !e->checked ? "null" : e->viable ? "true" : "false", buf, e->us);
}

/* Between the elements of a list: k counts them. */
static void add_separator(struct out *o, unsigned *k)
{
	add(o, (*k)++ ? ",\n    " : "\n    ");
}

static void fill_receipt(struct out *o, const struct roots *roots, const struct run *r)
{
	const struct plan *p = &r->plan;
	char at_buf[PLAN_LINE_MAX], what_buf[PLAN_LINE_MAX];
	struct text at, what;
	unsigned k = 0;

	add(o, "{\n  \"version\": 1,\n  \"vgapass\": %j", VGAPASS_VERSION);
	add_proc(o, roots, "kernel", "sys/kernel/osrelease");
	add_proc(o, roots, "boot_id", "sys/kernel/random/boot_id");
	add(o, ",\n  \"mode\": %j,\n  \"profile\": %n,\n  \"result\": %j,\n  \"took_us\": %u",
	    mode_word(r->cmd.mode), p->profile ? p->profile : "", run_result(r), r->took_us);
	add(o, ",\n  \"functions\": [");
	for (unsigned i = 0; i < r->inv.functions; i++)
		if (p->entry[i].rule) {
			add_separator(o, &k);
			add_function(o, r, &r->inv.function[i], &p->entry[i]);
		}
	add(o, " ],\n  \"rules\": [");
	for (unsigned i = k = 0; i < r->config.rules; i++) {
		text_start(&at, at_buf, sizeof(at_buf));
		text_add(&at, "%p", &r->config.rule[i].at);
		add_separator(o, &k);
		add(o, "{ \"at\": %j, \"matched\": %u }", at_buf, p->rule[i].matched);
	}
	add(o, " ],\n  \"problems\": [");
	for (k = 0;;) {
		text_start(&at, at_buf, sizeof(at_buf));
		text_start(&what, what_buf, sizeof(what_buf));
		if (!plan_text_problem(r, k, &at, &what))
			break;
		add_separator(o, &k);
		add(o, "{ \"at\": %n, \"text\": %j }", at_buf, what_buf);
	}
	add(o, " ]\n}\n");
}

static void fill_booted(struct out *o, const struct roots *roots, const struct run *r)
{
	static char text[CONFIG_FILE_MAX + 1];
	struct conf_path path;

	for (unsigned i = 0; i < r->config.files; i++) {
		gather_conf_path(&path, r->config.file[i]);
		ssize_t n = sysfs_read_file(roots->root, path.s, text, sizeof(text));
		add(o, "# /%s\n", path.s);
		flush(o);
		if (n > 0)
			put(o, text, (size_t)n);
	}
}

int receipt_dir(const struct roots *roots)
{
	if (mkdirat(roots->root, "run/vgapass", 0755) && errno != EEXIST)
		return -errno;
	return sysfs_dir(roots->root, "run/vgapass");
}

int receipt_write(const struct roots *roots, int dir, const struct run *r)
{
	int e = replace(dir, "receipt.json", "receipt.json.new", fill_receipt, roots, r);

	return e ? e : replace(dir, "booted.conf", "booted.conf.new", fill_booted, roots, r);
}
