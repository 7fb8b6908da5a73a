/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guests.c - what a guest needs besides the card: KVM and, if an ordinary user starts it,
 * permission to open the IOMMU group and to lock the guest's memory. */
#include "check.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"

#define MEMORY_LOW ((rlim_t)1 << 30)

/* Only on x86 does /proc/cpuinfo show whether the CPU supports KVM. */
void check_kvm(struct check *c)
{
	char *cpu = check_exists(c, "dev/kvm") ? NULL : check_read(c, "proc/cpuinfo");
	bool intel = cpu && strstr(cpu, " vmx"), amd = cpu && strstr(cpu, " svm");

	if (cpu && (intel || amd))
		check_say(c, CHECK_WARNING, "/dev/kvm", "not found, so guests run without KVM\n"
			  "modprobe %s; if it refuses, turn virtualisation on in the "
			  "firmware setup", intel ? "kvm_intel" : "kvm_amd");
	else if (cpu && strstr(cpu, "flags"))
		check_say(c, CHECK_WARNING, "/dev/kvm", "not found, as the CPU shows no "
			  "virtualisation\nturn on VT-x or SVM in the firmware setup");
	free(cpu);
}

static const char *user_name(void)
{
	const struct passwd *p = getpwuid(geteuid());

	return p ? p->pw_name : "USER";
}

/* Returns false if /dev/vfio has no file for the group, because no member is on VFIO. */
static bool check_group_file(struct check *c, const struct pci_function *f)
{
	const char *path = path_make("dev/vfio/%u", (unsigned)f->group);

	if (!check_exists(c, path))
		return false;
	if (geteuid() && faccessat(c->host->roots.root, path, R_OK | W_OK, AT_EACCESS))
		check_say(c, CHECK_WARNING, check_line(path, 0), "user %s cannot open it, so "
			  "QEMU started by this user does not get the card (libvirt's system "
			  "guests do)\nwrite SUBSYSTEM==\"vfio\", OWNER=\"%s\" to "
			  "/etc/udev/rules.d/80-vfio.rules, and run udevadm trigger -s vfio",
			  user_name(), user_name());
	return true;
}

static bool look_at_groups(struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;
	int32_t last = -1;
	bool any = false;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (!check_is_planned(c, f) || f->group < 0 || f->group == last)
			continue;
		last = f->group;
		any |= check_group_file(c, f);
	}
	return any;
}

void check_group_files(struct check *c)
{
	struct rlimit limit;

	if (!look_at_groups(c) || !geteuid() ||
	    getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY ||
	    limit.rlim_cur >= MEMORY_LOW)
		return;
	check_say(c, CHECK_WARNING, "", "user %s may lock %llu KiB of memory, and a "
		  "guest with a card locks all of its memory (libvirt sees to that itself)\nwrite "
		  "%s - memlock unlimited to /etc/security/limits.d/vfio.conf, and log "
		  "in again", user_name(), (unsigned long long)limit.rlim_cur >> 10, user_name());
}

void check_kvm_access(struct check *c)
{
	if (geteuid() && check_exists(c, "dev/kvm") &&
	    faccessat(c->host->roots.root, "dev/kvm", R_OK | W_OK, AT_EACCESS))
		check_say(c, CHECK_WARNING, "/dev/kvm", "user %s cannot open it, so guests "
			  "of this user run without KVM\nadduser %s kvm, and log "
			  "in again", user_name(), user_name());
}
