/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signatures.c - the messages that vgapass explain knows, each with its cause; see explain.h
 *
 * A pattern is what the software prints, without a time, a program and the function's address in
 * front of it. Sources: QEMU's hw/vfio, Linux' drivers/{vfio,pci,iommu} and kernel/irq, libvirt's
 * src/{util/virpci,hypervisor,qemu}, Proxmox' qemu-server, DPDK's lib/eal. */
#include "evidence.h"

const struct signature explain_signatures[] = {
/* --- IOMMU groups and their files */

	{ "group-not-viable",
	  "group %g is not viable\nVFIO group is not viable\ngroup is not viable\n"
	  "group is inviable\n"
	  "Please ensure all devices within the iommu_group are bound to their vfio bus driver",
	  "VFIO gives an IOMMU group to a guest as a whole, and a driver of the host's has a part "
	  "of this one",
	  "$ vgapass list\n$ vgapass check iommu", evidence_group },
	{ "group-device",
	  "error getting device from group %g:\n"
	  "Verify all devices in group %g are bound to vfio-",
	  "the function is not on a driver for guests, does not wake up, or another process has it",
	  "see what has it, and shut that down\n$ vgapass check", evidence_user },
	{ "group-file-missing",
	  "/dev/vfio/%g': No such file\n/dev/vfio/%g: No such file\n"
	  "/dev/vfio/%g\": no such file\n/dev/vfio/%g: no such file",
	  "no member of the IOMMU group is on a driver for guests, so the group has no file",
	  "give the group's file to the container or jail that runs the guest", evidence_node },
	{ "group-file-denied",
	  "/dev/vfio/%g': Permission denied\n/dev/vfio/%g: Permission denied\n"
	  "/dev/vfio/%g\": permission denied\n/dev/vfio/%g: permission denied\n"
	  "/dev/vfio/%g': Operation not permitted\n/dev/vfio/%g: Operation not permitted\n"
	  "/dev/vfio/%g: operation not permitted\n/dev/vfio/%g\": operation not permitted",
	  "the user or container that starts the guest may not open the group's file",
	  "/etc/udev/rules.d/80-vfio.rules: add: SUBSYSTEM==\"vfio\", OWNER=\"USER\"\n"
	  "$ udevadm trigger -s vfio\n"
	  "in a container: allow the devices of /dev/vfio in its device cgroup", evidence_node },
	{ "group-file-busy",
	  "/dev/vfio/%g': Device or resource busy\n/dev/vfio/%g: Device or resource busy\n"
	  "/dev/vfio/%g: device or resource busy\n/dev/vfio/%g\": device or resource busy",
	  "another process has the IOMMU group open: only one guest can have it",
	  "shut down the guest that has it", evidence_user },
	{ "group-file-stale",
	  "/dev/vfio/%g': No such device\n/dev/vfio/%g: No such device\n"
	  "/dev/vfio/%g: no such device",
	  "the file is that of a group that no longer exists: its function was unbound, or the "
	  "file "
	  "was copied into a container",
	  "start the container again, so that it gets the current file", evidence_node },
	{ "container-missing",
	  "/dev/vfio/vfio': No such file\n/dev/vfio/vfio: No such file\n"
	  "/dev/vfio/vfio: no such file\n/dev/vfio/vfio\": no such file",
	  "the module vfio is not loaded, or the container lacks /dev/vfio/vfio",
	  "$ modprobe vfio-pci\nin a container: give it /dev/vfio/vfio", evidence_module },
	{ "iommufd-missing",
	  "/dev/iommu': No such file\n/dev/iommu: No such file",
	  "the guest asks for IOMMUFD, and this kernel has no /dev/iommu",
	  "$ modprobe iommufd\nif there is none, leave iommufd out of the guest's configuration",
	  NULL },
	{ "acs",
	  "is behind a switch lacking ACS and cannot be assigned",
	  "libvirt refuses a function behind a switch without ACS, as its neighbors could reach "
	  "it",
	  "put the card into a slot of the processor's; or, for guests that you trust:\n"
	  "/etc/libvirt/qemu.conf: set relaxed_acs_check = 1", evidence_group },

	/* --- who has a function */
	{ "used-by-guest",
	  "PCI device %a is in use by driver\nPCI device '%a' already in use by VM\n"
	  "PCI device %a is in use",
	  "another guest has the function",
	  "shut that guest down, or detach the card from it", evidence_user },
	{ "not-detached",
	  "Unmanaged PCI device %a must be manually detached from the host",
	  "a host driver still has the function, and managed='no' leaves it there",
	  "$ vgapass add\nreboot", evidence_driver },
	{ "no-such-function",
	  "no such host device\nDevice %a not found: could not access\n"
	  "no pci device info for device '%a'",
	  "there is no function at this address",
	  "$ vgapass list\nwrite the card's address of now into the guest's configuration: "
	  "addresses change with cards, slots and firmware settings", evidence_driver },
	{ "probe-failed",
	  "vfio-pci: probe of %a failed with error\nprobe with driver vfio-pci failed with error\n"
	  "Failed to bind PCI device '%a' to\nFailed to bind PCI device '%a'",
	  "vfio-pci refused the function: it does not answer, is a bridge, or its IOMMU group is "
	  "in "
	  "use by the host",
	  "read dmesg around this line\n$ vgapass check", evidence_driver },
	{ "already-vfio",
	  "is already bound to vfio-pci\n"
	  "The NVIDIA probe routine was not called for %i device",
	  "the host's NVIDIA driver finds its card kept for guests, which is as the rules want it",
	  "nothing; if the host is to have the card, vgapass remove", evidence_display },
	{ "module-missing",
	  "Module vfio-pci not found\nModule vfio_pci not found\nModule vfio not found\n"
	  "Module vfio_iommu_type1 not found\nFailed to load PCI driver module vfio",
	  "this kernel has no module vfio-pci, or not in /lib/modules of the kernel that runs",
	  "reboot if the kernel's package was updated; else install its modules package\n"
	  "$ vgapass check modules", evidence_module },
	{ "apparmor",
	  "apparmor=\"DENIED\"*\"/dev/vfio/%w\"\napparmor=\"DENIED\"*.rom\"",
	  "AppArmor keeps QEMU from a file that the guest needs",
	  "/etc/apparmor.d/local/abstractions/libvirt-qemu: add the file, as in /dev/vfio/* rw,\n"
	  "keep ROM files in /usr/share/vgabios", NULL },
	{ "selinux",
	  "avc:*denied*dev/vfio\navc:*denied*vfio_device_t\navc:*denied*.rom",
	  "SELinux keeps QEMU from a file that the guest needs",
	  "$ restorecon -R /dev/vfio\nfor a ROM file: chcon -t virt_image_t FILE\n"
	  "$ ausearch -m avc -ts recent | audit2why", NULL },

	/* --- IOMMU and DMA */
	{ "no-iommu-group",
	  "no iommu_group found\nno iommu_group for device",
	  "the function has no IOMMU group",
	  "$ vgapass check iommu", evidence_iommu },
	{ "no-passthrough",
	  "host doesn't support passthrough of host PCI devices\n"
	  "host doesn't support VFIO PCI passthrough\nNo IOMMU detected, please activate it\n"
	  "cannot prepare PCI pass-through, IOMMU not present",
	  "the IOMMU is off, or VFIO is not loaded",
	  "$ vgapass check iommu modules", evidence_iommu },
	{ "no-type1",
	  "No available IOMMU models",
	  "the module vfio_iommu_type1 is not loaded",
	  "$ modprobe vfio_iommu_type1\n$ vgapass check modules images", evidence_module },
	{ "no-interrupt-remapping",
	  "No interrupt remapping support\nNo interrupt remapping for device\n"
	  "Use the module param \"allow_unsafe_interrupts\"",
	  "VFIO refuses a guest, as the host has no interrupt remapping",
	  "$ vgapass check iommu", evidence_remapping },
	{ "rmrr",
	  "Device is ineligible for IOMMU domain attach due to platform RMRR requirement\n"
	  "Firmware has requested this device have a 1:1 IOMMU mapping",
	  "the firmware keeps memory through this function (RMRR), so the kernel gives it to no "
	  "guest",
	  "turn off in the firmware setup what shares memory with the card: iLO's or iDRAC's "
	  "monitoring of this slot, USB legacy support\n$ vgapass check iommu", evidence_reserved },
	{ "iommu-refused",
	  "ailed to set iommu for container: Operation not permitted",
	  "the kernel refuses DMA of this group: no interrupt remapping, or memory that the "
	  "firmware "
	  "keeps (RMRR)",
	  "$ vgapass explain --dmesg\n$ vgapass check iommu", evidence_reserved },
	{ "libvirt-memlock",
	  "cannot limit locked memory of process %i to",
	  "libvirt may not raise the limit of locked memory: it runs as a user, or in a container "
	  "without CAP_SYS_RESOURCE",
	  "use qemu:///system; or raise the user's limit, and log in again:\n"
	  "/etc/security/limits.d/vfio.conf: add: USER - memlock unlimited\n"
	  "in a container: give it CAP_SYS_RESOURCE", evidence_memlock },
	{ "memlock",
	  "VFIO_MAP_DMA failed: Cannot allocate memory\nVFIO_MAP_DMA: -12%e\n"
	  "dma_map(*) = -12 (\nRLIMIT_MEMLOCK (%i) exceeded",
	  "the process may not lock as much memory as the guest has, or the host has too little",
	  "/etc/security/limits.d/vfio.conf: add: USER - memlock unlimited\n"
	  "log in again; for a service, write LimitMEMLOCK=infinity to its unit\n"
	  "give the guest less memory than the host has free",
	  evidence_memlock },
	{ "dma-entries",
	  "VFIO_MAP_DMA failed: No space left on device\ndma_map(*) = -28 (",
	  "the guest has more DMA mappings than dma_entry_limit allows, as with a virtual IOMMU",
	  "/etc/modprobe.d/vfio.conf: add: options vfio_iommu_type1 dma_entry_limit=1048576\n"
	  "rebuild the boot images, and reboot", evidence_entries },
	{ "dma-invalid",
	  "VFIO_MAP_DMA failed: Invalid argument\nVFIO_MAP_DMA: -22%e\ndma_map(*) = -22 (",
	  "the guest maps memory where the IOMMU cannot: above its address width, or where the "
	  "firmware or MSI has a window",
	  "give the guest's CPU host-phys-bits-limit=39 (or what the IOMMU has), or update QEMU\n"
	  "$ vgapass check iommu", evidence_reserved },
	{ "dma-exists",
	  "VFIO_MAP_DMA failed: File exists\ndma_map(*) = -17 (",
	  "QEMU maps the same guest memory twice: two devices or a virtual IOMMU overlap",
	  "update QEMU; use one kind of IOMMU for the guest, or none", NULL },
	{ "dma-peer",
	  "VFIO_MAP_DMA failed: Bad address\ndma_map(*) = -14 (\n"
	  "PCI peer-to-peer transactions on BARs are not supported",
	  "QEMU could not map memory of one card for DMA of another; each card works all the same",
	  "nothing, unless two cards of the guest are to exchange data directly", NULL },
	{ "dma-fault",
	  "Event logged [IO_PAGE_FAULT device=%a\nEvent logged [IO_PAGE_FAULT\n"
	  "[DMA Read] Request device [%a]\n[DMA Write] Request device [%a]\n"
	  "[DMA Read NO_PASID] Request device [%a]\n[DMA Write NO_PASID] Request device [%a]",
	  "the function used memory that is not its own, and the IOMMU stopped it",
	  "while a guest starts or ends: shut the guest down, and reboot the host if it goes on\n"
	  "on a host driver: update firmware and kernel, or iommu=pt", evidence_driver },
	{ "iotlb-timeout",
	  "Event logged [IOTLB_INV_TIMEOUT device=%a\nEvent logged [IOTLB_INV_TIMEOUT",
	  "the function does not answer the IOMMU: it hangs after a failed reset, or has lost "
	  "power",
	  "reboot the host, or power it off\n$ vgapass check cards", evidence_reset },
	{ "completion-wait",
	  "AMD-Vi: Completion-Wait loop timed out",
	  "the IOMMU waits for a function that no longer answers, most often after a reset that "
	  "failed",
	  "find the function in the lines before (IOTLB_INV_TIMEOUT), and power the "
	  "machine off\nupdate the firmware\n$ vgapass check cards", evidence_reset },
	{ "invalidation-timeout",
	  "Invalidation Time-out Error",
	  "a function no longer answers the IOMMU (VT-d), most often after a reset that failed",
	  "power the machine off\nupdate the firmware\n$ vgapass check cards", evidence_reset },
	{ "ir-firmware",
	  "AMD-Vi: Disabling interrupt remapping\n"
	  "This system BIOS has enabled interrupt remapping\nNo southbridge IOAPIC found",
	  "the firmware's table of the IOMMU is wrong, so the kernel does without interrupt "
	  "remapping",
	  "update the firmware\n$ vgapass check iommu", evidence_remapping },

	/* --- memory of a function, and its ROM */
	{ "bar-reserve",
	  "BAR %d: can't reserve\nBAR %d [*]: can't reserve",
	  "something else holds memory of the card, so the guest's driver cannot use it",
	  "shut the guest down, and unbind what /proc/iomem shows in the BAR\n"
	  "$ vgapass check cards elsewhere", evidence_bar },
	{ "bar-mmap",
	  "Failed to mmap %a BAR %d\nFailed to mmap*Device or resource busy",
	  "QEMU cannot map a BAR: something else holds it, or it is smaller than a page",
	  "shut the guest down, and unbind what /proc/iomem shows in the BAR\n"
	  "for a small BAR nothing: it is only slower", evidence_bar },
	{ "bar-space",
	  "BAR %d: no space for [\nBAR %d: failed to assign [\nBAR %d [*]: can't assign\n"
	  "BAR %d [*]: failed to assign\nThis PCI I/O region assigned to your NVIDIA device is "
	  "invalid",
	  "the firmware and kernel found no room for a BAR of the card",
	  "turn on Above 4G Decoding in the firmware setup, or Resizable BAR off\n"
	  "kernel command line: add pci=realloc", evidence_bar_space },
	{ "rom-signature",
	  "Invalid PCI ROM header signature: expecting\n"
	  "Invalid PCI ROM data signature: expecting\nInvalid ROM contents",
	  "the card's ROM cannot be read: on the boot display the firmware's copy is in its place, "
	  "or "
	  "the card sleeps",
	  "give the guest a copy of the ROM (romfile), read while another card is the boot "
	  "display; "
	  "or none (rombar=0) for a guest whose driver needs none", evidence_rom },
	{ "rom-unreadable",
	  "Cannot read device rom at %a\nDevice option ROM contents are probably invalid\n"
	  "Skip option ROM probe with rombar=0",
	  "QEMU read nothing from the card's ROM",
	  "give the guest a copy of the ROM: romfile=FILE, in libvirt <rom file='FILE'/>; or "
	  "rombar=0 "
	  "if its driver needs none", evidence_rom },
	{ "rom-checksum",
	  "BIOS signature incorrect\nUnable to locate a BIOS ROM\n"
	  "ailed to copy vbios to system memory\nbios: unable to locate usable image\n"
	  "Invalid ROM checksum\nbios: %x: checksum failed",
	  "the driver got no usable ROM: that of a boot display is changed once the firmware has "
	  "run it",
	  "give the guest a copy of the ROM that was read while another card was the boot display, "
	  "without a header before its bytes 55 aa (romfile)", evidence_rom },
	{ "romfile",
	  "failed to find romfile \"%w\"\nromfile \"%w\" is empty\n"
	  "failed to load romfile \"%w\"",
	  "QEMU cannot open the ROM file, or it is empty",
	  "make sure that the file exists and that QEMU's user may read it and all directories "
	  "above", NULL },
	{ "code-43",
	  "Code 43%e",
	  "Windows has stopped the card: its driver found a bad ROM, a hypervisor that it does not "
	  "like (NVIDIA before 465), or a card that was not reset",
	  "read the card's ROM while another card is the boot display, and give it to the guest "
	  "(romfile)\nupdate the guest's driver; for an old one, hide KVM: <kvm><hidden "
	  "state='on'/></kvm> and a hyperv vendor_id\nafter a guest that was started again: reboot "
	  "the host", evidence_display },
	{ "x-vga",
	  "device does not support requested feature x-vga",
	  "the guest asks for the card's VGA registers (x-vga), which card or kernel do not offer",
	  "remove x-vga=on, and boot the guest with UEFI (OVMF)", evidence_display },

	/* --- resets, power, interrupts */
	{ "header-127",
	  "Unknown PCI header type '127' for device '%a'\nUnknown PCI header type '127'\n"
	  "unknown header type 7f",
	  "the function does not answer: it is asleep (D3cold), or hangs after a reset that failed",
	  "reboot the host; if it still hangs, power it off\n"
	  "if it comes back with each start of a guest:\n% attr.d3cold_allowed=0",
	  evidence_power },
	{ "power",
	  "Unable to power on device, stuck in D\nUnable to change power state from D3\n"
	  "can't change power state from D3\nefused to change power state",
	  "the function did not wake up from D3: it has lost power, or hangs after a failed reset",
	  "% attr.d3cold_allowed=0\n"
	  "/etc/modprobe.d/vfio.conf: add: options vfio-pci disable_idle_d3=1\n"
	  "then power the machine off",
	  evidence_power },
	{ "reset-timeout",
	  "not ready %ims after *; giving up\nnot ready 65535ms after",
	  "the function did not come back from a reset",
	  "reboot the host, or power it off\n"
	  "try another way (bus, flr or pm), or for AMD's displays the module vendor-reset:\n"
	  "% attr.reset_method=bus", evidence_reset },
	{ "reset-pending",
	  "timed out waiting for pending transaction; performing",
	  "the function had requests under way when it was reset: its guest ended without "
	  "stopping it",
	  "shut guests down from within; if the card then fails, reboot the host", evidence_reset },
	{ "reset-depends",
	  "Cannot reset device %a, depends on group %g which is not owned\n"
	  "devices on bus with %a, not doing bus reset",
	  "the card is reset with its whole slot or bus, and another function there is not the "
	  "guest's",
	  "give the guest all functions of the slot:\n% with=slot", evidence_reset },
	{ "reset-none",
	  "Cannot reset device %a, no available reset mechanism\n"
	  "no FLR, PM reset or bus reset available\nno available reset mechanism",
	  "the function cannot be reset, so a guest that is started again may find it hanging",
	  "give the guest all functions of the slot:\n% with=slot\n"
	  "else reboot the host between two guests", evidence_reset },
	{ "reset-recovery",
	  "reset recovery - restoring BARs",
	  "the card was reset without VFIO: on its own, or by its guest's driver",
	  "nothing, if the guest works; else reboot the host before the next "
	  "start", evidence_reset },
	{ "irq-nobody",
	  "irq %d: nobody cared",
	  "an interrupt line fires and no driver answers, so the kernel has turned it off: devices "
	  "that "
	  "share it stop",
	  "let the card's driver in the guest use MSI, or have vfio-pci mask the line:\n"
	  "/etc/modprobe.d/vfio.conf: add: options vfio-pci nointxmask=1\n"
	  "put the card into another slot", evidence_interrupt },
	{ "intx-busy",
	  "ailed to setup INTx fd: Device or resource busy\n"
	  "for interrupt INTX-0: VFIO_DEVICE_SET_IRQS failure: Device or resource busy\n"
	  "genirq: Flags mismatch irq %d",
	  "the card shares its interrupt line with another device and cannot mask it",
	  "unbind the other device, or put the card into another slot", evidence_interrupt },
	{ "aer-fatal",
	  "PCIe Bus Error: severity=Uncorrect",
	  "a PCI Express link or function failed",
	  "reseat the card and its riser; set the slot to an earlier generation in the firmware "
	  "setup\n"
	  "if it comes with a guest's start:\n$ vgapass check cards", evidence_reset },
	{ "aer-corrected",
	  "PCIe Bus Error: severity=Corrected",
	  "a PCI Express link repeats packets: nothing is lost, but the log fills",
	  "reseat the card and its riser; set the slot to an earlier generation in the firmware "
	  "setup; or turn ASPM off:\nkernel command line: add pcie_aspm=off", NULL },
	{ "ecap-hidden",
	  "hiding ecap 0x%x@0x%x\nvfio_ecap_init: hiding ecap",
	  "vfio-pci hides a capability from the guest: this is harmless",
	  "nothing", NULL },
	{ "kvm",
	  "Could not access KVM kernel module\nfailed to initialize KVM\nfailed to initialize kvm\n"
	  "kvm: disabled by bios\nSVM disabled (by BIOS)\nVMX (outside TXT) disabled by BIOS\n"
	  "KVM virtualisation configured, but not available",
	  "KVM is missing, or cannot be opened",
	  "turn on VT-x or SVM in the firmware setup\nadduser USER kvm, and log in again\n"
	  "$ vgapass check guests", evidence_kvm },
	{ .code = NULL },
};
