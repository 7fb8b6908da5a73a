/* SPDX-License-Identifier: GPL-2.0-or-later */
/* in_use_net.c - network interfaces that the host is reached by; see in_use_parts.h
 *
 * All comes from sysfs and from /proc/net, so the answer is the same for a machine below
 * --sysroot.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/out/xalloc.h"
#include "in_use_parts.h"

#define NAME_LENGTH 32

/* As include/uapi/linux/route.h and ipv6_route.h have them. */
#define RTF_UP 0x1
#define RTF_REJECT 0x200

#define TCP_ESTABLISHED 1
#define IFF_UP 0x1

/* Somebody whom packets go to, and the interface by which they do. */
struct target {
	bool v6;
	bool any; /* everybody: the default route */
	uint8_t to[16];
	int bits; /* of the best route so far, -1: none */
	uint32_t metric;
	char interface[NAME_LENGTH];
	char what[128]; /* "the default route" */
	const char *fix;
};

/* Peers that the host must not lose. */
struct targets {
	unsigned n, ports;
	unsigned *port; /* of sshd */
	struct target *target;
};

static void free_targets(struct targets *t)
{
	free(t->port);
	free(t->target);
}

static void look_at_route(struct targets *t, bool v6, const uint8_t to[16], int bits,
			  uint32_t metric, const char *interface)
{
	for (unsigned i = 0; i < t->n; i++) {
		struct target *one = &t->target[i];
		bool matches = one->v6 == v6 && (!one->any || !bits) && bits >= one->bits &&
			       !memcmp(one->to, to, (size_t)bits / 8) &&
			       (bits % 8 == 0 ||
				(one->to[bits / 8] ^ to[bits / 8]) >> (8 - bits % 8) == 0);
		if (!matches || (bits == one->bits && metric >= one->metric))
			continue;
		one->bits = bits;
		one->metric = metric;
		text_make(one->interface, sizeof(one->interface), "%s", interface);
	}
}

/* "eno1 0000A8C0 00000000 0001 0 0 100 00FFFFFF 0 0 0": numbers in the memory's order */
static void look_at_ipv4_route(char *line, void *arg)
{
	char interface[NAME_LENGTH];
	unsigned destination, flags, metric, mask;
	uint8_t to[16] = { 0 };

	if (sscanf(line, "%31s %x %*x %x %*u %*u %u %x", interface, &destination, &flags, &metric,
		   &mask) != 5 || (flags & (RTF_UP | RTF_REJECT)) != RTF_UP)
		return;
	memcpy(to, &destination, sizeof(destination));
	look_at_route(arg, false, to, __builtin_popcount(mask), metric, interface);
}

/* "fd00...0 40 000...0 00 000...0 00000100 00000001 00000000 00000001 eno1": bytes in order */
static void look_at_ipv6_route(char *line, void *arg)
{
	char interface[NAME_LENGTH], digits[33];
	unsigned bits, metric, flags;
	uint8_t to[16];

	if (sscanf(line, "%32s %x %*s %*x %*s %x %*x %*x %x %31s", digits, &bits, &metric, &flags,
		   interface) != 5 || (flags & (RTF_UP | RTF_REJECT)) != RTF_UP || bits > 128)
		return;
	for (unsigned i = 0; i < sizeof(to); i++)
		if (sscanf(digits + 2 * i, "%2hhx", &to[i]) != 1)
			return;
	look_at_route(arg, true, to, (int)bits, metric, interface);
}

/* NULL for `to`: the default route. */
static void add_target(struct targets *t, bool v6, const uint8_t to[16], const char *what,
		       const char *fix)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	t->target = xreallocarray(t->target, t->n + 1, sizeof(*t->target));
	struct target *one = &t->target[t->n++];
	*one = (struct target){ .v6 = v6, .any = !to, .bits = -1, .fix = fix };
	text_make(one->what, sizeof(one->what), "%s", what);
	/* An IPv4 peer of a socket for both is ::ffff:192.168.0.2. */
	one->v6 = v6 && !(to && !memcmp(to, mapped, sizeof(mapped)));
	if (to && one->v6 == v6)
		memcpy(one->to, to, sizeof(one->to));
	else if (to)
		memcpy(one->to, to + sizeof(mapped), 4);
}

/* A connection by which somebody is logged in, or that a disk is at. */
static void add_connection(struct targets *t, bool v6, const uint8_t to[16], unsigned port,
			   unsigned remote_port, unsigned state)
{
	if (state != TCP_ESTABLISHED)
		return;
	if (remote_port == 3260 || remote_port == 4420)
		add_target(t, v6, to, remote_port == 3260 ? "an iSCSI disk" : "an NVMe disk",
			   "log out of it");
	for (unsigned i = 0; i < t->ports; i++)
		if (t->port[i] == port)
			add_target(t, v6, to, "an open ssh session", "log in by another interface");
}

/* "  0: 0500A8C0:0016 0200A8C0:C350 01 ...": local, remote, state */
static void look_at_tcp(char *line, void *arg)
{
	unsigned port, remote, remote_port, state;
	uint8_t to[16] = { 0 };

	if (sscanf(line, "%*u: %*x:%x %x:%x %x", &port, &remote, &remote_port, &state) != 4)
		return;
	memcpy(to, &remote, sizeof(remote));
	add_connection(arg, false, to, port, remote_port, state);
}

/* The same with four words. */
static void look_at_tcp6(char *line, void *arg)
{
	unsigned port, word[4], remote_port, state;
	uint8_t to[16];

	if (sscanf(line, "%*u: %*32[0-9A-F]:%x %8x%8x%8x%8x:%x %x", &port, &word[0], &word[1],
		   &word[2], &word[3], &remote_port, &state) != 7)
		return;
	memcpy(to, word, sizeof(to));
	add_connection(arg, true, to, port, remote_port, state);
}

/* "30 22 0:40 / /srv rw - nfs4 nas:/srv rw,vers=4.2,addr=192.168.0.2" */
static void look_at_mount(char *line, void *arg)
{
	static const char word[] = ",addr=";
	const char *at = strstr(line, word);
	char place[64], address[64], what[128];
	uint8_t to[16] = { 0 };

	if (!at || sscanf(line, "%*u %*u %*s %*s %63s", place) != 1 ||
	    sscanf(at + sizeof(word) - 1, "%63[0-9a-f:.]", address) != 1)
		return;
	bool v6 = strchr(address, ':');
	text_make(what, sizeof(what), "the file system at %s", place);
	if (inet_pton(v6 ? AF_INET6 : AF_INET, address, to) == 1)
		add_target(arg, v6, to, what, "umount it, and remove it from /etc/fstab");
}

static void add_port(struct targets *t, unsigned port)
{
	t->port = xreallocarray(t->port, t->ports + 1, sizeof(*t->port));
	t->port[t->ports++] = port;
}

/* "Port 2222" */
static void look_at_port(char *line, void *arg)
{
	unsigned port;

	if (sscanf(line, " %*1[Pp]ort %u", &port) == 1)
		add_port(arg, port);
}

struct sshd {
	const struct roots *roots;
	struct targets *t;
};

static int look_at_sshd(const char *name, void *arg)
{
	const struct sshd *s = arg;

	obstacle_lines(s->roots->root, path_make("etc/ssh/sshd_config.d/%s", name),
		       look_at_port, s->t);
	return 0;
}

static void find_routes(const struct roots *roots, struct targets *t)
{
	obstacle_lines(roots->proc, "net/route", look_at_ipv4_route, t);
	obstacle_lines(roots->proc, "net/ipv6_route", look_at_ipv6_route, t);
}

static void find_default_routes(const struct roots *roots, struct targets *t)
{
	add_target(t, false, NULL, "the default route", "give the host another way out first");
	add_target(t, true, NULL, "the default route", "give the host another way out first");
	obstacle_lines(roots->proc, "self/mountinfo", look_at_mount, t);
	find_routes(roots, t);
}

/* The kernel walks its whole table for that, which takes milliseconds. */
static void find_connections(const struct roots *roots, struct targets *t)
{
	struct sshd sshd = { roots, t };

	add_port(t, 22);
	obstacle_lines(roots->root, "etc/ssh/sshd_config", look_at_port, t);
	sysfs_list(roots->root, "etc/ssh/sshd_config.d", look_at_sshd, &sshd);
	obstacle_lines(roots->proc, "net/tcp", look_at_tcp, t);
	obstacle_lines(roots->proc, "net/tcp6", look_at_tcp6, t);
	find_routes(roots, t);
}

/* An interface, and behind it all that stand on it: eno1, bond0, br0. */
struct stack {
	unsigned n;
	char (*name)[NAME_LENGTH]; /* to be freed */
};

static void add_name(struct stack *s, const char *name)
{
	for (unsigned i = 0; i < s->n; i++)
		if (!strcmp(s->name[i], name))
			return;
	s->name = xreallocarray(s->name, s->n + 1, sizeof(*s->name));
	text_make(s->name[s->n++], NAME_LENGTH, "%s", name);
}

/* "upper_br0" */
static int add_upper(const char *entry, void *arg)
{
	if (!strncmp(entry, "upper_", 6))
		add_name(arg, entry + 6);
	return 0;
}

static void find_stack(const struct roots *roots, const char *interface, struct stack *s)
{
	char path[64];

	*s = (struct stack){ 0 };
	add_name(s, interface);
	for (unsigned i = 0; i < s->n; i++)
		sysfs_list(roots->sys, text_make(path, sizeof(path), "class/net/%s", s->name[i]),
			   add_upper, s);
}

/* The name in the stack by which packets go there; NULL: they take another way. */
static const char *find_way(const struct stack *s, const struct target *t)
{
	for (unsigned i = 0; t->bits >= 0 && i < s->n; i++)
		if (!strcmp(s->name[i], t->interface))
			return s->name[i];
	return NULL;
}

/* PPPoE stands on an interface without a link to it: "00000001 00:11:22:33:44:55 eno1" */
struct pppoe {
	const struct stack *stack;
	bool found;
};

static void look_at_pppoe(char *line, void *arg)
{
	struct pppoe *p = arg;
	char device[NAME_LENGTH];

	if (sscanf(line, "%*s %*s %31s", device) != 1)
		return;
	for (unsigned i = 0; i < p->stack->n; i++)
		p->found |= !strcmp(p->stack->name[i], device);
}

/* Some drivers never say more than "unknown". */
static bool is_up(const struct roots *roots, const char *name)
{
	char value[256];

	if (!strcmp(class_attribute(roots, "net", name, "operstate", value), "up"))
		return true;
	return !strcmp(value, "unknown") &&
	       strtoul(class_attribute(roots, "net", name, "flags", value), NULL, 16) & IFF_UP;
}

/* How many of the hardware's interfaces are up, here and elsewhere. */
struct counts {
	unsigned here, elsewhere;
};

static struct counts count_interfaces(const struct roots *roots, const struct members *all)
{
	struct counts c = { 0 };

	for (size_t i = 0; i < all->n; i++) {
		const struct member *m = &all->member[i];
		if (member_is_virtual(m) || !is_up(roots, member_name(m)))
			continue;
		if (m->f)
			c.here++;
		else
			c.elsewhere++;
	}
	return c;
}

/* "eno1" or "eno1, by br0," */
static const char *put_way(const char *name, const char *way, char text[2 * NAME_LENGTH + 8])
{
	return strcmp(name, way) ? text_make(text, 2 * NAME_LENGTH + 8, "%s, by %s,", name, way) :
				   name;
}

/* True, added: packets to one of the targets go by the interface. */
static bool look_at_targets(const struct roots *roots, const struct member *m,
			    const struct targets *t, struct obstacles *o)
{
	struct stack stack;
	const char *name = member_name(m), *way = NULL;
	char text[2 * NAME_LENGTH + 8];

	find_stack(roots, name, &stack);
	for (unsigned i = 0; i < t->n && !way; i++) {
		way = find_way(&stack, &t->target[i]);
		if (way)
			obstacle_add(o, m->f, "%s has %s\n%s", put_way(name, way, text),
				     t->target[i].what, t->target[i].fix);
	}
	free(stack.name);
	return way;
}

static void look_at_interface(const struct roots *roots, const struct member *m,
			      const struct counts *c, struct obstacles *o)
{
	struct stack stack;
	struct pppoe pppoe = { &stack, false };
	const char *name = member_name(m);

	find_stack(roots, name, &stack);
	obstacle_lines(roots->proc, "net/pppoe", look_at_pppoe, &pppoe);
	if (!c->elsewhere && is_up(roots, name))
		obstacle_add(o, m->f,
			     c->here > 1 ? "%s and others that are to go are the only network "
					   "interfaces that are up\nbring up another one first" :
					   "%s is the only network interface that is up\nbring up "
					   "another one first", name);
	else if (stack.n > 1)
		obstacle_add(o, m->f, "%s is a part of %s\nip link set %s nomaster, or "
			     "take %s away", name, stack.name[1], name, stack.name[1]);
	else if (pppoe.found)
		obstacle_add(o, m->f, "%s has a PPPoE connection\nend it (poff)", name);
	free(stack.name);
}

/* Of all reasons the first: one is enough. */
void in_use_networks(const struct roots *roots, const struct in_use_of *of, struct obstacles *o)
{
	struct targets routes = { 0 }, connections = { 0 };
	struct members all = { 0 };
	bool some = false, more = false;

	members_find(roots, "net", of, &all);
	for (size_t i = 0; i < all.n; i++)
		some |= all.member[i].f != NULL;
	if (some)
		find_default_routes(roots, &routes);
	const struct counts c = count_interfaces(roots, &all);
	for (size_t i = 0; i < all.n; i++) {
		if (!all.member[i].f || look_at_targets(roots, &all.member[i], &routes, o))
			continue;
		if (!more)
			find_connections(roots, &connections);
		more = true;
		if (!look_at_targets(roots, &all.member[i], &connections, o))
			look_at_interface(roots, &all.member[i], &c, o);
	}
	free_targets(&routes);
	free_targets(&connections);
	members_free(&all);
}

/* True: a default route, of the lowest metric of its family, goes by this interface or by one
 * that stands on it. */
static bool has_default_route(const struct roots *roots, const char *interface)
{
	struct targets t = { 0 };
	struct stack stack;

	find_default_routes(roots, &t);
	find_stack(roots, interface, &stack);
	bool has = find_way(&stack, &t.target[0]) || find_way(&stack, &t.target[1]);
	free(stack.name);
	free_targets(&t);
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
		has = (family == AF_INET || family == AF_INET6) &&
		      !strcmp(a->ifa_name, interface) &&
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
		obstacle_add(o, node->f, has_default_route(roots, name) ?
			     "%s has the address %s and the default route\ngive the host another "
			     "way out first" :
			     "%s has the address %s\nip addr flush dev %s", name, address, name);
}

void in_use_addresses(const struct roots *roots, const struct nodes *nodes, struct obstacles *o)
{
	for (size_t i = 0; i < nodes->n; i++)
		if (node_is(&nodes->node[i], "net"))
			look_at_address(roots, &nodes->node[i], o);
}
