# SPDX-License-Identifier: GPL-2.0-or-later
"""The file "machine" of a case: lines of "word: value" that describe QEMU's machine.

    arch: arm64                     QEMU's virt in place of q35; first in the file. Its image is
                                    "image: kernel-arm64-SUITE"; "iommu: smmu" is the default, and
                                    "firmware: uefi" makes it one of ACPI (qemu-efi-aarch64), and
                                    so does VGAPASS_ARM64_FIRMWARE=uefi with all that name none
    iommu: intel|amd|virtio|none    the default is intel; more options behind a comma
    firmware: direct|bios|uefi      how the kernel starts: at once (the default, seconds sooner), or
                                    by a firmware that draws on the display. uefi needs ovmf
    firmware: uefi-vars|uefi-secure UEFI with variables that it keeps, and a machine that starts
                                    anew when the guest resets it, until END. uefi-secure enforces
                                    Secure Boot with Microsoft's keys, so the kernel is locked
                                    down; it checks what a disk boots, not what QEMU hands over
    port NAME[,OPTIONS]: DEVICE + DEVICE + ...
                                    a card of so many functions behind a PCIe root port. A DEVICE
                                    like 10de:2684,class=030000,... is played by boot/vfuser.py
                                    and needs "qemu: sid" and "iommu: intel,caching-mode=on"
    device: QXL,bus=pcie.0,addr=2   one -device
    idle: N                         N functions that no driver wants and no IOMMU sees, eight in a
                                    slot: 81:01.0 is the first (at most 248)
    args: -drive if=none,id=d0 ...  anything else
    disk: FILE                      build/FILE, read-only, with the serial number "test"; without
                                    it the case is skipped
    memory: MEGABYTES               the default is 1024
    cpus: N                         the default is 1
    clock: counted                  the guest's clock counts its instructions, and sleeping costs
                                    nothing: no load of the host makes anything in it late
    helper: COMMAND                 a device server, started in the boot's folder ({run}). It says
                                    "ready" on its standard output, and is ended with QEMU
    qemu: NAME                      another QEMU: VGAPASS_QEMU_NAME, or what scripts/qemu-NAME made;
                                    without it the case is skipped
    image: NAME                     another boot image: build/qemu-NAME, with the kernel in
                                    build/NAME if there is one; without it the case is skipped.
                                    VGAPASS_IMAGE_NAME names another one in its place
    timeout: SECONDS                the default is 120
"""
import glob
import json
import os
import re
import shlex
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
TIMEOUT = 120
OVMF = "/usr/share/ovmf/OVMF.fd"
OVMF_PARTS = "/usr/share/OVMF/OVMF_{part}_4M{kind}.fd"
AAVMF = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"
PLAYED = re.compile(r"^[0-9a-f]{4}:[0-9a-f]{4}(,|$)")

IOMMU = {
    "intel": ["-device", "intel-iommu"],
    "amd": ["-device", "amd-iommu"],
    "virtio": ["-device", "virtio-iommu-pci,bus=pcie.0,addr=1f.5"],
    "none": [],
}


class Skip(Exception):
    """This machine cannot be had here."""


class Machine:
    def __init__(self, text):
        self.iommu = IOMMU["intel"]
        self.firmware = []
        self.once = ["-no-reboot"]
        self.files = {}  # of the boot's folder: name to what is copied there
        self.compressed = False
        self.memory = 1024
        self.cpus = 1
        self.clock = []
        self.image = None
        self.timeout = TIMEOUT
        self.program = "qemu-system-x86_64"
        self.board = ["-cpu", "qemu64", "-M", "q35,kernel-irqchip=off"]
        self.serial = ["-serial", "chardev:results"]
        self.console = "ttyS0"
        self.ovmf = OVMF
        self.devices = []
        self.helpers = []
        self.ports = 0
        for line in text.splitlines():
            line = line.strip()
            if line and not line.startswith("#"):
                self._line(line)

    def _line(self, line):
        word, colon, value = line.partition(":")
        word, value = word.strip(), value.strip()
        if not colon or not value:
            raise ValueError(f"machine: no value in '{line}'")
        if word.startswith("port "):
            self._card(word[len("port "):].strip(), value)
        elif word == "device":
            self.devices += ["-device", value]
        elif word == "args":
            self.devices += shlex.split(value)
        elif word == "idle":
            self._idle(int(value))
        elif word == "helper":
            self.helpers.append(shlex.split(value))
        elif word == "arch" and value == "arm64":
            self._arm64()
        elif word == "iommu" and self.ovmf == AAVMF:
            self._smmu({"smmu": "smmuv3", "none": "none"}[value])
        elif word == "iommu" and value.partition(",")[0] in IOMMU:
            kind, comma, options = value.partition(",")
            self.iommu = IOMMU[kind]
            if options:
                self.iommu = [*IOMMU[kind][:-1], IOMMU[kind][-1] + comma + options]
        elif word == "firmware" and value in ("direct", "bios", "uefi"):
            self._firmware(value)
        elif word == "firmware" and value in ("uefi-vars", "uefi-secure"):
            self._keeping_firmware(value == "uefi-secure")
        elif word == "disk":
            self._disk(value)
        elif word in ("memory", "timeout", "cpus"):
            setattr(self, word, int(value))
        elif word == "clock" and value == "counted":
            # 2 ns for each; a guest that does nothing goes on to its next timer at once.
            self.clock = ["-icount", "shift=1,sleep=off"]
        elif word == "image":
            self._image(value)
        elif word == "qemu":
            self.program = other_qemu(value)
        else:
            raise ValueError(f"machine: cannot understand '{line}'")

    def _card(self, port, functions):
        name, _, options = port.partition(",")
        self.ports += 1
        root_port = f"pcie-root-port,id={name},chassis={self.ports},slot={self.ports}"
        self.devices += ["-device", root_port + ("," + options if options else "")]
        functions = [function.strip() for function in functions.split(" + ")]
        for number, function in enumerate(functions):
            # QEMU wants to know of the others at function 0.
            several = number == 0 and len(functions) > 1
            if PLAYED.match(function):
                self._played(function, name, number, several)
                continue
            device = f"{function},bus={name},addr=0.{number}"
            device += ",multifunction=on" if several else ""
            self.devices += ["-device", device]

    def _played(self, function, port, number, several):
        """A function of any vendor. The socket is in the boot's folder, where both sides start."""
        socket = f"{port}.{number}"
        words = function.split(",")
        self.helpers.append([sys.executable, "-B", os.path.join(HERE, "vfuser.py"), socket, *words,
                             *(["multifunction"] if several else [])])
        self.devices += ["-device", json.dumps({
            "driver": "vfio-user-pci", "socket": {"type": "unix", "path": socket},
            "bus": port, "addr": f"0.{number}", "multifunction": several})]

    def _idle(self, count):
        """Beside the IOMMU, which has a loop over all functions for each of them."""
        self.devices += ["-device", "pxb-pcie,id=idle,bus=pcie.0,bus_nr=128,bypass_iommu=on",
                         "-device", "pcie-pci-bridge,id=idle1,bus=idle"]
        for number in range(count):
            several = ",multifunction=on" if number % 8 == 0 else ""
            place = f"bus=idle1,addr={1 + number // 8:x}.{number % 8}{several}"
            self.devices += ["-device", "pvpanic-pci," + place]

    def _disk(self, name):
        path = os.path.join(TOP, "build", name)
        if not os.path.exists(path):
            raise Skip(f"no build/{name}: see tests/qemu/README")
        self.devices += ["-drive", f"if=none,id=disk,format=raw,readonly=on,file={path}",
                         "-device", "virtio-blk-pci,drive=disk,serial=test,bus=pcie.0,addr=1d.0"]

    def _arm64(self):
        self.program = "qemu-system-aarch64"
        self._smmu("smmuv3")
        self.iommu = []
        self.console, self.ovmf = "ttyAMA0", AAVMF
        self._firmware(os.environ.get("VGAPASS_ARM64_FIRMWARE", "direct"))
        # The board has one serial port.
        self.serial = ["-device", "pci-serial,chardev=results,bus=pcie.0,addr=1c.0"]

    def _smmu(self, kind):
        self.board = ["-cpu", "cortex-a57", "-M", f"virt,iommu={kind},gic-version=3"]

    def _firmware(self, name):
        """A firmware starts the kernel as a boot loader would: from bzImage, whose setup code
        or EFI stub tells the kernel of the framebuffer."""
        self.compressed = name != "direct" and self.ovmf == OVMF
        if name == "uefi":
            image = os.environ.get("VGAPASS_OVMF", self.ovmf)
            if not os.path.exists(image):
                raise Skip("needs UEFI for QEMU: install ovmf")
            self.firmware = ["-bios", image]

    def _keeping_firmware(self, secure):
        """Flash in two parts: the code, and a copy of our own of the variables."""
        code = OVMF_PARTS.format(part="CODE", kind=".secboot" if secure else "")
        variables = OVMF_PARTS.format(part="VARS", kind=".ms" if secure else "")
        for path in (code, variables):
            if not os.path.exists(path):
                raise Skip("needs UEFI for QEMU: install ovmf")
        self.compressed, self.once = True, []
        self.files = {"vars.fd": variables}
        self.firmware = ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}",
                         "-drive", "if=pflash,unit=1,format=raw,file={run}/vars.fd"]
        if secure:
            self.board = [*self.board[:-1], self.board[-1] + ",smm=on"]
            self.firmware += ["-global", "driver=cfi.pflash01,property=secure,value=on"]

    def _image(self, name):
        name = os.environ.get("VGAPASS_IMAGE_" + name.upper().replace("-", "_"), name)
        if not os.path.exists(os.path.join(TOP, f"build/qemu-{name}/initrd")):
            raise Skip(f"no build/qemu-{name}/initrd: run 'make build/qemu-{name}/initrd'")
        self.image = name

    def place(self, out, kernel):
        """The folder of the boot image and the kernel, where the run's own are OUT and KERNEL."""
        if not self.image:
            return out, kernel
        own = os.path.join(TOP, f"build/{self.image}/vmlinux")
        return os.path.join(TOP, "build/qemu-" + self.image), own if os.path.exists(own) else kernel

    def helper_commands(self, run):
        return [[word.replace("{run}", run) for word in helper] for helper in self.helpers]

    def command(self, run, kernel, cmdline):
        """QEMU's command line; the boot's files lie in the folder RUN."""
        return [
            self.program, "-accel", "tcg", *self.clock, *self.board, "-smp", str(self.cpus),
            "-m", str(self.memory),
            "-nodefaults", "-display", "none", "-vga", "none", *self.once, "-nic", "none",
            "-chardev", f"file,id=console,path={run}/console", "-serial", "chardev:console",
            "-chardev", f"file,id=results,path={run}/results", *self.serial,
            "-qmp", "unix:qmp,server=on,wait=off",
            *self.iommu, *(word.replace("{run}", run) for word in self.firmware),
            "-drive", f"if=none,id=root,format=raw,snapshot=on,file={run}/root.img",
            "-device", "virtio-blk-pci,drive=root,bus=pcie.0,addr=1e.0",
            *(word.replace("{run}", run) for word in self.devices),
            "-kernel", compressed(kernel) if self.compressed else kernel,
            "-initrd", f"{run}/initrd", "-append", cmdline,
        ]

    def key(self):
        """What makes two machines the same for the guest."""
        return (self.program, tuple(self.board), tuple(self.iommu), tuple(self.firmware),
                self.compressed, self.memory,
                self.cpus, tuple(self.clock), self.image, tuple(self.devices), repr(self.helpers))


def compressed(kernel):
    """The bzImage that the ELF file KERNEL was taken from (see scripts/kernel)."""
    found = glob.glob(os.path.join(glob.escape(os.path.dirname(kernel)), "boot/vmlinuz-*"))
    if not found:
        raise OSError(f"no boot/vmlinuz-* beside {kernel}")
    return found[0]


def other_qemu(name):
    variable = "VGAPASS_QEMU_" + name.upper().replace("-", "_")
    program = os.environ.get(variable) or os.path.join(TOP, f"build/qemu-{name}/qemu-system-x86_64")
    if not shutil.which(program):
        raise Skip(f"needs another QEMU: run scripts/qemu-{name} or set {variable}")
    return program
