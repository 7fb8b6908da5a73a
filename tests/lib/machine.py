# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine of files: a directory that vgapass takes for the root of a machine (--sysroot).

Its /sys and /proc come from a text that tests/machines/tree.py explains.
"""
import json
import os
import re
import shutil
import subprocess
import sys

from .tap import Wrong, has, same

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MACHINES = os.path.join(TOP, "tests/machines")
# Another one, as build/asan/vgapass, by the environment.
VGAPASS = os.path.join(TOP, os.environ.get("VGAPASS", "build/host/vgapass"))
IMAGE = os.path.join(TOP, "build/host/vgapass-image")
EARLY = os.path.join(TOP, "build/early/vgapass-early")
SECONDS = 60  # more is a failure

sys.path.insert(0, MACHINES)
import tree  # noqa: E402


def read_file(*path, default=None):
    """The text of a file; DEFAULT, where it is given, if there is no such file."""
    try:
        with open(os.path.join(*path), "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        if default is None:
            raise
        return default


def saved(name, file="tree"):
    """A file of a machine in tests/machines."""
    return read_file(MACHINES, name, file)


def call(*argv, **keys):
    """Runs a program without input. Returns an Answer."""
    keys = {"text": True, "errors": "surrogateescape", "timeout": SECONDS,
            "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
            **keys}
    return Answer(subprocess.run(argv, check=False, **keys))


def finding_line(f):
    """A finding of `check --json` in one line: "LEVEL  TOPIC: PLACE: TEXT: FIX; FIX". The place
    of a fix is left out as on a terminal."""
    steps = [step["text"] if not step["at"] or step["at"] == f["at"] or step["at"] in step["text"]
             else f"{step['at']}: {step['text']}" for step in f["fix"]]
    places = ", ".join(filter(None, [f["at"], *f["also"]]))
    parts = filter(None, [f["topic"], places, f["text"], "; ".join(steps)])
    return f"{f['level']:7}  {': '.join(parts)}"


def finding_lines(text):
    """The findings of a JSON document, a line each."""
    return [finding_line(f) for f in json.loads(text)["findings"]] or ["ok       nothing is wrong"]


class Answer:
    """What a program printed, and how it ended."""

    def __init__(self, run):
        self.code, self.out, self.err = run.returncode, run.stdout, run.stderr

    def good(self):
        if self.code:
            raise Wrong(f"exit code {self.code}: {self.err}")
        return self

    def bad(self, code, *parts):
        """One or more lines of complaint, each with the program's name, and below it what to do."""
        same(self.code, code, f"exit code ({self.err!r})")
        for line in self.err.splitlines():
            if not line.startswith(("vgapass: ", "  -> ")):
                raise Wrong(f"no complaint of vgapass: {line!r}")
        for part in parts:
            has(self.err, part)
        return self

    def one_line(self):
        same(len(self.err.splitlines()), 1, f"lines of {self.err!r}")
        same(self.out, "", "output")
        return self


class Machine:
    def __init__(self, root, text=""):
        """Makes the directory ROOT anew from the text of a tree; None takes what is there."""
        self.root = root
        if text is None:
            return
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(root)
        self.many = tree.unpack(text, root)

    def path(self, name):
        path = os.path.normpath(os.path.join(self.root, name.lstrip("/")))
        if not path.startswith(self.root + os.sep):
            raise ValueError(f"{name} leads out of the machine")
        return path

    def write(self, name, data, replace=True):
        """A file. It replaces a link of that name, and the content of a file, whose mode stays.
        With REPLACE=False what is there stays."""
        path = self.path(name)
        if os.path.lexists(path) and not replace:
            return
        if os.path.islink(path):
            os.unlink(path)
        tree.add_file(self.root, os.path.relpath(path, self.root),
                      data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"))

    def read(self, name="etc/vgapass.conf"):
        with open(self.path(name), "rb") as file:
            return file.read()

    def link(self, name, target):
        if os.path.lexists(self.path(name)):
            os.unlink(self.path(name))
        tree.add_link(self.root, name.lstrip("/"), target)

    def remove(self, name):
        path = self.path(name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)

    def add_names(self, replace=True):
        """Names of functions: the pci.ids of the saved machines."""
        self.write("usr/share/misc/pci.ids", read_file(MACHINES, "pci.ids"), replace)

    def add_aliases(self, release):
        """Which modules the kernel RELEASE has for which functions."""
        lines = read_file(MACHINES, "modules.alias").splitlines()
        self.write(f"lib/modules/{release}/modules.alias.bin", tree.module_index(lines))

    def complete(self):
        """What every saved machine has: a kernel, its modules' aliases, names of functions."""
        self.write("proc/sys/kernel/osrelease", "6.1.0-test\n", replace=False)
        self.add_names()
        self.add_aliases(self.read("proc/sys/kernel/osrelease").decode().strip())
        return self

    def add_programs(self):
        """What is installed in /usr/lib/vgapass."""
        for program in (EARLY, IMAGE):
            os.makedirs(self.path("usr/lib/vgapass"), exist_ok=True)
            shutil.copy(program, self.path("usr/lib/vgapass"))

    def call(self, verb, *words, prefix=(), program=VGAPASS, **keys):
        """vgapass VERB on this machine."""
        return call(*prefix, program, verb, "--sysroot", self.root, *words, **keys)


    def check(self, *words, **keys):
        """vgapass check: a line for each finding, and the exit code."""
        answer = Machine.call(self, "check", "--json", *words, **keys)
        if not answer.out:
            return answer.err.splitlines(), answer.code
        return finding_lines(answer.out) + answer.err.splitlines(), answer.code


def shell_below(root):
    """A shell and cat that run in the root: klibc's, with its loader."""
    with open("/usr/lib/klibc/bin/sh", "rb") as file:
        loader = re.search(rb"/lib/klibc-[-\w]+\.so", file.read())[0].decode()
    for path, to in ((loader, loader), ("/usr/lib/klibc/bin/sh", "/bin/sh"),
                     ("/usr/lib/klibc/bin/cat", "/bin/cat")):
        os.makedirs(os.path.dirname(root + to), exist_ok=True)
        shutil.copy(path, root + to)


def from_folder(folder, root, cmdline=""):
    """The machine that a directory of tests/machines describes."""
    m = Machine(root, read_file(folder, "tree")).complete()
    m.write("proc/cmdline", cmdline + "\n")
    for name, place in (("vgapass.conf", "etc/vgapass.conf"), ("conf.d", "etc/vgapass.conf.d")):
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            shutil.copytree(path, m.path(place))
        elif os.path.exists(path):
            m.write(place, read_file(path))
    return m
