/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iomem.h - /proc/iomem: who holds memory of a function. */
#pragma once

/* Unbinds the firmware's framebuffer. */
#define IOMEM_UNBIND \
	"cd /sys/bus/platform/drivers; for d in *-framebuffer; do echo $d.0 >$d/unbind; done"

/* Calls each() with every line of /proc/iomem that lies in memory of the function at `address`,
 * without the blanks before it, unless the function itself or a driver for guests has it. Returns
 * how many. The text is not changed. */
unsigned iomem_holders(const char *iomem, const char *address,
		       void (*each)(const char *line, void *arg), void *arg);

/* Returns the name of the firmware's framebuffer that holds memory of the function; NULL: none
 * does. */
const char *iomem_framebuffer(const char *iomem, const char *address);
