# SPDX-License-Identifier: GPL-2.0-or-later
"""The receipt: its documented form, and a way to name a value in it."""
import json
import re

MODES = ("on", "off", "dry-run")
RESULTS = ("ok", "partial", "failed", "refused", "nothing", "off", "error")
STATES = ("bound", "refused", "failed", "held", "shared", "keep", "bind")

NUMBER, TEXT, LIST, ANY = (int,), (str,), (list,), (str, int, bool, type(None))
YES_NO, UNKNOWN_TOO = (bool,), (bool, type(None))

# Keys that a reader may rely on. More may be there: fields are only ever added.
TOP = {
    "version": NUMBER, "vgapass": TEXT, "kernel": TEXT, "boot_id": TEXT,
    "mode": MODES, "profile": ANY, "result": RESULTS, "claim_us": NUMBER, "took_us": NUMBER,
    "once": (dict, type(None)),
    "functions": LIST, "rules": LIST, "strays": LIST, "problems": LIST,
}
FUNCTION = {
    "address": TEXT, "id": TEXT, "rule": TEXT, "state": STATES, "driver": ANY,
    "was": ANY, "group": ANY, "viable": UNKNOWN_TOO, "boot_display": YES_NO, "reason": ANY,
    "reason_code": ANY,
    "us": NUMBER,
}
RULE = {"at": TEXT, "matched": NUMBER}
STRAY = {"address": TEXT, "driver": TEXT}
PROBLEM = {"at": ANY, "text": TEXT}


def wrong_value(value, allowed):
    if isinstance(allowed[0], str):
        return value not in allowed
    # To Python, true and false are numbers too.
    if isinstance(value, bool) and bool not in allowed:
        return True
    return not isinstance(value, allowed)


def wrong_keys(where, item, form):
    if not isinstance(item, dict):
        return [f"receipt: {where} is no object"]
    missing = [f"receipt: {where} has no '{key}'" for key in form if key not in item]
    return missing + [f"receipt: {where}.{key} is {item[key]!r}"
                      for key, allowed in form.items()
                      if key in item and wrong_value(item[key], allowed)]


def parse(text):
    """(receipt, problems) of the receipt's text."""
    try:
        receipt = json.loads(text)
    except ValueError as error:
        return None, [f"receipt: no JSON: {error}"]
    problems = wrong_keys("it", receipt, TOP)
    if problems:
        return receipt, problems
    lists = {"functions": FUNCTION, "rules": RULE, "strays": STRAY, "problems": PROBLEM}
    for name, form in lists.items():
        for number, item in enumerate(receipt[name]):
            problems += wrong_keys(f"{name}[{number}]", item, form)
    return receipt, problems


def element(items, name):
    """An item of a list by its number, its address or its place in the configuration."""
    if name.isdigit() and int(name) < len(items):
        return items[int(name)]
    for item in items:
        if isinstance(item, dict) and name in (item.get("address"), item.get("at")):
            return item
    raise KeyError(name)


def lookup(receipt, path):
    """The value at PATH, like functions[0000:01:00.0].state or problems.count.

    Raises KeyError for a path that the receipt does not have.
    """
    value = receipt
    for name, bracket in re.findall(r"([^.\[\]]+)|\[([^\]]*)\]", path):
        if bracket:
            value = element(value, bracket)
        elif name == "count" and isinstance(value, list):
            value = len(value)
        elif isinstance(value, dict):
            value = value[name]
        else:
            raise KeyError(name)
    return value


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value)
