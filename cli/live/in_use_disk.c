/* in_use_disk.c - disks that are mounted, swap space or a part of something; see in_use_parts.h */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../../runtime/io/sysfs.h"
#include "in_use_parts.h"

/* The file /dev/NAME of a block device that a table calls `path`: 0, none. */
static dev_t block_of(const char *path)
{
	struct stat st;

	return !strncmp(path, "/dev/", 5) && !stat(path, &st) && S_ISBLK(st.st_mode) ? st.st_rdev : 0;
}

static const struct node *find_block(const struct nodes *nodes, dev_t dev)
{
	for (size_t i = 0; dev && i < nodes->n; i++)
		if (nodes->node[i].dev == dev && in_use_is(&nodes->node[i], "block"))
			return &nodes->node[i];
	return NULL;
}

/* "36 35 98:0 /root /mnt rw,noatime master:1 - ext4 /dev/sda1 rw". btrfs has numbers of its
 * own in the third place; then the source tells. */
static void look_at_mount(char *line, const struct nodes *nodes, struct obstacles *o)
{
	char place[256], source[256] = "";
	const char *rest = strstr(line, " - ");
	unsigned major, minor;

	if (!rest || sscanf(line, "%*u %*u %u:%u %*s %255s", &major, &minor, place) != 3)
		return;
	if (sscanf(rest, " - %*s %255s", source) != 1)
		*source = '\0';
	const struct node *node = find_block(nodes, makedev(major, minor));
	if (!node)
		node = find_block(nodes, block_of(source));
	if (node)
		in_use_add(o, node->f, "%s is mounted on %s: umount %s", node_name(node), place, place);
}

/* "/dev/dm-1 partition 8388604 0 -2" */
static void look_at_swap(char *line, const struct nodes *nodes, struct obstacles *o)
{
	line[strcspn(line, " \t\n")] = '\0';
	const struct node *node = find_block(nodes, block_of(line));
	if (node)
		in_use_add(o, node->f, "%s is swap space: swapoff %s", node_name(node), line);
}

/* What stands on a disk is a node too, further up: of sda1 here dm-0. */
static void look_at_holders(const struct roots *roots, const struct nodes *nodes,
			    const struct node *node, struct obstacles *o)
{
	for (size_t i = 0; i < nodes->n; i++) {
		const struct node *holder = &nodes->node[i];
		char *path = NULL;
		if (holder == node || !in_use_is(holder, "block"))
			continue;
		if (asprintf(&path, "%s/holders/%s", node->path, node_name(holder)) < 0)
			abort();
		if (sysfs_exists(roots->sys, path))
			in_use_add(o, node->f, "%s is a part of %s: stop that first (vgchange -an, "
				   "cryptsetup close or mdadm --stop)", node_name(node),
				   node_name(holder));
		free(path);
	}
}

/* Who claims a disk for itself, as ZFS and bcache do, shows nowhere else. */
static void look_at_claim(const struct roots *roots, const struct node *node, struct obstacles *o)
{
	char path[64];
	int fd = openat(roots->root, text_make(path, sizeof(path), "dev/%s", node_name(node)),
			O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	else if (errno == EBUSY)
		in_use_add(o, node->f, "%s is claimed in the kernel: export its pool or stop what "
			   "stands on it", node_name(node));
}

void in_use_disks(const struct roots *roots, const struct nodes *nodes, struct obstacles *o)
{
	unsigned before = o->n;

	in_use_lines(roots, "self/mountinfo", look_at_mount, nodes, o);
	in_use_lines(roots, "swaps", look_at_swap, nodes, o);
	for (size_t i = 0; i < nodes->n; i++)
		if (in_use_is(&nodes->node[i], "block"))
			look_at_holders(roots, nodes, &nodes->node[i], o);
	/* A mounted partition is a claim on its disk too. */
	for (size_t i = 0; o->n == before && i < nodes->n; i++)
		if (in_use_is(&nodes->node[i], "block") && nodes->node[i].dev)
			look_at_claim(roots, &nodes->node[i], o);
}
