/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hang.c - a driver that keeps its function's lock too long: in remove(), or in probe().
 *
 * For QEMU's "edu" device, which no driver of Linux wants. Whoever unbinds it waits with
 * the lock held, as with a GPU driver that waits for dead hardware. Not for ever: a boot
 * that waits for it is to end some day. Then `ended` tells it from one that did not wait.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

static unsigned int seconds = 30;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "how long");

static bool in_probe;
module_param(in_probe, bool, 0444);
MODULE_PARM_DESC(in_probe, "hang in probe() instead of remove()");

static bool ended;
module_param(ended, bool, 0444);
MODULE_PARM_DESC(ended, "it has let go");

static bool saw_udev;
module_param(saw_udev, bool, 0444);
MODULE_PARM_DESC(saw_udev, "udevd was running when remove() was called");

static bool udev_runs(void)
{
	struct task_struct *task;
	bool found = false;

	rcu_read_lock();
	for_each_process(task)
		found |= strstr(task->comm, "udevd") != NULL;
	rcu_read_unlock();
	return found;
}

static void hang(void)
{
	ssleep(seconds);
	ended = true;
}

static int hang_probe(struct pci_dev *dev, const struct pci_device_id *id)
{
	if (in_probe)
		hang();
	return 0;
}

static void hang_remove(struct pci_dev *dev)
{
	saw_udev |= udev_runs();
	if (!in_probe)
		hang();
}

static const struct pci_device_id hang_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};

static struct pci_driver hang_driver = {
	.name = "hang",
	.id_table = hang_ids,
	.probe = hang_probe,
	.remove = hang_remove,
};
module_pci_driver(hang_driver);

MODULE_DESCRIPTION("a driver that keeps its function's lock too long");
MODULE_LICENSE("GPL");
