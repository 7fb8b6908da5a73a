# SPDX-License-Identifier: GPL-2.0-or-later
"""Does a line of "expect", "reject" or "control" hold for what a boot has shown?"""
import json
import os
import re

from lib import schema

from . import receipt as receipts

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../../docs/vgapass.schema.json")

STATE = re.compile(r"^STATE (\S+) (\S+) (\S+) (\S+) (\S+) (\S+)$")
NO_RECEIPT = "receipt none"
ADDRESS = re.compile(r"^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$")


class Shown:
    """What the guest said, in the forms that the checks want."""

    def __init__(self, results=(), console=(), touches=()):
        self.lines = list(results)
        self.console = list(console)
        self.touches = list(touches)  # accesses to the registers of a played card
        self.died = None  # why the boot did not get to its end, or None
        self.states = {match[1]: match for match in map(STATE.match, results) if match}
        self.log = [line[len("LOG "):] for line in results if line.startswith("LOG ")]
        self.times = {}
        for line in results:
            words = line.split()
            if len(words) == 3 and words[0] == "TIME":
                self.times[words[1]] = float(words[2])
        self.receipt, self.receipt_problems = None, []
        if "RECEIPT-BEGIN" in self.lines and "RECEIPT-END" in self.lines:
            begin, end = self.lines.index("RECEIPT-BEGIN"), self.lines.index("RECEIPT-END")
            text = "\n".join(self.lines[begin + 1:end])
            self.receipt, self.receipt_problems = receipts.parse(text)


class Check:
    """One line. holds() says whether it is so, seen() what is there instead."""

    def __init__(self, text):
        self.text = text
        self.kind, _, rest = text.partition(" ")
        if self.kind == "json":
            self.name, self.form = rest.split()
        elif self.kind in ("log", "out", "console", "touch", "dies"):
            self.pattern = re.compile(rest)
        elif self.kind == "receipt":
            self.path, _, self.value = rest.partition(" ")
        elif ADDRESS.match(self.kind):
            self.address, self.kind = self.kind, "state"
            self.id, self.driver = rest.split() if len(rest.split()) == 2 else (None, None)
            if not self.driver:
                raise ValueError(f"not ADDRESS VENDOR:DEVICE DRIVER: '{text}'")
        else:
            raise ValueError(f"cannot understand '{text}'")

    def _lines(self, shown):
        return {"log": shown.log, "out": shown.lines, "console": shown.console,
                "touch": shown.touches, "dies": [shown.died or "it got to its end"]}[self.kind]

    def _receipt_value(self, shown):
        if not isinstance(shown.receipt, dict):
            return None
        try:
            return receipts.as_text(receipts.lookup(shown.receipt, self.path))
        except (KeyError, TypeError):
            return None

    def _faults(self, shown):
        """What is wrong with a document; it is strict, as the command's tests are."""
        begin = f"JSON-BEGIN {self.name}"
        if begin not in shown.lines:
            return [f"no line '{begin}'"]
        lines = shown.lines[shown.lines.index(begin) + 1:]
        try:
            value = json.loads("\n".join(lines[:lines.index("JSON-END")]))
        except ValueError as error:
            return [str(error)]
        with open(SCHEMA) as file:
            whole = json.load(file)
        return list(schema.judge(value, {"$ref": f"#/$defs/{self.form}"}, whole, strict=True))

    def holds(self, shown):
        if self.kind == "json":
            return not self._faults(shown)
        if self.kind == "state":
            state = shown.states.get(self.address)
            return bool(state) and (state[2], state[3]) == (self.id, self.driver)
        if self.text == NO_RECEIPT:
            return shown.receipt is None
        if self.kind == "receipt":
            value = self._receipt_value(shown)
            if self.value.startswith("~"):
                return value is not None and bool(re.search(self.value[1:], value))
            return value == self.value
        return any(self.pattern.search(line) for line in self._lines(shown))

    def seen(self, shown):
        if self.kind == "json":
            return "\n".join(self._faults(shown)[:5]) or "it is as documented"
        if self.kind == "state":
            state = shown.states.get(self.address)
            return state[0] if state else f"no function at {self.address}"
        if self.text == NO_RECEIPT:
            return "there is a receipt"
        if self.kind == "receipt":
            value = self._receipt_value(shown)
            return f"receipt {self.path} " + ("is not there" if value is None else value)
        lines = self._lines(shown)
        hits = [line for line in lines if self.pattern.search(line)]
        if hits:
            return hits[0]
        if self.kind == "log":
            return "\n".join(lines) or "no line of vgapass in the kernel's log"
        return "no such line"


def judge(shown, expect, reject):
    """Complaints about what was SHOWN, as lines of text."""
    complaints = list(shown.receipt_problems)
    for wanted, checks in ((True, expect), (False, reject)):
        for check in checks:
            if check.holds(shown) != wanted:
                complaints.append(("expected: " if wanted else "must not be: ") + check.text)
                complaints += ["    seen: " + line for line in check.seen(shown).splitlines()]
    return complaints
