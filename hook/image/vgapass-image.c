/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vgapass-image.c - puts vgapass into a boot image; called by the hooks of the image generators.
 *
 * Checks the configuration, finds the modules of its drivers for the target kernel, and copies the
 * configuration, the unpacked modules, and vgapass-early into the image's tree.
 *
 * No kernel is left without an image. A configuration with errors is copied as it is: the boot
 * binds nothing, and its receipt says why. A driver whose modules are missing or damaged is left
 * out: the boot gives its functions back to the host, and the receipt says so. Both are reported
 * here. The build fails only for a person at a terminal who replaces an image, which --replaces
 * names.
 *
 * Exit codes: 0, vgapass is in the tree; 1, end the build, so that the old image stays; 2, usage
 * error; 3, build the image without vgapass. A hook treats any other code as 3. Without --into: 0,
 * all modules are listed; 1, some are missing; 3, no rule asks for any.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "runtime/core/words.h"
#include "runtime/io/apply.h"
#include "runtime/io/gather.h"
#include "runtime/io/replace.h"
#include "runtime/io/scan.h"
#include "runtime/io/sysfs.h"
#include "modprobe.h"
#include "modules.h"
#include "unpack.h"
#include "variants.h"

#define EARLY "usr/lib/vgapass/vgapass-early"

enum { DONE, FAILED, USAGE, NOTHING };

static const char usage[] =
	"usage: vgapass-image [--sysroot DIR] [--kernel VERSION] [--into DIR [--replaces IMAGE]]\n"
	"Without --into the modules are listed, in the order of their loading.\n";

struct options {
	const char *sysroot, *kernel, *into, *replaces;
	struct roots roots; /* of the sysroot */
};

/* All takes milliseconds. If something hangs all the same, a package manager must go on. */
#define SECONDS_MAX 120

static int complain(const char *what, const char *why, const char *remedy)
{
	fprintf(stderr, "vgapass: %s: %s%s%s\n", what, why, *remedy ? ": " : "", remedy);
	return FAILED;
}

static int check_config(const struct config *c)
{
	char buf[PLAN_LINE_MAX];
	struct text t;

	for (unsigned i = 0; i < c->errors && i < CONFIG_ERRORS_MAX; i++) {
		text_start(&t, buf, sizeof(buf));
		text_add(&t, "%pp: %s", &c->error[i].at, c->error[i].phrase);
		fprintf(stderr, "vgapass: %s\n", buf);
	}
	if (c->errors > CONFIG_ERRORS_MAX)
		fprintf(stderr, "vgapass: %u errors in all\n", c->errors);
	return c->errors ? FAILED : DONE;
}

static void warn_of_ids(const struct modules *m)
{
	for (unsigned i = 0; i < m->n; i++) {
		const struct module *mod = &m->module[i];
		char *file = mod->had_ids ? modprobe_ids_file(m->root, mod->name) : NULL;
		/* Without a file, ids= is on the kernel command line of this machine. */
		if (file)
			fprintf(stderr, "vgapass: /%s: option ids of %s is left out of the boot "
				"image: it takes functions that no rule names\nremove ids= from "
				"this file\n", file, mod->name);
		free(file);
	}
}

/* Prints the faults. Returns true if something is damaged, not only missing. */
static bool print_faults(const struct modules *m)
{
	char place[512];
	struct text t;
	bool damaged = false;

	for (unsigned i = 0; i < m->faults; i++) {
		const struct module_fault *f = &m->fault[i];
		text_start(&t, place, sizeof(place));
		if (f->at.file)
			text_add(&t, "%pp: ", &f->at);
		fprintf(stderr, "vgapass: %s%s\n", place, f->text);
		damaged |= f->error != -ENOENT;
	}
	return damaged;
}

static void say_tie(const struct variant *a, const struct variant *b, void *arg)
{
	(void)arg;
	fprintf(stderr, "vgapass: driver=auto: %s and %s fit %04x:%04x equally well, so vfio-pci "
		"is used\nwrite driver= of one of them\n", a->module, b->module,
		(unsigned)a->rule.vendor & 0xffff, (unsigned)a->rule.device & 0xffff);
}

/* Writes for the boot which driver driver=auto is for which function. */
static void write_variants(const struct options *o, const struct config *c,
			   const struct modules *m, struct text *t)
{
	const unsigned room = variants_room(c);

	if (!variants_are_wanted(c))
		return;
	if (m->variants_error)
		fprintf(stderr, "vgapass: driver=auto: modules.alias of kernel %s: %s\nrun depmod "
			"%s\n", o->kernel, strerror(-m->variants_error), o->kernel);
	for (unsigned i = 0; i < m->variants.n; i++)
		if (m->variants.variant[i].error)
			fprintf(stderr, "vgapass: driver=auto: module %s cannot be added (%s), so "
				"vfio-pci is used\ninstall the modules of this kernel again\n",
				m->variants.variant[i].module,
				strerror(-m->variants.variant[i].error));
	if (room)
		variants_write(&m->variants, t, room, say_tie, NULL);
}

/* Returns 0, or -errno after printing the reason. -ENOENT: the kernel lacks modules, which is no
 * reason to keep an old image, as the next one would lack them too. */
static int find_modules(const struct options *o, const struct config *c, struct modules *m,
			struct text *variants)
{
	static struct inventory inv;
	int r = modules_open(m, &o->roots, o->kernel);

	/* A system that is built elsewhere has no functions here: then the rules alone count. */
	if (scan_functions(o->roots.root, &inv))
		inv.functions = 0;
	if (r) {
		fprintf(stderr, "vgapass: %s\n", m->text);
		return r;
	}
	r = modules_add_drivers(m, c, &inv) ? -ENOENT : 0;
	if (config_wants_token(c) && modules_add_token(m))
		fprintf(stderr, "vgapass: %s\n", m->text);
	if (print_faults(m))
		r = -EINVAL;
	write_variants(o, c, m, variants);
	warn_of_ids(m);
	return r;
}

/* Makes the directories above the last component. */
static int make_parents(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		int r = mkdir(path, 0755);
		*p = '/';
		if (r && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* Writes a file of the image's tree. What has its name is removed, not written to: a FIFO blocks,
 * and a link may lead to a file of this machine. */
static int write_file(const char *into, const char *name, mode_t mode, const void *data, size_t n)
{
	char *path;
	int fd = -1, r;

	if (asprintf(&path, "%s/%s", into, name) < 0)
		return -ENOMEM;
	r = make_parents(path);
	if (!r && unlink(path) && errno != ENOENT)
		r = -errno;
	if (!r && (fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)) < 0)
		r = -errno;
	if (!r)
		r = replace_write(fd, (struct slice){ data, n });
	if (fd >= 0 && close(fd) && !r)
		r = -errno;
	if (r)
		complain(path, strerror(-r), "");
	free(path);
	return r;
}

/* Copies a file, unpacked if it is compressed. */
static int add_file(const struct options *o, int at, const char *from, const char *name,
		    mode_t mode)
{
	unsigned char *data;
	size_t n;
	int r = unpack_file(at, from, &data, &n);

	if (r) {
		complain(from, r == -EBADMSG ? "damaged" : strerror(-r), "install it anew");
		return r;
	}
	r = write_file(o->into, name, mode, data, n);
	free(data);
	return r;
}

/* Warns if others than root can write the file, which names drivers that root loads. */
static void warn_of_others(int root, const char *path)
{
	int fd = sysfs_open(root, path, O_PATH);
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st) && (st.st_uid || st.st_mode & (S_IWGRP | S_IWOTH)))
		complain(path, "others than root can write it",
			 "chown root it and chmod go-w it, as it decides what root loads");
	if (fd >= 0)
		close(fd);
}

static int add_config(const struct options *o, const struct config *c)
{
	struct conf_path name;
	char from[sizeof(name) + 1];
	int r = 0;

	for (unsigned i = 0; !r && i < c->files; i++) {
		gather_conf_path(&name, c->file[i]);
		snprintf(from, sizeof(from), "/%s", name.s);
		warn_of_others(o->roots.root, from);
		r = add_file(o, o->roots.root, from, name.s, 0644);
	}
	return r;
}

static int add_modules(const struct options *o, const struct modules *m)
{
	char list[MODULES_LIST_MAX] = "", *name;
	struct text t;
	int r = 0;

	text_start(&t, list, sizeof(list));
	modules_list(m, &t);
	for (unsigned i = 0; !r && i < m->n; i++) {
		const struct module *mod = &m->module[i];
		if (asprintf(&name, MODULES_DIR "/%s.ko", mod->name) < 0)
			return -ENOMEM;
		r = write_file(o->into, name, 0644, mod->data, mod->size);
		free(name);
	}
	return r ? r : write_file(o->into, MODULES_LIST, 0644, list, t.len);
}

static int print_modules(const struct modules *m)
{
	char list[MODULES_LIST_MAX];
	struct text t;

	text_start(&t, list, sizeof(list));
	modules_list(m, &t);
	fputs(list, stdout);
	return fflush(stdout) ? complain("standard output", strerror(errno), "") : DONE;
}

/* Adds vgapass-early, which is beside this program. The name that execve() was given needs no
 * /proc, which a chroot may lack, and is whole where argv[0] is a bare name. */
static int add_early(const struct options *o)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): that is how the kernel hands it over */
	const char *name = (const char *)getauxval(AT_EXECFN);
	char *program = realpath(name, NULL), *early = NULL;
	int r = -ENOMEM;

	if (!program)
		complain("vgapass-image", "its own directory is not found", strerror(errno));
	else if (asprintf(&early, "%s/vgapass-early", dirname(program)) >= 0)
		r = add_file(o, AT_FDCWD, early, EARLY, 0755);
	free(program);
	free(early);
	return r;
}

/* Adds all files. The program comes last: without it the rest does nothing. */
static int add_all(const struct options *o, const struct config *c, const struct modules *m,
		   const struct text *variants)
{
	char *early;

	if (!add_config(o, c) &&
	    !(variants->len && write_file(o->into, "etc/" VARIANTS_FILE, 0644, variants->buf,
					  variants->len)) &&
	    !add_modules(o, m) && !add_early(o))
		return DONE;
	if (asprintf(&early, "%s/" EARLY, o->into) >= 0) {
		unlink(early);
		free(early);
	}
	return FAILED;
}

/* Returns true if a person at a terminal replaces an image, and so sees what is wrong. dpkg passes
 * its terminal to the scripts that it starts, and says so in the environment; rpm, pacman and
 * portage pass none. */
static bool is_by_hand(const struct options *o)
{
	struct stat st;

	return o->replaces && !stat(o->replaces, &st) && st.st_size > 0 && isatty(STDIN_FILENO) &&
	       isatty(STDERR_FILENO) && !getenv("DPKG_MAINTSCRIPT_PACKAGE");
}

/* Fills the image's tree. r: the error of the configuration or the modules, which has been printed.
 * Returns the exit code. */
static int fill_tree(const struct options *o, const struct config *c, const struct modules *m,
		     const struct text *variants, int r)
{
	if (r && r != -ENOENT && is_by_hand(o))
		return FAILED;
	if (add_all(o, c, m, variants)) {
		fprintf(stderr, "vgapass: WARNING: the boot image of kernel %s is made WITHOUT "
			"vgapass\nfix the above, and rebuild the boot image\n", o->kernel);
		return NOTHING;
	}
	if (c->errors)
		fprintf(stderr, "vgapass: WARNING: the boot image of kernel %s will bind NOTHING\n"
			"fix the above, and rebuild the boot image\n", o->kernel);
	else if (r)
		fprintf(stderr, "vgapass: WARNING: the boot image of kernel %s will leave "
			"functions to the host\nfix the above, and rebuild the boot image\n",
			o->kernel);
	return DONE;
}

/* Returns true if --into is the root of a system: this machine's, or the one below --sysroot. */
static bool is_system(const struct options *o)
{
	const char *const roots[] = { "/", *o->sysroot ? o->sysroot : "/" };
	struct stat into, root;

	if (!*o->into)
		return true;
	for (size_t i = 0; !stat(o->into, &into) && i < sizeof(roots) / sizeof(roots[0]); i++)
		if (!stat(roots[i], &root) && root.st_dev == into.st_dev &&
		    root.st_ino == into.st_ino)
			return true;
	return false;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "sysroot", required_argument, NULL, 's' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "into", required_argument, NULL, 'i' },
		{ "replaces", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
		switch (c) {
		case 's':
			o->sysroot = strcmp(optarg, "/") ? optarg : "";
			break;
		case 'k':
			o->kernel = optarg;
			break;
		case 'i':
			o->into = optarg;
			break;
		case 'r':
			o->replaces = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(DONE);
		default:
			fputs(usage, stderr);
			return -EINVAL;
		}
	if (optind == argc && !(o->into && is_system(o)))
		return 0;
	if (optind == argc)
		fputs("vgapass: --into: name an image's tree, and not a system\n", stderr);
	fputs(usage, stderr);
	return -EINVAL;
}

/* Returns DONE, or the exit code after printing the reason. No link below a sysroot may lead to
 * this host's files. */
static int open_roots(struct options *o)
{
	if (gather_root(*o->sysroot ? o->sysroot : NULL, &o->roots))
		return complain(o->sysroot, "cannot be opened", "name an existing directory");
	int r = *o->sysroot ? sysfs_confine(o->roots.root) : 0;
	if (!r) {
		gather_mounts(&o->roots);
		return DONE;
	}
	fprintf(stderr, "vgapass: --sysroot: links in %s could lead to this host's files (openat2: "
		"%s)\nuse Linux 5.6 or later\n", o->sysroot, strerror(-r));
	return o->into ? NOTHING : FAILED;
}

int main(int argc, char **argv)
{
	static struct config config;
	struct options o = { .sysroot = "" };
	static struct modules m;
	static char buf[2 * CONFIG_FILE_MAX];
	struct text variants;
	struct utsname running;

	if (parse_options(argc, argv, &o))
		return USAGE;
	if (!o.kernel && !uname(&running))
		o.kernel = running.release;
	int r = open_roots(&o);
	if (r)
		return r;
	text_start(&variants, buf, sizeof(buf));
	gather_config(&o.roots, &config);
	if (!config.errors && !config.rules && !config.cmdline_rules)
		return NOTHING;
	if (o.into)
		alarm(SECONDS_MAX);
	r = check_config(&config) ? -EINVAL : find_modules(&o, &config, &m, &variants);
	if (o.into)
		r = fill_tree(&o, &config, &m, &variants, r);
	else
		r = print_modules(&m) || r ? FAILED : DONE;
	modules_close(&m);
	return r;
}
