/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk.c - see disk.h */
#include "disk.h"
#include "path.h"
#include "sysfs.h"

struct look {
	const struct roots *roots;
	struct slice address;
	char *ret;
};

/* Every user of a disk claims it in the kernel, and a claim of a partition is one of its disk too
 * (block/bdev.c, bd_may_claim()). mountinfo and swaps are for a system without device files. */
static int look_at_block(const char *name, void *arg)
{
	const struct look *l = arg;
	const struct roots *roots = l->roots;
	char target[512];
	struct slice none;

	if (sysfs_link(roots->sys, path_make("class/block/%s", name), 1, target,
		       sizeof(target)) <= 0 ||
	    slice_find(l->address, slice_of(target), '/', &none) == SLICE_NO_WORD)
		return 0;
	text_make(l->ret, OUTCOME_DETAIL, "/dev/%s", name);
	/* For the multipath disk nvme0n1, only the path nvme0c1n1 is below the function, and it
	 * has no device file (drivers/nvme/host/multipath.c): remove the "c1". */
	for (char *to = l->ret + 6, *p = to; (*to = *p); p++)
		if (*p == 'c' && slice_digit(p[-1]) < 10)
			while (slice_digit(p[1]) < 10)
				p++;
		else
			to++;
	return sysfs_has_word(roots->proc, "self/mountinfo", l->ret) ||
	       sysfs_has_word(roots->proc, "swaps", l->ret) ||
	       sysfs_is_claimed(roots->dev, l->ret + 5);
}

bool disk_in_use(const struct roots *roots, const struct pci_function *f, char ret[OUTCOME_DETAIL])
{
	char address[PCI_ADDRESS_SIZE];
	struct look l = { roots, { address, 0 }, ret };

	l.address.n = (size_t)(pci_put_address(address, &f->at) - address);
	return sysfs_list(roots->sys, "class/block", look_at_block, &l) > 0;
}
