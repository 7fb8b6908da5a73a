/* SPDX-License-Identifier: GPL-2.0-or-later */
/* in_use_kernel.c - users inside of the kernel, which no process has open; see in_use_parts.h
 *
 * None of them claims a disk for itself, so an exclusive open does not meet them.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/io/sysfs.h"
#include "cli/out/xalloc.h"
#include "in_use_parts.h"

/* The disk that a setting of the kernel calls `path`; NULL: none of the nodes. */
static const struct node *find_disk(const struct roots *roots, const struct nodes *nodes,
				    const char *path)
{
	static const char dev[] = "/dev/";
	struct stat st;

	/* A path elsewhere may lie on a network file system that never answers. */
	if (strncmp(path, dev, sizeof(dev) - 1) != 0)
		return NULL;
	bool known = roots->real && !stat(path, &st) && S_ISBLK(st.st_mode);
	for (size_t i = 0; i < nodes->n; i++)
		if (node_is(&nodes->node[i], "block") &&
		    (known ? nodes->node[i].dev == st.st_rdev :
			     !strcmp(node_name(&nodes->node[i]), path + sizeof(dev) - 1)))
			return &nodes->node[i];
	return NULL;
}

/* A part of the kernel that uses a disk, by the text where it was named to it. */
struct kernel_user {
	const char *pattern; /* files below sys */
	const char *word;    /* what comes before the path in its text; "": nothing */
	void (*say)(const struct node *node, struct obstacles *o);
};

static void say_nvme_target(const struct node *node, struct obstacles *o)
{
	obstacle_add(o, node->f, "the NVMe target exports %s\ndisable its namespace (nvmetcli)",
		   node_name(node));
}

static void say_scsi_target(const struct node *node, struct obstacles *o)
{
	obstacle_add(o, node->f, "the SCSI target exports %s\ndelete its backstore (targetcli)",
		   node_name(node));
}

/* fileio opens a disk like any file, and nvmet takes it without a holder (drivers/target,
 * drivers/nvme/target/io-cmd-bdev.c). */
static const struct kernel_user users[] = {
	{ "kernel/config/nvmet/subsystems/*/namespaces/*/device_path", "", say_nvme_target },
	{ "kernel/config/target/core/*/*/info", " File: ", say_scsi_target },
};

/* False: what the file is about is not in use, by the file "enable" beside it. */
static bool is_enabled(const char *file)
{
	char *path = xasprintf("%.*s/enable", (int)(strrchr(file, '/') - file), file);
	char value[8];
	ssize_t n = sysfs_read(-1, path, value, sizeof(value));
	free(path);
	return n <= 0 || *value != '0';
}

static void look_at_user(const struct roots *roots, const struct kernel_user *u,
			 const char *file, const struct nodes *nodes, struct obstacles *o)
{
	char text[4096];
	ssize_t n = sysfs_read(-1, file, text, sizeof(text));
	const char *start = n > 0 ? strstr(text, u->word) : NULL;

	if (!start || !is_enabled(file))
		return;
	start += strlen(u->word);
	text[start - text + (ptrdiff_t)strcspn(start, " \n")] = '\0';
	const struct node *node = find_disk(roots, nodes, start);
	if (node)
		u->say(node, o);
}

static void look_at_users(const struct roots *roots, const struct nodes *nodes,
			   struct obstacles *o)
{
	for (unsigned i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		char *pattern = xasprintf("/proc/self/fd/%d/%s", roots->sys, users[i].pattern);
		glob_t found;
		if (!glob(pattern, GLOB_NOSORT, NULL, &found)) {
			for (size_t k = 0; k < found.gl_pathc; k++)
				look_at_user(roots, &users[i], found.gl_pathv[k], nodes, o);
			globfree(&found);
		}
		free(pattern);
	}
}

/* "0-1", "0-301": a device that is connected to the host's router, "0-0". Tunnels go through
 * it: functions, disks and displays behind it hang on this function, though they do not lie
 * below it. */
static void look_at_thunderbolt(const struct roots *roots, const struct node *node,
				struct obstacles *o)
{
	const char *route = strchr(node_name(node), '-');
	char vendor[256], device[256];

	if (!node_is(node, "thunderbolt") || !route || !*++route ||
	    route[strspn(route, "0123456789abcdef")] || !strtoull(route, NULL, 16))
		return;
	node_attribute(roots, node, "vendor_name", vendor);
	node_attribute(roots, node, "device_name", device);
	obstacle_add(o, node->f, "%s%s%s is connected to it by Thunderbolt\nunplug it", vendor,
		   *vendor ? " " : "", *device ? device : node_name(node));
}

void in_use_kernel(const struct roots *roots, const struct nodes *nodes, struct obstacles *o)
{
	look_at_users(roots, nodes, o);
	for (size_t i = 0; i < nodes->n; i++) {
		look_at_thunderbolt(roots, &nodes->node[i], o);
		if (node_is(&nodes->node[i], NODE_HIDDEN))
			obstacle_add(o, nodes->node[i].f, "its network interface is in "
				   "another network namespace\nmove it back, or end what has it "
				   "(lsns -t net)");
	}
}
