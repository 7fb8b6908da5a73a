/* vgapass-image.c - puts vgapass into a boot image; called by the image hooks.
 *
 * Checks the configuration, resolves the modules of its drivers for the target kernel, and
 * copies vgapass-early, the configuration and the modules, unpacked, into the image's tree.
 * Exit codes: 0 done, 1 the image must not be built, 2 usage, 3 there is nothing to add.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../runtime/core/plan_text.h"
#include "../runtime/io/apply.h"
#include "../runtime/io/gather.h"
#include "modules.h"
#include "unpack.h"

enum { DONE, FAILED, USAGE, NOTHING };

static const char usage[] =
	"usage: vgapass-image [--sysroot DIR] [--kernel VERSION] [--into DIR]\n"
	"Without --into the modules are listed, in the order of their loading.\n";

struct options {
	const char *program; /* argv[0]: vgapass-early lies beside it */
	const char *sysroot, *kernel, *into;
};

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
		text_add(&t, "/etc/%p: %s", &c->error[i].at, c->error[i].phrase);
		fprintf(stderr, "vgapass: %s\n", buf);
	}
	if (c->errors > CONFIG_ERRORS_MAX)
		fprintf(stderr, "vgapass: %u errors in all\n", c->errors);
	return c->errors ? FAILED : DONE;
}

static int find_modules(const struct options *o, const struct config *c, struct modules *m)
{
	const char *driver = "vfio-pci";
	int r = modules_open(m, o->sysroot, o->kernel);

	if (r)
		return complain(o->kernel, "this kernel has no modules in /lib/modules",
				"install it, or name another with --kernel");
	r = modules_add_drivers(m, c, &driver);
	if (r == -ENOENT)
		fprintf(stderr, "vgapass: kernel %s has no module %s: install its modules, or take "
				"out the rules that want it\n", o->kernel, driver);
	else if (r)
		complain(driver, strerror(-r), "its modules cannot be listed");
	return r ? FAILED : DONE;
}

/* Makes the folders above the last component. */
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

static int write_file(const char *into, const char *name, mode_t mode, const void *data, size_t n)
{
	char *path;
	int fd, r;

	if (asprintf(&path, "%s/%s", into, name) < 0)
		return -ENOMEM;
	r = make_parents(path);
	fd = r ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (!r && fd < 0)
		r = -errno;
	for (size_t done = 0; !r && done < n;) {
		ssize_t wrote = write(fd, (const char *)data + done, n - done);
		if (wrote >= 0)
			done += (size_t)wrote;
		else if (errno != EINTR)
			r = -errno;
	}
	if (fd >= 0 && close(fd) && !r)
		r = -errno;
	if (r)
		complain(path, strerror(-r), "");
	free(path);
	return r;
}

/* Copies a file, unpacked if it is compressed. */
static int add_file(const struct options *o, const char *from, const char *name, mode_t mode)
{
	unsigned char *data;
	size_t n;
	int r = unpack_file(from, &data, &n);

	if (r) {
		complain(from, r == -EBADMSG ? "damaged" : strerror(-r), "install it anew");
		return r;
	}
	r = write_file(o->into, name, mode, data, n);
	free(data);
	return r;
}

/* The configuration names drivers that the kernel loads at boot. */
static void warn_of_others(const char *path)
{
	struct stat st;

	if (!stat(path, &st) && (st.st_uid || st.st_mode & (S_IWGRP | S_IWOTH)))
		complain(path, "others than root can write it",
			 "chown root it and chmod go-w it, as it decides what root loads");
}

static int add_config(const struct options *o, const struct config *c)
{
	struct conf_path name;
	char from[4096];
	int r = 0;

	for (unsigned i = 0; !r && i < c->files; i++) {
		gather_conf_path(&name, c->file[i]);
		snprintf(from, sizeof(from), "%s/%s", o->sysroot, name.s);
		warn_of_others(from);
		r = add_file(o, from, name.s, 0644);
	}
	return r;
}

static int add_modules(const struct options *o, const struct modules *m)
{
	char list[MODULES_LIST_MAX] = "", name[256];
	struct text t;
	int r = 0;

	text_start(&t, list, sizeof(list));
	modules_list(m, &t);
	for (unsigned i = 0; !r && i < m->n; i++) {
		const struct module *mod = &m->module[i];
		snprintf(name, sizeof(name), MODULES_DIR "/%s.ko", mod->name);
		r = add_file(o, mod->file, name, 0644);
	}
	if (!r && t.cut) {
		complain("modprobe.d", "module options of more than 8 KiB", "remove some");
		r = -E2BIG;
	}
	return r ? r : write_file(o->into, MODULES_LIST, 0644, list, t.len);
}

static void print_modules(const struct modules *m)
{
	char list[MODULES_LIST_MAX];
	struct text t;

	text_start(&t, list, sizeof(list));
	modules_list(m, &t);
	fputs(list, stdout);
}

static int add_all(const struct options *o, const struct config *c, const struct modules *m)
{
	const char *name = strrchr(o->program, '/');
	int folder = name ? (int)(name - o->program) : 1;
	char early[4096];

	snprintf(early, sizeof(early), "%.*s/vgapass-early", folder, name ? o->program : ".");
	return add_file(o, early, "usr/lib/vgapass/vgapass-early", 0755) || add_config(o, c) ||
	       add_modules(o, m) ? FAILED : DONE;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "sysroot", required_argument, NULL, 's' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "into", required_argument, NULL, 'i' },
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
		case 'h':
			fputs(usage, stdout);
			exit(DONE);
		default:
			fputs(usage, stderr);
			return -EINVAL;
		}
	if (optind == argc)
		return 0;
	fputs(usage, stderr);
	return -EINVAL;
}

int main(int argc, char **argv)
{
	static struct config config;
	struct options o = { .program = argv[0], .sysroot = "" };
	struct modules m;
	struct roots roots;
	struct utsname running;

	if (parse_options(argc, argv, &o))
		return USAGE;
	if (!o.kernel && !uname(&running))
		o.kernel = running.release;
	if (gather_roots(*o.sysroot ? o.sysroot : NULL, &roots))
		return complain(o.sysroot, "cannot be opened", "name an existing folder");
	gather_config(&roots, &config);
	if (check_config(&config))
		return FAILED;
	if (!config.rules && !config.cmdline_ids)
		return NOTHING;
	int r = find_modules(&o, &config, &m);
	if (!r && o.into)
		r = add_all(&o, &config, &m);
	if (!r && !o.into)
		print_modules(&m);
	modules_close(&m);
	return r;
}
