/* SPDX-License-Identifier: GPL-2.0-or-later */
/* container.c - QEMU in a container: a compose file for images that hand a variable's words to
 * QEMU, like qemux/qemu and dockurr/windows (ARGUMENTS). */
#include "assign.h"

#include <stdio.h>

#include "cli/cmd.h"

static void print_device(unsigned group)
{
	printf("    - /dev/vfio/%u\n", group);
}

/* A container has no other devices of the host than those that it names, and 64 KiB or 8 MiB of
 * memory that it may lock. */
int assign_container(const struct assign *a)
{
	assign_names(a, "# ");
	puts("# For compose.yaml, to be merged into the service that runs the guest. With docker "
	     "run\n"
	     "# or podman run it is --device, --ulimit memlock=-1 and --env.\n"
	     "services:\n  guest:\n    devices:\n    - /dev/vfio/vfio");
	assign_each_group(a, print_device);
	printf("    ulimits:\n      memlock: -1\n    environment:\n      ARGUMENTS: >-\n        ");
	assign_qemu_words(a, "\n        ");
	putchar('\n');
	return CMD_OK;
}
