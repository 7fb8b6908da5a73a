/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_in_use_process.c - users that are hard to see: cli/live/in_use_process.c, in_use_kernel.c,
 * nodes.c
 *
 * As in test_in_use.c: sys and proc are folders below a temporary one, and /dev/null stands for
 * whatever the tree says has its numbers. The last tests look at real processes.
 */
#include "folders.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/live/in_use.h"
#include "cli/live/in_use_parts.h"

#define CARD "sys/bus/pci/devices/0000:01:00.0"

static struct roots roots;
static struct obstacles found;
static struct pci_function function;

static void put_device(const char *path, const char *subsystem, const char *dev)
{
	char file[256], target[64];

	snprintf(file, sizeof(file), "%s/subsystem", path);
	snprintf(target, sizeof(target), "/class/%s", subsystem);
	put_link(file, target);
	snprintf(file, sizeof(file), "%s/dev", path);
	if (*dev)
		put(file, dev);
}

static int start(void **state)
{
	(void)state;
	strcpy(root, "/tmp/vgapass-in-use.XXXXXX");
	assert_non_null(mkdtemp(root));
	put_device(CARD, "pci", "");
	put("proc/self/status", "Name:\tvgapass\nCapEff:\t000001ffffffffff\n");
	put_link("proc/self/ns/pid", "pid:[4026531836]");
	put_link("proc/self/ns/user", "user:[4026531837]");
	put_link("proc/self/ns/net", "net:[4026531840]");
	put_link("proc/1/ns/net", "net:[4026531840]");
	function = (struct pci_function){ .driver = "x", .at = { 0, 1, 0 }, .group = 7 };
	return 0;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static const char *look(void)
{
	static char text[4096];
	const struct pci_function *f = &function;

	assert_int_equal(gather_roots(root, &roots), 0);
	in_use_find(&roots, &f, 1, &found);
	*text = '\0';
	for (unsigned i = 0; i < found.n; i++)
		strcat(strcat(text, found.obstacle[i].text), "\n");
	close(roots.root);
	close(roots.sys);
	close(roots.proc);
	return text;
}

/* What a user calls his guest is of one line. */
static void odd_name(void **state)
{
	static const char cmdline[] = "qemu\0-name\0a\nb\33[2J\0x";
	char whole[128];

	(void)state;
	put_device(CARD "/drm/card1", "drm", "1:3\n");
	put("proc/100000001/comm", "qemu\n");
	put_link("proc/100000001/fd/3", "/dev/null");
	put_folder("proc/100000001");
	snprintf(whole, sizeof(whole), "%s/proc/100000001/cmdline", root);
	FILE *file = fopen(whole, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(cmdline, 1, sizeof(cmdline), file), sizeof(cmdline));
	fclose(file);
	assert_string_equal(look(), "qemu (pid 100000001, guest a?b?[2J) has /dev/null "
			    "open: end it\n");
}

/* Its first thread has nothing open, another has. */
static void thread(void **state)
{
	(void)state;
	put_device(CARD "/drm/card1", "drm", "1:3\n");
	put("proc/77/comm", "game\n");
	put_folder("proc/77/fd");
	put_folder("proc/77/task/77");
	put_folder("proc/77/task/100000001");
	assert_string_equal(look(), "");
	put_link("proc/77/task/100000001/fd/3", "/dev/null");
	assert_string_equal(look(), "game (pid 77) has /dev/null open: end it\n");
	assert_null(found.blind);
}

static void mapped(void **state)
{
	(void)state;
	put_device(CARD "/drm/card1", "drm", "1:3\n");
	put("proc/77/comm", "game\n");
	put("proc/77/maps", "00400000-00452000 r-xp 00000000 08:02 173521      /usr/bin/game\n"
			    "00651000-00652000 r--p 00051000 08:02 173521      /usr/bin/game\n"
			    "7ffd01000000-7ffd01021000 rw-p 00000000 00:00 0   [stack]\n"
			    "7f2c1a000000-7f2c1a100000 rw-s 100000000 00:05 431  /dev/dri/card1\n");
	put_link("proc/77/map_files/400000-452000", "/dev/zero");
	assert_string_equal(look(), "");
	put_link("proc/77/map_files/7f2c1a000000-7f2c1a100000", "/dev/null");
	assert_string_equal(look(), "game (pid 77) has /dev/null mapped: end it\n");
	put_link("proc/77/map_files/400000-452000", "/dev/null");
	put_link("proc/77/map_files/7f2c1a000000-7f2c1a100000", "/dev/zero");
	assert_string_equal(look(), "game (pid 77) has /dev/null mapped: end it\n");
	assert_null(found.blind);
}

static void no_capability(void **state)
{
	(void)state;
	assert_string_equal(look(), "");
	assert_null(found.blind);
	put("proc/self/status", "Name:\tvgapass\nCapEff:\t000001fffff7ffff\n");
	look();
	assert_string_equal(found.blind, "cannot see who has files open: run it on the "
					 "host with all capabilities");
}

static void namespaces(void **state)
{
	(void)state;
	put_link("proc/self/ns/pid", "pid:[4026532200]");
	look();
	assert_non_null(found.blind);
	put_link("proc/self/ns/pid", "pid:[4026531836]");
	put_link("proc/self/ns/user", "user:[4026532201]");
	look();
	assert_non_null(found.blind);
	put_link("proc/self/ns/user", "user:[4026531837]");
	put_link("proc/self/ns/net", "net:[4026532202]");
	look();
	assert_string_equal(found.blind, "cannot see the host's network interfaces: run "
					 "it outside of this network namespace");
	put_link("proc/1/ns/net", "net:[4026532202]");
	look();
	assert_null(found.blind);
}

static void another_proc(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/proc/self/status", root);
	assert_int_equal(unlink(path), 0);
	look();
	assert_non_null(found.blind);
}

/* As processes see it that root has shut out: no rights are needed to make it so. */
static void shut_out(void **state)
{
	char path[128];
	int status;

	(void)state;
	put_device(CARD "/drm/card1", "drm", "1:3\n");
	put("proc/77/comm", "game\n");
	put_link("proc/77/fd/3", "/dev/null");
	snprintf(path, sizeof(path), "%s/proc/77/fd", root);
	assert_int_equal(chmod(root, 0755), 0);
	assert_int_equal(chmod(path, 0), 0);
	pid_t pid = fork();
	if (!pid) {
		if (!geteuid() && setresuid(65534, 65534, 65534))
			_exit(2);
		_exit(*look() || !found.blind);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(status, 0);
	assert_string_equal(look(), "game (pid 77) has /dev/null open: end it\n");
}

static void mediated(void **state)
{
	(void)state;
	put_device(CARD "/5a3c", "mdev", "");
	put_link(CARD "/5a3c/iommu_group", "../../../../../kernel/iommu_groups/41");
	put_device("sys/class/vfio/41", "vfio", "1:3\n");
	put("proc/900/comm", "qemu\n");
	put_link("proc/900/fd/9", "/dev/null");
	assert_string_equal(look(), "qemu (pid 900) has /dev/null open: shut the guest "
				    "down, or detach the card from it\n");
}

static void elsewhere(void **state)
{
	(void)state;
	put_device(CARD "/net/none0", "net", "");
	assert_string_equal(look(), "");
	put_folder(CARD "/usb1/1-1/net");
	assert_string_equal(look(), "its network interface is in another network "
				    "namespace: move it back, or end what has it (lsns -t net)\n");
}

static void thunderbolt(void **state)
{
	(void)state;
	put_device(CARD "/domain0", "thunderbolt", "");
	put_device(CARD "/domain0/0-0", "thunderbolt", "");
	put_device(CARD "/domain0/0-0/0-0:1.1", "thunderbolt", "");
	assert_string_equal(look(), "");
	put_device(CARD "/domain0/0-0/0-301", "thunderbolt", "");
	assert_string_equal(look(), "0-301 is connected to it by Thunderbolt: unplug it\n");
	put(CARD "/domain0/0-0/0-301/vendor_name", "CalDigit\n");
	put(CARD "/domain0/0-0/0-301/device_name", "TS4\n");
	assert_string_equal(look(), "CalDigit TS4 is connected to it by Thunderbolt: unplug it\n");
}

static void raw_disk(void **state)
{
	(void)state;
	put_device(CARD "/nvme/nvme0/nvme0n1", "block", "259:0\n");
	put_device(CARD "/nvme/nvme0/nvme0n1/nvme0n1p2", "block", "259:2\n");
	put_link("sys/class/block/nvme0n1p2", "../../devices/pci0000:00/0000:01:00.0/nvme0n1p2");
	put("sys/class/block/loop0/loop/backing_file", "/srv/image\n");
	put("sys/class/block/loop1/size", "0\n");
	assert_string_equal(look(), "");
	put("sys/class/block/loop3/loop/backing_file", "/dev/nvme0n1p2\n");
	assert_string_equal(look(), "loop3 stands on nvme0n1p2: losetup -d /dev/loop3\n");
}

static void exported(void **state)
{
	static const char nvmet[] = "sys/kernel/config/nvmet/subsystems/nqn.2026:x/namespaces/1/";
	char path[256];

	(void)state;
	put_device(CARD "/nvme/nvme0/nvme0n1", "block", "259:0\n");
	snprintf(path, sizeof(path), "%sdevice_path", nvmet);
	put(path, "/dev/nvme0n1\n");
	snprintf(path, sizeof(path), "%senable", nvmet);
	put(path, "0\n");
	assert_string_equal(look(), "");
	put(path, "1\n");
	assert_string_equal(look(), "the NVMe target exports nvme0n1: disable its namespace "
			    "(nvmetcli)\n");
	put(path, "0\n");
	put("sys/kernel/config/target/core/fileio_0/disk/info",
	    "Status: ACTIVATED  Max Queue Depth: 0  SectorSize: 512  HwMaxSectors: 16384\n"
	    "        TCM FILEIO ID: 0        File: /dev/nvme0n1  Size: 16777216  Mode: "
	    "O_DSYNC Async: 0\n");
	assert_string_equal(look(), "the SCSI target exports nvme0n1: delete its backstore "
			    "(targetcli)\n");
}

static int word[2];

/* From here on with the real proc. The child holds what stands for the card's file. */
static const char *look_at_real(pid_t child, dev_t dev)
{
	static char text[4096];
	struct node node = { .f = &function, .dev = dev, .subsystem = "drm",
			     .path = (char[]){ "x/card1" } };
	const struct nodes nodes = { 1, &node };
	char byte, end_of_line[64];

	assert_int_equal(read(word[0], &byte, 1), 1);
	close(word[0]);
	assert_int_equal(gather_roots(NULL, &roots), 0);
	found.n = 0;
	in_use_process(&roots, &nodes, 0, &found);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	*text = '\0';
	snprintf(end_of_line, sizeof(end_of_line), "(pid %d)", child);
	for (unsigned i = 0; i < found.n; i++)
		if (strstr(found.obstacle[i].text, end_of_line))
			strcpy(text, strchr(found.obstacle[i].text, ')') + 2);
	return text;
}

static void say_ready(void)
{
	if (write(word[1], "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static pid_t start_child(void)
{
	assert_int_equal(pipe(word), 0);
	pid_t pid = fork();
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pid > 0)
		close(word[1]);
	return pid;
}

static void *in_thread(void *apart)
{
	if (apart && unshare(CLONE_FILES))
		_exit(1);
	if (open("/dev/full", O_RDWR) < 0)
		_exit(1);
	say_ready();
	return NULL;
}

/* The thread shares its files with the first one, which has ended; or it has its own. */
static void real_thread(void **state)
{
	static char apart;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		pid_t child = start_child();
		if (!child) {
			pthread_t other;
			pthread_create(&other, NULL, in_thread, i ? &apart : NULL);
			if (i)
				for (;;)
					pause();
			pthread_exit(NULL);
		}
		assert_string_equal(look_at_real(child, makedev(1, 7)),
				    "has /dev/full open: end it");
	}
}

/* Shared it would be memory of the kernel's own (drivers/char/mem.c, mmap_zero()). */
static void *map_in_thread(void *nothing)
{
	int fd = open("/dev/zero", O_RDWR);

	if (mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		_exit(1);
	close(fd);
	say_ready();
	return nothing;
}

static void real_mapping(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		pid_t child = start_child();
		if (!child) {
			pthread_t other;
			if (!i)
				map_in_thread(NULL);
			pthread_create(&other, NULL, map_in_thread, NULL);
			pthread_exit(NULL);
		}
		assert_string_equal(look_at_real(child, makedev(1, 5)),
				    "has /dev/zero mapped: end it");
	}
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, start, end)
	const struct CMUnitTest tests[] = {
		TEST(odd_name), TEST(thread), TEST(mapped), TEST(no_capability), TEST(namespaces),
		TEST(another_proc), TEST(shut_out), TEST(mediated), TEST(elsewhere),
		TEST(thunderbolt), TEST(raw_disk), TEST(exported),
		TEST(real_thread), TEST(real_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
