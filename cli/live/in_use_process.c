/* in_use_process.c - who has a device's file open; see in_use_parts.h */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../../runtime/io/path.h"
#include "../../runtime/io/sysfs.h"
#include "in_use_parts.h"

/* The device that an open file is, and which type it has; 0: it is none. A network file
 * system that is gone must not be asked, it would never answer. */
static dev_t device_of(int dir, const char *name, bool *block)
{
	struct statx st;

	if (statx(dir, name, AT_STATX_DONT_SYNC, STATX_TYPE, &st) ||
	    !(S_ISCHR(st.stx_mode) || S_ISBLK(st.stx_mode)))
		return 0;
	*block = S_ISBLK(st.stx_mode);
	return makedev(st.stx_rdev_major, st.stx_rdev_minor);
}

/* Keyboards and mice come and go under their readers' hands. */
static const struct node *find_node(const struct nodes *nodes, dev_t dev, bool block)
{
	for (size_t i = 0; dev && i < nodes->n; i++) {
		const struct node *node = &nodes->node[i];
		if (node->dev == dev && !strcmp(node->subsystem, "block") == block &&
		    strcmp(node->subsystem, "input") != 0)
			return node;
	}
	return NULL;
}

/* The guest's name from QEMU's "-name guest=win10,debug-threads=on"; "" for none. */
static void read_guest(const struct roots *roots, const char *pid, char guest[64])
{
	static char text[131072];
	ssize_t n = sysfs_read_file(roots->proc, path_make("%s/cmdline", pid), text, sizeof(text));
	const char *end = text + (n > 0 ? n : 0), *value;

	*guest = '\0';
	for (const char *p = text; p < end; p += strlen(p) + 1) {
		if (strcmp(p, "-name") != 0 || p + sizeof("-name") >= end)
			continue;
		value = p + sizeof("-name");
		value += strncmp(value, "guest=", 6) ? 0 : 6;
		snprintf(guest, 64, ", guest %.*s", (int)strcspn(value, ","), value);
	}
}

static const char *what_to_do(const struct node *node, const char *process)
{
	if (!strcmp(process, "systemd-logind"))
		return "end the sessions on that display (loginctl)";
	if (!strncmp(node->subsystem, "vfio", 4))
		return "shut the guest down, or detach the card from it";
	if (!strcmp(node->subsystem, "sound"))
		return "end it, or take the sound card out of its configuration";
	return "end it";
}

static void add_process(const struct roots *roots, const char *pid, const struct node *node,
			const char *file, struct obstacles *o)
{
	char name[64] = "?", guest[64];

	if (sysfs_read_file(roots->proc, path_make("%s/comm", pid), name, sizeof(name)) > 0)
		name[strcspn(name, "\n")] = '\0';
	read_guest(roots, pid, guest);
	in_use_add(o, node->f, "%s (pid %s%s) has %s open: %s", name, pid, guest, file,
		   what_to_do(node, name));
}

static void look_at_process(const struct roots *roots, const char *pid, const struct nodes *nodes,
			    struct obstacles *o)
{
	int fd = sysfs_dir(roots->proc, path_make("%s/fd", pid));
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct node *node = NULL;
	const struct dirent *entry;
	char file[128];
	bool block = false;

	while (dir && !node && (entry = readdir(dir))) {
		dev_t dev = *entry->d_name == '.' ? 0 : device_of(fd, entry->d_name, &block);
		node = find_node(nodes, dev, block);
		if (!node)
			continue;
		ssize_t n = readlinkat(fd, entry->d_name, file, sizeof(file) - 1);
		file[n > 0 ? n : 0] = '\0';
		add_process(roots, pid, node, file, o);
	}
	if (dir)
		closedir(dir);
}

void in_use_process(const struct roots *roots, const struct nodes *nodes, struct obstacles *o)
{
	int fd = sysfs_dir(roots->proc, ".");
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	pid_t self = getpid();

	while (dir && (entry = readdir(dir))) {
		/* This process may have inherited what its parent has open. */
		long pid = strtol(entry->d_name, NULL, 10);
		if (pid > 0 && pid != self)
			look_at_process(roots, entry->d_name, nodes, o);
	}
	if (dir)
		closedir(dir);
}
