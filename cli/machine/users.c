/* SPDX-License-Identifier: GPL-2.0-or-later */
/* users.c - see users.h */
#include "users.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/core/driver.h"
#include "cli/live/holder.h"
#include "cli/out/xalloc.h"

struct user_search {
	const struct nodes *nodes;
	struct users *users;
};

static void add_user(struct users *u, const struct pci_function *f, const struct holder *h)
{
	long pid = strtol(h->pid, NULL, 10);

	for (size_t i = 0; i < u->n; i++)
		if (u->user[i].f == f && u->user[i].pid == pid)
			return;
	u->user = xreallocarray(u->user, u->n + 1, sizeof(*u->user));
	u->user[u->n++] = (struct user_of){ f, pid, xstrdup(h->process), xstrdup(h->guest) };
}

/* All functions of an IOMMU group have the group's one file. But a bridge in it, or what the host
 * keeps, is nobody's. */
static void add_users(const struct holder *h, void *arg)
{
	struct user_search *s = arg;
	bool is_group = !strcmp(h->node->subsystem, "vfio");

	for (size_t i = 0; i < s->nodes->n; i++) {
		const struct node *node = &s->nodes->node[i];
		if (node->dev == h->node->dev &&
		    !strcmp(node->subsystem, h->node->subsystem) &&
		    (!is_group || driver_is_for_guests(node->f->driver)))
			add_user(s->users, node->f, h);
	}
}

static int compare_users(const void *va, const void *vb)
{
	const struct user_of *a = va, *b = vb;

	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

/* Each function has nodes of its own: those of one IOMMU group share the group's. A bridge has
 * none, but those of all that is behind it lie below it. */
static void add_nodes(const struct host *h, const struct pci_function *f, struct nodes *all)
{
	struct nodes own = { 0 };

	if (!pci_is_bridge(f))
		nodes_find(&h->roots, f, &own);
	if (own.n) {
		all->node = xreallocarray(all->node, all->n + own.n, sizeof(*all->node));
		memcpy(all->node + all->n, own.node, own.n * sizeof(*own.node));
		all->n += own.n;
	}
	free(own.node);
}

void users_find(const struct host *h, const struct pci_function *const *f, unsigned n,
		struct users *ret)
{
	struct nodes nodes = { 0 };

	*ret = (struct users){ .n = 0 };
	for (unsigned i = 0; i < n; i++)
		add_nodes(h, f[i], &nodes);
	ret->known = holders_find(&h->roots, &nodes, 0, true, add_users,
				  &(struct user_search){ &nodes, ret });
	if (ret->n)
		qsort(ret->user, ret->n, sizeof(*ret->user), compare_users);
	nodes_free(&nodes);
}

void users_free(struct users *u)
{
	for (size_t i = 0; i < u->n; i++) {
		free(u->user[i].process);
		free(u->user[i].guest);
	}
	free(u->user);
	*u = (struct users){ .n = 0 };
}

const char *users_text(const struct users *u, const struct pci_function *f,
		       char text[HOST_NAME_MAX])
{
	struct text t;

	text_start(&t, text, HOST_NAME_MAX);
	for (size_t i = 0; i < u->n; i++) {
		const struct user_of *user = &u->user[i];
		if (user->f != f)
			continue;
		text_add(&t, "%s%s%s (pid %u)", t.len ? ", " : "", *user->guest ? "guest " : "",
			 *user->guest ? user->guest : user->process, (unsigned)user->pid);
	}
	return text;
}

json_object *users_json(const struct users *u, const struct pci_function *f)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < u->n; i++) {
		const struct user_of *user = &u->user[i];
		if (user->f != f)
			continue;
		json_object *o = json_object_new_object();
		json_set_number(o, "pid", user->pid);
		json_set(o, "process", user->process);
		json_set(o, "guest", user->guest);
		json_object_array_add(list, o);
	}
	if (u->known || json_object_array_length(list))
		return list;
	json_object_put(list);
	return NULL;
}
