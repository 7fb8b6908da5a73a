/* disk.c - see disk.h */
#include "disk.h"
#include "path.h"
#include "sysfs.h"

struct look {
	const struct roots *roots;
	struct slice address;
	char nvme[16]; /* the function's NVMe controller, "-": none */
	char *ret;
};

static int keep_name(const char *name, void *arg)
{
	struct look *l = arg;

	text_make(l->nvme, sizeof(l->nvme), "%s", name);
	return 1;
}

static int find_any(const char *name, void *arg)
{
	(void)name;
	(void)arg;
	return 1;
}

/* Heads of multipath are below devices/virtual/nvme-subsystem/NAME, beside links to the
 * controllers that lead to them (drivers/nvme/host/core.c, nvme_init_subsystem()).
 * In use: by its number in mountinfo, which btrfs has its own of; by its file in both tables;
 * by what stands on it; and who else claims it shows only to who tries (block/bdev.c). */
static int look_at_block(const char *name, void *arg)
{
	const struct look *l = arg;
	int sys = l->roots->sys, proc = l->roots->proc;
	char target[512], number[16] = "?";

	if (sysfs_link(sys, path_make("class/block/%s", name), 1, target, sizeof(target)) <= 0)
		return 0;
	struct slice words = slice_of(target), system = slice_nth(words, '/', 5), none;
	if (slice_find(l->address, words, '/', &none) == SLICE_NO_WORD &&
	    !sysfs_exists(sys, path_make("class/nvme-subsystem/%v/%s", &system, l->nvme)))
		return 0;
	sysfs_read(sys, path_make("class/block/%s/dev", name), number, sizeof(number));
	text_make(l->ret, PLAN_DETAIL, "/dev/%s", name);
	return sysfs_list(sys, path_make("class/block/%s/holders", name), find_any, NULL) > 0 ||
	       sysfs_has_word(proc, "self/mountinfo", number) ||
	       sysfs_has_word(proc, "self/mountinfo", l->ret) ||
	       sysfs_has_word(proc, "swaps", l->ret) ||
	       sysfs_is_claimed(l->roots->root, l->ret + 1);
}

bool disk_in_use(const struct roots *roots, const struct pci_function *f, char ret[PLAN_DETAIL])
{
	char address[PCI_ADDRESS_SIZE];
	struct look l = { roots, { address, 0 }, "-", ret };

	l.address.n = (size_t)(pci_put_address(address, &f->at) - address);
	sysfs_list(roots->sys, path_make("bus/pci/devices/%s/nvme", address), keep_name, &l);
	return sysfs_list(roots->sys, "class/block", look_at_block, &l) > 0;
}
