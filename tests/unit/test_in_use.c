/* test_in_use.c - cli/live/in_use.c: who uses a function
 *
 * sys and proc are folders of text below a temporary one. What processes have open are real
 * files: /dev/null and /dev/zero stand for whatever the tree says has their numbers.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../../cli/live/in_use.h"
#include "../../cli/live/nodes.h"

#define CARD "sys/bus/pci/devices/0000:01:00.0"

static char root[64];
static struct roots roots;
static struct obstacles found;
static struct pci_function function;

static void make_folders(char *path)
{
	for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
}

/* A file below the root, and the folders above it. */
static void put_bytes(const char *path, const char *text, size_t n)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s/%s", root, path);
	make_folders(whole);
	FILE *file = fopen(whole, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, n, file), n);
	fclose(file);
}

static void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

static void put_link(const char *path, const char *target)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s/%s", root, path);
	make_folders(whole);
	assert_int_equal(symlink(target, whole), 0);
}

/* A device below sys, with its subsystem; dev may be "". */
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

/* Looks; the obstacles as text, a line each. */
static const char *look(void)
{
	static char text[4096];
	const struct pci_function *f = &function;

	assert_int_equal(gather_roots(root, &roots), 0);
	in_use_find(&roots, &f, 1, &found);
	*text = '\0';
	for (unsigned i = 0; i < found.n; i++) {
		assert_ptr_equal(found.obstacle[i].f, f);
		strcat(strcat(text, found.obstacle[i].text), "\n");
	}
	return text;
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
	assert_non_null(strstr(look(), "systemd-logind (pid 79) has /dev/null open: end the sessions "));
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

static void mounted(void **state)
{
	(void)state;
	put_device(CARD "/nvme/nvme0/nvme0n1", "block", "259:0\n");
	put_device(CARD "/nvme/nvme0/nvme0n1/nvme0n1p1", "block", "259:1\n");
	put("proc/self/mountinfo",
	    "25 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
	    "80 25 259:1 / /srv/a rw,noatime shared:5 master:2 - xfs /dev/nvme0n1p1 rw\n");
	assert_string_equal(look(), "nvme0n1p1 is mounted on /srv/a: umount /srv/a\n");
}

static void mounted_above(void **state)
{
	(void)state;
	put_device(CARD "/ata1/block/sdb", "block", "8:16\n");
	put_link(CARD "/ata1/block/sdb/holders/dm-0",
		 "../../../../../../../../devices/virtual/block/dm-0");
	put_device("sys/devices/virtual/block/dm-0", "block", "253:0\n");
	put("proc/self/mountinfo", "80 25 253:0 / /srv rw - ext4 /dev/mapper/a rw\n");
	assert_string_equal(look(),
			    "dm-0 is mounted on /srv: umount /srv\n"
			    "sdb is a part of dm-0: stop that first (vgchange -an, cryptsetup close "
			    "or mdadm --stop)\n");
}

static void nvme_subsystem(void **state)
{
	(void)state;
	put_device(CARD "/nvme/nvme0", "nvme", "240:0\n");
	put_device("sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1", "block", "259:0\n");
	put_device("sys/devices/virtual/nvme-subsystem/nvme-subsys1/nvme1n1", "block", "259:1\n");
	put("sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0/state", "live\n");
	put_link("sys/class/nvme-subsystem/nvme-subsys0",
		 "../../devices/virtual/nvme-subsystem/nvme-subsys0");
	put("sys/devices/virtual/nvme-subsystem/nvme-subsys1/nvme1/state", "live\n");
	put_link("sys/class/nvme-subsystem/nvme-subsys1",
		 "../../devices/virtual/nvme-subsystem/nvme-subsys1");
	put("proc/self/mountinfo", "80 25 259:0 / /srv rw - ext4 /dev/nvme0n1 rw\n"
				   "81 25 259:1 / /var rw - ext4 /dev/nvme1n1 rw\n");
	assert_string_equal(look(), "nvme0n1 is mounted on /srv: umount /srv\n");
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
	snprintf(expected, sizeof(expected), " and the default route: ip addr flush dev %s\n",
		 a->ifa_name);
	freeifaddrs(list);
	assert_non_null(strstr(look(), expected));
}

static void bridge_port(void **state)
{
	(void)state;
	put_device(CARD "/net/none0", "net", "");
	assert_string_equal(look(), "");
	put_link(CARD "/net/none0/upper_br0", "/x");
	assert_string_equal(look(), "none0 is a part of br0: ip link set none0 nomaster, or take br0 "
				    "away\n");
}

static void keyboard(void **state)
{
	(void)state;
	put_device(CARD "/usb1/1-1/1-1:1.0/input/input5", "input", "");
	put(CARD "/usb1/1-1/1-1:1.0/input/input5/capabilities/key",
	    "1000000000007 ff800000000007ff febeffdff3cfffff fffffffffffffffe\n");
	put(CARD "/usb1/1-1/1-1:1.0/input/input5/name", "A Keyboard\n");
	put("sys/class/input/input5/capabilities/key",
	    "1000000000007 ff800000000007ff febeffdff3cfffff fffffffffffffffe\n");
	put("sys/class/input/input1/capabilities/key", "10000000000000 0\n"); /* a power button */
	assert_string_equal(look(), "the host's only keyboard is on it, A Keyboard: plug it in "
				    "elsewhere\n");
	put("sys/class/input/input2/capabilities/key", "fffffffffffffffe\n");
	assert_string_equal(look(), "");
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
		TEST(itself), TEST(guest), TEST(nvidia), TEST(mounted), TEST(mounted_above),
		TEST(nvme_subsystem), TEST(address), TEST(bridge_port), TEST(keyboard),
		TEST(console), TEST(serial_console), TEST(virtual_functions), TEST(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
