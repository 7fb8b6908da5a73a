"""The programs on trees of text that look like sysfs, in memory: claim, memory, host."""
import contextlib
import os
import random
import re
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
EARLY = os.path.join(TOP, "build/early/vgapass-early")
LSPCI = shutil.which("lspci", path=os.environ.get("PATH", "") + ":/usr/bin:/sbin") or "lspci"
VGAPASS = os.path.join(TOP, "build/host/vgapass")
PREFIXES = ["pci:v00001002d00006608", "pci:v00001002d0000AAB0"]
SIZES = (16, 64, 512, 4096)


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


@contextlib.contextmanager
def machine(functions, options):
    """A tree with so many functions in no order; the first two are a card that rules name.
    In memory, if that can be."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else options.out
    with tempfile.TemporaryDirectory(prefix="vgapass-bench-", dir=base) as root:
        fill(functions, root)
        yield root


def fill(functions, root):
    for folder in ("etc", "run", "proc", "sys/bus/pci/devices", "sys/bus/pci/drivers/nvme"):
        os.makedirs(os.path.join(root, folder))
    write(f"{root}/proc/cmdline", b"quiet\n")
    write(f"{root}/etc/vgapass.conf", b"1002:6608\n1002:aab0\n")
    order = list(range(functions))
    random.Random(1).shuffle(order)
    for i in order:
        vendor, device = ((0x1002, 0x6608), (0x1002, 0xaab0))[i] if i < 2 else (0x1af4, 0x1000 + i % 100)
        address = f"{i >> 13:04x}:{i >> 5 & 255:02x}:{i >> 3 & 3:02x}.{i & 7}"
        folder = f"{root}/sys/devices/pci0000:00/{address}"
        group = f"{root}/sys/kernel/iommu_groups/{i}"
        os.makedirs(f"{group}/devices")
        write(f"{folder}/modalias", b"pci:v0000%04Xd0000%04Xsv00001028sd00002120bc03sc80i00\n"
              % (vendor, device))
        write(f"{folder}/driver_override", b"(null)\n")
        config = bytearray(256)
        config[0:4] = vendor.to_bytes(2, "little") + device.to_bytes(2, "little")
        write(f"{folder}/config", bytes(config))
        for name, value in (("vendor", f"0x{vendor:04x}"), ("device", f"0x{device:04x}"),
                            ("class", "0x038000"), ("irq", "0"), ("resource", "")):
            write(f"{folder}/{name}", f"{value}\n".encode())
        os.symlink(f"../../../kernel/iommu_groups/{i}", f"{folder}/iommu_group")
        os.symlink(f"../../../../devices/pci0000:00/{address}", f"{group}/devices/{address}")
        if i >= 2:
            os.symlink("../../../bus/pci/drivers/nvme", f"{folder}/driver")
        os.symlink(f"../../../devices/pci0000:00/{address}", f"{root}/sys/bus/pci/devices/{address}")


def measure(options):
    """The program that runs others; built by the host's compiler, for its clock."""
    program = os.path.join(options.out, "measure")
    subprocess.run(["gcc", "-O2", "-Wall", "-Werror", "-o", program,
                    os.path.join(os.path.dirname(HERE), "measure.c")], check=True)
    return program


def measured(program, times, command):
    """(KiB touched, shortest us)"""
    said = subprocess.check_output([program, str(times), *command], stdin=subprocess.DEVNULL)
    return tuple(int(word) for word in said.split())


def best(options, commands, turns):
    """The shortest time of each command in us, taken in turns: the least disturbed."""
    program = measure(options)
    columns = [[measured(program, 5, command)[1] for command in commands] for _ in range(turns)]
    return [min(column) for column in zip(*columns)]


def calls(command):
    """System calls of a command and its processes, without those of its start."""
    counted = subprocess.run(["strace", "-f", "-c", "-o", "/dev/stdout", *command],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                             stderr=subprocess.DEVNULL, check=False).stdout
    total = re.search(r"^100\.00 +\S+ +\S* +(\d+)( +\d+)? total$", counted, re.M)
    return int(total[1])


def build(options, name):
    """klcc that compiles and links in one go puts the object beside the source."""
    program = os.path.join(options.out, name)
    source = os.path.join(os.path.dirname(HERE), name + ".c")
    subprocess.run(["klcc", "-Oz", "-c", "-o", program + ".o", source], check=True)
    subprocess.run(["klcc", "-static", "-s", "-o", program, program + ".o"], check=True)
    return program


def must_claim(command, root):
    """Who does nothing is fast."""
    override = f"{root}/sys/bus/pci/devices/0000:00:00.1/driver_override"
    write(override, b"(null)\n")
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(override, encoding="ascii") as file:
        if not file.read().startswith("vfio-pci"):
            raise RuntimeError(f"{' '.join(command)}: claims nothing")


def claim(options):
    floor, rows = build(options, "floor"), []
    for functions in SIZES[:2] if options.small else SIZES:
        with machine(functions, options) as root:
            pair = [[floor, root, *PREFIXES], [EARLY, "--sysroot", root, "claim"]]
            for command in pair:
                must_claim(command, root)
            times = best(options, pair, 2 if options.small else 30)
            counts = [calls(command) for command in pair]
            rows.append({"functions": functions, "floor us": times[0], "claim us": times[1],
                         "time ratio": times[1] / times[0], "floor calls": counts[0],
                         "claim calls": counts[1], "calls ratio": counts[1] / counts[0],
                         "calls a function": counts[1] / functions})
    return "Critical path: claim against a program that does only what cannot be left out", rows


def memory(options):
    program, rows = measure(options), []
    for functions in SIZES[:2] if options.small else SIZES:
        with machine(functions, options) as root:
            rows.append({"functions": functions, "touched KiB": measured(
                program, 1, [EARLY, "--sysroot", root, "bind"])[0]})
    return "Memory: what vgapass-early bind and its processes touch", rows


def host(options):
    rows = []
    for functions in SIZES[:1] if options.small else (16, 512, 4096):
        with machine(functions, options) as root:
            lspci = [LSPCI, "-A", "linux-sysfs", "-O", f"sysfs.path={root}/sys/bus/pci", "-nnk"]
            times = best(options, [lspci, [VGAPASS, "list", "-a", "--sysroot", root],
                                   [VGAPASS, "plan", "--sysroot", root]], 1 if options.small else 5)
            rows.append({"functions": functions, "lspci -nnk ms": times[0] / 1e3,
                         "list -a ms": times[1] / 1e3, "plan ms": times[2] / 1e3,
                         "list ratio": times[1] / times[0], "plan ratio": times[2] / times[0]})
    return "Host: vgapass list -a and plan against lspci -nnk", rows
