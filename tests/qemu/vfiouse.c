/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vfiouse ADDRESS: use a function the way QEMU would: open its IOMMU group, map memory
 * for DMA, open the device, read its configuration space and its BARs, reset it if it can be.
 *
 * A driver link that says vfio-pci is no proof: without vfio_iommu_type1, or with a stranger
 * in the group, no guest can have the device. Prints lines that start with "USE ADDRESS"; the
 * last one is "USE ADDRESS OK" or "USE ADDRESS FAIL what: why". Exit status 0 is OK.
 *
 * Builds with klibc (whose ioctl takes exactly three arguments) and with any other libc.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/vfio.h>

#define DMA_SIZE (1 << 20)

/* The whole life of the program: a few descriptors that the kernel closes at its end. */
struct use {
	const char *address;
	int container;
	int group;
	int device;
	uint64_t config_at; /* where in the device's file its configuration space begins */
	uint32_t flags;
};

static int fail(const struct use *use, const char *what)
{
	printf("USE %s FAIL %s: %s\n", use->address, what, strerror(errno));
	return -1;
}

static int open_container(struct use *use)
{
	use->container = open("/dev/vfio/vfio", O_RDWR);
	if (use->container < 0)
		return fail(use, "open /dev/vfio/vfio");
	if (ioctl(use->container, VFIO_GET_API_VERSION, NULL) != VFIO_API_VERSION)
		return fail(use, "VFIO version");
	/* Not there when vfio_iommu_type1 is not loaded: nothing depends on it but a softdep. */
	if (ioctl(use->container, VFIO_CHECK_EXTENSION, (void *)(uintptr_t)VFIO_TYPE1v2_IOMMU) != 1)
		return fail(use, "no TYPE1 IOMMU backend (vfio_iommu_type1)");
	return 0;
}

static int open_group(struct use *use)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char link[256], path[sizeof(link) + 64];
	const char *number;
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", use->address);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		return fail(use, "no IOMMU group");
	link[length] = '\0';
	number = strrchr(link, '/');
	number = number ? number + 1 : link;

	snprintf(path, sizeof(path), "/dev/vfio/%s", number);
	use->group = open(path, O_RDWR);
	if (use->group < 0)
		return fail(use, path);
	if (ioctl(use->group, VFIO_GROUP_GET_STATUS, &status) < 0)
		return fail(use, "group status");
	int viable = status.flags & VFIO_GROUP_FLAGS_VIABLE ? 1 : 0;
	printf("USE %s group %s viable=%d\n", use->address, number, viable);
	errno = EPERM;
	return viable ? 0 : fail(use, "group is not viable");
}

static int map_memory(struct use *use)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.size = DMA_SIZE,
	};
	void *memory;

	if (ioctl(use->group, VFIO_GROUP_SET_CONTAINER, &use->container) < 0)
		return fail(use, "put the group into the container");
	if (ioctl(use->container, VFIO_SET_IOMMU, (void *)(uintptr_t)VFIO_TYPE1v2_IOMMU) < 0)
		return fail(use, "set the IOMMU type");
	memory = mmap(NULL, DMA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return fail(use, "memory");
	map.vaddr = (uintptr_t)memory;
	if (ioctl(use->container, VFIO_IOMMU_MAP_DMA, &map) < 0)
		return fail(use, "map memory for DMA");
	return 0;
}

static int open_device(struct use *use)
{
	struct vfio_region_info region = {
		.argsz = sizeof(region),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	struct vfio_device_info info = { .argsz = sizeof(info) };
	uint16_t ids[2];

	use->device = ioctl(use->group, VFIO_GROUP_GET_DEVICE_FD, (void *)use->address);
	if (use->device < 0)
		return fail(use, "open the device");
	if (ioctl(use->device, VFIO_DEVICE_GET_INFO, &info) < 0)
		return fail(use, "device information");
	if (ioctl(use->device, VFIO_DEVICE_GET_REGION_INFO, &region) < 0)
		return fail(use, "where the configuration space is");
	use->config_at = region.offset;
	use->flags = info.flags;
	if (pread(use->device, ids, sizeof(ids), use->config_at) != sizeof(ids))
		return fail(use, "read the configuration space");
	printf("USE %s id=%04x:%04x regions=%u irqs=%u\n", use->address, ids[0], ids[1],
	       info.num_regions, info.num_irqs);
	return 0;
}

/* Without the memory bit of the command register, VFIO answers a BAR access with SIGBUS. */
static int enable_memory(struct use *use)
{
	uint16_t command;

	if (pread(use->device, &command, sizeof(command), use->config_at + 4) != sizeof(command))
		return fail(use, "read the command register");
	command |= 2;
	if (pwrite(use->device, &command, sizeof(command), use->config_at + 4) != sizeof(command))
		return fail(use, "write the command register");
	return 0;
}

static int read_bars(struct use *use)
{
	if (enable_memory(use) < 0)
		return -1;
	for (uint32_t index = VFIO_PCI_BAR0_REGION_INDEX;
	     index <= VFIO_PCI_BAR5_REGION_INDEX; index++) {
		struct vfio_region_info bar = { .argsz = sizeof(bar), .index = index };
		const volatile uint32_t *words;

		if (ioctl(use->device, VFIO_DEVICE_GET_REGION_INFO, &bar) < 0 || bar.size == 0)
			continue;
		if (!(bar.flags & VFIO_REGION_INFO_FLAG_MMAP))
			continue;
		words = mmap(NULL, 4096, PROT_READ, MAP_SHARED, use->device, bar.offset);
		if (words == MAP_FAILED)
			return fail(use, "map a BAR");
		printf("USE %s bar%u size=0x%llx first=%08x\n", use->address, index,
		       (unsigned long long)bar.size, words[0]);
	}
	return 0;
}

static int reset(struct use *use)
{
	if (!(use->flags & VFIO_DEVICE_FLAGS_RESET))
		return 0;
	if (ioctl(use->device, VFIO_DEVICE_RESET, NULL) < 0)
		return fail(use, "reset");
	printf("USE %s reset\n", use->address);
	return 0;
}

static int use_function(const char *address)
{
	struct use use = { .address = address };

	if (open_container(&use) < 0 || open_group(&use) < 0 || map_memory(&use) < 0 ||
	    open_device(&use) < 0 || read_bars(&use) < 0 || reset(&use) < 0)
		return 1;
	printf("USE %s OK\n", address);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: vfiouse ADDRESS\n");
		return 2;
	}
	return use_function(argv[1]);
}
