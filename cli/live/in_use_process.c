/* SPDX-License-Identifier: GPL-2.0-or-later */
/* in_use_process.c - which processes have a device's file open; see holder.h, in_use_parts.h */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "holder.h"
#include "in_use_parts.h"

/* The device that an open file is, and which type it has; 0: it is none, or cannot be asked
 * (*error). A network file system that is gone must not be, it would never answer. */
static dev_t device_of(int dir, const char *name, bool *block, int *error)
{
	struct statx st;

	*error = statx(dir, name, AT_STATX_DONT_SYNC, STATX_TYPE, &st) ? errno : 0;
	if (*error || !(S_ISCHR(st.stx_mode) || S_ISBLK(st.stx_mode)))
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

/* Names that others give are of one line, and do nothing to a terminal. */
static void make_plain(char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			*name = '?';
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
		snprintf(guest, 64, "%.*s", (int)strcspn(value, ","), value);
		make_plain(guest);
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

static void add_obstacle(const struct holder *h, void *arg)
{
	obstacle_add(arg, h->node->f, "%s (pid %s%s%s) has %s %s\n%s", h->process, h->pid,
		     *h->guest ? ", guest " : "", h->guest, h->file, h->how,
		     what_to_do(h->node, h->process));
}

/* What has been read of a process, of one thread after the other. */
struct reading {
	const struct roots *roots;
	const struct nodes *nodes;
	bool every; /* as holders_find() takes it */
	void (*each)(const struct holder *holder, void *arg);
	void *arg;
	bool blind; /* the kernel did not let us see */
	const char *pid;
	long files_of, memory_of; /* the thread that was read last; 0: none yet */
};

static void report_holder(const struct reading *r, const struct node *node, const char *file,
			  const char *how)
{
	char name[64] = "?", guest[64];

	if (sysfs_read_file(r->roots->proc, path_make("%s/comm", r->pid), name, sizeof(name)) > 0)
		name[strcspn(name, "\n")] = '\0';
	make_plain(name);
	read_guest(r->roots, r->pid, guest);
	r->each(&(struct holder){ node, r->pid, name, guest, file, how }, r->arg);
}

/* A process that has ended is another matter. */
static void note_blindness(struct reading *r, int error)
{
	r->blind |= error == EACCES || error == EPERM;
}

/* True: the two threads share their table of files, or their memory. Threads mostly do, and
 * there may be thousands. */
static bool do_share(const struct reading *r, long a, long b, enum kcmp_type what)
{
	return a && r->roots->real && !syscall(SYS_kcmp, a, b, what, 0, 0);
}

/* The node that the entry leads to, with the name that it was opened by; NULL: none. */
static const struct node *follow_descriptor(struct reading *r, int dir, const char *name,
					    char file[128])
{
	bool block = false;
	int error = 0;
	dev_t dev = device_of(dir, name, &block, &error);
	const struct node *node = find_node(r->nodes, dev, block);
	ssize_t n = node || error ? readlinkat(dir, name, file, 127) : 0;

	/* A file of FUSE may keep its attributes to its user: its name can be read then. */
	if (n < 0)
		note_blindness(r, errno);
	file[n > 0 ? n : 0] = '\0';
	make_plain(file);
	return node;
}

static bool look_at_files(struct reading *r, const char *path)
{
	int fd = sysfs_dir(r->roots->proc, path);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct node *node = NULL;
	const struct dirent *entry;
	bool found = false;
	char file[128];

	if (fd < 0)
		note_blindness(r, -fd);
	while (dir && (r->every || !found) && (entry = readdir(dir))) {
		node = *entry->d_name == '.' ? NULL : follow_descriptor(r, fd, entry->d_name, file);
		if (node)
			report_holder(r, node, file, "open");
		found |= node != NULL;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* "7f12a000-7f12b000 rw-s 00012000 00:05 431    /dev/dri/card0": these numbers are of the file
 * system. What is mapped stays in use when it has been closed. */
static bool look_at_memory(struct reading *r, const char *maps, const char *folder)
{
	int fd = sysfs_open(r->roots->proc, maps, O_RDONLY);
	int dir = sysfs_dir(r->roots->proc, folder);
	FILE *lines = fd < 0 ? NULL : fdopen(fd, "r");
	unsigned long start, end, inode, last_inode = 0;
	unsigned major, minor, last_major = 0, last_minor = 0;
	const struct node *node = NULL;
	char *line = NULL, name[64], file[128];
	bool found = false;
	size_t size = 0;

	if (fd < 0)
		note_blindness(r, -fd);
	else if (dir < 0)
		note_blindness(r, -dir);
	while (lines && (r->every || !found) && getline(&line, &size, lines) > 0) {
		if (sscanf(line, "%lx-%lx %*s %*x %x:%x %lu", &start, &end, &major, &minor,
			   &inode) != 5 || !inode ||
		    (inode == last_inode && major == last_major && minor == last_minor))
			continue;
		last_inode = inode;
		last_major = major;
		last_minor = minor;
		snprintf(name, sizeof(name), "%lx-%lx", start, end);
		node = follow_descriptor(r, dir, name, file);
		if (node)
			report_holder(r, node, file, "mapped");
		found |= node != NULL;
	}
	free(line);
	if (lines)
		fclose(lines);
	if (dir >= 0)
		close(dir);
	return found;
}

/* Each thread may have files of its own (CLONE_FILES), and the first one may have ended before
 * the others: then proc/PID shows nothing. `at` is the thread's directory. Returns true if one has
 * been found and that is enough. */
static bool look_at_thread(struct reading *r, const char *at, const char *thread)
{
	char path[96], folder[64];
	long id = strtol(thread, NULL, 10);
	bool found = false;

	if (!do_share(r, r->files_of, id, KCMP_FILES)) {
		snprintf(path, sizeof(path), "%s/fd", at);
		found = look_at_files(r, path);
		r->files_of = id;
	}
	if ((r->every || !found) && !do_share(r, r->memory_of, id, KCMP_VM)) {
		snprintf(path, sizeof(path), "%s/maps", at);
		/* proc/TID is there for every thread, though only processes are listed. */
		snprintf(folder, sizeof(folder), "%s/map_files", thread);
		found |= look_at_memory(r, path, folder);
		r->memory_of = id;
	}
	return found && !r->every;
}

static void look_at_process(struct reading *r, const char *pid)
{
	const struct dirent *entry;
	char path[64];

	r->pid = pid;
	r->files_of = r->memory_of = 0;
	if (look_at_thread(r, pid, pid))
		return;
	snprintf(path, sizeof(path), "%.20s/task", pid);
	int fd = sysfs_dir(r->roots->proc, path);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name == '.' || !strcmp(entry->d_name, pid))
			continue;
		snprintf(path, sizeof(path), "%.20s/task/%.20s", pid, entry->d_name);
		if (look_at_thread(r, path, entry->d_name))
			break;
	}
	if (dir)
		closedir(dir);
}

/* True: "pid:[4026531836]" is the namespace that the machine began with: their numbers are
 * fixed (include/linux/proc_ns.h, in linux/nsfs.h of 6.18). A kernel without them has no link. */
static bool is_first(const struct roots *roots, const char *name, unsigned number)
{
	char path[32], link[64], first[64];

	snprintf(path, sizeof(path), "self/ns/%s", name);
	snprintf(first, sizeof(first), "%s:[%u]", name, number);
	return sysfs_link(roots->proc, path, 1, link, sizeof(link)) < 0 || !strcmp(link, first);
}

/* False: some process is out of sight, or its files are. */
static bool is_all_seen(const struct roots *roots)
{
	static const char word[] = "\nCapEff:";
	char text[8192];

	if (sysfs_read_file(roots->proc, "self/status", text, sizeof(text)) < 0)
		return false; /* a proc of another PID namespace */
	const char *set = strstr(text, word);
	return set && strtoull(set + sizeof(word) - 1, NULL, 16) >> CAP_SYS_PTRACE & 1 &&
	       is_first(roots, "pid", 0xeffffffc) && is_first(roots, "user", 0xeffffffd);
}

/* Interfaces and their addresses are those of this process's namespace. */
static bool is_in_first_network(const struct roots *roots)
{
	char own[64], first[64];

	return sysfs_link(roots->proc, "self/ns/net", 1, own, sizeof(own)) < 0 ||
	       sysfs_link(roots->proc, "1/ns/net", 1, first, sizeof(first)) < 0 ||
	       !strcmp(own, first);
}

bool holders_find(const struct roots *roots, const struct nodes *nodes, pid_t except, bool every,
		  void (*each)(const struct holder *holder, void *arg), void *arg)
{
	struct reading r = { .roots = roots, .nodes = nodes, .every = every, .each = each,
			     .arg = arg, .blind = !is_all_seen(roots) };
	int fd = sysfs_dir(roots->proc, ".");
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	pid_t self = getpid();

	while (dir && (entry = readdir(dir))) {
		/* This process may have inherited what its parent has open. */
		long pid = strtol(entry->d_name, NULL, 10);
		if (pid > 0 && pid != self && pid != except)
			look_at_process(&r, entry->d_name);
	}
	if (dir)
		closedir(dir);
	return !r.blind;
}

void in_use_process(const struct roots *roots, const struct nodes *nodes, pid_t except,
		    struct obstacles *o)
{
	o->blind = NULL;
	if (!holders_find(roots, nodes, except, false, add_obstacle, o))
		o->blind = "cannot see who has files open: run it on the host with all "
			   "capabilities";
	else if (!is_in_first_network(roots))
		o->blind = "cannot see the host's network interfaces: run it outside of this "
			   "network namespace";
}
