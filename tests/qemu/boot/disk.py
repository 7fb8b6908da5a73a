# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk that boots by itself: a GPT disk with an EFI system partition, made without root; for a
BIOS see boot/grub.py.

What QEMU would hand to the kernel lies there instead: the kernel, the boot image and the command
line, in the form that the loader wants.
"""
import os
import shutil

from . import grub
from .grub import run

UKIFY = os.path.join(grub.TOP, "build/ukify")
SHIM = "/usr/lib/shim/shimx64.efi.signed"
GRUB = "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"
# Anybody has this key of the package ovmf; its variables "snakeoil" trust it and no other.
KEY = "/usr/share/ovmf/PkKek-1-snakeoil"
MEGABYTES = 192
ESP = "start=2048, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=esp"

FIRST = "EFI/BOOT/BOOTX64.EFI"  # what a firmware starts that remembers no entry
GRUB_CFG = """set timeout=0
menuentry test {{
	search --no-floppy --file --set=root /vmlinuz
	linux /vmlinuz {cmdline}
	initrd /initrd
}}
"""
LOADER_CONF = "timeout 0\ndefault {default}\n"
ENTRY = "title Test\nversion 1\nlinux /vmlinuz\ninitrd /initrd\noptions {cmdline}\n"

# The kinds, and what each needs.
NEEDS = {
    "grub-bios": {grub.BIOS + "/boot.img": "grub-pc-bin"},
    "shim": {SHIM: "shim-signed", GRUB: "grub-efi-amd64-signed"},
    "systemd-boot": {UKIFY + "/stamp": "it by scripts/ukify"},
    "uki": {UKIFY + "/stamp": "it by scripts/ukify", "/usr/bin/sbsign": "sbsigntool"},
}
NEEDS["uki-unsigned"] = NEEDS["uki"]
TOOLS = {"grub-mkconfig": "grub-common", "mke2fs": "e2fsprogs", "sfdisk": "fdisk",
         "mkfs.fat": "dosfstools", "mcopy": "mtools"}


def missing(kind):
    """Why a disk of this kind cannot be made here, or None."""
    for path, package in NEEDS[kind].items():
        if not os.path.exists(path):
            return f"no {path}: install {package}"
    for name, package in TOOLS.items():
        if not program(name):
            return f"no {name}: install {package}"
    return None


def program(name):
    """Debian keeps some in sbin, which is not in the PATH of every user."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class Disk:
    """The files of one disk, in the folder of its boot."""

    def __init__(self, spec, folder, kernel):
        self.folder = folder
        self.kernel = kernel
        self.config = spec.config
        self.cmdline = spec.kernel_cmdline()
        self.tree = os.path.join(folder, "disk")
        self.pack = self.pack_gpt

    def path(self, name):
        path = os.path.join(self.tree, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def copy(self, source, name):
        shutil.copyfile(source, self.path(name))

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)

    def kernel_and_image(self):
        self.copy(self.kernel, "vmlinuz")
        self.copy(os.path.join(self.folder, "initrd"), "initrd")

    def grub_bios(self):
        version = os.path.basename(self.kernel).partition("-")[2]
        self.copy(self.kernel, f"vmlinuz-{version}")
        self.copy(os.path.join(self.folder, "initrd"), f"initrd.img-{version}")
        self.write("grub/grub.cfg", grub.make_menu(self.folder, version, self.cmdline, self.config))
        self.write("grub/grubenv", b"# GRUB Environment Block\n".ljust(1024, b"#"))
        # /boot is a file system of its own in the guest; GRUB finds the same one as /boot/...
        os.symlink(".", self.path("boot"))
        self.pack = self.pack_bios

    def shim(self):
        self.copy(SHIM, FIRST)
        self.copy(GRUB, "EFI/BOOT/grubx64.efi")
        self.write("EFI/debian/grub.cfg", GRUB_CFG.format(cmdline=self.cmdline).encode())
        self.kernel_and_image()

    def systemd_boot(self):
        self.copy(UKIFY + "/systemd-bootx64.efi", FIRST)
        self.write("loader/loader.conf", LOADER_CONF.format(default="test.conf").encode())
        self.write("loader/entries/test.conf", ENTRY.format(cmdline=self.cmdline).encode())
        self.kernel_and_image()

    def uki(self):
        """With a profile for vgapass=off, made by the command that "vgapass menu" prints."""
        key, off = os.path.join(self.folder, "key"), os.path.join(self.folder, "off.efi")
        run("openssl", "rsa", "-passin", "pass:snakeoil", "-in", KEY + ".key", "-out", key)
        run("sbsign", "--key", key, "--cert", KEY + ".pem", "--output", self.path(FIRST),
            UKIFY + "/systemd-bootx64.efi")
        self.write("loader/loader.conf", LOADER_CONF.format(default="test.efi").encode())
        self.ukify("addon", "--profile=ID=vgapass-off", f"--cmdline={self.cmdline} vgapass=off",
                   f"--output={off}")
        self.image("EFI/Linux/test.efi", f"--join-profile={off}",
                   f"--secureboot-private-key={key}", f"--secureboot-certificate={KEY}.pem")

    def uki_unsigned(self):
        self.image(FIRST)

    def image(self, name, *more):
        """A unified kernel image."""
        self.ukify("linux", f"--linux={self.kernel}", f"--initrd={self.folder}/initrd",
                   f"--cmdline={self.cmdline}", "--os-release=ID=test",
                   f"--output={self.path(name)}", *more)

    def ukify(self, stub, *words):
        # The system's Python, which has python3-pefile.
        run("/usr/bin/python3", UKIFY + "/ukify", "build", f"--stub={UKIFY}/{stub}x64.efi.stub",
            *words, cwd=self.folder)

    def pack_bios(self, target):
        grub.make_disk(target, self.tree, program("mke2fs"))

    def pack_gpt(self, target):
        with open(target, "wb") as file:
            file.truncate(MEGABYTES << 20)
        run(program("sfdisk"), "-q", target, input=f"label: gpt\n{ESP}\n".encode())
        run(program("mkfs.fat"), "-F", "32", "-s", "4", "-n", "ESP", "--offset", "2048", target,
            str((MEGABYTES - 2) << 10))
        run("mcopy", "-s", "-Q", "-i", target + "@@1M",
            *(os.path.join(self.tree, name) for name in sorted(os.listdir(self.tree))), "::")


def make(spec, folder, kernel):
    """FOLDER/boot.img, from FOLDER/initrd."""
    disk = Disk(spec, folder, kernel)
    getattr(disk, spec.machine.loader.replace("-", "_"))()
    for name, (data, _) in spec.esp.items():
        disk.write(name, data)
    disk.pack(os.path.join(folder, "boot.img"))
    shutil.rmtree(disk.tree)
