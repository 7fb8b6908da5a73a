/* hang.c - a driver that keeps its function's lock too long: in remove(), or in probe().
 *
 * For QEMU's "edu" device, which no driver of Linux wants. Whoever unbinds it waits with
 * the lock held, as with a GPU driver that waits for dead hardware. Not for ever: a boot
 * that waits for it is to end some day and say how long it took.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/pci.h>

#define HANG_SECONDS 30

static bool in_probe;
module_param(in_probe, bool, 0444);
MODULE_PARM_DESC(in_probe, "hang in probe() instead of remove()");

static int hang_probe(struct pci_dev *dev, const struct pci_device_id *id)
{
	if (in_probe)
		ssleep(HANG_SECONDS);
	return 0;
}

static void hang_remove(struct pci_dev *dev)
{
	if (!in_probe)
		ssleep(HANG_SECONDS);
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
