/* in_use.c - see in_use.h */
#define _GNU_SOURCE
#include "in_use.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "../../runtime/io/path.h"
#include "../../runtime/io/sysfs.h"
#include "in_use_parts.h"

void in_use_add(struct obstacles *o, const struct pci_function *f, const char *format, ...)
{
	va_list arguments;

	if (o->n < OBSTACLES_MAX) {
		struct obstacle *next = &o->obstacle[o->n];
		next->f = f;
		va_start(arguments, format);
		vsnprintf(next->text, sizeof(next->text), format, arguments);
		va_end(arguments);
	}
	o->n++;
}

bool in_use_is(const struct node *node, const char *subsystem)
{
	return !strcmp(node->subsystem, subsystem);
}

void in_use_lines(const struct roots *roots, const char *path,
		  void (*each)(char *line, const struct nodes *nodes, struct obstacles *o),
		  const struct nodes *nodes, struct obstacles *o)
{
	int fd = openat(roots->proc, path, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0)
		each(line, nodes, o);
	free(line);
	if (file)
		fclose(file);
}

/* "ttyS4                -W- (EC p a)    4:68" */
static void look_at_console(char *line, const struct nodes *nodes, struct obstacles *o)
{
	const char *numbers = strrchr(line, ' ');
	unsigned major, minor;

	if (!numbers || sscanf(numbers, "%u:%u", &major, &minor) != 2)
		return;
	for (size_t i = 0; i < nodes->n; i++)
		if (nodes->node[i].dev == makedev(major, minor) && in_use_is(&nodes->node[i], "tty"))
			in_use_add(o, nodes->node[i].f, "the kernel's console is on %s: take console=%s "
				   "off the kernel command line and reboot",
				   node_name(&nodes->node[i]), node_name(&nodes->node[i]));
}

/* "default via" in words: the destination and the mask are 0. */
static bool has_default_route(const struct roots *roots, const char *interface)
{
	static char table[65536];
	char name[32];
	unsigned long to, mask;
	bool has = false;

	if (sysfs_read_file(roots->proc, "net/route", table, sizeof(table)) < 0)
		return false;
	for (const char *line = table; line && !has; line = strchr(line + 1, '\n'))
		has = sscanf(line, "%31s %lx %*s %*s %*s %*s %*s %lx", name, &to, &mask) == 3 &&
		      !to && !mask && !strcmp(name, interface);
	return has;
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
		      strncasecmp(address, "fe80:", 5);
	}
	freeifaddrs(list);
	return has;
}

struct upper {
	char name[32];
};

/* "master" is a bridge or bond, "upper_eth0.5" a VLAN and the like. */
static int look_at_upper(const char *name, void *arg)
{
	struct upper *upper = arg;

	if (strncmp(name, "upper_", 6))
		return 0;
	text_make(upper->name, sizeof(upper->name), "%s", name + 6);
	return 1;
}

static void look_at_interface(const struct roots *roots, const struct node *node,
			      struct obstacles *o)
{
	char address[NI_MAXHOST];
	const char *name = node_name(node);
	struct upper upper = { "" };

	if (has_address(name, address))
		in_use_add(o, node->f, "%s has the address %s%s: ip addr flush dev %s", name, address,
			   has_default_route(roots, name) ? " and the default route" : "", name);
	if (sysfs_list(roots->sys, node->path, look_at_upper, &upper) == 1)
		in_use_add(o, node->f, "%s is a part of %s: ip link set %s nomaster, or take %s away",
			   name, upper.name, name, upper.name);
}

/* As udev does it: the keys Esc to S, 1 to 31, are all there. */
static bool is_keyboard(const char *keys)
{
	const char *last = strrchr(keys, ' ');

	return (strtoul(last ? last + 1 : keys, NULL, 16) & 0xfffffffe) == 0xfffffffe;
}

static bool is_input(const struct node *node)
{
	return in_use_is(node, "input") && !strncmp(node_name(node), "input", 5);
}

static int count_keyboard(const char *name, void *arg)
{
	const struct roots *roots = ((const struct roots **)arg)[0];
	char keys[256];

	if (strncmp(name, "input", 5) ||
	    sysfs_read(roots->sys, path_make("class/input/%s/capabilities/key", name), keys,
		       sizeof(keys)) <= 0)
		return 0;
	keys[strcspn(keys, "\n")] = '\0';
	if (is_keyboard(keys))
		((unsigned **)arg)[1][0]++;
	return 0;
}

/* One of several keyboards may go, and a mouse: a guest is to have something to type on. */
static void look_at_keyboards(const struct roots *roots, const struct nodes *nodes,
			      struct obstacles *o)
{
	unsigned all = 0, here = 0;
	char value[256];
	const struct node *one = NULL;

	for (size_t i = 0; i < nodes->n; i++)
		if (is_input(&nodes->node[i]) &&
		    is_keyboard(node_attribute(roots, &nodes->node[i], "capabilities/key", value))) {
			one = &nodes->node[i];
			here++;
		}
	const void *arg[] = { roots, &all };
	if (!one || sysfs_list(roots->sys, "class/input", count_keyboard, arg) < 0 || all > here)
		return;
	in_use_add(o, one->f, "the host's only keyboard is on it, %s: plug it in elsewhere",
		   node_attribute(roots, one, "name", value));
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
	in_use_add(o, connector->f, "the text console is on %s: echo 0 to bind of the frame buffer "
		   "device in /sys/class/vtconsole", node_name(connector));
}

/* Without sriov_numvfs: to read that takes the function's lock. */
static void look_at_virtual_functions(const struct roots *roots, const struct pci_function *f,
				      struct obstacles *o)
{
	if (sysfs_exists(roots->sys, path_make("bus/pci/devices/%a/virtfn0", &f->at)))
		in_use_add(o, f, "it has virtual functions: write 0 to its sriov_numvfs");
}

void in_use_find(const struct roots *roots, const struct pci_function *const *f, unsigned n,
		 struct obstacles *ret)
{
	struct nodes nodes = { 0 };

	ret->n = 0;
	for (unsigned i = 0; i < n; i++) {
		nodes_find(roots, f[i], &nodes);
		look_at_virtual_functions(roots, f[i], ret);
	}
	in_use_disks(roots, &nodes, ret);
	in_use_lines(roots, "consoles", look_at_console, &nodes, ret);
	for (size_t i = 0; i < nodes.n; i++) {
		if (in_use_is(&nodes.node[i], "net"))
			look_at_interface(roots, &nodes.node[i], ret);
		if (in_use_is(&nodes.node[i], "drm"))
			look_at_display(roots, &nodes, &nodes.node[i], ret);
	}
	look_at_keyboards(roots, &nodes, ret);
	in_use_kernel(roots, &nodes, ret);
	in_use_process(roots, &nodes, ret);
	nodes_free(&nodes);
}
