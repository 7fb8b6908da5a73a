# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs in the place of the boot script, before udev, with a clock of their own: sysfs, modules,
cards.

The machine and its clock are those of boots.py. A boot ends where udev would begin.
"""
import os

from . import boots, engine

CARD = [f"/sys/bus/pci/devices/{address}" for address in boots.CARD]
PLACE = "/scripts/init-top/bench-early"

SCRIPT = """#!/bin/sh
[ "$1" = prereqs ] && exit 0
exec >/dev/ttyS1 2>&1
{commands}
echo END
# Closed, the port has sent all.
exec >/dev/null 2>&1
echo b >/proc/sysrq-trigger
"""

# COST NAME KIB US, and what the functions have for a driver then.
MEASURED = f"""
measured() {{
	for function in {" ".join(CARD)}; do
		echo >$function/driver_override
	done
	said="COST $1 $(shift && /test/measure 1 "$@")"
	for function in {" ".join(CARD)}; do
		read -r driver <$function/driver_override
		said="$said $driver"
	done
	echo "$said"
}}
set -- /sys/bus/pci/devices/*
echo "FUNCTIONS $#"
"""

LOADED = """
while read -r name rest; do
	echo "LOADED $name"
done </proc/modules
"""

KINDS = ("floor", "guarded", "claim")
TURNS = 7
# What the machine has beside the idle ones, with the bridge for them.
OTHERS = 11


def shown_by(name, commands, programs=(), rules=boots.RULES, machine=boots.PORT):
    """What COMMANDS show in a boot with these programs in /test."""
    files = {f"test/{os.path.basename(path)}": (boots.case.read(path), 0o755) for path in programs}
    way = boots.vgapass(name, rules=rules, machine=machine)
    way.script = PLACE
    way.files |= {**files, PLACE: boots.text(SCRIPT.format(commands=commands), 0o755)}
    return boots.finished(way)


def said_in(name, commands, programs, idle=0):
    """The lists of words that they say, by the first."""
    said = {}
    machine = boots.PORT + (f"idle: {idle}\n" if idle else "")
    for line in shown_by(name, commands, programs, machine=machine).lines:
        word, _, rest = line.partition(" ")
        said.setdefault(word, []).append(rest.split())
    return said


def cost(said, name):
    """The shortest in us."""
    runs = [words for words in said["COST"] if words[0] == name]
    if len(runs) != TURNS or any(words[3:] != ["vfio-pci"] * len(CARD) for words in runs):
        raise RuntimeError(f"{name}: has not claimed: {runs}")
    return min(int(words[2]) for words in runs)


def sysfs(options):
    programs = [engine.build(options, "floor"), engine.static(options, "measure")]
    commands = [*engine.floors("/test/floor", "/", boots.IDS),
                ["/usr/lib/vgapass/vgapass-early", "claim"]]
    turn = "\n".join(" ".join(["measured", kind, *command])
                     for kind, command in zip(KINDS, commands))
    script = f"{MEASURED}for turn in {' '.join(map(str, range(TURNS)))}; do\n{turn}\ndone"
    rows = []
    counts = (16,) if options.small else (16, 64, 256)

    def measured(functions):
        return said_in(f"sysfs {functions}", script, programs, functions - OTHERS)

    for said in boots.each(measured, counts):
        floor, guarded, claim = (cost(said, kind) for kind in KINDS)
        rows.append({"functions": int(said["FUNCTIONS"][0][0]), "floor us": floor,
                     "guarded floor us": guarded, "claim us": claim, "time ratio": claim / floor,
                     "to guarded": claim / guarded})
    title = f"Sysfs: the critical path in a boot, on the kernel's own sysfs, shortest of {TURNS}"
    return title, rows


def modules(options):
    own, kmod = boots.each(lambda arguments: said_in(*arguments), [
        ("modules", "/test/load /usr/lib/vgapass" + LOADED, [engine.static(options, "load")]),
        ("modprobe", 'echo "MODPROBE $(/test/measure 1 /sbin/modprobe vfio-pci)"' + LOADED,
         [engine.static(options, "measure")])])
    if sorted(own["LOADED"]) != sorted(kmod["LOADED"]):
        raise RuntimeError(f"not the same modules: {own['LOADED']} and {kmod['LOADED']}")
    each = [(name, int(size), int(us)) for name, size, us in own["MODULE"]]
    size = sum(size for _, size, _ in each)
    rows = [*each, ("all", size, sum(us for _, _, us in each)),
            ("modprobe vfio-pci", size, int(kmod["MODPROBE"][0][1]))]
    return "Modules: their loading in a boot, where no function is claimed", [
        {"module": name, "KiB": size / 1024, "ms": us / 1e3} for name, size, us in rows]


BIND = """/usr/lib/vgapass/vgapass-early bind
echo RECEIPT-BEGIN
cat /run/vgapass/receipt.json
echo RECEIPT-END"""


def cards(options):
    numbers = (1,) if options.small else (1, 4, 8)
    rows = []
    for number, shown in zip(numbers, boots.each(lambda number: shown_by(
            f"{number} cards", BIND, machine="".join(
                f"port rp{i}: bochs-display + intel-hda\n" for i in range(number))), numbers)):
        receipt = shown.receipt
        us = [function["us"] for function in receipt["functions"] if function["state"] == "bound"]
        if len(us) != 2 * number:
            raise RuntimeError(f"{number} cards: {len(us)} functions were bound")
        rows.append({"cards": number, "functions": len(us), "claimed ms": receipt["claim_us"] / 1e3,
                     "all bound ms": receipt["took_us"] / 1e3,
                     "a further function ms": "" if not rows else
                     (receipt["took_us"] / 1e3 - rows[0]["all bound ms"]) / (len(us) - 2)})
    return "Cards: so many in one boot, bound before udev, by the receipt", rows
