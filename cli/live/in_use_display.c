/* SPDX-License-Identifier: GPL-2.0-or-later */
/* in_use_display.c - the kernel's console, on a serial port or on a display; see in_use_parts.h */
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "in_use_parts.h"

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
		if (nodes->node[i].dev == makedev(major, minor) && node_is(&nodes->node[i], "tty"))
			obstacle_add(o, nodes->node[i].f, "the kernel's console is on "
				   "%s\ntake console=%s off the kernel command line and reboot",
				   node_name(&nodes->node[i]), node_name(&nodes->node[i]));
}

void in_use_consoles(const struct roots *roots, const struct nodes *nodes, struct obstacles *o)
{
	struct found found = { nodes, o };

	obstacle_lines(roots->proc, "consoles", look_at_console, &found);
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
		framebuffer |= nodes->node[i].f == connector->f &&
			node_is(&nodes->node[i], "graphics");
	if (!framebuffer || connector->f->boot_display ||
	    strcmp(node_attribute(roots, connector, "status", value), "connected") ||
	    strcmp(node_attribute(roots, connector, "enabled", value), "enabled") ||
	    sysfs_list(roots->sys, "class/vtconsole", is_fbcon, &roots) != 1)
		return;
	obstacle_add(o, connector->f, "the text console is on %s\necho 0 to bind of the "
		   "frame buffer device in /sys/class/vtconsole", node_name(connector));
}

void in_use_displays(const struct roots *roots, const struct nodes *nodes, struct obstacles *o)
{
	for (size_t i = 0; i < nodes->n; i++)
		if (node_is(&nodes->node[i], "drm"))
			look_at_display(roots, nodes, &nodes->node[i], o);
}
