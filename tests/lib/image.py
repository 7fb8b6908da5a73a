# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot images as generators make them: cpio archives, packed, and unified kernel images."""
import gzip
import lzma
import os
import shutil
import struct
import subprocess

# What starts vgapass-early in an image, by its generator. A text that begins with "->" is a link.
STARTS = {
    "init-top": {
        "scripts/init-top/ORDER":
            b'/scripts/init-top/00-vgapass "$@"\n/scripts/init-top/udev "$@"\n',
        "scripts/init-top/00-vgapass": b"->../../usr/lib/vgapass/vgapass-early",
    },
    "hook": {
        "hooks/vgapass":
            b"run_earlyhook() {\n\t/usr/lib/vgapass/vgapass-early bind --background\n}\n",
    },
    "systemd": {
        "usr/lib/systemd/system/vgapass-bind.service":
            b"[Service]\nExecStart=-/usr/lib/vgapass/vgapass-early bind --background\n",
        "usr/lib/systemd/system/sysinit.target.wants/vgapass-bind.service":
            b"->../vgapass-bind.service",
    },
}


def cpio_entry(name, data, mode):
    name = name.encode() + b"\0"
    numbers = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08x" % n for n in numbers) + name
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def cpio(files):
    """An archive of {name: content}."""
    made = b""
    for name, data in files.items():
        link = data.startswith(b"->")
        made += cpio_entry(name, data[2:] if link else data, 0o120777 if link else 0o100644)
    return made + cpio_entry("TRAILER!!!", b"", 0)


def pack(data, packer):
    if packer == "plain":
        return data
    if packer == "xz":
        return lzma.compress(data, check=lzma.CHECK_CRC32)
    if packer == "zstd" and shutil.which("zstd"):
        return subprocess.run(["zstd", "-q"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return gzip.compress(data)


def initrd(files, packer="gzip"):
    """Microcode in front, as it is, and the rest packed."""
    microcode = cpio({"kernel/x86/microcode/blob.bin": b"microcode"})
    return microcode + bytes(256) + pack(cpio(files), packer)


def unified(sections):
    """A PE file with the sections {name: content}: what a unified kernel image is to a reader."""
    def up(number, to):
        return -(-number // to) * to

    at, address = up(0x40 + 24 + 240 + 40 * len(sections), 512), 0x1000
    table, body = b"", b""
    for name, data in sections.items():
        table += struct.pack("<8sIIIIIIHHI", name.encode(), len(data), address, up(len(data), 512),
                             at + len(body), 0, 0, 0, 0, 0x40000040)
        body += data.ljust(up(len(data), 512), b"\0")
        address += up(len(data), 4096)
    optional = struct.pack("<HBBIIIII", 0x20b, 1, 0, 0, len(body), 0, 0x1000, 0x1000)
    optional += struct.pack("<QIIHHHHHHIIIIHH", 0x140000000, 4096, 512, 0, 0, 0, 0, 0, 0, 0,
                            address, at, 0, 10, 0)
    optional = (optional + bytes(36) + struct.pack("<I", 16)).ljust(240, b"\0")
    head = b"MZ".ljust(0x3c, b"\0") + struct.pack("<I", 0x40) + b"PE\0\0"
    head += struct.pack("<HHIIIHH", 0x8664, len(sections), 0, 0, 0, 240, 0x22e) + optional + table
    return head.ljust(at, b"\0") + body


def files_of(machine, kernel):
    """What the machine's vgapass-image puts into an image: {name: content}, empty if it fails."""
    into = machine.root + ".into"
    shutil.rmtree(into, ignore_errors=True)
    run = subprocess.run([machine.path("usr/lib/vgapass/vgapass-image"), "--sysroot", machine.root,
                          "--kernel", kernel, "--into", into], stdin=subprocess.DEVNULL, timeout=60,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    files = {}
    for folder, _, names in os.walk(into) if not run.returncode else ():
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                files[os.path.relpath(path, into)] = file.read()
    shutil.rmtree(into, ignore_errors=True)
    return files
