# SPDX-License-Identifier: GPL-2.0-or-later
"""What vgapass costs in a boot image and while one is made: size, bytes, hooks.

Real images of both generators, made in tests/box in turns with rules and without. The size of
each is that of its plain archive, packed once more by the generator's own commands.
"""
import glob
import os
import random
import re
import resource
import shutil
import subprocess

from lib import image, kernel
from lib.machine import VGAPASS, Machine, saved

from .engine import EARLY, LIBRARIES, TOP, best, early_with

RULES = "1002:6608\n1002:aab0\n"

# How each generator calls a compressor (mkinitramfs 0.142, dracut 059).
PACKERS = {
    "initramfs-tools": {"gzip": "gzip -n", "zstd": "zstd -q -9 -T0",
                        "xz": "xz --check=crc32 --threads=0"},
    "dracut": {"gzip": "gzip -n -9", "zstd": "zstd -15 -q -T0",
               "xz": "xz --check=crc32 --lzma2=dict=1MiB -T0"},
}
# Modules of dracut that only cost time.
SLOW = "systemd crypt lvm mdraid dm multipath nvmf qemu kernel-modules kernel-modules-extra i18n"
UNPACK = {b"\x1f\x8b": "gzip", b"\x28\xb5": "zstd", b"\xfd7": "xz"}


class Generator:
    """An image generator in a throw-away copy of this system that has vgapass."""

    def __init__(self, name, options):
        self.name = name
        self.folder = os.path.join(options.out, name)
        self.box = os.path.join(self.folder, "box")
        with open(os.path.join(TOP, "build/kernel/version"), encoding="utf-8") as file:
            self.version = file.read().strip()
        self.command = self._command(options.small)

    def _command(self, small):
        """As it is shipped; for a small run with next to no modules."""
        image = f"/boot/initrd.img-{self.version}"
        if self.name == "initramfs-tools":
            return ["mkinitramfs", "-o", image, self.version]
        return ["dracut", "--force", "--no-hostonly", "--no-early-microcode",
                *(["--omit", SLOW] if small else []), image, self.version]

    def in_box(self, *command):
        with open(os.path.join(self.folder, "log"), "w", encoding="utf-8") as log:
            if subprocess.run([os.path.join(TOP, "tests/box"), self.box, *command], check=False,
                              stdin=subprocess.DEVNULL, stdout=log, stderr=log).returncode:
                raise RuntimeError(f"{' '.join(command)}: failed: see {log.name}")

    def begin(self, small):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.in_box("make", "-s", "-C", TOP, "install")
        if small:
            self.in_box("sh", "-c", "[ ! -d /etc/initramfs-tools ] || "
                                    "echo MODULES=list >/etc/initramfs-tools/conf.d/box")

    def build(self, rules):
        """Seconds of processor time of one build; its image stays."""
        self.in_box("sh", "-c", f"printf '{rules}' >/etc/vgapass.conf")
        took = cpu_seconds(lambda: self.in_box(*self.command))
        os.replace(os.path.join(self.box, f"boot/upper/initrd.img-{self.version}"),
                   self.image(rules))
        return took

    def image(self, rules):
        return os.path.join(self.folder, "with" if rules else "without")

    def resolve(self):
        """Seconds that vgapass-image itself takes: it decides, resolves and unpacks."""
        def times(number):
            words = ("/usr/lib/vgapass/vgapass-image "
                     f"--kernel {self.version} --into {self.folder}/into$i")
            self.in_box("sh", "-c", f"for i in $(seq {number}); do {words} || exit; done")
        return (cpu_seconds(lambda: times(11)) - cpu_seconds(lambda: times(1))) / 10

    def packed(self, rules, packer):
        """Bytes of the image with this compressor."""
        image = self.image(rules)
        with open(image, "rb") as file:
            unpack = UNPACK[file.read(2)]
        size = subprocess.check_output(f"{unpack} -dc <'{image}' | {packer} -c | wc -c", shell=True)
        return int(size)


def cpu_seconds(work):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def generators(options):
    return [Generator(name, options) for name in PACKERS]


def hooks(options):
    turns, rows = 1 if options.small else 3, []
    for generator in generators(options):
        generator.begin(options.small)
        if not options.small:
            generator.build(RULES)  # the first finds nothing in the caches
        times = {"": [], RULES: []}
        for _ in range(turns):
            for rules in times:
                times[rules].append(generator.build(rules))
        # What else is going on only adds.
        without, added = (min(times[rules]) for rules in times)
        own = generator.resolve()
        rows.append({"generator": generator.name, "without s": without, "with s": added,
                     "added %": 100 * (added - without) / without,
                     "vgapass-image ms": own * 1e3, "of the build %": 100 * own / without})
    title = f"Hooks: processor time of an image, the least of {turns} builds with rules and without"
    return title, rows


def size(options):
    """A build with each C library: image generators leave the rest as it is."""
    names = ["klibc"] if options.small else list(LIBRARIES)
    programs = {name: early_with(options, name) for name in names}
    rows = []
    for generator in generators(options):
        if not os.path.exists(generator.image("")):
            generator.begin(options.small)
            generator.build("")
        for library, program in programs.items():
            if not program:
                continue
            generator.in_box("cp", program, "/usr/lib/vgapass/vgapass-early")
            generator.build(RULES)
            for name, packer in PACKERS[generator.name].items():
                if options.small and name == "xz":
                    continue
                without, added = (generator.packed(rules, packer) for rules in ("", RULES))
                rows.append({"image of": generator.name, "library": library, "packed": name,
                             "bytes": added - without, "image without": without,
                             "growth %": 100 * (added - without) / without})
        generator.in_box("cp", EARLY, "/usr/lib/vgapass/vgapass-early")
    return "Size: what vgapass-early and the VFIO modules add to an image", rows


KERNELS = [f"6.1.0-{number}" for number in range(1, 5)]


def check(options):
    """Images with the files of vgapass in front, as the generators sort them. The rest is text
    that packs to about a half."""
    words, rows = random.Random(1), []
    filler = bytes(words.choices(range(16), k=(1 if options.small else 16) << 20))
    for packer in ("gzip", "zstd", "xz"):
        m = Machine(os.path.join(options.out, "check"), saved("one-card")).complete()
        m.add_programs()
        m.write("etc/vgapass.conf", RULES)
        m.write("proc/sys/kernel/osrelease", KERNELS[0] + "\n")
        for version in KERNELS:
            kernel.add_kernel(m, version, "modules")
            m.write(f"boot/vmlinuz-{version}", "")
            files = {"init": b"#!/bin/sh\n", **image.files_of(m, version),
                     **image.STARTS["init-top"], "usr/share/filler": filler}
            archive = image.cpio(dict(sorted(files.items())))
            m.write(f"boot/initrd.img-{version}", image.pack(archive, packer))
        images = " ".join(m.path(f"boot/initrd.img-{version}") for version in KERNELS)
        looks = [VGAPASS, "check", "--sysroot", m.root, "images"]
        if subprocess.run(looks, stdout=subprocess.DEVNULL, check=False).returncode:
            raise RuntimeError("check finds fault with the images")
        lists = f"lsinitramfs {images} | grep -c vgapass-early"
        if subprocess.check_output(["/bin/sh", "-c", lists], text=True) != f"{len(KERNELS)}\n":
            raise RuntimeError("lsinitramfs does not list vgapass-early in each image")
        times = best(options, [["/bin/sh", "-c", f"cat {images} | {packer} -dc >/dev/null"],
                               ["/bin/sh", "-c", f"lsinitramfs {images} >/dev/null"], looks],
                     1 if options.small else 3)
        rows.append({"packed": packer, "images": len(KERNELS), "unpacked MB": len(filler) >> 20,
                     "unpack all ms": times[0] / 1e3, "lsinitramfs ms": times[1] / 1e3,
                     "check ms": times[2] / 1e3, "ratio": times[2] / times[0],
                     "to lsinitramfs": times[2] / times[1]})
    return "Check: vgapass check images against unpacking and listing all of them", rows


def sections(path):
    """(bytes of code, bytes of constants) of an object or a program."""
    said = subprocess.check_output(["size", "-A", path], text=True)
    found = re.findall(r"^\.(text|rodata)\S* +(\d+)", said, re.M)
    return tuple(sum(int(size) for name, size in found if name == kind)
                 for kind in ("text", "rodata"))


def bytes_of(_):
    """An object whose source is gone is one of an earlier build."""
    folder = os.path.join(TOP, "build/early")
    paths = glob.glob(f"{folder}/runtime/**/*.o", recursive=True)
    sources = {path: os.path.relpath(path, folder)[:-len("o")] + "c" for path in paths}
    rows = [(source, *sections(path)) for path, source in sources.items()
            if os.path.exists(os.path.join(TOP, source))]
    rows.sort(key=lambda row: -row[1] - row[2])
    rows.append(("all of them", *(sum(column) for column in list(zip(*rows))[1:])))
    rows = [(*row, row[1] + row[2]) for row in rows]
    # Linking adds the C library and the headers, and joins equal strings.
    rows.append(("vgapass-early", *sections(EARLY), os.path.getsize(EARLY)))
    return "Bytes: what vgapass-early is made of", [
        dict(zip(("source", "code", "constants", "bytes"), row)) for row in rows]
