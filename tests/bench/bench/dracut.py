# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots with dracut's images, without systemd in them and with it: dracut.

The machine and its clock are those of boots.py. A way without vgapass has dracut's image without
any file of vgapass; both images have the VFIO modules where modprobe looks. The kernel itself says
when a process began, got its program and ended (trace_event=), so no way has a mark more than
another one.
"""
import os
import re
import shutil
import statistics
import subprocess
import tempfile

from . import boots
from .engine import TOP
from .boots import Way, archive, case, text

OURS = re.compile(r"vgapass|/dracut/hooks/(cmdline/00-bind|cleanup/99-wait)\.sh$")
MODULES = ("vfio_pci", "vfio_iommu_type1")
TRACED = "vgapass-early|systemd-udevd"
CMDLINE = ("trace_event=sched:sched_process_fork,sched:sched_process_exec,"
           "sched:sched_process_exit trace_buf_size=4M")
AUTOGROUP = "sysctl.kernel.sched_autogroup_enabled"

# Of the processes that have such a program, when they began, got it and ended.
SHOW_TRACE = f"""#!/bin/sh
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
cd /sys/kernel/tracing
echo 0 >tracing_on
pids=$(sed -nE 's/.*exec: filename=[^ ]*({TRACED}) pid=([0-9]+) .*/\\2/p' trace | tr '\\n' '|')
grep -E "(child_pid=| pid=)(${{pids%|}})( |\\$)" trace | sed 's/^/TRACE /'
read -r on </proc/sys/kernel/sched_autogroup_enabled
echo "AUTOGROUP $on"
"""
EVENT = re.compile(r"^TRACE .* ([0-9.]+): sched_process_(fork|exec|exit): (.*)$")

# What people put into their dracut.conf, a hook of their own, and rd.driver.pre=.
HOOK = f"""#!/bin/sh
for address in {" ".join(boots.CARD)}; do
	echo vfio-pci >/sys/bus/pci/devices/$address/driver_override
done
modprobe -i vfio-pci
"""


class DracutWay(Way):
    """A way in one of the two images of a system."""

    def __init__(self, system, name, image, **more):
        super().__init__(f"{system} {name}", **more)
        self.way = name
        self.out = os.path.join(TOP, "build/bench", image, "vgapass" if self.rules else "plain")

    def image_files(self, _):
        return {**({"etc/vgapass.conf": (self.rules, 0o644)} if self.rules else {}), **self.files}

    def root_files(self):
        return {**super().root_files(), "test/way": text(SHOW_TRACE, 0o755)}

    def kernel_cmdline(self):
        return f"{case.CMDLINE} {boots.CMDLINE} {CMDLINE} {self.cmdline}"


def entries(path):
    """(name, bytes) of each file of a cpio archive."""
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while True:
        size, length = int(data[at + 54:at + 62], 16), int(data[at + 94:at + 102], 16)
        name = data[at + 110:at + 109 + length].decode()
        end = (at + 110 + length + 3 & ~3) + size + 3 & ~3
        if name == "TRAILER!!!":
            return
        yield re.sub(r"^\./", "", name), data[at:end]
        at = end


def vfio_modules(initrd, kernel, version):
    """Files that put the VFIO modules at modprobe's place in this image."""
    folder = f"usr/lib/modules/{version}"
    with tempfile.TemporaryDirectory() as tree:
        with open(initrd, "rb") as file:
            subprocess.run(["cpio", "-idm", "--quiet", f"{folder}/*"], stdin=file, cwd=tree,
                           check=True)
        before = case.tree(tree)
        said = subprocess.check_output(["/sbin/modprobe", "-d", f"{kernel}/usr", "-S", version,
                                        "--show-depends", "-a", *MODULES], text=True)
        for path in re.findall(r"^insmod \S*?/lib/(modules/\S+)", said, re.M):
            target = os.path.join(tree, "usr/lib", path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(os.path.join(kernel, "usr/lib", path), target)
        subprocess.run(["/sbin/depmod", "-b", f"{tree}/usr", version], check=True,
                       stderr=subprocess.DEVNULL)
        return {path: content for path, content in case.tree(tree).items()
                if before.get(path) != content}


def make_images(base, out, kernel, version):
    """The image BASE as it is and without vgapass, with the VFIO modules in both."""
    source = os.path.join(base, "initrd")
    if not os.path.exists(source):
        raise RuntimeError(f"no boot image: make build/{os.path.basename(base)}/initrd")
    stamp = os.path.join(out, "vgapass/initrd")
    if os.path.exists(stamp) and os.path.getmtime(stamp) > os.path.getmtime(source):
        return
    more = archive.segment(vfio_modules(source, kernel, version))
    for name, dropped in (("plain", OURS), ("vgapass", re.compile("^$"))):
        folder = os.path.join(out, name)
        os.makedirs(folder, exist_ok=True)
        files = {path: data for path, data in entries(source) if not dropped.search(path)}
        with open(f"{folder}/initrd", "wb") as file:
            file.write(b"".join(files.values()) + archive.segment({}) + more)
        with open(f"{folder}/initrd.files", "w", encoding="utf-8") as file:
            file.write("".join(f"{path}\n" for path in files))
        if not os.path.exists(f"{folder}/root"):
            os.symlink(os.path.join(TOP, "build/qemu/root"), f"{folder}/root")


def image(name):
    """The folder of its two images, below build/bench."""
    kernel = os.path.join(TOP, "build/kernel")
    with open(f"{kernel}/version", encoding="utf-8") as file:
        version = file.read().strip()
    make_images(os.path.join(TOP, "build/qemu-" + name), os.path.join(TOP, "build/bench", name),
                kernel, version)
    return name


def ways(system, name, cmdline, small):
    """Those of one system; the modules of vgapass are what its hook writes for such rules."""
    def way(title, words="", **more):
        return DracutWay(system, title, name, cmdline=f"{cmdline} {words}", **more)

    ours = way("vgapass", rules=boots.RULES, files=boots.vgapass().files)
    if small:
        return [ours]
    # Newer ones have their hooks below var.
    with open(f"{ours.out}/initrd.files", encoding="utf-8") as file:
        folder = re.search(r"(?m)^(\w+/lib/dracut/hooks)$", file.read())[1]
    hook = {f"{folder}/pre-udev/10-bench.sh": text(HOOK, 0o755)}
    ids = [way("vfio-pci.ids=, rd.driver.pre=",
               f"rd.driver.pre=vfio-pci vfio-pci.ids={','.join(boots.IDS)}")]
    # dracut's own reader of rd.driver.pre= is in a module of dracut that the image lacks.
    return [way("nothing"), ours, *(ids if "systemd" in name else []),
            way("shell hook in pre-udev", files=hook)]


def processes(lines):
    """[(program, {event: time})] in the order of exec."""
    found, forks = {}, {}
    for words in lines:
        match = EVENT.match(words)
        if not match:
            continue
        at, event, rest = float(match[1]), match[2], match[3]
        fields = dict(re.findall(r"(\w+)=(\S+)", rest))
        if event == "fork":
            forks[fields["child_pid"]] = at
        elif event == "exec" and re.search(TRACED, fields["filename"]):
            found[fields["pid"]] = (os.path.basename(fields["filename"]),
                                    {"fork": forks.get(fields["pid"]), "exec": at})
        elif event == "exit" and fields["pid"] in found:
            found[fields["pid"]][1].setdefault("exit", at)
    return list(found.values())


def look_at(way):
    """The figures of one boot, in ms from /init."""
    shown, times, drivers = boots.start(way)
    begin = times.pop("at")
    by_name = {}
    for program, events in processes(shown.lines):
        by_name.setdefault(program, []).append(events)
    udev = by_name["systemd-udevd"][0]
    figures = boots.figures({"begin": 0, "end": 0, "settled": 0, **times}, drivers)
    figures["udev"] = (udev["exec"] - begin) * 1e3
    if (way.way != "nothing") != figures["taken"]:
        raise RuntimeError(f"{way.title}: the card is on {drivers}")
    claims = by_name.get("vgapass-early", [])
    for key, events in (("claim", claims[:1]), ("wait", claims[1:])):
        figures[key] = (events[-1]["exit"] - events[-1]["fork"]) * 1e3 if events else None
        figures[f"{key} own"] = (events[-1]["exit"] - events[-1]["exec"]) * 1e3 if events else None
    on = [words for words in shown.lines if words.startswith("AUTOGROUP ")][-1]
    if on.split()[1:] != (["1"] if f"{AUTOGROUP}=1" in way.kernel_cmdline() else ["0"]):
        raise RuntimeError(f"{way.title}: the kernel says {on}")
    return figures


SYSTEMS = {
    "dracut": ("qemu-dracut", ""),
    "dracut, systemd": ("qemu-dracut-systemd", ""),
    "the same, autogroup": ("qemu-dracut-systemd", f"{AUTOGROUP}=1"),
}


def dracut(options):
    rounds = options.boots or (1 if options.small else 5)
    systems = {"dracut, systemd": SYSTEMS["dracut, systemd"]} if options.small else SYSTEMS
    every = [(system, way) for system, (name, cmdline) in systems.items()
             for way in ways(system, image(name.removeprefix("qemu-")), cmdline, options.small)]
    seen = {key: [] for key, _ in enumerate(every)}
    for _ in range(rounds):
        for key, figures in enumerate(boots.each(look_at, [way for _, way in every])):
            seen[key].append(figures)
    rows, first = [], {}
    for key, (system, way) in enumerate(every):
        row = summary(system, way.way, seen[key])
        nothing = first.setdefault(system, row)
        row |= {f"{name} ratio": row[f"{name} ms"] / nothing[f"{name} ms"]
                for name in ("udev", "root")}
        rows.append(row)
    return f"Dracut: from /init, medians of {rounds} boots", rows


def summary(system, way, figures):
    def median(key):
        values = [one[key] for one in figures if one[key] is not None]
        return statistics.median(values) if values else ""

    return {"image": system, "way": way, "claim ms": median("claim"),
            "of that the program": median("claim own"), "wait ms": median("wait"),
            "udev ms": median("udev"), "root ms": median("root"),
            "root least ms": min(one["root"] for one in figures),
            "root most ms": max(one["root"] for one in figures),
            "card bound ms": median("bound") or "never",
            "bound": f"{sum(one['taken'] for one in figures)}/{len(figures)}",
            "host driver had it": f"{sum(one['host'] for one in figures)}/{len(figures)}"}
