// SPDX-License-Identifier: GPL-2.0-or-later
/* edu_vfio_pci.c - a driver like vfio-pci that is made for one function, QEMU's edu.
 *
 * The least that such a driver has: an alias vfio_pci:v00001234d000011E8..., and vfio_pci_core for
 * all else. The driver has the module's name, with underscores.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/version.h>
#include <linux/vfio_pci_core.h>

static struct vfio_pci_core_device *core_of(struct vfio_device *device)
{
	return container_of(device, struct vfio_pci_core_device, vdev);
}

static int edu_open(struct vfio_device *device)
{
	int error = vfio_pci_core_enable(core_of(device));

	if (error)
		return error;
	vfio_pci_core_finish_enable(core_of(device));
	return 0;
}

static const struct vfio_device_ops edu_ops = {
	.name = "edu-vfio-pci",
	.init = vfio_pci_core_init_dev,
	.release = vfio_pci_core_release_dev,
	.open_device = edu_open,
	.close_device = vfio_pci_core_close_device,
	.ioctl = vfio_pci_core_ioctl,
	.device_feature = vfio_pci_core_ioctl_feature,
	.read = vfio_pci_core_read,
	.write = vfio_pci_core_write,
	.mmap = vfio_pci_core_mmap,
	.request = vfio_pci_core_request,
	.match = vfio_pci_core_match,
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	.bind_iommufd = vfio_iommufd_physical_bind,
	.unbind_iommufd = vfio_iommufd_physical_unbind,
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
#endif
};

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct vfio_pci_core_device *core =
		vfio_alloc_device(vfio_pci_core_device, vdev, &pdev->dev, &edu_ops);

	if (IS_ERR(core))
		return PTR_ERR(core);
	dev_set_drvdata(&pdev->dev, core);
	int error = vfio_pci_core_register_device(core);
	if (error)
		vfio_put_device(&core->vdev);
	return error;
}

static void edu_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	vfio_pci_core_unregister_device(core);
	vfio_put_device(&core->vdev);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(0x1234, 0x11e8) },
	{}
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = KBUILD_MODNAME,
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
	.err_handler = &vfio_pci_core_err_handlers,
	.driver_managed_dma = true,
};
module_pci_driver(edu_driver);

MODULE_DESCRIPTION("vfio-pci for QEMU's edu, for tests");
MODULE_LICENSE("GPL");
