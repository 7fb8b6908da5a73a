# SPDX-License-Identifier: GPL-2.0-or-later
"""The archives that a boot starts from: a segment for the boot image, and the micro root."""
import io
import os
import shutil
import subprocess

# On a merged /usr these are links. A folder of that name in a later segment
# would take the link's place, and the boot image would lose its programs.
LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


def inside(path):
    """PATH as it must be named in an archive for a merged /usr."""
    path = path.lstrip("/")
    return "usr/" + path if path.split("/")[0] in LINKS else path


class Gone:
    """In place of (bytes, permissions): this file of an earlier segment is not to be found."""


def entry(name, mode, data, inode):
    """One file in the kernel's "newc" cpio format."""
    name = name.encode() + b"\0"
    fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def segment(files):
    """A cpio archive of FILES, a dict from path to (bytes, permissions) or Gone."""
    out = io.BytesIO()
    folders = set()
    # The kernel joins equal inode numbers only for hard links; count all the same.
    inode = 1

    def add(name, mode, data=b""):
        nonlocal inode
        inode += 1
        out.write(entry(name, mode, data, inode))

    for path, content in sorted(files.items()):
        path = inside(path)
        parts = path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            folder = "/".join(parts[:depth])
            if folder not in folders:
                folders.add(folder)
                add(folder, 0o40755)
        if content is Gone:
            # A segment can add and replace, not delete. A link to nowhere comes close:
            # whoever opens it is told that there is no such file.
            add(path, 0o120777, b"/removed-by-the-test")
        else:
            add(path, 0o100000 | content[1], content[0])
    add("TRAILER!!!", 0)
    return out.getvalue()


def write_initrd(base, files, target):
    """BASE, then FILES: in a boot image, the later of two equal names wins."""
    shutil.copyfile(base, target)
    with open(target, "ab") as out:
        out.write(bytes(-out.tell() % 4))
        out.write(segment(files))


def write_root(base, files, target, scratch):
    """An ext4 image of the folder BASE and FILES, made without root and without mounts."""
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(base, scratch, symlinks=True)
    for path, (data, permissions) in files.items():
        path = os.path.join(scratch, inside(path))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(data)
        os.chmod(path, permissions)
    # Debian keeps mke2fs in sbin, which is not in the PATH of every user.
    program = shutil.which("mke2fs", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not program:
        raise FileNotFoundError("no mke2fs: install e2fsprogs")
    subprocess.run(
        [program, "-q", "-F", "-t", "ext4", "-L", "vgt", "-O", "^has_journal",
         "-E", "root_owner=0:0", "-d", scratch, target, "32M"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    shutil.rmtree(scratch)
