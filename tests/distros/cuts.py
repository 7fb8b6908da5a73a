# SPDX-License-Identifier: GPL-2.0-or-later
"""Power cuts: a whole system is killed while it writes its configuration or its boot image, and
must reach its login again with what it finds on its disk.

QEMU is killed and the disk is the host's file: what the guest had not written back is lost, what
it had written is there. A disk that loses or reorders its own cache is not played.
"""
import os
import random
import re
import subprocess

import system
from boot import guest
from boot.judge import Check, Shown, judge
from boot.machine import Machine

# In turn: what the system does, and the seconds in which the power may go.
KINDS = [("image", 90), ("add", 15)]
# All of the card or nothing of it, in the configuration and on the drivers.
RULES = re.compile(r"^RULES (1234:1111 1b36:000d 8086:2668 )?$")
CARD = ("0000:01:00.0", "0000:01:00.1", "0000:01:00.2")
TAKEN = ["vfio-pci"] * 3
LEFT = ["bochs-drm", "snd_hda_intel", "xhci_hcd"]
EXPECT = [Check(line) for line in (
    "0000:00:02.0 1b36:0100 qxl",
    "out ^PLAN-EXIT 0$",
)]
# The running configuration may be newer than the boot image: verify says so.
REJECT = [Check(r"out ^FAILED (?!vgapass-verify\.service$)"), Check(r"out ^RULES .*\b(\S+) \1\b")]


class Cuts:
    """One system on a disk with a journal, which is cut, booted and judged again and again."""

    def __init__(self, cell, machine, cmdline):
        self.cell, self.cmdline = cell, cmdline
        self.machine = Machine(machine)
        self.folder = os.path.join(cell.folder, "cuts")
        self.vmlinux = os.path.join(self.folder, "vmlinux")
        self.disk = os.path.join(self.folder, "root.img")
        self.replayed = 0

    def make(self):
        os.makedirs(self.folder)
        tree, log = self.cell.tree, self.cell.log
        # A small image, made in half a minute without KVM: so every step of its making is met.
        system.write(tree, "etc/initramfs-tools/conf.d/cuts", "MODULES=list\n")
        with open(f"{tree}/etc/initramfs-tools/modules", "a") as file:
            file.write("virtio_pci\nvirtio_blk\next4\n")
        system.run(log, os.path.join(system.TOP, "scripts/extract-vmlinux"),
                   f"{tree}/boot/vmlinuz-{self.cell.kernel}", self.vmlinux)
        used = int(system.output("du", "-sm", tree).split()[0])
        system.run(log, "mke2fs", "-q", "-F", "-t", "ext4", "-L", "vgt", "-O", "has_journal",
                   "-m", "0", "-d", tree, self.disk, f"{used * 5 // 4 + 200}M")

    def take_initrd(self, folder):
        """As a boot loader reads it. What is wrong with the disk, or None."""
        done = subprocess.run(["e2fsck", "-fp", self.disk], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        self.replayed += "recovering journal" in done.stdout
        if done.returncode > 1:
            return "e2fsck: " + (done.stdout + done.stderr).strip()
        target = os.path.join(folder, "initrd")
        system.run(self.cell.log, "debugfs", "-R",
                   f"dump /boot/initrd.img-{self.cell.kernel} {target}", self.disk)
        if os.path.exists(target) and os.path.getsize(target):
            return None
        return "no boot image on the disk"

    def boot(self, folder, kind, seconds):
        """Boot, and cut the power SECONDS behind the login."""
        words = self.machine.command(folder, self.vmlinux,
                                     f"{self.cmdline} vgapass.test.cut={kind}")
        command = [word.replace(f"snapshot=on,file={folder}/root.img", f"file={self.disk}")
                   for word in words]
        console, results = os.path.join(folder, "console"), os.path.join(folder, "results")
        with open(os.path.join(folder, "qemu.log"), "wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT, start_new_session=True, cwd=folder)
        try:
            died = guest.watch(process, folder, self.machine.timeout)
            if not died:
                guest.stop.wait(seconds)
        finally:
            guest.end(process)
        return died, Shown(guest.text_of(results).splitlines(), guest.text_of(console).splitlines())

    def judge(self, died, shown):
        complaints = ([died] if died else []) + judge(shown, EXPECT, REJECT)
        drivers = [shown.states[function][3] for function in CARD if function in shown.states]
        if drivers not in (TAKEN, LEFT):
            complaints.append(f"the card is neither taken nor left: {' '.join(drivers)}")
        if not any(RULES.match(line) for line in shown.lines):
            complaints.append("the configuration is neither the old nor the new: " +
                              "".join(line for line in shown.lines if line.startswith("RULES")))
        return complaints

    def run(self, count):
        """(complaints, what was cut)"""
        self.make()
        story = []
        for number in range(count + 1):
            kind, window = KINDS[number % len(KINDS)]
            seconds = random.uniform(0, window) if number < count else 0
            folder = os.path.join(self.folder, str(number))
            os.makedirs(folder)
            wrong = self.take_initrd(folder)
            died, shown = (wrong, Shown()) if wrong else self.boot(folder, kind, seconds)
            complaints = self.judge(died, shown)
            if complaints:
                before = story[-1] if story else "no cut"
                return [f"boot behind {before}:", *complaints, f"console: {folder}/console"], story
            os.unlink(os.path.join(folder, "initrd"))
            done = [line[len("DOING "):] for line in shown.lines if line.startswith("DOING ")]
            if number < count:
                story.append(f"cut {number + 1}, {seconds:.1f} s, step {len(done)}: "
                             f"{done[-1] if done else 'nothing yet'}")
        story.append(f"{self.replayed} of {count} cuts left a journal to replay")
        return [], story
