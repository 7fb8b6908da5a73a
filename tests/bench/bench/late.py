# SPDX-License-Identifier: GPL-2.0-or-later
"""What the udev rule costs a running system: trigger.

udev handles an event of each PCI function, as "udevadm trigger" asks for it; the first round is not
measured, since vgapass-late makes its list of IDs then. The guest's clock counts its instructions,
and sleeping costs nothing, so what else the host does is not in the figures. What one function more
costs is the slope between the two numbers of functions.
"""
from boot.machine import Machine

from . import boots

TURNS = 2
# What the machine has beside the idle functions, with the bridge for them.
OTHERS = 11
PROGRAM = "/usr/lib/vgapass/vgapass-late"

WAY = f"""#!/bin/sh
round() {{
	udevadm trigger --subsystem-match=pci --action=add
	udevadm settle --timeout=600
	echo round
}}
/usr/lib/systemd/systemd-udevd --daemon --resolve-names=never
round
for turn in {" ".join(map(str, range(TURNS)))}; do
	echo "<7>bench: trigger$turn" >/dev/kmsg
	round
	echo "<7>bench: settled$turn" >/dev/kmsg
done
# Once more, to count: a shell in between takes time of its own.
busybox mv {PROGRAM} {PROGRAM}.real
printf '#!/bin/sh\\necho call >>/run/calls\\nexec %s.real "$@"\\n' {PROGRAM} >{PROGRAM}
busybox chmod +x {PROGRAM}
: >/run/calls
round
set -- /sys/bus/pci/devices/*
echo "FUNCTIONS $#"
echo "CALLS $(grep -c call /run/calls)"
"""

ID, SLOT = boots.IDS[0], f"{boots.IDS[0]} with=slot"
# An empty file of that name in /etc takes the rule away.
NO_RULE = {"etc/udev/rules.d/60-vgapass.rules": (b"", 0o644)}
# Title, configuration, more files of the root.
WAYS = (("no vgapass", "", NO_RULE), ("no rules", "", {}), ("rules by ID", ID, {}),
        ("with=slot", SLOT, {}), ("a rule about all", "*:* class=display", {}))


def triggered(functions, title, rules, root):
    way = boots.vgapass(f"trigger {functions} {title}", rules=f"{rules}\n".encode())
    way.machine = Machine("device: qxl-vga,bus=pcie.0,addr=1.0\nclock: counted\ntimeout: 900\n" +
                          boots.PORT + f"idle: {functions - OTHERS}\n")
    way.root = {**root, "test/way": boots.text(WAY, 0o755)}
    shown, times, _ = boots.start(way)
    said = dict(line.split()[:2] for line in shown.lines
                if line.startswith(("FUNCTIONS ", "CALLS ")))
    ms = min(times[f"settled{turn}"] - times[f"trigger{turn}"] for turn in range(TURNS)) * 1e3
    return int(said["FUNCTIONS"]), int(said["CALLS"]), ms


def trigger(options):
    counts = (16, 32) if options.small else (16, 256)
    ways = WAYS[2:3] if options.small else WAYS
    found = boots.each(lambda job: triggered(job[0], *job[1]),
                       [(functions, way) for way in ways for functions in counts])
    rows = []
    for n, way in enumerate(ways):
        (less, _, first), (more, calls, last) = found[2 * n:2 * n + 2]
        rows.append({"rules": way[0], f"ms for {less}": first, f"ms for {more}": last,
                     "us for one more": (last - first) * 1e3 / (more - less),
                     f"calls for {more}": calls})
    return "Trigger: udevadm trigger for all PCI functions of the running system", rows
