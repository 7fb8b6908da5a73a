# SPDX-License-Identifier: GPL-2.0-or-later
"""Power cuts: a whole system is killed while it writes its configuration, its boot image or the
EFI variable of a trial, and must reach its login again with what it finds.

QEMU is killed and the disk is the host's file: what the guest had not written back is lost, what
it had written is there. A disk that loses or reorders its own cache is not played.
"""
import os
import random
import re
import shutil
import subprocess

import system
from boot import guest
from boot.judge import Check, Shown, judge
from boot.machine import Machine

# In turn: what the system does, and the seconds in which the power may go.
KINDS = [("image", 90), ("add", 15)]
TRIAL = [("trial", 120), ("arm", 60)]
# All of the card or nothing of it, in the configuration and on the drivers.
RULES = re.compile(r"^RULES (1234:1111 1b36:000d 8086:2668 )?$")
CARD = ("0000:01:00.0", "0000:01:00.1", "0000:01:00.2")
TAKEN = ["vfio-pci"] * 3
LEFT = ["bochs-drm", "snd_hda_intel", "xhci_hcd"]
EXPECT = [Check(line) for line in (
    "0000:00:02.0 1b36:0100 qxl",
    "out ^PLAN-EXIT [01]$",  # 1: the configuration is newer than the boot image
)]
# The running configuration may be newer than the boot image: verify says so.
REJECT = [Check(r"out ^FAILED (?!vgapass-verify\.service$)"), Check(r"out ^RULES .*\b(\S+) \1\b")]


class Cuts:
    """One system on a disk with a journal, which is cut, booted and judged again and again."""
    kinds = KINDS

    def __init__(self, cell, machine, cmdline, name="cuts"):
        self.cell, self.cmdline = cell, cmdline
        self.machine = Machine(machine)
        self.folder = os.path.join(cell.folder, name)
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

    def command(self, folder, cmdline):
        return self.machine.command(folder, self.vmlinux, cmdline)

    def boot(self, folder, kind, seconds):
        """Boot, and cut the power SECONDS behind the login."""
        words = self.command(folder, f"{self.cmdline} vgapass.test.cut={kind}")
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
            kind, window = self.kinds[number % len(self.kinds)]
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


class TrialCuts(Cuts):
    """The same while trials are armed and taken back: a boot has the card if and only if it took
    a trial's variable, which is gone then, however far the one before had come."""
    kinds = TRIAL

    def __init__(self, cell, machine, cmdline):
        super().__init__(cell, machine + "firmware: uefi-vars\n", cmdline, "trial-cuts")
        # A boot behind a cut is one of QEMU's own.
        self.machine.once = ["-no-reboot"]
        self.variables = os.path.join(self.folder, "vars.fd")
        self.trials = 0

    def make(self):
        system.write(self.cell.tree, "etc/vgapass.conf", "")
        self.cell.make_image(self.cell.kernel)
        super().make()
        # The EFI stub is in the kernel's own file.
        os.mkdir(os.path.join(self.folder, "boot"))
        shutil.copy(f"{self.cell.tree}/boot/vmlinuz-{self.cell.kernel}",
                    os.path.join(self.folder, "boot"))
        for path in self.machine.files.values():
            shutil.copyfile(path, self.variables)

    def command(self, folder, cmdline):
        os.link(self.variables, os.path.join(folder, "vars.fd"))
        return super().command(folder, cmdline)

    def judge(self, died, shown):
        complaints = super().judge(died, shown)
        drivers = [shown.states[function][3] for function in CARD if function in shown.states]
        took = "TOKEN 1 trial" in shown.lines
        self.trials += took
        if took != (drivers == TAKEN):
            complaints.append(f"took a trial's variable: {took}, but the card: {drivers}")
        if "VARIABLE gone" not in shown.lines:
            complaints.append("the variable is there in the boot that was to take it")
        return complaints

    def run(self, count):
        complaints, story = super().run(count)
        story.append(f"{self.trials} of {count + 1} boots were a trial")
        return complaints, story
