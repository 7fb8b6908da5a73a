/* modules.c - see modules.h */
#define _GNU_SOURCE
#include "modules.h"

#include <errno.h>
#include <libkmod.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../runtime/core/cmdline.h"
#include "../runtime/io/apply.h"

static int add_module(struct modules *m, struct kmod_module *mod);

int modules_open(struct modules *m, const char *sysroot, const char *kernel)
{
	static const char *const folders[] = { "/etc/modprobe.d", "/run/modprobe.d",
					       "/usr/local/lib/modprobe.d",
					       "/usr/lib/modprobe.d", "/lib/modprobe.d" };
	char *folder = NULL, *conf[6] = { NULL };
	int r = 0;

	*m = (struct modules){ .sysroot = sysroot, .kernel = kernel };
	if (asprintf(&folder, "%s/lib/modules/%s", sysroot, kernel) < 0)
		return -ENOMEM;
	for (unsigned i = 0; i < 5; i++)
		if (asprintf(&conf[i], "%s%s", sysroot, folders[i]) < 0)
			r = -ENOMEM;
	if (!r && access(folder, X_OK))
		r = -ENOENT;
	if (!r) {
		m->kmod = kmod_new(folder, (const char *const *)conf);
		r = m->kmod ? 0 : -ENOMEM;
	}
	for (unsigned i = 0; i < 5; i++)
		free(conf[i]);
	free(folder);
	return r;
}

void modules_close(struct modules *m)
{
	for (unsigned i = 0; i < m->n; i++) {
		free(m->module[i].name);
		free(m->module[i].file);
		free(m->module[i].options);
	}
	kmod_unref(m->kmod);
	*m = (struct modules){ .n = 0 };
}

/* Takes the last word of `options` that is `word` out. */
static void drop_word(char *options, const char *word)
{
	size_t n = strlen(word);
	char *last = NULL;

	for (char *p = options; (p = strstr(p, word)); p++)
		if ((p == options || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			last = p;
	if (!last)
		return;
	memmove(last, last + n, strlen(last + n) + 1);
	if (*last == ' ')
		memmove(last, last + 1, strlen(last + 1) + 1);
	else if (last > options)
		last[-1] = '\0';
}

/* libkmod appends what /proc/cmdline of this machine says for the module
 * (libkmod-config.c, kmod_config_parse_kcmdline()); the machine that boots the image has a
 * command line of its own, and vgapass-early reads that. */
static char *options_of(struct kmod_module *mod)
{
	static char cmdline[CMDLINE_MAX];
	const char *from_kmod = kmod_module_get_options(mod);
	char words[4096], *rest = words, *word, *options = strdup(from_kmod ? from_kmod : "");
	struct text t;
	FILE *f = fopen("/proc/cmdline", "re");

	if (!f || !options)
		return options;
	size_t n = fread(cmdline, 1, sizeof(cmdline) - 1, f);
	fclose(f);
	cmdline[n] = '\0';
	text_start(&t, words, sizeof(words));
	cmdline_module_params(slice_of(cmdline), slice_of(kmod_module_get_name(mod)), &t);
	while ((word = strsep(&rest, " ")))
		if (*word)
			drop_word(options, word);
	return options;
}

static int add_list(struct modules *m, struct kmod_list *list)
{
	struct kmod_list *item;
	int r = 0;

	kmod_list_foreach(item, list) {
		struct kmod_module *mod = kmod_module_get_module(item);
		/* A softdep may name what this kernel does not have. */
		if (!r)
			r = add_module(m, mod);
		if (r == -ENOENT)
			r = 0;
		kmod_module_unref(mod);
	}
	kmod_module_unref_list(list);
	return r;
}

static bool is_listed(const struct modules *m, const char *name)
{
	for (unsigned i = 0; i < m->n; i++)
		if (!strcmp(m->module[i].name, name))
			return true;
	return false;
}

static int append(struct modules *m, struct kmod_module *mod)
{
	struct module *to = &m->module[m->n];

	if (m->n == MODULES_MAX)
		return -E2BIG;
	*to = (struct module){ strdup(kmod_module_get_name(mod)),
			       strdup(kmod_module_get_path(mod)), options_of(mod) };
	/* In front, so that who wants it otherwise is heard: the last one counts. */
	if (m->async && to->options) {
		char *own = to->options;
		if (asprintf(&to->options, *own ? "async_probe %s" : "async_probe", own) < 0)
			to->options = NULL;
		free(own);
	}
	m->n++;
	return to->name && to->file && to->options ? 0 : -ENOMEM;
}

static int add_module(struct modules *m, struct kmod_module *mod)
{
	static unsigned depth;
	struct kmod_list *pre = NULL, *post = NULL;
	int r;

	/* The initstate is that of this machine's kernel, but for what modules.builtin of
	 * the target says: that is built in wherever it boots. */
	if (is_listed(m, kmod_module_get_name(mod)) ||
	    kmod_module_get_initstate(mod) == KMOD_MODULE_BUILTIN)
		return 0;
	if (!kmod_module_get_path(mod))
		return -ENOENT;
	/* Softdeps may go in a circle. */
	if (depth == MODULES_MAX)
		return 0;
	depth++;
	kmod_module_get_softdeps(mod, &pre, &post);
	r = add_list(m, kmod_module_get_dependencies(mod));
	if (!r)
		r = add_list(m, pre);
	else
		kmod_module_unref_list(pre);
	if (!r && !is_listed(m, kmod_module_get_name(mod)))
		r = append(m, mod);
	if (!r)
		r = add_list(m, post);
	else
		kmod_module_unref_list(post);
	depth--;
	return r;
}

int modules_add(struct modules *m, const char *driver)
{
	struct kmod_list *list = NULL;
	int r = kmod_module_new_from_lookup(m->kmod, driver, &list);

	if (r < 0)
		return r;
	if (!list)
		return -ENOENT;
	struct kmod_module *mod = kmod_module_get_module(list);
	m->async = apply_is_harmless(slice_of(driver));
	r = add_module(m, mod);
	kmod_module_unref(mod);
	kmod_module_unref_list(list);
	return r;
}

int modules_add_drivers(struct modules *m, const struct config *c, const char **driver)
{
	/* vgapass.ids= on the kernel command line asks for vfio-pci. */
	int r = c->cmdline_ids ? modules_add(m, *driver = "vfio-pci") : 0;

	for (unsigned i = 0; !r && i < c->rules; i++)
		if (!c->rule[i].keep)
			r = modules_add(m, *driver = c->rule[i].driver);
	return r;
}

void modules_list(const struct modules *m, struct text *t)
{
	for (unsigned i = 0; i < m->n; i++)
		text_add(t, *m->module[i].options ? "%s %s\n" : "%s%s\n", m->module[i].name,
			 m->module[i].options);
}
