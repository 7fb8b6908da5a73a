# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole boots under QEMU, with the machine of the boot tests: boot, processors.

One boot image for all ways, with the VFIO modules in it for those that want them there. A
segment behind it has what a way adds, and a segment for the root what runs there. Times are the
kernel's: scripts write their marks into its log, and it says itself when it has bound a driver.
QEMU counts instructions, a nanosecond for each: what else the host does is only in the figures
where the guest waits for its disk.
"""
import concurrent.futures
import os
import re
import shutil
import statistics
import subprocess
import sys

from .engine import TOP

sys.path.insert(0, os.path.join(TOP, "tests/qemu"))

from boot import archive, case, guest  # noqa: E402
from boot.machine import Machine  # noqa: E402

KERNEL = os.path.join(TOP, "build/kernel/vmlinux")
CARD = ("0000:01:00.0", "0000:01:00.1")
IDS = ("1234:1111", "8086:2668")
PORT = "port rp1: VGA + intel-hda\n"
RULES = "".join(f"{id}\n" for id in IDS).encode()
HOST = "device: qxl-vga,bus=pcie.0,addr=1.0\nargs: -icount shift=0\n"
# Every mark may pass, and the kernel says which driver got what.
CMDLINE = 'printk.devkmsg=on log_buf_len=1M dyndbg="func driver_bound +p"'
STAMP = r"^KERNEL \[ *([0-9.]+)\] "
MARK = re.compile(STAMP + r"(?:bench: (\S+)|Run /init as init process)")
BOUND = re.compile(STAMP + r"driver: '(\S+)': driver_bound: bound to device '(\S+)'")

# What runs before guest-init on the root.
ROOT_INIT = """#!/bin/sh
echo '<7>bench: root' >/dev/kmsg
[ ! -x /test/way ] || /test/way >/dev/ttyS1 2>&1
echo '<7>bench: way' >/dev/kmsg
dmesg | sed -n '/bench:/s/^/KERNEL /p; /driver_bound:/s/^/KERNEL /p; /Run .init as/s/^/KERNEL /p' \
	>/dev/ttyS1
exec /usr/sbin/guest-init
"""

# --- what people do instead, in their own few lines

# The host's drivers wait for vfio-pci: without it, the module list comes too late.
SOFTDEP = "softdep bochs pre: vfio-pci\nsoftdep snd_hda_intel pre: vfio-pci\n"
MODULES = "vfio\nvfio_iommu_type1\nvfio_pci\n"

# busybox's own modprobe knows no -i: it would load nothing, in silence.
INSTALL_SCRIPT = f"""#!/bin/sh
for address in {" ".join(CARD)}; do
	echo vfio-pci >/sys/bus/pci/devices/$address/driver_override
done
/sbin/modprobe -i vfio-pci
"""

EMPTY_SCRIPT = """#!/bin/sh
PREREQS=""
case "$1" in
prereqs)
	echo "$PREREQS"
	exit 0
	;;
esac
"""

INIT_TOP_SCRIPT = f"""{EMPTY_SCRIPT}for address in {" ".join(CARD)}; do
	echo vfio-pci >/sys/bus/pci/devices/$address/driver_override
done
/sbin/modprobe -i vfio-pci
"""

# driverctl's unit runs this for each function, when udev of the real root has seen it.
DRIVERCTL = "#!/bin/sh\n" + "".join(
    f"/usr/sbin/driverctl load-override pci/{address}\n" for address in CARD)


def text(words, mode=0o644):
    return words.encode(), mode


def mark(name):
    return f"echo '<7>bench: {name}' >/dev/kmsg\n"


def line(script):
    return f'{script} "$@"\n[ -e /conf/param.conf ] && . /conf/param.conf\n'


class Way:
    """One way to keep a card for a guest, as a boot that tests/qemu can start."""

    def __init__(self, name, script="", files=None, root=None, cmdline="", rules=b"", machine=""):
        self.name = re.sub(r"\W+", "-", name)
        self.title = name
        self.machine = Machine(HOST + (machine or PORT))
        self.out = None  # another boot image than image()
        self.script = script
        self.files = files or {}
        self.root = root or {}
        self.cmdline = cmdline
        self.rules = rules

    def image_files(self, _):
        """init's shell sources the lists of scripts, so a mark costs no process."""
        ours = bool(self.rules)
        top = mark("begin") + (line(self.script) if self.script else "") + mark("end")
        top += "".join(line(name) for name in order("init-top") if "/00-" not in name)
        bottom = "".join(
            mark("wait") + line(name) + mark("waited") if ours and name.endswith("/vgapass") else
            line(name) for name in order("init-bottom") if ours or "vgapass" not in name)
        return {"etc/vgapass.conf": (self.rules, 0o644), **self.files,
                "scripts/init-top/ORDER": text(top + mark("settled")),
                "scripts/init-bottom/ORDER": text(bottom + mark("bottom"))}

    def root_files(self):
        with open(os.path.join(TOP, "tests/qemu/guest-init"), "rb") as file:
            init = file.read()
        return {"etc/vgapass.conf": (self.rules, 0o644), "usr/sbin/guest-init": (init, 0o755),
                "usr/sbin/init": text(ROOT_INIT, 0o755), **self.root}

    def kernel_cmdline(self):
        return f"{case.CMDLINE} {CMDLINE} {self.cmdline}"


def order(folder, seen={}):
    """The scripts of a folder of the boot image, in their order."""
    if folder not in seen:
        with open(os.path.join(image(), "initrd"), "rb") as file:
            command = ["cpio", "-i", "--quiet", "--to-stdout", f"scripts/{folder}/ORDER"]
            said = subprocess.run(command, stdin=file, stdout=subprocess.PIPE, check=True,
                                  text=True).stdout
        seen[folder] = re.findall(r"^(/scripts/\S+) ", said, re.M)
    return seen[folder]


def image():
    """The boot image of tests/qemu, with the VFIO modules at their place as well."""
    folder = os.path.join(TOP, "build/bench/image")
    if not os.path.exists(os.path.join(folder, "initrd")):
        raise RuntimeError("no boot image: make build/bench/image/initrd")
    return folder


def vgapass(name="vgapass", rules=RULES, machine=""):
    """Its list of modules is what the hook writes for rules that want vfio-pci alone."""
    return Way(name, script="/scripts/init-top/00-vgapass", rules=rules, machine=machine, files={
        "usr/lib/vgapass/modules": text("".join(f"{name}\n" for name in (
            "irqbypass", "vfio", "vfio_iommu_type1", "vfio_virqfd", "vfio_pci_core", "vfio_pci")))})


def ways(small):
    script = Way("shell script in init-top", script="/scripts/init-top/bench-vfio",
                 files={"scripts/init-top/bench-vfio": text(INIT_TOP_SCRIPT, 0o755)})
    if small:
        return [Way("nothing"), vgapass(), script]
    ids = f"vfio-pci.ids={','.join(IDS)}"
    listed = {"conf/modules": text(MODULES)}
    early = {**listed, "etc/modprobe.d/bench.conf": text(SOFTDEP)}
    install = {**early, "usr/bin/vfio-pci-override.sh": text(INSTALL_SCRIPT, 0o755),
               "etc/modprobe.d/install.conf":
                   text("install vfio-pci /usr/bin/vfio-pci-override.sh\n")}
    return [
        Way("nothing"),
        vgapass(),
        Way("vfio-pci.ids=, module list", files=listed, cmdline=ids),
        Way("vfio-pci.ids=, module list, softdep", files=early, cmdline=ids),
        Way("shell script as install line, softdep", files=install),
        script,
        Way("driverctl in the real root", root=driverctl()),
        # Nothing but what it costs to start a shell.
        Way("empty script in init-top", script="/scripts/init-top/bench-empty",
            files={"scripts/init-top/bench-empty": text(EMPTY_SCRIPT, 0o755)}),
    ]


def driverctl():
    """Debian's package, unpacked, with the bash, kmod and modules that it wants."""
    script = "/usr/sbin/driverctl"
    if not os.path.exists(script):
        folder = os.path.join(TOP, "build/bench/driverctl")
        if not os.path.exists(folder + script):
            os.makedirs(folder, exist_ok=True)
            subprocess.run("apt-get -qq download driverctl && dpkg-deb -x driverctl_*.deb .",
                           shell=True, cwd=folder, check=True, stderr=subprocess.DEVNULL)
        script = folder + script
    with open(os.path.join(image(), "version"), encoding="utf-8") as file:
        modules = f"/usr/lib/modules/{file.read().strip()}/kernel"
    files = {"usr/sbin/driverctl": (case.read(script), 0o755), "test/way": text(DRIVERCTL, 0o755)}
    for address in CARD:
        files[f"etc/driverctl.d/pci-{address}"] = text("vfio-pci\n")
    for program in ("/usr/bin/bash", "/usr/bin/kmod", "/usr/bin/realpath", "/usr/bin/cut"):
        said = subprocess.check_output(["ldd", program], text=True)
        for path in [program, *re.findall(r"(/\S+) \(0x", said)]:
            files[path] = (case.read(path), 0o755)
    files["usr/sbin/modprobe"] = files.pop("/usr/bin/kmod")
    kernel = os.path.join(TOP, "build/kernel" + modules)
    for name in ("virt/lib/irqbypass", *(f"drivers/vfio/{name}" for name in (
            "vfio", "vfio_iommu_type1", "vfio_virqfd", "pci/vfio-pci-core", "pci/vfio-pci"))):
        files[f"{modules}/{name}.ko"] = (case.read(f"{kernel}/{name}.ko"), 0o644)
    return files


def finished(way):
    """What a boot showed that came to its end."""
    outcome = guest.boot(way, way.out or image(), KERNEL)
    if outcome.died:
        raise RuntimeError(f"{way.title}: {outcome.died}: see {outcome.folder}/console")
    guest.forget_images(outcome)
    return outcome.shown


def start(way):
    """What one boot showed, the seconds since /init of each mark, and of each driver's bind. The
    mark "at" is /init itself on the kernel's clock."""
    shown = finished(way)
    times, drivers = {}, {}
    for words in shown.lines:
        found = MARK.match(words)
        if found:
            times[found[2] or "init"] = float(found[1])
        found = BOUND.match(words)
        if found:
            drivers.setdefault(found[3], []).append((found[2], float(found[1])))
    marks = {name: at - times["init"] for name, at in times.items()} | {"at": times["init"]}
    return shown, marks, {
        address: [(name, at - times["init"]) for name, at in bound]
        for address, bound in drivers.items()}


def each(work, items):
    """What WORK makes of each item, two at a time: the clock of a guest that counts instructions
    does not see another guest, and boots of two at a time have the figures of one (six of each)."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        try:
            return list(pool.map(work, items))
        except KeyboardInterrupt:
            guest.stop.set()
            raise


def figures(times, drivers):
    """Of one boot, in ms."""
    last = [drivers.get(address, [("", 0)])[-1] for address in CARD]
    taken = all(name == "vfio-pci" for name, _ in last)
    host = any(name != "vfio-pci" for address in CARD for name, _ in drivers.get(address, []))
    result = {"slot": times["end"] - times["begin"], "udev": times["end"],
              "settled": times["settled"], "root": times["root"],
              "bound": max(at for _, at in last) if taken else None}
    return {key: at and at * 1e3 for key, at in result.items()} | {"taken": taken, "host": host}


def waited(times):
    """When the boot asked for the end of ours, and how long that took, in ms."""
    if "wait" not in times:
        return {"wait": None, "waited": 0}
    return {"wait": times["wait"] * 1e3, "waited": (times["waited"] - times["wait"]) * 1e3}


def boot(options):
    all_ways = ways(options.small)
    rounds = options.boots or (1 if options.small else 7)
    seen = {way.title: [] for way in all_ways}
    for _ in range(rounds):
        for way, (_, times, drivers) in zip(all_ways, each(start, all_ways)):
            seen[way.title].append(figures(times, drivers) | waited(times))
            if way.rules and not seen[way.title][-1]["taken"]:
                raise RuntimeError(f"{way.title}: the card is not on vfio-pci")
    rows = [summary(title, boots) for title, boots in seen.items()]
    for row in rows:
        for key in ("settled", "root"):
            row[f"{key} ratio"] = row[f"{key} ms"] / rows[0][f"{key} ms"]
    return f"Boot: from /init, medians of {rounds} boots", rows


def summary(title, boots):
    def median(key):
        values = [one[key] for one in boots if one[key] is not None]
        return statistics.median(values) if values else "never"

    roots = [one["root"] for one in boots]
    return {"way": title, "before udev ms": median("slot"), "udev ms": median("udev"),
            "settled ms": median("settled"), "root ms": median("root"), "root least ms": min(roots),
            "root +-": (max(roots) - min(roots)) / 2, "card bound ms": median("bound"),
            "wait ms": median("wait"), "waited ms": median("waited"),
            "bound": f"{sum(one['taken'] for one in boots)}/{len(boots)}",
            "host driver had it": f"{sum(one['host'] for one in boots)}/{len(boots)}"}


def processors(options):
    """They share the instructions of one, as QEMU counts them: where one has nothing to do, the
    others have more."""
    numbers, rounds = ((2,), 1) if options.small else ((1, 2, 4), options.boots or 5)
    every = [(number, way) for number in numbers
             for way in ([] if options.small else [Way(f"nothing, {number} processors")]) +
             [vgapass(f"vgapass, {number} processors")]]
    for number, way in every:
        way.machine.cpus = number
    seen = [[] for _ in every]
    for _ in range(rounds):
        for figure, (_, times, drivers) in zip(seen, each(start, [way for _, way in every])):
            figure.append(figures(times, drivers) | waited(times))
    rows, first = [], {}
    for (number, way), boots in zip(every, seen):
        row = {"processors": number, **summary(way.title.partition(",")[0], boots)}
        row["root ratio"] = row["root ms"] / first.setdefault(number, row)["root ms"]
        if way.rules and not all(one["taken"] for one in boots):
            raise RuntimeError(f"{way.title}: the card is not on vfio-pci")
        rows.append(row)
    return f"Processors: boots with several, medians of {rounds}", rows
