"""The file "machine" of a case: lines of "word: value" that describe QEMU's machine.

    iommu: intel|amd|none           the default is intel
    port NAME[,OPTIONS]: DEVICE + DEVICE + ...
                                    a card of so many functions behind a PCIe root port
    device: QXL,bus=pcie.0,addr=2   one -device
    args: -drive if=none,id=d0 ...  anything else
    memory: MEGABYTES               the default is 1024
    helper: COMMAND                 a device server; {run} is the boot's folder. It says "ready"
                                    on its standard output, and is ended with QEMU
    qemu: NAME                      another QEMU, from VGAPASS_QEMU_NAME; without it the case is skipped
    timeout: SECONDS                the default is 120
"""
import os
import shlex
import shutil

TIMEOUT = 120

IOMMU = {
    "intel": ["-device", "intel-iommu"],
    "amd": ["-device", "amd-iommu"],
    "none": [],
}


class Skip(Exception):
    """This machine cannot be had here."""


class Machine:
    def __init__(self, text):
        self.iommu = "intel"
        self.memory = 1024
        self.timeout = TIMEOUT
        self.program = "qemu-system-x86_64"
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
        elif word == "helper":
            self.helpers.append(shlex.split(value))
        elif word == "iommu" and value in IOMMU:
            self.iommu = value
        elif word in ("memory", "timeout"):
            setattr(self, word, int(value))
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
            device = f"{function},bus={name},addr=0.{number}"
            # QEMU wants to know of the others at function 0.
            if number == 0 and len(functions) > 1:
                device += ",multifunction=on"
            self.devices += ["-device", device]

    def helper_commands(self, run):
        return [[word.replace("{run}", run) for word in helper] for helper in self.helpers]

    def command(self, run, kernel, cmdline):
        """QEMU's command line; the boot's files lie in the folder RUN."""
        return [
            self.program, "-accel", "tcg", "-cpu", "qemu64", "-smp", "1", "-m", str(self.memory),
            "-nodefaults", "-display", "none", "-vga", "none", "-no-reboot", "-nic", "none",
            "-chardev", f"file,id=console,path={run}/console", "-serial", "chardev:console",
            "-chardev", f"file,id=results,path={run}/results", "-serial", "chardev:results",
            "-M", "q35,kernel-irqchip=off", *IOMMU[self.iommu],
            "-drive", f"if=none,id=root,format=raw,snapshot=on,file={run}/root.img",
            "-device", "virtio-blk-pci,drive=root,bus=pcie.0,addr=1e.0",
            *(word.replace("{run}", run) for word in self.devices),
            "-kernel", kernel, "-initrd", f"{run}/initrd", "-append", cmdline,
        ]

    def key(self):
        """What makes two machines the same for the guest."""
        return (self.program, self.iommu, self.memory, tuple(self.devices), repr(self.helpers))


def other_qemu(name):
    variable = "VGAPASS_QEMU_" + name.upper().replace("-", "_")
    program = os.environ.get(variable)
    if not program or not shutil.which(program):
        raise Skip(f"needs another QEMU: set {variable}")
    return program
