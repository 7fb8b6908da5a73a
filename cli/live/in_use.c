/* SPDX-License-Identifier: GPL-2.0-or-later */
/* in_use.c - see in_use.h */
#include "in_use.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "in_use_parts.h"

void in_use_add(struct obstacles *o, const struct pci_function *f, const char *format, ...)
{
	va_list arguments;

	if (o->n < OBSTACLES_MAX) {
		struct obstacle *next = &o->obstacle[o->n];
		char text[sizeof(next->text)];
		va_start(arguments, format);
		vsnprintf(text, sizeof(text), format, arguments);
		va_end(arguments);
		const char *fix = strchr(text, '\n');
		*next = (struct obstacle){ .f = f };
		next->who = (unsigned)(fix ? fix - text : (ptrdiff_t)strlen(text));
		snprintf(next->text, sizeof(next->text), "%.*s%s%s", (int)next->who, text,
			 fix ? ": " : "", fix ? fix + 1 : "");
	}
	o->n++;
}

void in_use_mark(struct obstacles *o, enum user user)
{
	if (o->n <= OBSTACLES_MAX)
		o->obstacle[o->n - 1].user = user;
}

bool in_use_is(const struct node *node, const char *subsystem)
{
	return !strcmp(node->subsystem, subsystem);
}

void in_use_lines(int at, const char *path, void (*each)(char *line, void *arg), void *arg)
{
	int fd = sysfs_open(at, path, O_RDONLY | O_NONBLOCK);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0)
		each(line, arg);
	free(line);
	if (file)
		fclose(file);
}

struct found {
	const struct nodes *nodes;
	struct obstacles *o;
};

/* "ttyS4                -W- (EC p a)    4:68" */
static void look_at_console(char *line, void *arg)
{
	const struct nodes *nodes = ((const struct found *)arg)->nodes;
	struct obstacles *o = ((const struct found *)arg)->o;
	const char *numbers = strrchr(line, ' ');
	unsigned major, minor;

	if (!numbers || sscanf(numbers, "%u:%u", &major, &minor) != 2)
		return;
	for (size_t i = 0; i < nodes->n; i++)
		if (nodes->node[i].dev == makedev(major, minor) && in_use_is(&nodes->node[i], "tty"))
			in_use_add(o, nodes->node[i].f, "the kernel's console is on %s\ntake console=%s "
				   "off the kernel command line and reboot",
				   node_name(&nodes->node[i]), node_name(&nodes->node[i]));
}

/* An address that somebody gave it; those of fe80::/10 come by themselves. */
static bool has_address(const char *interface, char address[NI_MAXHOST])
{
	struct ifaddrs *list, *a;
	bool has = false;

	if (getifaddrs(&list))
		return false;
	for (a = list; a && !has; a = a->ifa_next) {
		int family = a->ifa_addr ? a->ifa_addr->sa_family : AF_UNSPEC;
		socklen_t n = family == AF_INET ? sizeof(struct sockaddr_in) :
						  sizeof(struct sockaddr_in6);
		has = (family == AF_INET || family == AF_INET6) && !strcmp(a->ifa_name, interface) &&
		      !getnameinfo(a->ifa_addr, n, address, NI_MAXHOST, NULL, 0, NI_NUMERICHOST) &&
		      strncmp(address, "fe80:", 5);
	}
	freeifaddrs(list);
	return has;
}

static void look_at_address(const struct roots *roots, const struct node *node,
			    struct obstacles *o)
{
	char address[NI_MAXHOST];
	const char *name = node_name(node);

	if (has_address(name, address))
		in_use_add(o, node->f, "%s has the address %s%s\nip addr flush dev %s", name, address,
			   in_use_has_default_route(roots, name) ? " and the default route" : "",
			   name);
}

/* As udev does it: the keys Esc to S, 1 to 31, are all there. */
static bool is_keyboard(const char *keys)
{
	const char *last = strrchr(keys, ' ');

	return (strtoul(last ? last + 1 : keys, NULL, 16) & 0xfffffffe) == 0xfffffffe;
}

/* A keyboard over Bluetooth comes from a process (BlueZ, by uhid), wherever its adapter is: it
 * goes if all adapters go. NULL: it stays, or there is no adapter. */
static const struct pci_function *find_adapter(const struct members *adapters)
{
	for (size_t i = 0; i < adapters->n; i++)
		if (!adapters->member[i].f)
			return NULL;
	return adapters->n ? adapters->member[0].f : NULL;
}

/* The function by which a keyboard is had; NULL: it is none, or it stays. */
static const struct pci_function *function_of_keyboard(const struct member *m,
						       const struct members *adapters)
{
	return strstr(m->path, "/uhid/0005:") ? find_adapter(adapters) : m->f;
}

/* One of several keyboards may go, and a mouse: a guest is to have something to type on. */
static void look_at_keyboards(const struct roots *roots, const struct in_use_of *of,
			      struct obstacles *o)
{
	struct members all = { 0 }, adapters = { 0 };
	const struct pci_function *f, *last = NULL;
	bool stays = false;
	char value[256];
	size_t n = 0;

	members_find(roots, "input", of, &all);
	members_find(roots, "bluetooth", of, &adapters);
	for (size_t i = 0; i < all.n; i++) {
		struct member *m = &all.member[i];
		if (strncmp(member_name(m), "input", 5) != 0 ||
		    !is_keyboard(class_attribute(roots, "input", member_name(m), "capabilities/key",
						 value)))
			continue;
		stays |= !function_of_keyboard(m, &adapters);
		/* Keyboards come to the front. */
		const struct member keyboard = *m;
		*m = all.member[n];
		all.member[n++] = keyboard;
	}
	/* One for each function: a keyboard may be several devices. */
	for (size_t i = 0; !stays && i < n; i++) {
		f = function_of_keyboard(&all.member[i], &adapters);
		if (f != last) {
			in_use_add(o, f, "the host's only keyboard is on it, %s\nplug it in elsewhere",
				   class_attribute(roots, "input", member_name(&all.member[i]), "name",
						   value));
			in_use_mark(o, USER_KEYBOARD);
		}
		last = f;
	}
	members_free(&adapters);
	members_free(&all);
}

/* True: the kernel draws its text consoles on framebuffers. */
static int is_fbcon(const char *name, void *arg)
{
	const struct roots *roots = *(const struct roots **)arg;
	char value[64];

	return sysfs_read(roots->sys, path_make("class/vtconsole/%s/name", name), value,
			  sizeof(value)) > 0 && strstr(value, "frame buffer") &&
	       sysfs_read(roots->sys, path_make("class/vtconsole/%s/bind", name), value,
			  sizeof(value)) > 0 && *value == '1';
}

/* A connector that is lit, on a function with a framebuffer that the console can be on. The
 * boot display's has been allowed for, or else nobody would ask. */
static void look_at_display(const struct roots *roots, const struct nodes *nodes,
			    const struct node *connector, struct obstacles *o)
{
	char value[256];
	bool framebuffer = false;

	for (size_t i = 0; i < nodes->n; i++)
		framebuffer |= nodes->node[i].f == connector->f && in_use_is(&nodes->node[i], "graphics");
	if (!framebuffer || connector->f->boot_display ||
	    strcmp(node_attribute(roots, connector, "status", value), "connected") ||
	    strcmp(node_attribute(roots, connector, "enabled", value), "enabled") ||
	    sysfs_list(roots->sys, "class/vtconsole", is_fbcon, &roots) != 1)
		return;
	in_use_add(o, connector->f, "the text console is on %s\necho 0 to bind of the frame buffer "
		   "device in /sys/class/vtconsole", node_name(connector));
}

/* Without sriov_numvfs: to read that takes the function's lock. */
static void look_at_virtual_functions(const struct roots *roots, const struct pci_function *f,
				      struct obstacles *o)
{
	if (sysfs_exists(roots->sys, path_make("bus/pci/devices/%pa/virtfn0", &f->at)))
		in_use_add(o, f, "it has virtual functions\nwrite 0 to its sriov_numvfs");
}

/* By function, and then by what they say: sysfs has no order. */
static int compare(const void *a, const void *b)
{
	const struct obstacle *x = a, *y = b;
	int by_function = pci_compare(&x->f->at, &y->f->at);

	return by_function ? by_function : strverscmp(x->text, y->text);
}

static void find_by_host(const struct roots *roots, const struct pci_function *const *f, unsigned n,
			 bool claims, struct obstacles *ret)
{
	const struct in_use_of of = { f, n };

	ret->n = 0;
	in_use_disks(roots, &of, claims, ret);
	in_use_networks(roots, &of, ret);
	look_at_keyboards(roots, &of, ret);
	qsort(ret->obstacle, ret->n < OBSTACLES_MAX ? ret->n : OBSTACLES_MAX,
	      sizeof(ret->obstacle[0]), compare);
}

void in_use_by_host(const struct roots *roots, const struct pci_function *const *f, unsigned n,
		    struct obstacles *ret)
{
	const struct pci_function *has_driver[PCI_FUNCTIONS_MAX];
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++)
		if (*f[i]->driver && !strstr(f[i]->driver, "vfio") && strcmp(f[i]->driver, "pci-stub"))
			has_driver[k++] = f[i];
	ret->n = 0;
	if (k)
		find_by_host(roots, has_driver, k, false, ret);
}

static bool is_meant(const struct plan_entry *e)
{
	return e->state == STATE_PLANNED ||
	       (e->state == STATE_REFUSED &&
		(e->reason == REASON_IDENTITY || e->reason == REASON_SEVERAL));
}

void in_use_by_plan(const struct roots *roots, const struct inventory *inv,
		    const struct plan *plan, const bool *going, struct obstacles *ret)
{
	static struct obstacles all;
	const struct pci_function *f[PCI_FUNCTIONS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < inv->functions; i++)
		if (is_meant(&plan->entry[i]) || (going && going[i]))
			f[n++] = &inv->function[i];
	in_use_by_host(roots, f, n, &all);
	ret->n = 0;
	for (unsigned i = 0; i < all.n && i < OBSTACLES_MAX; i++)
		if (!going || !going[all.obstacle[i].f - inv->function])
			ret->obstacle[ret->n++] = all.obstacle[i];
	ret->n += all.n > OBSTACLES_MAX ? all.n - OBSTACLES_MAX : 0;
}

void in_use_find(const struct roots *roots, const struct pci_function *const *f, unsigned n,
		 struct obstacles *ret)
{
	struct nodes nodes = { 0 };
	struct found found = { &nodes, ret };

	find_by_host(roots, f, n, true, ret);
	for (unsigned i = 0; i < n; i++) {
		nodes_find(roots, f[i], &nodes);
		look_at_virtual_functions(roots, f[i], ret);
	}
	in_use_lines(roots->proc, "consoles", look_at_console, &found);
	for (size_t i = 0; i < nodes.n; i++) {
		if (in_use_is(&nodes.node[i], "net"))
			look_at_address(roots, &nodes.node[i], ret);
		if (in_use_is(&nodes.node[i], "drm"))
			look_at_display(roots, &nodes, &nodes.node[i], ret);
	}
	in_use_kernel(roots, &nodes, ret);
	in_use_process(roots, &nodes, ret);
	nodes_free(&nodes);
}
