# SPDX-License-Identifier: GPL-2.0-or-later
"""Start QEMU, watch it, end it. A guest that says nothing more is ended too."""
import glob
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import threading
import time

from . import archive, disk
from .judge import Shown

SILENCE = 60
CONSOLE_LINES = 25  # that a failure shows
FATAL = re.compile(r".*(Kernel panic|\(initramfs\)|Dropping to .*shell|Entering emergency"
                   r"|emergency mode|BUG: |Oops: |Refusing to continue"
                   r"|BdsDxe: No bootable option|bad shim signature).*")
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r")

# Set when the run is to end: every boot then ends its QEMU.
stop = threading.Event()


class Outcome:
    def __init__(self, folder, seconds, died, shown):
        self.folder = folder
        self.seconds = seconds
        self.died = shown.died = died  # why the boot did not get to its end, or None
        self.shown = shown

    def last_lines(self):
        """The end of the console, for a failure."""
        return [f"the last lines of the console ({self.folder}/console):",
                *("| " + line[:160] for line in self.shown.console[-CONSOLE_LINES:])]


def text_of(path):
    try:
        with open(path, errors="replace") as file:
            return ANSI.sub("", file.read())
    except (FileNotFoundError, ProcessLookupError):
        return ""


def end(process):
    """End a process of ours, which leads a process group of its own."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Patience:
    """A clock that stands still while the busiest thread of a process waits for a CPU: a host
    with much to do makes nobody late."""

    def __init__(self, process):
        self.tasks = f"/proc/{process.pid}/task/*/schedstat"
        self.waited = 0

    def now(self):
        for path in glob.glob(self.tasks):
            words = text_of(path).split()
            if len(words) > 1:
                self.waited = max(self.waited, int(words[1]) / 1e9)
        return time.monotonic() - self.waited


class Monitor:
    """Does what the guest asks of QEMU by lines "QMP {...}" in its results: plugging a card."""

    def __init__(self, folder):
        self.folder = folder
        self.done = 0
        self.file = None

    def _connect(self):
        """The path of a socket has at most 107 bytes; the folder's may be longer."""
        folder = os.open(self.folder, os.O_PATH | os.O_DIRECTORY)
        try:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(60)
            connection.connect(f"/proc/self/fd/{folder}/qmp")
        finally:
            os.close(folder)
        self.file = connection.makefile("rw")
        self.file.readline()
        self._ask({"execute": "qmp_capabilities"})

    def _ask(self, command):
        self.file.write(json.dumps(command) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "return" in answer:
                return
            if "error" in answer:
                raise ValueError(f"QEMU: {command}: {answer['error']['desc']}")

    def obey(self, reported):
        """Why a line could not be done, or None."""
        lines = re.findall(r"^QMP (.*)\n", reported, re.M)
        while self.done < len(lines):
            try:
                if not self.file:
                    self._connect()
                self._ask(json.loads(lines[self.done]))
            except (OSError, ValueError) as error:
                return str(error)
            self.done += 1
        return None


def watch(process, folder, limit):
    """Wait for END in the results. Return why the guest did not get there, or None."""
    console, results = os.path.join(folder, "console"), os.path.join(folder, "results")
    monitor = Monitor(folder)
    clock = Patience(process)
    begin = last_word = clock.now()
    size = 0
    while True:
        # Look before reading: what QEMU wrote last must not be missed.
        gone = process.poll() is not None
        said, reported = text_of(console), text_of(results)
        now = clock.now()
        if re.search(r"^END$", reported, re.M):
            return None
        refused = monitor.obey(reported)
        if refused:
            return refused
        fatal = FATAL.search(said)
        if fatal:
            return f"the guest died: {fatal[0].strip()}"
        if gone:
            return f"QEMU ended too early, with status {process.returncode}"
        if stop.is_set():
            return "interrupted"
        if len(said) + len(reported) != size:
            size, last_word = len(said) + len(reported), now
        if now - begin > limit:
            return f"no END in {limit} s"
        if now - last_word > SILENCE:
            return f"silent for {SILENCE} s"
        time.sleep(0.1)


def start_helper(command, folder):
    """A device server must listen before QEMU comes: it says so."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               start_new_session=True, cwd=folder)
    if process.stdout.readline().strip() != b"ready":
        end(process)
        raise OSError(f"the helper {command[0]} did not start")
    return process


def run_qemu(command, helpers, folder, limit):
    """(why the guest did not get to its end, what it showed)"""
    console, results = os.path.join(folder, "console"), os.path.join(folder, "results")
    with open(os.path.join(folder, "command"), "w") as file:
        file.write(f"cd {shlex.quote(folder)} && exec {shlex.join(command)}\n")
    processes = []
    try:
        for helper in helpers:
            processes.append(start_helper(helper, folder))
        with open(os.path.join(folder, "qemu.log"), "wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT, start_new_session=True, cwd=folder)
        processes.append(process)
        died = watch(process, folder, limit)
        if died is None:
            try:
                process.wait(timeout=10)  # for the guest to power off
            except subprocess.TimeoutExpired:
                pass
    finally:
        for process in processes:
            end(process)
    complaint = text_of(os.path.join(folder, "qemu.log")).strip()
    if died and complaint:
        died += ": " + complaint.splitlines()[-1]
    touches = text_of(os.path.join(folder, "touches")).splitlines()
    return died, Shown(text_of(results).splitlines(), text_of(console).splitlines(), touches)


def prepare(spec, out, folder, kernel):
    """The archives of this boot, and its disk."""
    with open(os.path.join(out, "initrd.files")) as file:
        names = file.read().splitlines()
    archive.write_initrd(os.path.join(out, "initrd"), spec.image_files(names),
                         os.path.join(folder, "initrd"))
    for name, path in spec.machine.files.items():
        shutil.copyfile(path, os.path.join(folder, name))
    archive.write_root(os.path.join(out, "root"), spec.root_files(),
                       os.path.join(folder, "root.img"), os.path.join(folder, "root"))
    if spec.machine.loader:
        disk.make(spec, folder, spec.machine.start_file(kernel))


def boot(spec, out, kernel):
    """Boot SPEC with the image in OUT; everything of it lies in OUT/run/NAME afterwards."""
    out, kernel = spec.machine.place(out, kernel)
    folder = os.path.abspath(os.path.join(out, "run", spec.name))
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    begin = time.monotonic()
    machine = spec.machine
    try:
        prepare(spec, out, folder, kernel)
        died, shown = run_qemu(machine.command(folder, kernel, spec.kernel_cmdline()),
                               machine.helper_commands(folder), folder, machine.timeout)
    except subprocess.CalledProcessError as error:
        died, shown = f"{error}: {error.stderr.decode(errors='replace').strip()}", Shown()
    except (OSError, ValueError) as error:
        died, shown = str(error), Shown()
    return Outcome(folder, time.monotonic() - begin, died, shown)


def forget_images(outcome):
    """The archives are large and can be made again; the words of the guest stay."""
    for name in ("initrd", "root.img", "vars.fd", "boot.img"):
        path = os.path.join(outcome.folder, name)
        if os.path.exists(path):
            os.unlink(path)
