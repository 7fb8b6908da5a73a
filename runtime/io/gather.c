/* gather.c - see gather.h */
#include "gather.h"
#include "scan.h"
#include "sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define CONF_FILE "vgapass.conf"
#define CONF_DIR "vgapass.conf.d"
#define CMDLINE_NAME "cmdline" /* of rules from vgapass.ids=, in messages */

#define E_READ "cannot be read: make it a file that root can read"
#define E_BIG "larger than 64 KiB: put some of it into files of vgapass.conf.d"
#define E_CMDLINE "cannot be read or is longer than 16 KiB: nothing is bound"

const char *gather_conf_path(struct conf_path *p, const char *name)
{
	struct text t;

	text_start(&t, p->s, sizeof(p->s));
	text_add(&t, "etc/%s", name);
	return p->s;
}

int gather_roots(const char *sysroot, struct roots *ret)
{
	ret->root = sysfs_dir(AT_FDCWD, sysroot ? sysroot : "/");
	if (ret->root < 0)
		return ret->root;
	ret->sys = sysfs_dir(ret->root, "sys");
	ret->proc = sysfs_dir(ret->root, "proc");
	ret->real = !sysroot || !strcmp(sysroot, "/");
	return 0;
}

static void add_file(const struct roots *roots, struct config *c, const char *name)
{
	static char text[CONFIG_FILE_MAX + 1];
	struct conf_path path;
	ssize_t n = sysfs_read_file(roots->root, gather_conf_path(&path, name), text, sizeof(text));

	if (n == -ENOENT)
		return;
	const char *file = config_add_file(c, name);
	if (!file)
		return;
	if (n >= 0)
		config_parse(c, file, text, (size_t)n);
	else
		config_fail(c, (struct place){ .file = file }, n == -E2BIG ? E_BIG : E_READ);
}

/* The names of the directory's *.conf files, to be sorted. */
struct names {
	unsigned n;
	char name[CONFIG_FILES_MAX + 1][sizeof(CONF_DIR "/") + 255];
};

static int add_name(const char *name, void *arg)
{
	struct names *names = arg;
	size_t n = strlen(name);
	struct text t;

	if (n < 6 || strcmp(name + n - 5, ".conf") || name[0] == '.')
		return 0;
	/* One more than there may be: config_add_file() then finds and says it. */
	if (names->n == CONFIG_FILES_MAX + 1)
		return 1;
	text_start(&t, names->name[names->n++], sizeof(names->name[0]));
	text_add(&t, CONF_DIR "/%s", name);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

void gather_config(const struct roots *roots, struct config *c)
{
	static struct names names;

	config_start(c);
	names.n = 0;
	add_file(roots, c, CONF_FILE);
	int r = sysfs_list(roots->root, "etc/" CONF_DIR, add_name, &names);
	if (r < 0 && r != -ENOENT)
		config_fail(c, (struct place){ .file = CONF_DIR }, E_READ);
	qsort(names.name, names.n, sizeof(names.name[0]), by_name);
	for (unsigned i = 0; i < names.n; i++)
		add_file(roots, c, names.name[i]);
}

static void gather_cmdline(const struct roots *roots, const char *cmdline, struct run *r)
{
	ssize_t n;

	if (cmdline) {
		n = (ssize_t)strlen(cmdline);
		if (n < CMDLINE_MAX)
			memcpy(r->cmdline, cmdline, (size_t)n + 1);
		else
			n = -E2BIG;
	} else {
		n = roots->proc < 0 ? roots->proc :
			sysfs_read_file(roots->proc, "cmdline", r->cmdline, sizeof(r->cmdline));
	}
	if (n < 0) {
		/* Whoever wrote vgapass=off must be obeyed, and that cannot be known. */
		r->cmdline[0] = '\0';
		config_fail(&r->config, (struct place){ .file = CMDLINE_NAME }, E_CMDLINE);
	}
	cmdline_parse(slice_of(r->cmdline), &r->cmd);
	if (r->cmd.ids.n)
		config_parse_ids(&r->config, CMDLINE_NAME, r->cmd.ids, r->cmd.ids_column);
}

void gather_run(const struct roots *roots, const char *cmdline, struct run *r)
{
	gather_config(roots, &r->config);
	gather_cmdline(roots, cmdline, r);
	r->inv.functions = 0;
	r->blockers = 0;
	r->input_error = r->module_error = 0;
	/* With nothing to do nothing is read. */
	if (r->cmd.mode != MODE_OFF && !r->config.errors && r->config.rules) {
		const char *profile = config_find_profile(&r->config, r->cmd.profile);
		r->input_error = roots->sys < 0 ? roots->sys : scan_functions(roots->sys, &r->inv);
		if (r->input_error)
			r->inv.functions = 0;
		for (unsigned i = 0; i < r->inv.functions; i++) {
			struct pci_function *f = &r->inv.function[i];
			scan_details(roots->sys, roots->proc, f, plan_needs(&r->config, profile, f));
		}
	}
	plan_build(&r->config, &r->cmd, &r->inv, &r->plan);
}
