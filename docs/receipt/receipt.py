#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""receipt.py [DIRECTORY]: prints "ADDRESS STATE" for each function of a vgapass-receipt(5)."""
import glob
import json
import os
import sys


def read(path):
    """The object in a file."""
    with open(path, encoding="ascii") as file:
        return json.load(file)


def main(directory="/run/vgapass"):
    receipt = read(os.path.join(directory, "receipt.json"))
    if receipt["version"] != 1:
        sys.exit(f"receipt.py: version {receipt['version']} is not known")
    # A function that appeared later has a file of its own, which counts more.
    late = [read(path) for path in sorted(glob.glob(os.path.join(directory, "late/*.json")))]
    states = {f["address"]: f["state"] for f in receipt["functions"] + late}
    for address, state in states.items():
        print(address, state)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OSError, ValueError, LookupError) as error:
        sys.exit(f"receipt.py: {error}")
