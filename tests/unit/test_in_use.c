/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_in_use.c - cli/live/in_use.c: who uses a function
 *
 * sys and proc are folders of text below a temporary one. What processes have open are real
 * files: /dev/null and /dev/zero stand for whatever the tree says has their numbers.
 */
#include "folders.h"

#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cli/live/in_use.h"
#include "cli/live/nodes.h"
#include "runtime/io/sysfs.h"

#define CARD "sys/bus/pci/devices/0000:01:00.0"

static struct roots roots;
static struct obstacles found;
static struct pci_function function;

/* A device below sys, with its subsystem, in whose class it is; dev may be "". */
static void put_device(const char *path, const char *subsystem, const char *dev)
{
	char file[256], target[256];

	snprintf(file, sizeof(file), "sys/class/%s%s", subsystem, strrchr(path, '/'));
	snprintf(target, sizeof(target), "../..%s", path + 3);
	if (strcmp(file, path) != 0)
		put_link(file, target);

	snprintf(file, sizeof(file), "%s/subsystem", path);
	snprintf(target, sizeof(target), "/class/%s", subsystem);
	put_link(file, target);
	snprintf(file, sizeof(file), "%s/dev", path);
	if (*dev)
		put(file, dev);
}

/* A process that has /dev/NAME open. */
static void put_process(const char *pid, const char *comm, const char *device)
{
	char path[128];

	snprintf(path, sizeof(path), "proc/%s/comm", pid);
	put(path, comm);
	snprintf(path, sizeof(path), "proc/%s/fd/3", pid);
	put_link(path, device);
}

static int start(void **state)
{
	(void)state;
	strcpy(root, "/tmp/vgapass-in-use.XXXXXX");
	assert_non_null(mkdtemp(root));
	put_device(CARD, "pci", "");
	put("proc/self/mountinfo", "25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n");
	function = (struct pci_function){ .driver = "x", .at = { 0, 1, 0 }, .group = 7 };
	return 0;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	close(roots.root);
	close(roots.sys);
	close(roots.proc);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static const char *as_text(void)
{
	static char text[4096];

	*text = '\0';
	for (unsigned i = 0; i < found.n; i++) {
		assert_ptr_equal(found.obstacle[i].f, &function);
		strcat(strcat(text, found.obstacle[i].text), "\n");
	}
	return text;
}

/* Looks for all users; the obstacles as text, a line each. */
static const char *look(void)
{
	const struct pci_function *f = &function;

	assert_int_equal(gather_roots(root, &roots), 0);
	in_use_find(&roots, &f, 1, &found);
	return as_text();
}

/* For what the host needs only. */
static const char *look_host(void)
{
	const struct pci_function *f = &function;

	assert_int_equal(gather_roots(root, &roots), 0);
	in_use_by_host(&roots, &f, 1, &found);
	return as_text();
}

static void nobody(void **state)
{
	(void)state;
	put_device(CARD "/drm/card1", "drm", "226:1\n");
	put_process("77", "sh\n", "/dev/null");
	assert_string_equal(look(), "");
}

static void open_display(void **state)
{
	(void)state;
	put_device(CARD "/drm/card1", "drm", "1:3\n");
	put_process("77", "Xorg\n", "/dev/null");
	put_process("78", "sh\n", "/dev/zero");
	put_process("79", "systemd-logind\n", "/dev/null");
	put_process("80", "none\n", "/dev/zero");
	assert_non_null(strstr(look(), "Xorg (pid 77) has /dev/null open: end it\n"));
	assert_non_null(strstr(look(), "systemd-logind (pid 79) has /dev/null open: end "
			       "the sessions "));
	assert_int_equal(found.n, 2);
}

/* A block device of the same number is another one. */
static void block_and_character(void **state)
{
	(void)state;
	put_device(CARD "/block/ram3", "block", "1:3\n");
	put_process("77", "Xorg\n", "/dev/null");
	assert_string_equal(look(), "");
}

static void readers_of_keys(void **state)
{
	(void)state;
	put_device(CARD "/input/input3/event3", "input", "1:3\n");
	put_process("77", "systemd-logind\n", "/dev/null");
	assert_string_equal(look(), "");
}

/* vgapass itself may have inherited what is open. */
static void itself(void **state)
{
	char pid[16];

	(void)state;
	snprintf(pid, sizeof(pid), "%d", getpid());
	put_device(CARD "/drm/card1", "drm", "1:3\n");
	put_process(pid, "vgapass\n", "/dev/null");
	assert_string_equal(look(), "");
}

static void guest(void **state)
{
	static const char cmdline[] = "qemu\0-name\0guest=win10,debug-threads=on\0-m\0" "1024";

	(void)state;
	put_device("sys/class/vfio/7", "vfio", "1:5\n");
	put_process("900", "qemu-system-x86\n", "/dev/zero");
	put_bytes("proc/900/cmdline", cmdline, sizeof(cmdline));
	assert_string_equal(look(), "qemu-system-x86 (pid 900, guest win10) has /dev/zero open: "
				    "shut the guest down, or detach the card from it\n");
}

static void nvidia(void **state)
{
	struct nodes nodes = { 0 };

	(void)state;
	put("proc/driver/nvidia/gpus/0000:01:00.0/information",
	    "Model:\tX\nDevice Minor: \t 2\nGPU Excluded:\tNo\n");
	assert_int_equal(gather_roots(root, &roots), 0);
	nodes_find(&roots, &function, &nodes);
	assert_int_equal(nodes.n, 2);
	assert_string_equal(nodes.node[1].subsystem, "nvidia");
	assert_int_equal(nodes.node[1].dev, makedev(195, 2));
	nodes_free(&nodes);
}

#define FSTAB ": umount it, and remove it from /etc/fstab\n"
#define ROOT ": the host runs from it, so it cannot be given away\n"

static void mounted(void **state)
{
	(void)state;
	put_device(CARD "/nvme/nvme0/nvme0n1", "block", "259:0\n");
	put_device(CARD "/nvme/nvme0/nvme0n1/nvme0n1p1", "block", "259:1\n");
	put("proc/self/mountinfo",
	    "25 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
	    "80 25 259:1 / /srv/a rw,noatime shared:5 master:2 - xfs /dev/nvme0n1p1 rw\n");
	assert_string_equal(look(), "/srv/a is on nvme0n1p1" FSTAB);
	assert_string_equal(look_host(), "/srv/a is on nvme0n1p1" FSTAB);
	assert_int_equal(found.obstacle[0].user, USER_OTHER);
	assert_int_equal(found.obstacle[0].who, strlen("/srv/a is on nvme0n1p1"));
}

/* Whatever else is on the same device, and in whatever order. */
static void root_file_system(void **state)
{
	(void)state;
	put_device(CARD "/ata1/block/sda", "block", "8:0\n");
	put_device(CARD "/ata1/block/sda/sda1", "block", "8:1\n");
	put("proc/self/mountinfo", "26 25 8:1 /x /var/x rw - ext4 /dev/sda1 rw\n"
				   "25 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
				   "27 25 8:1 /y /usr rw - ext4 /dev/sda1 rw\n");
	assert_string_equal(look_host(), "/ is on sda1" ROOT);
	assert_int_equal(found.obstacle[0].user, USER_ROOT);
	put("proc/self/mountinfo", "26 25 8:1 /x /var/x rw - ext4 /dev/sda1 rw\n"
				   "27 25 8:1 /y /var/y rw - ext4 /dev/sda1 rw\n");
	assert_string_equal(look_host(), "/var/x and 1 more is on sda1" FSTAB);
}

/* LVM on LUKS: each of the three has a name of its own. */
static void mounted_above(void **state)
{
	(void)state;
	put_device(CARD "/ata1/block/sdb", "block", "8:16\n");
	put_link(CARD "/ata1/block/sdb/holders/dm-0", "/x");
	put_device("sys/devices/virtual/block/dm-0", "block", "253:0\n");
	put("sys/devices/virtual/block/dm-0/dm/name", "sdb_crypt\n");
	assert_string_equal(look_host(), "sdb is a part of sdb_crypt: stop that first "
					 "(vgchange -an, cryptsetup close, mdadm --stop)\n");
	put_link("sys/devices/virtual/block/dm-0/holders/dm-1", "/x");
	put_link("sys/devices/virtual/block/dm-0/holders/dm-2", "/x");
	put_device("sys/devices/virtual/block/dm-1", "block", "253:1\n");
	put_device("sys/devices/virtual/block/dm-2", "block", "253:2\n");
	put("sys/devices/virtual/block/dm-1/dm/name", "vg-a\n");
	put("sys/devices/virtual/block/dm-2/dm/name", "vg-swap\n");
	assert_string_equal(look_host(), "sdb_crypt on sdb is a part of vg-a: stop that first "
					 "(vgchange -an, cryptsetup close, mdadm --stop)\n");
	put("proc/self/mountinfo", "80 25 253:1 / /srv rw - ext4 /dev/mapper/vg-a rw\n");
	put("proc/swaps", "Filename Type Size Used Priority\n/dev/dm-2 partition 8388604 0 -2\n");
	assert_string_equal(look_host(), "/srv is on vg-a on sdb" FSTAB
					 "vg-swap on sdb is swap space: swapoff "
					 "/dev/dm-2, and remove it from /etc/fstab\n");
}

/* Partitions of an array are no holders of its disks. */
static void partition_of_array(void **state)
{
	(void)state;
	put_device(CARD "/ata1/block/sdb", "block", "8:16\n");
	put_device(CARD "/ata2/block/sdc", "block", "8:32\n");
	put_link(CARD "/ata1/block/sdb/holders/md126", "/x");
	put_link(CARD "/ata2/block/sdc/holders/md126", "/x");
	put_device("sys/devices/virtual/block/md126", "block", "9:126\n");
	put_device("sys/devices/virtual/block/md126/md126p2", "block", "259:7\n");
	put("proc/self/mountinfo", "25 1 259:7 / / rw - ext4 /dev/md126p2 rw\n");
	assert_string_equal(look_host(), "/ is on md126p2 on sdb" ROOT);
}

/* A btrfs has a number of its own, and its source is one of its disks. */
static void disks_of_btrfs(void **state)
{
	(void)state;
	put_device(CARD "/ata1/block/sdb", "block", "8:16\n");
	put_device("sys/devices/pci0000:00/0000:00:17.0/block/sda", "block", "8:0\n");
	put_device("sys/devices/virtual/block/dm-0", "block", "253:0\n");
	put("sys/devices/virtual/block/dm-0/dm/name", "luks-1\n");
	put("sys/fs/btrfs/features/raid1", "0\n");
	put("sys/fs/btrfs/0a-1b/devices/sda", "");
	put("sys/fs/btrfs/0a-1b/devices/dm-0", "");
	put("proc/self/mountinfo", "25 1 0:25 /@ / rw - btrfs /dev/sda rw\n");
	assert_string_equal(look_host(), "");
	put("sys/fs/btrfs/0a-1b/devices/sdb", "");
	assert_string_equal(look_host(), "/ is on sdb" ROOT);
	put("proc/self/mountinfo", "25 1 0:25 /@ / rw - btrfs /dev/mapper/luks-1 rw\n");
	assert_string_equal(look_host(), "/ is on sdb" ROOT);
	put_link("dev/disk/by-uuid/1", "../../sdb");
	put("proc/self/mountinfo", "25 1 0:25 /@ /srv rw - btrfs /dev/disk/by-uuid/1 rw\n");
	assert_string_equal(look_host(), "/srv is on sdb" FSTAB);
}

static void disks_of_bcachefs(void **state)
{
	(void)state;
	put_device(CARD "/ata1/block/sdb", "block", "8:16\n");
	put("proc/self/mountinfo", "80 25 0:40 / /srv rw - bcachefs /dev/sda:/dev/sdb rw\n");
	assert_string_equal(look_host(), "/srv is on sdb" FSTAB);
	put("proc/self/mountinfo", "80 25 0:40 / /srv rw - nfs4 10.0.0.1:/sdb rw\n"
				   "81 25 0:41 / /x rw - tmpfs sdb rw\n");
	assert_string_equal(look_host(), "");
}

/* Whose pool is exported is free; that is how one gives it to a guest. */
static void pool(void **state)
{
	(void)state;
	put_device(CARD "/host6/block/sdb", "block", "8:16\n");
	put_device(CARD "/host6/block/sdb/sdb1", "block", "8:17\n");
	put("run/udev/data/b8:17", "S:disk/by-id/x\nE:ID_FS_LABEL=tank\nE:ID_FS_TYPE=zfs_member\n");
	put("proc/spl/kstat/zfs/other/state", "ONLINE\n");
	assert_string_equal(look_host(), "");
	put("proc/spl/kstat/zfs/tank/state", "ONLINE\n");
	assert_string_equal(look_host(), "sdb1 is a part of the ZFS pool tank: zpool "
			    "export tank\n");
	put("proc/self/mountinfo", "79 25 0:39 / /o rw - zfs tan/x rw\n"
				   "80 25 0:40 / /tank rw - zfs tank/data rw,xattr\n");
	assert_string_equal(look_host(), "/tank is on sdb1 of the ZFS pool tank: zpool "
			    "export tank\n");
	put("proc/self/mountinfo", "80 25 0:40 / / rw - zfs tank rw,xattr\n");
	assert_string_equal(look_host(), "/ is on sdb1 of the ZFS pool tank" ROOT);
	put("run/udev/data/b8:17", "E:ID_FS_LABEL=tank\nE:ID_FS_TYPE=ext4\n");
	assert_string_equal(look_host(), "");
}

static void cache_and_loop(void **state)
{
	(void)state;
	put_device(CARD "/nvme/nvme0/nvme0n1", "block", "259:0\n");
	put(CARD "/nvme/nvme0/nvme0n1/bcache/label", "x\n");
	assert_string_equal(look_host(), "nvme0n1 is a part of a bcache: stop that first "
					 "(vgchange -an, cryptsetup close, mdadm --stop)\n");
	put_device(CARD "/nvme/nvme0/nvme0n2", "block", "259:1\n");
	put_device("sys/devices/virtual/block/loop0", "block", "7:0\n");
	put("sys/devices/virtual/block/loop0/loop/backing_file", "/dev/nvme0n2\n");
	assert_null(strstr(look_host(), "nvme0n2"));
	assert_non_null(strstr(look(), "loop0 stands on nvme0n2: losetup -d /dev/loop0\n"));
	put("proc/self/mountinfo", "80 25 7:0 / /srv rw - ext4 /dev/loop0 rw\n");
	assert_non_null(strstr(look_host(), "/srv is on loop0 on nvme0n2" FSTAB));
	assert_int_equal(found.n, 2);
	/* A line a loop is enough. */
	look();
	assert_int_equal(found.n, 2);
}

static void nvme_subsystem(void **state)
{
	(void)state;
	put_device(CARD "/nvme/nvme0", "nvme", "240:0\n");
	put_device("sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1", "block", "259:0\n");
	put_device("sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p1", "block",
		   "259:2\n");
	put_device("sys/devices/virtual/nvme-subsystem/nvme-subsys1/nvme1n1", "block", "259:1\n");
	put("sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0/state", "live\n");
	put_link("sys/class/nvme-subsystem/nvme-subsys0",
		 "../../devices/virtual/nvme-subsystem/nvme-subsys0");
	put("sys/devices/virtual/nvme-subsystem/nvme-subsys1/nvme1/state", "live\n");
	put_link("sys/class/nvme-subsystem/nvme-subsys1",
		 "../../devices/virtual/nvme-subsystem/nvme-subsys1");
	put("proc/self/mountinfo", "80 25 259:2 / /srv rw - ext4 /dev/nvme0n1p1 rw\n"
				   "81 25 259:1 / /var rw - ext4 /dev/nvme1n1 rw\n");
	assert_string_equal(look(), "/srv is on nvme0n1p1" FSTAB);
}

/* eMMC, and a disk at USB: what the path leads through is what counts. */
static void odd_disks(void **state)
{
	(void)state;
	put_device(CARD "/mmc_host/mmc0/mmc0:0001/block/mmcblk0/mmcblk0p2", "block", "179:2\n");
	put("proc/self/mountinfo", "25 1 179:2 / / rw - ext4 /dev/mmcblk0p2 rw\n");
	assert_string_equal(look_host(), "/ is on mmcblk0p2" ROOT);
	function.at.bus = 2;
	assert_string_equal(look_host(), "");
	put_device(CARD "/0000:02:00.0/usb1/1-1/1-1:1.0/host9/block/sdz", "block", "65:144\n");
	put("proc/swaps", "/dev/sdz partition 1 0 -2\n");
	assert_non_null(strstr(look_host(), "sdz is swap space"));
	function.at.bus = 1;
	assert_string_equal(look_host(), "/ is on mmcblk0p2" ROOT
			    "sdz is swap space: swapoff /dev/sdz, and remove it from /etc/fstab\n");
}

/* What is open at the moment is no need of the host's; what no driver of the host has, has no
 * users at all. */
static void only_the_host(void **state)
{
	(void)state;
	put_device(CARD "/drm/card1", "drm", "1:3\n");
	put_process("77", "Xorg\n", "/dev/null");
	assert_string_equal(look_host(), "");
	put_device(CARD "/ata1/block/sda1", "block", "8:1\n");
	assert_string_equal(look_host(), "/ is on sda1" ROOT);
	function.driver = "vfio-pci";
	assert_string_equal(look_host(), "");
	function.driver = "";
	assert_string_equal(look_host(), "");
}

static void planned(void **state)
{
	static struct inventory inv;
	static struct plan plan;
	bool going[2] = { false, true };

	(void)state;
	put_device(CARD "/ata1/block/sda1", "block", "8:1\n");
	assert_int_equal(gather_roots(root, &roots), 0);
	inv.functions = 2;
	inv.function[0] = inv.function[1] = function;
	inv.function[0].at.bus = 5;
	in_use_by_plan(&roots, &inv, &plan, NULL, &found);
	assert_int_equal(found.n, 0);
	plan.entry[0].state = plan.entry[1].state = STATE_PLANNED;
	in_use_by_plan(&roots, &inv, &plan, NULL, &found);
	assert_int_equal(found.n, 1);
	assert_ptr_equal(found.obstacle[0].f, &inv.function[1]);
	in_use_by_plan(&roots, &inv, &plan, going, &found);
	assert_int_equal(found.n, 0);
	plan.entry[1].state = STATE_REFUSED;
	in_use_by_plan(&roots, &inv, &plan, NULL, &found);
	assert_int_equal(found.n, 0);
	plan.entry[1].reason = REASON_IDENTITY;
	in_use_by_plan(&roots, &inv, &plan, NULL, &found);
	assert_int_equal(found.n, 1);
}

/* The last keyboard goes with the second of two controllers, whoever took the first. */
static void planned_before(void **state)
{
	static struct inventory inv;
	static struct plan plan;
	bool going[2] = { true, false };

	(void)state;
	put_device(CARD "/usb1/input/input5", "input", "");
	put(CARD "/usb1/input/input5/capabilities/key", "fffffffffffffffe\n");
	put_device("sys/bus/pci/devices/0000:05:00.0/usb1/input/input6", "input", "");
	put("sys/bus/pci/devices/0000:05:00.0/usb1/input/input6/capabilities/key",
	    "fffffffffffffffe\n");
	assert_int_equal(gather_roots(root, &roots), 0);
	inv.functions = 2;
	inv.function[0] = inv.function[1] = function;
	inv.function[0].at.bus = 5;
	plan.entry[1].state = STATE_PLANNED;
	in_use_by_plan(&roots, &inv, &plan, NULL, &found);
	assert_int_equal(found.n, 0);
	in_use_by_plan(&roots, &inv, &plan, going, &found);
	assert_int_equal(found.n, 1);
	assert_ptr_equal(found.obstacle[0].f, &inv.function[1]);
}

/* Whichever interface of this machine has an address. */
static void address(void **state)
{
	char path[128], expected[256];
	struct ifaddrs *list, *a;

	(void)state;
	assert_int_equal(getifaddrs(&list), 0);
	for (a = list; a && !(a->ifa_addr && a->ifa_addr->sa_family == AF_INET); a = a->ifa_next)
		;
	assert_non_null(a);
	snprintf(path, sizeof(path), CARD "/net/%s", a->ifa_name);
	put_device(path, "net", "");
	snprintf(path, sizeof(path), "%s\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n",
		 a->ifa_name);
	put("proc/net/route", path);
	put("sys/devices/pci0000:00/0000:00:1f.6/net/other0/operstate", "up\n");
	put_device("sys/devices/pci0000:00/0000:00:1f.6/net/other0", "net", "");
	snprintf(expected, sizeof(expected), "%s has the address ", a->ifa_name);
	freeifaddrs(list);
	assert_non_null(strstr(look(), expected));
	assert_non_null(strstr(look(), " and the default route: give the host another way out "
				       "first"));
	assert_null(strstr(look(), "ip addr flush"));
}

#define WAY ": give the host another way out first\n"
#define LOG_IN ": log in by another interface\n"
#define OTHER "sys/devices/pci0000:00/0000:00:1f.6/net/"

/* The card has eno1, the mainboard eno9; both are up. */
static void put_networks(void)
{
	put_device(CARD "/net/eno1", "net", "");
	put(CARD "/net/eno1/operstate", "up\n");
	put_device(OTHER "eno9", "net", "");
	put(OTHER "eno9/operstate", "up\n");
}

static void bridge_port(void **state)
{
	(void)state;
	put_networks();
	assert_string_equal(look(), "");
	put_link(CARD "/net/eno1/upper_br0", "/x");
	assert_string_equal(look_host(), "eno1 is a part of br0: ip link set eno1 "
					 "nomaster, or take br0 away\n");
}

static void pppoe(void **state)
{
	(void)state;
	put_networks();
	put("proc/net/pppoe", "Id       Address              Device\n"
			      "00000001 00:11:22:33:44:55     eno9\n");
	assert_string_equal(look_host(), "");
	put("proc/net/pppoe", "Id       Address              Device\n"
			      "00000001 00:11:22:33:44:55     eno1\n");
	assert_string_equal(look_host(), "eno1 has a PPPoE connection: end it (poff)\n");
}

/* Only hardware is a way out, and only what is up. */
static void only_network(void **state)
{
	(void)state;
	put_networks();
	put_device("sys/devices/virtual/net/virbr0", "net", "");
	put("sys/devices/virtual/net/virbr0/operstate", "up\n");
	assert_string_equal(look_host(), "");
	put(OTHER "eno9/operstate", "down\n");
	assert_string_equal(look_host(), "eno1 is the only network interface that is up: "
					 "bring up another one first\n");
	put(CARD "/net/eno1/operstate", "unknown\n");
	put(CARD "/net/eno1/flags", "0x1002\n");
	assert_string_equal(look_host(), "");
	put(CARD "/net/eno1/flags", "0x1003\n");
	assert_non_null(strstr(look_host(), "eno1 is the only network interface that is up"));
	put_device(CARD "/net/eno2", "net", "");
	put(CARD "/net/eno2/operstate", "up\n");
	assert_non_null(strstr(look_host(), "eno2 and others that are to go are the "
			       "only network "));
	assert_int_equal(found.n, 2);
}

#define ROUTES "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\t" \
	"Window\tIRTT\n"

/* Of several the one with the least metric. */
static void default_route(void **state)
{
	(void)state;
	put_networks();
	put("proc/net/route",
	    ROUTES "eno9\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
	    "eno1\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
	    "eno1\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n");
	assert_string_equal(look_host(), "");
	put("proc/net/route",
	    ROUTES "eno9\t00000000\t0101A8C0\t0003\t0\t0\t700\t00000000\t0\t0\t0\n"
	    "eno1\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n");
	assert_string_equal(look_host(), "eno1 has the default route" WAY);
	/* A route that is down, or says that there is none. */
	put("proc/net/route", ROUTES "eno1\t00000000\t0101A8C0\t0002\t0\t0\t1\t00000000\t0\t0\t0\n"
			      "eno1\t00000000\t0101A8C0\t0203\t0\t0\t1\t00000000\t0\t0\t0\n");
	assert_string_equal(look_host(), "");
}

#define ZERO "00000000000000000000000000000000"

static void default_route_of_ipv6(void **state)
{
	(void)state;
	put_networks();
	put_link(CARD "/net/eno1/upper_bond0", "/x");
	put_device("sys/devices/virtual/net/bond0", "net", "");
	put_link("sys/devices/virtual/net/bond0/upper_br0", "/x");
	put("proc/net/ipv6_route",
	    "fd000000000000000000000000000000 40 " ZERO " 00 " ZERO
	    " 00000100 00000001 00000000 00000001     eno9\n"
	    ZERO " 00 " ZERO " 00 fe800000000000000000000000000001"
	    " 00000400 00000001 00000000 00000003     br0\n"
	    ZERO " 00 " ZERO " 00 " ZERO " 00000001 00000001 00000000 00200200       lo\n");
	assert_string_equal(look_host(), "eno1, by br0, has the default route" WAY);
}

#define TCP "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
#define LOCAL4 ROUTES "eno1\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n" \
		      "eno9\t0000A8C0\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n" \
		      "eno9\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"

/* By the longest prefix to the peer; only established ones of sshd's port. */
static void session(void **state)
{
	(void)state;
	put_networks();
	put("proc/net/route", LOCAL4);
	put("proc/net/tcp", TCP "   0: 0501A8C0:0016 0702A8C0:C350 01 00000000:00000000\n"
			    "   1: 0501A8C0:0016 0701A8C0:C350 06 00000000:00000000\n"
			    "   2: 0501A8C0:0050 0701A8C0:C350 01 00000000:00000000\n");
	assert_string_equal(look_host(), "");
	put("proc/net/tcp", TCP "   0: 0501A8C0:0016 0701A8C0:C350 01 00000000:00000000\n");
	assert_string_equal(look_host(), "eno1 has an open ssh session" LOG_IN);
	put("proc/net/tcp", TCP "   0: 0501A8C0:08AE 0701A8C0:C350 01 00000000:00000000\n");
	assert_string_equal(look_host(), "");
	put("etc/ssh/sshd_config", "#Port 22\nAddressFamily any\n Port 2222\n");
	assert_string_equal(look_host(), "eno1 has an open ssh session" LOG_IN);
	put("etc/ssh/sshd_config", "");
	put("etc/ssh/sshd_config.d/port.conf", "port 2222\n");
	assert_string_equal(look_host(), "eno1 has an open ssh session" LOG_IN);
}

/* However many there are: the one that counts may be the last. */
static void many_sessions(void **state)
{
	char text[100 * 80], *end = text + sprintf(text, TCP);

	(void)state;
	put_networks();
	put("proc/net/route", LOCAL4);
	for (unsigned i = 0; i < 90; i++)
		end += sprintf(end, "%4u: 0501A8C0:0016 0702A8C0:%04X 01 "
			       "00000000:00000000\n", i, i);
	put("proc/net/tcp", text);
	assert_string_equal(look_host(), "");
	sprintf(end, "  90: 0501A8C0:0016 0701A8C0:C350 01 00000000:00000000\n");
	put("proc/net/tcp", text);
	assert_string_equal(look_host(), "eno1 has an open ssh session" LOG_IN);
}

/* What a link says from the root on, it says from the --sysroot on. */
static void session_below_sysroot(void **state)
{
	const struct pci_function *f = &function;

	(void)state;
	put_networks();
	put("proc/net/route", LOCAL4);
	put("proc/net/tcp", TCP "   0: 0501A8C0:08AE 0701A8C0:C350 01 00000000:00000000\n");
	put("srv/sshd_config", "Port 2222\n");
	put_link("etc/ssh/sshd_config", "/srv/sshd_config");
	assert_int_equal(gather_root(root, &roots), 0);
	if (sysfs_confine(roots.root))
		skip();
	gather_mounts(&roots);
	in_use_by_host(&roots, &f, 1, &found);
	assert_string_equal(as_text(), "eno1 has an open ssh session" LOG_IN);
}

static void session_of_ipv6(void **state)
{
	(void)state;
	put_networks();
	put("proc/net/route", LOCAL4);
	put("proc/net/tcp6", TCP "   0: 0000000000000000FFFF00000501A8C0:0016 "
			     "0000000000000000FFFF00000701A8C0:C350 01 00000000:00000000\n");
	assert_string_equal(look_host(), "eno1 has an open ssh session" LOG_IN);
	put("proc/net/tcp6", TCP "   0: B80D0120000000000000000001000000:0016 "
			     "B80D0120000000000000000002000000:C350 01 00000000:00000000\n");
	assert_string_equal(look_host(), "");
	put("proc/net/ipv6_route", "20010db8000000000000000000000000 20 " ZERO " 00 " ZERO
				   " 00000100 00000001 00000000 00000001     eno1\n");
	assert_string_equal(look_host(), "eno1 has an open ssh session" LOG_IN);
}

/* Peers that the host has disks at. */
static void disks_at_peers(void **state)
{
	(void)state;
	put_networks();
	put("proc/net/route", LOCAL4);
	put("proc/net/tcp", TCP "   0: 0501A8C0:C350 0701A8C0:0CBC 01 00000000:00000000\n");
	assert_string_equal(look_host(), "eno1 has an iSCSI disk: log out of it\n");
	put("proc/net/tcp", TCP "   0: 0501A8C0:C350 0702A8C0:0CBC 01 00000000:00000000\n");
	assert_string_equal(look_host(), "");
	put("proc/self/mountinfo", "30 22 0:40 / /srv rw - nfs4 nas:/srv "
	    "rw,vers=4.2,addr=192.168.1.7\n");
	assert_string_equal(look_host(), "eno1 has the file system at /srv" FSTAB);
	put("proc/net/ipv6_route", "20010db8000000000000000000000000 20 " ZERO " 00 " ZERO
				   " 00000100 00000001 00000000 00000001     eno1\n");
	put("proc/self/mountinfo", "30 22 0:40 / / rw - nfs4 nas:/srv "
	    "rw,vers=4.2,addr=2001:db8::1\n");
	assert_string_equal(look_host(), "eno1 has the file system at /" FSTAB);
}

#define KEYS "1000000000007 ff800000000007ff febeffdff3cfffff fffffffffffffffe\n"
#define ELSEWHERE ": plug it in elsewhere\n"

static void put_keyboard(const char *path, const char *name)
{
	char file[256];

	put_device(path, "input", "");
	snprintf(file, sizeof(file), "%s/capabilities/key", path);
	put(file, KEYS);
	snprintf(file, sizeof(file), "%s/name", path);
	put(file, name);
}

static void keyboard(void **state)
{
	(void)state;
	put_keyboard(CARD "/usb1/1-1/1-1:1.0/input/input5", "A Keyboard\n");
	put_device("sys/devices/LNXPWRBN/input/input1", "input", "");
	put("sys/devices/LNXPWRBN/input/input1/capabilities/key", "10000000000000 0\n");
	assert_string_equal(look(), "the host's only keyboard is on it, A Keyboard" ELSEWHERE);
	assert_string_equal(look_host(), "the host's only keyboard is on it, A Keyboard" ELSEWHERE);
	assert_int_equal(found.obstacle[0].user, USER_KEYBOARD);
	put_keyboard("sys/devices/platform/i8042/serio0/input/input2", "AT Keyboard\n");
	assert_string_equal(look_host(), "");
}

/* BlueZ makes it: it goes with the adapters. */
static void bluetooth_keyboard(void **state)
{
	(void)state;
	put_keyboard("sys/devices/virtual/misc/uhid/0005:046D:B342.0005/input/input20", "BT\n");
	assert_string_equal(look_host(), "");
	put_device(CARD "/usb1/1-14/1-14:1.0/bluetooth/hci0", "bluetooth", "");
	assert_string_equal(look_host(), "the host's only keyboard is on it, BT" ELSEWHERE);
	put_device("sys/devices/pci0000:00/0000:00:1d.0/bluetooth/hci1", "bluetooth", "");
	assert_string_equal(look_host(), "");
}

/* Two controllers with a keyboard each: the host keeps none. */
static void keyboards_of_two(void **state)
{
	static struct pci_function second = { .driver = "x", .at = { 0, 2, 0 } };
	const struct pci_function *f[] = { &function, &second };

	(void)state;
	put_keyboard(CARD "/usb1/input/input5", "A\n");
	put_keyboard("sys/bus/pci/devices/0000:02:00.0/usb2/input/input6", "B\n");
	assert_string_equal(look_host(), "");
	in_use_by_host(&roots, f, 2, &found);
	assert_int_equal(found.n, 2);
	assert_ptr_equal(found.obstacle[0].f, &function);
	assert_ptr_equal(found.obstacle[1].f, &second);
}

static void console(void **state)
{
	(void)state;
	put_device(CARD "/graphics/fb1", "graphics", "29:1\n");
	put_device(CARD "/drm/card1/card1-DP-1", "drm", "");
	put(CARD "/drm/card1/card1-DP-1/status", "connected\n");
	put(CARD "/drm/card1/card1-DP-1/enabled", "enabled\n");
	put("sys/class/vtconsole/vtcon0/name", "(S) dummy device\n");
	put("sys/class/vtconsole/vtcon0/bind", "0\n");
	put("sys/class/vtconsole/vtcon1/name", "(M) frame buffer device\n");
	put("sys/class/vtconsole/vtcon1/bind", "1\n");
	assert_non_null(strstr(look(), "the text console is on card1-DP-1: "));
	function.boot_display = true; /* the rules have allowed it */
	assert_string_equal(look(), "");
	function.boot_display = false;
	put("sys/class/vtconsole/vtcon1/bind", "0\n");
	assert_string_equal(look(), "");
	put("sys/class/vtconsole/vtcon1/bind", "1\n");
	put(CARD "/drm/card1/card1-DP-1/enabled", "disabled\n");
	assert_string_equal(look(), "");
}

static void serial_console(void **state)
{
	(void)state;
	put_device(CARD "/tty/ttyS4", "tty", "4:68\n");
	put("proc/consoles", "tty0                 -WU (EC p  )    4:2\n"
			     "ttyS4                -W- (EC p a)    4:68\n");
	assert_string_equal(look(), "the kernel's console is on ttyS4: take console=ttyS4 off the "
				    "kernel command line and reboot\n");
}

static void virtual_functions(void **state)
{
	(void)state;
	put_link(CARD "/virtfn0", "../0000:01:10.0");
	assert_string_equal(look(), "");
	put("sys/bus/pci/devices/0000:01:10.0/vendor", "0x8086\n");
	assert_string_equal(look(), "it has virtual functions: write 0 to its sriov_numvfs\n");
	/* Who has one of them open is in the way, too. */
	put_link("sys/bus/pci/devices/0000:01:10.0/iommu_group", "../../kernel/iommu_groups/31");
	put_device("sys/class/vfio/31", "vfio", "1:5\n");
	put_process("900", "qemu\n", "/dev/zero");
	assert_string_equal(look(), "it has virtual functions: write 0 to its sriov_numvfs\n"
				    "qemu (pid 900) has /dev/zero open: shut the guest down, or "
				    "detach the card from it\n");
}

/* More than are kept: all are counted. */
static void many(void **state)
{
	char pid[16];

	(void)state;
	put_device(CARD "/drm/card1", "drm", "1:3\n");
	for (unsigned i = 0; i < OBSTACLES_MAX + 3; i++) {
		snprintf(pid, sizeof(pid), "%u", 100000000 + i);
		put_process(pid, "sh\n", "/dev/null");
	}
	assert_int_equal(gather_roots(root, &roots), 0);
	const struct pci_function *f = &function;
	in_use_find(&roots, &f, 1, &found);
	assert_int_equal(found.n, OBSTACLES_MAX + 3);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, start, end)
	const struct CMUnitTest tests[] = {
		TEST(nobody), TEST(open_display), TEST(block_and_character), TEST(readers_of_keys),
		TEST(itself), TEST(guest), TEST(nvidia), TEST(mounted), TEST(root_file_system),
		TEST(mounted_above), TEST(partition_of_array), TEST(disks_of_btrfs),
		TEST(disks_of_bcachefs), TEST(pool), TEST(cache_and_loop), TEST(nvme_subsystem),
		TEST(odd_disks), TEST(only_the_host), TEST(planned), TEST(planned_before),
		TEST(address), TEST(bridge_port),
		TEST(pppoe), TEST(only_network), TEST(default_route), TEST(default_route_of_ipv6),
		TEST(session), TEST(many_sessions), TEST(session_below_sysroot),
		TEST(session_of_ipv6), TEST(disks_at_peers), TEST(keyboard),
		TEST(bluetooth_keyboard),
		TEST(keyboards_of_two), TEST(console), TEST(serial_console),
		TEST(virtual_functions), TEST(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
