/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nodes.c - see nodes.h */
#include "nodes.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "runtime/io/sysfs.h"
#include "cli/out/xalloc.h"

#define DEPTH_MAX 64 /* of folders: USB hubs behind hubs have some 20 */
#define NVIDIA_MAJOR 195

struct search {
	const struct roots *roots;
	const struct pci_function *f;
	struct nodes *nodes;
};

const char *node_name(const struct node *node)
{
	return strrchr(node->path, '/') + 1;
}

bool node_is(const struct node *node, const char *subsystem)
{
	return !strcmp(node->subsystem, subsystem);
}

const char *node_attribute(const struct roots *roots, const struct node *node, const char *name,
			   char value[256])
{
	char *path = xasprintf("%s/%s", node->path, name);

	if (sysfs_read(roots->sys, path, value, 256) < 0)
		*value = '\0';
	value[strcspn(value, "\n")] = '\0';
	free(path);
	return value;
}

/* False: it is known already, by its number or, without a file in /dev, by its path. */
static bool add_node(const struct search *s, const char *subsystem, const char *path, dev_t dev)
{
	struct nodes *nodes = s->nodes;

	for (size_t i = 0; i < nodes->n; i++)
		if (dev ? nodes->node[i].dev == dev &&
				  !strcmp(nodes->node[i].subsystem, "block") ==
					  !strcmp(subsystem, "block") :
			  !strcmp(nodes->node[i].path, path))
			return false;
	nodes->node = xreallocarray(nodes->node, nodes->n + 1, sizeof(*nodes->node));
	struct node *node = &nodes->node[nodes->n++];
	*node = (struct node){ .f = s->f, .dev = dev, .path = xstrdup(path) };
	text_make(node->subsystem, sizeof(node->subsystem), "%s", subsystem);
	return true;
}

/* Calls look(s, "PATH/NAME", what) for the entries of a folder that are folders or links, as
 * `type` says. Returns how many there are. sysfs_list() cannot be called from within a call of
 * it. */
static unsigned each_entry(const struct search *s, const char *path, unsigned char type,
		     void (*look)(const struct search *s, const char *path, const void *what),
		     const void *what)
{
	int fd = sysfs_dir(s->roots->sys, path);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	unsigned n = 0;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_type != type || *entry->d_name == '.')
			continue;
		n++;
		char *below = xasprintf("%s/%s", path, entry->d_name);
		look(s, below, what);
		free(below);
	}
	if (dir)
		closedir(dir);
	return n;
}

/* "226:0"; 0: there is no such attribute. */
static dev_t read_dev(const struct roots *roots, const char *path)
{
	char value[32], *file = xasprintf("%s/dev", path);
	unsigned major = 0, minor = 0;

	bool some = sysfs_read(roots->sys, file, value, sizeof(value)) > 0 &&
		    sscanf(value, "%u:%u", &major, &minor) == 2;
	free(file);
	return some ? makedev(major, minor) : 0;
}

static void walk_directory(const struct search *s, const char *path, const void *depth);

/* A disk is used by what stands on it: dm-0, md127. */
static void follow_holder(const struct search *s, const char *path, const void *what)
{
	(void)what;
	walk_directory(s, path, NULL);
}

/* The disks of a controller that may have a twin do not lie below it, but in a subsystem
 * that has a link to it (drivers/nvme/host/multipath.c). */
static void follow_subsystem(const struct search *s, const char *path, const void *controller)
{
	char *link = xasprintf("%s/%s", path, (const char *)controller);

	if (sysfs_exists(s->roots->sys, link))
		walk_directory(s, path, NULL);
	free(link);
}

/* /dev/vfio/12, or noiommu-12: who has it open has the whole group. */
static void add_vfio_group(const struct search *s, int group)
{
	static const char *const names[] = { "", "noiommu-" };
	char path[64];

	for (unsigned i = 0; group >= 0 && i < 2; i++) {
		snprintf(path, sizeof(path), "class/vfio/%s%d", names[i], group);
		dev_t dev = read_dev(s->roots, path);
		if (dev)
			add_node(s, "vfio", path, dev);
	}
}

/* A mediated device has a group of its own (drivers/vfio/mdev). */
static void add_mediated(const struct search *s, const char *path)
{
	char group[16], *link = xasprintf("%s/iommu_group", path);

	if (sysfs_link(s->roots->sys, link, 0, group, sizeof(group)) > 0)
		add_vfio_group(s, (int)strtol(group, NULL, 10));
	free(link);
}

static void look_at_device(const struct search *s, const char *path)
{
	char subsystem[32], *link = xasprintf("%s/subsystem", path);
	char *holders = xasprintf("%s/holders", path);

	if (sysfs_link(s->roots->sys, link, 0, subsystem, sizeof(subsystem)) > 0 &&
	    add_node(s, subsystem, path, read_dev(s->roots, path))) {
		if (!strcmp(subsystem, "block"))
			each_entry(s, holders, DT_LNK, follow_holder, NULL);
		if (!strcmp(subsystem, "nvme"))
			each_entry(s, "class/nvme-subsystem", DT_LNK, follow_subsystem,
			     strrchr(path, '/') + 1);
		if (!strcmp(subsystem, "mdev"))
			add_mediated(s, path);
	}
	free(holders);
	free(link);
}

/* The folder "net" of a device is there as long as it has interfaces, but one that is in
 * another network namespace does not show in it. It counts as a link of the folder (fs/kernfs,
 * kernfs_link_sibling()). */
static void look_for_hidden(const struct search *s, const char *path, unsigned shown)
{
	struct stat st;

	if (strcmp(strrchr(path, '/'), "/net") != 0)
		return;
	char *subsystem = xasprintf("%s/subsystem", path);
	if (!sysfs_exists(s->roots->sys, subsystem) &&
	    (!shown || (!fstatat(s->roots->sys, path, &st, 0) && st.st_nlink > shown + 2)))
		add_node(s, NODE_HIDDEN, path, 0);
	free(subsystem);
}

/* Looks at a folder, which may be a link, and at those below it, where links are not
 * followed. */
static void walk_directory(const struct search *s, const char *path, const void *depth)
{
	const unsigned level = depth ? *(const unsigned *)depth + 1 : 0;

	look_at_device(s, path);
	if (level < DEPTH_MAX)
		look_for_hidden(s, path, each_entry(s, path, DT_DIR, walk_directory, &level));
}

/* NVIDIA's driver has no device in sysfs for /dev/nvidia0. */
static void add_nvidia(const struct search *s)
{
	static const char word[] = "Device Minor:";
	char path[64], text[1024];
	const char *minor;
	unsigned number;

	text_make(path, sizeof(path), "driver/nvidia/gpus/%pa/information", &s->f->at);
	if (sysfs_read_file(s->roots->proc, path, text, sizeof(text)) > 0 &&
	    (minor = strstr(text, word)) && sscanf(minor + sizeof(word) - 1, "%u", &number) == 1) {
		snprintf(path, sizeof(path), "class/nvidia/nvidia%u", number);
		add_node(s, "nvidia", path, makedev(NVIDIA_MAJOR, number));
	}
}

void nodes_find(const struct roots *roots, const struct pci_function *f, struct nodes *nodes)
{
	const struct search s = { roots, f, nodes };
	char path[64];

	walk_directory(&s, text_make(path, sizeof(path), "bus/pci/devices/%pa", &f->at), NULL);
	add_vfio_group(&s, f->group);
	add_nvidia(&s);
}

static void look_at_virtual(const struct search *s, const char *path, const void *what)
{
	char group[16], *link = xasprintf("%s/iommu_group", path);

	(void)what;
	if (!strncmp(strrchr(path, '/'), "/virtfn", 7)) {
		walk_directory(s, path, NULL);
		if (sysfs_link(s->roots->sys, link, 0, group, sizeof(group)) > 0)
			add_vfio_group(s, (int)strtol(group, NULL, 10));
	}
	free(link);
}

void nodes_find_virtual(const struct roots *roots, const struct pci_function *f,
			struct nodes *nodes)
{
	const struct search s = { roots, f, nodes };
	char path[64];

	each_entry(&s, text_make(path, sizeof(path), "bus/pci/devices/%pa", &f->at), DT_LNK,
		   look_at_virtual, NULL);
}

void nodes_free(struct nodes *nodes)
{
	for (size_t i = 0; i < nodes->n; i++)
		free(nodes->node[i].path);
	free(nodes->node);
	*nodes = (struct nodes){ 0 };
}
