# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs on trees of text that look like sysfs, in memory: claim, rules, memory, libraries,
host."""
import contextlib
import glob
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
CARD = ["1002:6608", "1002:aab0"]
SIZES = (16, 64, 512, 4096)


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


@contextlib.contextmanager
def machine(functions, options):
    """A tree with so many functions in no order; the first two are a card that rules name, with
    a slot and a group of their own. In memory, if that can be."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else options.out
    with tempfile.TemporaryDirectory(prefix="vgapass-bench-", dir=base) as root:
        fill(functions, root)
        yield root


def configure(root, rules):
    write(f"{root}/etc/vgapass.conf", "".join(f"{rule}\n" for rule in rules).encode())


def fill(functions, root):
    for folder in ("etc", "run", "proc", "sys/bus/pci/devices", "sys/bus/pci/drivers/nvme"):
        os.makedirs(os.path.join(root, folder))
    write(f"{root}/proc/cmdline", b"quiet\n")
    configure(root, CARD)
    order = list(range(functions))
    random.Random(1).shuffle(order)
    for i in order:
        card = ((0x1002, 0x6608), (0x1002, 0xaab0))
        vendor, device = card[i] if i < 2 else (0x1af4, 0x1000 + i % 100)
        place, number = (i, 0) if i < 2 else (i + 6, i)
        address = f"{place >> 13:04x}:{place >> 5 & 255:02x}:{place >> 3 & 3:02x}.{place & 7}"
        folder = f"{root}/sys/devices/pci0000:00/{address}"
        group = f"{root}/sys/kernel/iommu_groups/{number}"
        os.makedirs(f"{group}/devices", exist_ok=True)
        write(f"{folder}/modalias", b"pci:v0000%04Xd0000%04Xsv00001028sd00002120bc03sc80i00\n"
              % (vendor, device))
        write(f"{folder}/driver_override", b"(null)\n")
        config = bytearray(256)
        config[0:4] = vendor.to_bytes(2, "little") + device.to_bytes(2, "little")
        write(f"{folder}/config", bytes(config))
        for name, value in (("vendor", f"0x{vendor:04x}"), ("device", f"0x{device:04x}"),
                            ("class", "0x038000"), ("irq", "0"), ("resource", "")):
            write(f"{folder}/{name}", f"{value}\n".encode())
        os.symlink(f"../../../kernel/iommu_groups/{number}", f"{folder}/iommu_group")
        os.symlink(f"../../../../devices/pci0000:00/{address}", f"{group}/devices/{address}")
        if i >= 2:
            os.symlink("../../../bus/pci/drivers/nvme", f"{folder}/driver")
        os.symlink(f"../../../devices/pci0000:00/{address}",
                   f"{root}/sys/bus/pci/devices/{address}")


def floors(program, root, ids):
    """The commands of the floor without the guard and with it."""
    prefixes = ["pci:v0000%sd0000%s" % tuple(id.upper().split(":")) for id in ids]
    return [[program, *guard, root, *prefixes] for guard in ([], ["--guarded"])]


def static(options, name):
    """A program that measures: for its clock built by the host's compiler, and for boot images
    in one piece."""
    program = os.path.join(options.out, name)
    subprocess.run(["gcc", "-O2", "-Wall", "-Werror", "-static", "-o", program,
                    os.path.join(os.path.dirname(HERE), name + ".c")], check=True)
    return program


def measured(program, times, command):
    """(KiB touched, shortest us)"""
    said = subprocess.check_output([program, str(times), *command], stdin=subprocess.DEVNULL)
    return tuple(int(word) for word in said.split())


def best(options, commands, turns):
    """The shortest time of each command in us, taken in turns: the least disturbed."""
    program = static(options, "measure")
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
    """As vgapass-early is built. klcc that compiles and links in one go puts the object beside
    the source."""
    program = os.path.join(options.out, name)
    source = os.path.join(os.path.dirname(HERE), name + ".c")
    subprocess.run(["klcc", "-Oz", "-Wall", "-Werror", "-c", "-o", program + ".o", source],
                   check=True)
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
    program, rows = build(options, "floor"), []
    for functions in SIZES[:2] if options.small else SIZES:
        with machine(functions, options) as root:
            commands = [*floors(program, root, CARD), [EARLY, "--sysroot", root, "claim"]]
            for command in commands:
                must_claim(command, root)
            floor, guarded, took = best(options, commands, 2 if options.small else 30)
            few, _, many = (calls(command) for command in commands)
            rows.append({"functions": functions, "floor us": floor, "guarded floor us": guarded,
                         "claim us": took, "time ratio": took / floor, "to guarded": took / guarded,
                         "floor calls": few, "claim calls": many, "calls ratio": many / few,
                         "calls a function": many / functions})
    return "Critical path: claim against a program that does only what cannot be left out", rows


def rules(options):
    """All rules but the card's two name IDs that nobody has."""
    functions, turns = (64, 2) if options.small else (SIZES[-1], 30)
    strangers = [f"ffff:{i:04x}" for i in range(256 - len(CARD))]
    kinds = {str(number): CARD + strangers[:number - len(CARD)] for number in (2, 64, 256)}
    kinds |= {f"2, {word}": [f"{rule} {word}" for rule in CARD]
              for word in ("with=slot", "with=group")}
    program, times, counts = static(options, "measure"), {kind: [] for kind in kinds}, {}
    with machine(functions, options) as root:
        command = [EARLY, "--sysroot", root, "claim"]
        for _ in range(turns):
            for kind, lines in kinds.items():
                configure(root, lines)
                times[kind].append(measured(program, 5, command)[1])
        for kind, lines in kinds.items():
            configure(root, lines)
            must_claim(command, root)
            counts[kind] = calls(command)
    return "Rules: claim with so many rules, two of which match", [
        {"functions": functions, "rules": kind, "claim us": min(times[kind]),
         "claim calls": counts[kind],
         "calls a function": counts[kind] / functions} for kind in kinds]


def memory(options):
    program, rows = static(options, "measure"), []
    for functions in SIZES[:2] if options.small else SIZES:
        with machine(functions, options) as root:
            rows.append({"functions": functions, "touched KiB": measured(
                program, 1, [EARLY, "--sysroot", root, "bind"])[0]})
    return "Memory: what vgapass-early bind and its processes touch", rows


# How tests/tests.mk builds vgapass-early for the tests with each C library.
LIBRARIES = {
    "klibc": [],
    "musl": ["EARLY_CC=musl-gcc"],
    "glibc": ["EARLY_CC=gcc", "EARLY_CFLAGS=-O2 -fPIE", "EARLY_LDFLAGS=-pie -s"],
}


def early_with(options, library):
    """vgapass-early with this C library, or None where it is not there."""
    if library == "klibc":
        return EARLY
    if library == "musl" and not shutil.which("musl-gcc"):
        return None
    build = os.path.join(options.out, library)
    program = f"{build}/early/vgapass-early"
    subprocess.run(["make", "-s", "-C", TOP, f"B={build}", *LIBRARIES[library], program],
                   check=True, stdout=subprocess.DEVNULL)
    return program


def libraries(options):
    """glibc is linked as its dracut image wants it: the library is a file of its own there."""
    programs = {name: early_with(options, name) for name in LIBRARIES}
    programs = {name: program for name, program in programs.items() if program}
    counter, rows = static(options, "measure"), []
    for functions in SIZES[:1] if options.small else SIZES[:2]:
        with machine(functions, options) as root:
            commands = [[program, "--sysroot", root, "claim"] for program in programs.values()]
            for command in commands:
                must_claim(command, root)
            times = best(options, commands, 2 if options.small else 30)
            for (name, program), command, us in zip(programs.items(), commands, times):
                rows.append({"library": name, "bytes": os.path.getsize(program),
                             "functions": functions,
                             "touched KiB": measured(counter, 1, command)[0],
                             "claim us": us, "time ratio": us / times[0], "calls": calls(command)})
    return "Libraries: vgapass-early claim with each C library", rows


def add_names(root):
    """What lspci takes from the host; and the modules of a kernel, which list asks as well."""
    for path in ("/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids"):
        if os.path.exists(path):
            os.makedirs(root + os.path.dirname(path))
            shutil.copyfile(path, root + path)
    kernel = os.path.join(TOP, "build/kernel")
    with open(f"{kernel}/version", encoding="utf-8") as file:
        version = file.read().strip()
    write(f"{root}/proc/sys/kernel/osrelease", version.encode() + b"\n")
    folder = f"usr/lib/modules/{version}"
    os.makedirs(f"{root}/{folder}")
    for path in glob.glob(f"{kernel}/{folder}/modules.*"):
        shutil.copy(path, f"{root}/{folder}")
    os.symlink("usr/lib", f"{root}/lib")


def host(options):
    """add writes to the configuration, each time from the same one."""
    rows = []
    for functions in SIZES[:1] if options.small else (16, 512, 4096):
        with machine(functions, options) as root:
            add_names(root)
            configure(root, CARD[:1])
            lspci = [LSPCI, "-A", "linux-sysfs", "-O", f"sysfs.path={root}/sys/bus/pci", "-nnk"]
            times = best(options, [lspci, [VGAPASS, "list", "-a", "--sysroot", root],
                                   [VGAPASS, "plan", "--sysroot", root],
                                   ["/bin/sh", "-c", f"{VGAPASS} add 0000:00:00.1 --sysroot {root}"
                                    f" && echo {CARD[0]} >{root}/etc/vgapass.conf"]],
                         1 if options.small else 5)
            rows.append({"functions": functions, "lspci -nnk ms": times[0] / 1e3,
                         "list -a ms": times[1] / 1e3, "plan ms": times[2] / 1e3,
                         "add ms": times[3] / 1e3, "list ratio": times[1] / times[0],
                         "plan ratio": times[2] / times[0]})
    return "Host: vgapass list -a, plan and add against lspci -nnk", rows
