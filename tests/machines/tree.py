# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine's /sys and /proc as text, to be read and compared.

usage: tests/machines/tree.py REPORT DIRECTORY

makes a machine in DIRECTORY of what "vgapass report" has written on one. Its tree:

    file PATH TEXT      TEXT to the end of the line; in it \\n is a newline, \\\\ a backslash
    link PATH TARGET
    bytes PATH WORD...  two hex digits a byte; @OFFSET (hex) fills with zeros up to there
    function CHAIN ID CLASS [KEY=VALUE]...
                        all the files of a PCI function. CHAIN is its place: the addresses from the
                        root bus down, "00:01.0/01:00.0". Keys: sub=ID driver=NAME group=N
                        boot_vga=0|1 header=HEX serial=00-11-... reset=WAY,WAY
                        config=64 (bytes of it that can be read, without it 256)
    many COUNT ID CLASS [KEY=VALUE]...
                        so many functions behind root ports of bus 80, from 90:00.0 on, each in a
                        group of its own
    # ...               a comment

The section "tree" of "vgapass report" has the first three; the others are for people.
"""
import os
import re
import shutil
import struct
import sys


def sections(report):
    """What "vgapass report" has written, by the names of its sections."""
    found, lines = {}, []
    for line in report.splitlines(keepends=True):
        if line.startswith("==== "):
            lines = found.setdefault(line[5:].rstrip("\n"), [])
        else:
            lines.append(line)
    return {name: "".join(lines) for name, lines in found.items()}


def add_file(root, path, content):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def add_link(root, path, target):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.symlink(target, path)


def unescape(text):
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text)


def hex_words(words):
    content = b""
    for word in words:
        if word[0] == "@":
            content = content.ljust(int(word[1:], 16), b"\0")
        else:
            content += bytes.fromhex(word)
    return content


def full(address):
    """With its domain."""
    return address if address.count(":") == 2 or address[0] == "p" else "0000:" + address


def keys_of(words):
    return dict(word.split("=", 1) for word in words)


def config_space(header, size, serial):
    content = bytearray(4096 if serial else size)
    content[0x0e] = header
    if serial:
        content[0x100:0x104] = bytes.fromhex("03000100")
        content[0x104:0x10c] = bytes(reversed(bytes.fromhex(serial.replace("-", ""))))
    return bytes(content)


def add_function(root, chain, identity, code, keys):
    parts = [full(part) for part in chain.split("/")]
    if parts[0][0] != "p":
        parts.insert(0, "pci" + parts[0].rpartition(":")[0])
    address, place = parts[-1], "/".join(parts)
    folder = f"sys/devices/{place}"
    up = "../" * (len(parts) + 1)
    vendor, device = identity.upper().split(":")
    subvendor, subdevice = keys.get("sub", "0000:0000").upper().split(":")
    code = code.upper()
    board = f"sv0000{subvendor}sd0000{subdevice}"
    alias = f"pci:v0000{vendor}d0000{device}{board}bc{code[:2]}sc{code[2:4]}i{code[4:]}\n"
    add_file(root, f"{folder}/modalias", alias.encode())
    header = int(keys.get("header", "01" if code.startswith("0604") else "00"), 16)
    size = int(keys.get("config", "256"))
    add_file(root, f"{folder}/config", config_space(header, size, keys.get("serial")))
    if header & 0x7f in (1, 2):
        add_file(root, f"{folder}/secondary_bus_number", b"1\n")
    add_link(root, f"sys/bus/pci/devices/{address}", f"../../../devices/{place}")
    if "boot_vga" in keys:
        add_file(root, f"{folder}/boot_vga", f"{keys['boot_vga']}\n".encode())
    if "reset" in keys:
        add_file(root, f"{folder}/reset_method", keys["reset"].replace(",", " ").encode() + b"\n")
    if "driver" in keys:
        add_link(root, f"{folder}/driver", f"{up}bus/pci/drivers/{keys['driver']}")
    if "group" in keys:
        add_link(root, f"{folder}/iommu_group", f"{up}kernel/iommu_groups/{keys['group']}")
    return address


def add_many(root, count, identity, code, keys):
    addresses = []
    for i in range(count):
        bus = f"{0x90 + (i >> 5):02x}"
        chain = f"80:{i >> 5:02x}.0/{bus}:{i >> 1 & 15:02x}.{i & 1}"
        addresses.append(add_function(root, chain, identity, code, {**keys, "group": 1000 + i}))
    return addresses


def module_index(lines):
    """What depmod makes of lines "alias PATTERN MODULE"."""
    values = {}
    for _, pattern, module in (line.split() for line in lines if line.startswith("alias ")):
        values.setdefault(pattern, []).append(module)
    return index(values)


def index(values):
    """kmod's index of {key: [value, ...]}: a tree with a node for each letter of the keys."""
    top = {"values": [], "below": {}}
    for key, found in values.items():
        node = top
        for letter in key.encode():
            node = node["below"].setdefault(letter, {"values": [], "below": {}})
        node["values"] += found
    out = bytearray(struct.pack(">III", 0xB007F457, 0x00020001, 0))

    def write(node):
        below = {letter: write(node["below"][letter]) for letter in sorted(node["below"])}
        at, flags = len(out), 0
        if below:
            flags |= 0x20000000
            first, last = min(below), max(below)
            out.extend((first, last))
            for letter in range(first, last + 1):
                out.extend(struct.pack(">I", below.get(letter, 0)))
        if node["values"]:
            flags |= 0x40000000
            out.extend(struct.pack(">I", len(node["values"])))
            for priority, value in enumerate(node["values"]):
                out.extend(struct.pack(">I", priority) + value.encode() + b"\0")
        return flags | at

    struct.pack_into(">I", out, 8, write(top))
    return bytes(out)


def unpack(text, root):
    """Makes the tree below ROOT. The addresses of its many functions."""
    many = []
    for number, line in enumerate(text.splitlines(), 1):
        kind, _, rest = line.partition(" ")
        words = rest.split()
        if not kind or kind[0] == "#":
            continue
        if kind == "file":
            path, _, content = rest.partition(" ")
            add_file(root, path, unescape(content).encode("utf-8", "surrogateescape"))
        elif kind == "link":
            add_link(root, *words)
        elif kind == "bytes":
            add_file(root, words[0], hex_words(words[1:]))
        elif kind == "function":
            add_function(root, *words[:3], keys_of(words[3:]))
        elif kind == "many":
            many += add_many(root, int(words[0]), *words[1:3], keys_of(words[3:]))
        else:
            raise ValueError(f"tree:{number}: {kind}?")
    return many


def save(report, directory):
    """The tree of a report, with the configuration and the kernel command line as files."""
    lines = sections(report)["tree"].splitlines(keepends=True)
    own = re.compile(r"(?:file|bytes) (?:etc/vgapass\.conf|proc/cmdline)")
    add_file(directory, "tree", "".join(line for line in lines if not own.match(line)).encode(
        "utf-8", "surrogateescape"))
    whole = os.path.join(directory, ".whole")
    unpack("".join(line for line in lines if own.match(line)), whole)
    for name, to in (("proc/cmdline", "cmdline"), ("etc/vgapass.conf", "vgapass.conf"),
                     ("etc/vgapass.conf.d", "conf.d")):
        if os.path.exists(os.path.join(whole, name)):
            os.rename(os.path.join(whole, name), os.path.join(directory, to))
    shutil.rmtree(whole, ignore_errors=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n")[2])
    with open(sys.argv[1], encoding="utf-8", errors="surrogateescape") as text:
        save(text.read(), sys.argv[2])
