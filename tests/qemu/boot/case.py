# SPDX-License-Identifier: GPL-2.0-or-later
"""A case: a folder of data. tests/qemu/README says what its files mean."""
import fnmatch
import hashlib
import os
import re

from .archive import Gone
from .judge import NO_RECEIPT, Check
from .machine import TOP, Machine, Skip

# no_timer_check: on a busy host the check of the timer at boot may fail, which is a panic.
CMDLINE = ("panic=-1 loglevel=5 root=LABEL=vgt rw no_timer_check "
           "drm_kms_helper.fbdev_emulation=0")
# Files of the boot image that nobody reads with vgapass=off.
OURS = re.compile(r"^(etc/vgapass\.conf|usr/lib/vgapass/)")
TAKEN = re.compile(r"^\S+ \S+ (vfio-pci|pci-stub)$")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def tree(folder):
    """The files below FOLDER: a dict from path to (bytes, permissions)."""
    files = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            permissions = 0o755 if os.access(path, os.X_OK) else 0o644
            files[os.path.relpath(path, folder)] = (read(path), permissions)
    return files


class Boot:
    """One start of a machine: what goes in, and what must come out."""

    def __init__(self, name, folders):
        self.name = name
        self.folders = folders
        self.machine = Machine(self._text("machine"))
        self.cmdline = self._text("cmdline").split()
        self.expect = self._checks("expect")
        self.reject = self._checks("reject")
        self.control_checks = self._checks("control")
        self.config = self._own_config()
        self.initrd = self._trees("initrd")
        self.root = self._trees("root")
        self.esp = self._trees("esp")
        if "test/turn" in self.root:
            self.machine.once = []
        self.removed = self._text("remove").split()
        self._add_built()
        self._set_modes()

    def _find(self, name):
        for folder in self.folders:
            path = os.path.join(folder, name)
            if os.path.exists(path):
                return path
        return None

    def _text(self, name):
        path = self._find(name)
        return read(path).decode() if path else ""

    def _checks(self, name):
        lines = (line.strip() for line in self._text(name).splitlines())
        return [Check(line) for line in lines if line and not line.startswith("#")]

    def _trees(self, name):
        """Files of all folders; the first folder that has a file wins."""
        files = {}
        for folder in reversed(self.folders):
            files.update(tree(os.path.join(folder, name)))
        return files

    def _own_config(self):
        path = self._find("vgapass.conf")
        return read(path) if path else b""

    def _add_built(self):
        """Files for the boot image that are made, not data."""
        for line in self._text("built").splitlines():
            source, target = line.split()
            path = os.path.join(TOP, "build", source)
            if not os.path.exists(path):
                raise Skip(f"no build/{source}: see tests/qemu/README")
            self.initrd[target] = (read(path), 0o644)

    def _set_modes(self):
        files = {"etc/vgapass.conf": (self.config, 0o644), **self.initrd}
        for line in self._text("modes").splitlines():
            path, mode = line.split()
            if path not in files:
                raise ValueError(f"modes: the case has no {path}")
            self.initrd[path] = (files[path][0], int(mode, 8))

    def problems(self):
        """What is wrong with the case itself."""
        if not self.expect:
            return ["the case expects nothing: write its file 'expect'"]
        takes = any(TAKEN.match(check.text) for check in self.expect)
        if takes and not self.control_checks:
            return ["expects a stub driver but has no 'control': "
                    "without it nobody knows that the host's driver wanted the card"]
        return []

    def image_files(self, names):
        """What goes over the boot image, which has files of these NAMES."""
        files = {"etc/vgapass.conf": (self.config, 0o644)}
        if any(path.startswith("etc/vgapass.conf/") for path in self.initrd):
            files = {}  # the case has a folder in its place
        files.update(self.initrd)
        for pattern in self.removed:
            hits = fnmatch.filter(names, pattern.lstrip("/"))
            if not hits:
                raise ValueError(f"remove: no file in the boot image matches {pattern}")
            files.update((name, Gone) for name in hits)
        return files

    def root_files(self):
        """The running system has the same configuration as its boot image."""
        files = {path: data for path, data in self.initrd.items()
                 if path.startswith("etc/vgapass.conf.d/")}
        files["etc/vgapass.conf"] = (self.config, 0o644)
        files.update(self.root)
        return files

    def kernel_cmdline(self):
        return " ".join([f"console={self.machine.console}", CMDLINE, *self.cmdline])

    def control(self):
        """The same machine with vgapass=off, or None if the case does not ask for it."""
        if not self.control_checks:
            return None
        boot = Boot(self.name + ".control", self.folders)
        ours = ("vgapass=", "vgapass.ids=", "vgapass.rule=", "vgapass.test.use=")
        words = [word for word in self.cmdline if not word.startswith(ours)]
        boot.cmdline = words + ["vgapass=off"]
        boot.expect, boot.reject = [Check("receipt mode off")], []
        if any(check.text == NO_RECEIPT for check in self.control_checks):
            boot.expect = []
        return boot

    def control_key(self):
        """Equal for boots that differ only in what is not read with vgapass=off."""
        initrd = {path: data for path, data in self.initrd.items() if not OURS.match(path)}
        removed = [pattern for pattern in self.removed if not OURS.match(pattern.lstrip("/"))]
        inputs = (self.machine.key(), self.cmdline, sorted(initrd.items()),
                  sorted(self.root.items()), sorted(self.esp.items()), removed)
        return hashlib.sha256(repr(inputs).encode()).hexdigest()


class Case:
    """One line of the report: a boot with its control, or the reason why there is none."""

    def __init__(self, name, folders):
        self.name = name
        self.boot, self.control, self.problems, self.skipped = None, None, [], None
        try:
            self.boot = Boot(name.replace("/", "."), folders)
            self.control = self.boot.control()
            self.problems = self.boot.problems()
        except Skip as reason:
            self.skipped = str(reason)
        except (ValueError, re.error) as error:
            self.problems = [str(error)]


def load(top):
    """All cases below the folder TOP, a folder "boot-2" being one more boot of its case."""
    cases = []
    for name in sorted(os.listdir(top)):
        folder = os.path.join(top, name)
        if not os.path.isdir(folder):
            continue
        cases.append(Case(name, [folder]))
        for more in sorted(os.listdir(folder)):
            if more.startswith("boot-"):
                cases.append(Case(f"{name}/{more}", [os.path.join(folder, more), folder]))
    return cases
