# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots of arm64 on QEMU's virt: arm64.

Its image has an init of the tests' own (tests/qemu/guest-arm64); a way without vgapass has the
same one without the lines that call it. The clock counts instructions, as in boots.py.
"""
import os
import re

from . import boots
from .engine import TOP

IMAGE = "kernel-arm64-bookworm"
MACHINE = ("arch: arm64\nport rp1: e1000e,romfile=\n"
           "device: pci-serial,bus=pcie.0,addr=1c.1\nargs: -icount shift=0\n")
CARD = "0000:01:00.0"
RULES = b"8086:10d3\n"


class Arm64Way(boots.Way):
    def __init__(self, name, rules):
        super().__init__(f"arm64 {name}", rules=rules)
        self.way = name
        self.machine = boots.Machine(MACHINE)
        self.out = os.path.join(TOP, "build/qemu-" + IMAGE)
        self.kernel = os.path.join(TOP, "build", IMAGE, "vmlinux")

    def image_files(self, _):
        with open(os.path.join(TOP, "tests/qemu/guest-arm64"), encoding="utf-8") as file:
            init = file.read()
        for word, begin, end in (("bind --background", "begin", "end"), ("wait", "wait", "waited")):
            call = f"/usr/lib/vgapass/vgapass-early {word}\n"
            if init.count(call) != 1:
                raise RuntimeError(f"guest-arm64 does not call vgapass-early {word}")
            init = init.replace(call, boots.mark(begin) + (call if self.rules else "") +
                                boots.mark(end))
        init = re.sub(r"(?m)^i=0$", boots.mark("settled") + "i=0", init)
        return {"etc/vgapass.conf": (self.rules, 0o644), "init": boots.text(init, 0o755)}

    def root_files(self):
        files = super().root_files()
        script = boots.ROOT_INIT.replace("/dev/ttyS1", "/dev/ttyS0")
        return {**files, "usr/sbin/init": boots.text(script, 0o755)}


def look_at(way):
    _, times, drivers = boots.start(way)
    bound = drivers.get(CARD, [])
    taken = bool(bound) and bound[-1][0] == "vfio-pci"
    if bool(way.rules) != taken:
        raise RuntimeError(f"{way.title}: {CARD} is on {bound}")
    return {"claim": times["end"] - times["begin"], "settled": times["settled"],
            "wait": times["waited"] - times["wait"], "root": times["root"],
            "bound": bound[-1][1] if taken else None}


def arm64(options):
    rounds = options.boots or (1 if options.small else 5)
    if not os.path.exists(os.path.join(TOP, f"build/qemu-{IMAGE}/initrd")):
        raise RuntimeError(f"no boot image: make build/qemu-{IMAGE}/initrd")
    ways = [Arm64Way("vgapass", RULES)]
    if not options.small:
        ways.insert(0, Arm64Way("nothing", b""))
    seen = [[] for _ in ways]
    for _ in range(rounds):
        for figures, one in zip(seen, boots.each(look_at, ways)):
            figures.append(one)
    rows = []
    for way, figures in zip(ways, seen):
        row = {"way": way.way}
        for key in ("claim", "settled", "wait", "root", "bound"):
            values = [one[key] * 1e3 for one in figures if one[key] is not None]
            row[f"{key} ms"] = boots.statistics.median(values) if values else "never"
        row["root +-"] = 1e3 * (max(one["root"] for one in figures) -
                                min(one["root"] for one in figures)) / 2
        rows.append(row)
    for row in rows:
        row["root ratio"] = row["root ms"] / rows[0]["root ms"]
    return f"arm64: from /init, medians of {rounds} boots", rows
