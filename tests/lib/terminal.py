# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program prints on a terminal."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def environment(**settings):
    """An environment where nothing but SETTINGS says how output looks."""
    kept = {k: v for k, v in os.environ.items()
            if k not in ("NO_COLOR", "COLUMNS", "TERM") and not k.startswith(("LC_", "LANG"))}
    return {**kept, "TERM": "xterm", "LC_ALL": "C.UTF-8", **settings}


def run_on_terminal(argv, columns, **settings):
    """Runs a program on a terminal of so many columns. Returns what it prints there, which is
    stdout and stderr, and its exit code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
    seen = bytearray()

    def collect():
        try:
            while piece := os.read(ours, 4096):
                seen.extend(piece)
        except OSError:  # nobody has the terminal open any more
            pass

    reader = threading.Thread(target=collect)
    try:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                                 env=environment(**settings))
        os.close(theirs)
        reader.start()
        code = child.wait(timeout=60)
        reader.join(timeout=60)
    finally:
        os.close(ours)
    return seen.decode("utf-8", "replace").replace("\r\n", "\n"), code
