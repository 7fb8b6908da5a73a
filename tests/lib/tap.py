# SPDX-License-Identifier: GPL-2.0-or-later
"""What all test programs written in Python share: how tests are run, and how they fail.

A test is a function. It passes if it returns nothing. It fails if it returns lines that say what
is wrong, or raises an exception (Wrong, or any other). It is skipped if it raises Skip. A program
of plain tests ends with

    if __name__ == "__main__":
        sys.exit(tap.main(__doc__, tap.tests_of(globals())))

and has the option -k REGEX by that. A program with options of its own makes a Tap itself. The exit
code is 1 if a test failed, or if there was none.
"""
import argparse
import re
import sys
import traceback

TAIL = 12  # lines of a log that a failure shows


class Skip(Exception):
    """The test cannot run here; the text says what it needs."""


class Wrong(Exception):
    """The test failed; the text says what is wrong."""


def same(seen, expected, what=""):
    if seen != expected:
        raise Wrong(f"{what} {seen!r}\n  is not {expected!r}".lstrip())


def has(text, part):
    if part not in text:
        raise Wrong(f"{part!r} is not in:\n{text}")


def say(line):
    print(line.encode("utf-8", "backslashreplace").decode(), flush=True)


def tail(path, lines=TAIL):
    """The last lines of a log, for a failure."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return [f"{path}:", *("| " + line[:160] for line in file.read().splitlines()[-lines:])]
    except OSError as error:
        return [f"{path}: {error.strerror}"]


class Tap:
    """Prints one line a test, and counts."""

    def __init__(self, planned=None):
        """PLANNED is how many results will come, where it is known; otherwise end() says it."""
        self.number = self.passed = self.failed = self.skipped = 0
        self.planned = planned
        if planned is not None:
            say(f"1..{planned}")

    def result(self, title, complaints=(), note=""):
        """Without complaints the test passed. NOTE stands behind the title: what it took."""
        self.number += 1
        complaints = list(complaints or ())
        self.passed += not complaints
        self.failed += bool(complaints)
        note = f" # {note}" if note else ""
        say(f"{'not ok' if complaints else 'ok'} {self.number} - {title}{note}")
        self.comment(line for text in complaints for line in text.splitlines() or [""])
        return not complaints

    def skip(self, title, reason):
        self.number += 1
        self.skipped += 1
        say(f"ok {self.number} - {title} # SKIP {reason}")

    def comment(self, lines):
        for line in lines:
            say("#   " + line)

    def run(self, title, test, log=None):
        """Runs TEST; if it fails, the last lines of LOG are shown, too."""
        try:
            complaints = test()
        except Skip as reason:
            return self.skip(title, reason)
        except Wrong as error:
            complaints = [str(error)]
        except Exception as error:  # whatever it is, the next test is run
            frames = traceback.extract_tb(error.__traceback__)
            line = frames[1 if len(frames) > 1 else 0].lineno
            complaints = [f"line {line}: {type(error).__name__}: {error}"]
        if complaints and log:
            complaints = [*complaints, *tail(log)]
        return self.result(title, complaints)

    def end(self):
        """The exit code."""
        if self.planned is None:
            say(f"1..{self.number}")
        return 1 if self.failed or not self.number else 0


def tests_of(names, prefix="test_"):
    """The functions of a module that are tests: (title, function)."""
    return [(name[len(prefix):].replace("_", " "), test) for name, test in names.items()
            if name.startswith(prefix) and callable(test)]


def run_all(tests, pattern=""):
    """Runs the tests whose title matches. The exit code."""
    chosen = [(title, test) for title, test in tests if re.search(pattern, title)]
    tap = Tap(len(chosen))
    for title, test in chosen:
        tap.run(title, test)
    return tap.end()


def main(doc, tests, before=lambda: None):
    """The whole program. DOC is its docstring. BEFORE comes first, and may raise Skip for all."""
    parser = argparse.ArgumentParser(description=doc.partition("\n")[0])
    parser.add_argument("-k", default="", metavar="REGEX", help="only tests whose title matches")
    options = parser.parse_args()
    try:
        before()
    except Skip as reason:
        tap = Tap(1)
        tap.skip(doc.partition(":")[0], reason)
        return tap.end()
    return run_all(tests, options.k)
