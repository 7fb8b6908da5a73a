/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libkmod.c - libkmod's functions, which load the library when the first context is made
 *
 * Debian's libkmod is linked with libcrypto, for the names of a signature's hash. With it, the
 * dynamic linker takes half of the time of a command that asks for no module, as most do.
 * vgapass-image is linked with libkmod itself, so packages depend on it.
 */
#include <dlfcn.h>
#include <libkmod.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/cmd.h"

#define LIBRARY "libkmod.so.2"

/* (type, name, parameters, arguments): each returns 0 or NULL while the library is not loaded. */
#define EACH_FUNCTION(X) \
	X(struct kmod_ctx *, kmod_unref, (struct kmod_ctx *ctx), (ctx)) \
	X(struct kmod_list *, kmod_list_next, \
	  (const struct kmod_list *list, const struct kmod_list *at), (list, at)) \
	X(int, kmod_module_new_from_name, \
	  (struct kmod_ctx *ctx, const char *name, struct kmod_module **mod), (ctx, name, mod)) \
	X(int, kmod_module_new_from_lookup, \
	  (struct kmod_ctx *ctx, const char *alias, struct kmod_list **list), (ctx, alias, list)) \
	X(struct kmod_module *, kmod_module_unref, (struct kmod_module *mod), (mod)) \
	X(int, kmod_module_unref_list, (struct kmod_list *list), (list)) \
	X(struct kmod_module *, kmod_module_get_module, (const struct kmod_list *at), (at)) \
	X(struct kmod_list *, kmod_module_get_dependencies, (const struct kmod_module *mod), \
	  (mod)) \
	X(int, kmod_module_get_softdeps, \
	  (const struct kmod_module *mod, struct kmod_list **pre, struct kmod_list **post), \
	  (mod, pre, post)) \
	X(int, kmod_module_get_initstate, (const struct kmod_module *mod), (mod)) \
	X(const char *, kmod_module_get_name, (const struct kmod_module *mod), (mod)) \
	X(const char *, kmod_module_get_options, (const struct kmod_module *mod), (mod)) \
	X(const char *, kmod_module_get_path, (const struct kmod_module *mod), (mod)) \
	X(int, kmod_module_probe_insert_module, \
	  (struct kmod_module *mod, unsigned flags, const char *options, \
	   int (*run)(struct kmod_module *, const char *, void *), const void *data, \
	   void (*say)(struct kmod_module *, bool, const char *)), \
	  (mod, flags, options, run, data, say))

#define MEMBER(type, name, parameters, arguments) __typeof__(name) *(name);
static struct {
	void *handle;
	struct kmod_ctx *(*kmod_new)(const char *folder, const char *const *conf);
	void (*kmod_set_log_priority)(struct kmod_ctx *ctx, int priority);
	EACH_FUNCTION(MEMBER)
} lib;

/* A function's address, as POSIX says for dlsym(): C has no cast for it. */
#define LOOK_UP(name) (*(void **)&lib.name = dlsym(lib.handle, #name))
#define AND_LOOK_UP(type, name, parameters, arguments) && LOOK_UP(name)

static bool load_library(void)
{
	if (lib.handle)
		return lib.kmod_new;
	lib.handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	/* kmod_new() is the last: it says that all are there. */
	if (lib.handle && LOOK_UP(kmod_set_log_priority) EACH_FUNCTION(AND_LOOK_UP) &&
	    LOOK_UP(kmod_new))
		return true;
	cmd_complain("%s: install libkmod", dlerror());
	return false;
}

struct kmod_ctx *kmod_new(const char *folder, const char *const *conf)
{
	return load_library() ? lib.kmod_new(folder, conf) : NULL;
}

void kmod_set_log_priority(struct kmod_ctx *ctx, int priority)
{
	if (lib.kmod_new)
		lib.kmod_set_log_priority(ctx, priority);
}

#define DEFINE(type, name, parameters, arguments) \
	type name parameters \
	{ \
		return lib.kmod_new ? lib.name arguments : 0; \
	}
EACH_FUNCTION(DEFINE)
