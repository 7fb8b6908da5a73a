# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks that a firmware boots by itself, made without a mount: a system, and its boot loader.

GRUB is made in its smallest form here, as grub-install wants to see the disk; the machine's first
boot calls that. systemd-boot and kernel-install(8) fill the folder /boot/efi, which becomes the
EFI system partition.
"""
import os
import shutil

import system

MIB = 1 << 20
SECTOR = 512
ESP_MIB = 400
ESP = "boot/efi"
EFI_TYPE = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
PACKAGES = {
    "grub-bios": ["grub-pc-bin", "grub2-common"],
    "grub-efi": ["grub-efi-amd64-bin", "grub-efi-amd64-signed", "shim-signed", "grub2-common"],
    "systemd-boot": ["systemd-boot"],
    "uki": ["systemd-boot", "systemd-boot-efi", "systemd-ukify"],
}
GRUB_CFG = """\
linux /boot/vmlinuz-{kernel} {cmdline}
initrd /boot/initrd.img-{kernel}
boot
"""
SEARCH = "search --set=root --label vgt\nset prefix=($root)/boot/grub\n"
INSTALL = """
export SYSTEMD_RELAX_ESP_CHECKS=1
mount --bind "$0" "$0"
bootctl --no-variables install
kernel-install add "$1" "/boot/vmlinuz-$1" "/boot/initrd.img-$1"
# It does not take a bind mount for the partition's own file system.
sed -i 's, /boot/efi/, /,' "$0"/loader/entries/*.conf 2>/dev/null || :
"""
GRUB_MODULES = ["ext2", "normal", "linux", "configfile", "search", "search_label"]


def prepare(cell, loader):
    """Puts the boot loader into the tree of CELL."""
    tree = cell.tree
    os.makedirs(f"{tree}/{ESP}", exist_ok=True)
    if loader != "grub-bios":
        with open(f"{tree}/etc/fstab", "a") as file:
            file.write(f"LABEL=ESP /{ESP} vfat umask=0077 0 0\n")
    if loader.startswith("grub"):
        prepare_grub(cell, loader)
    else:
        prepare_systemd(cell, loader)


def prepare_grub(cell, loader):
    system.write(cell.tree, "boot/grub/grub.cfg",
                 GRUB_CFG.format(kernel=cell.kernel, cmdline=cell.cmdline))
    if loader == "grub-bios":
        cell.inside("grub-mkimage", "-O", "i386-pc", "-p", "(hd0,msdos1)/boot/grub",
                    "-o", "/root/core.img", "biosdisk", "part_msdos", *GRUB_MODULES)
        return
    system.write(cell.tree, "root/early.cfg", SEARCH)
    os.makedirs(f"{cell.tree}/{ESP}/EFI/BOOT")
    cell.inside("grub-mkimage", "-O", "x86_64-efi", "-p", "/boot/grub", "-c", "/root/early.cfg",
                "-o", f"/{ESP}/EFI/BOOT/BOOTX64.EFI", "part_gpt", *GRUB_MODULES)


def prepare_systemd(cell, loader):
    system.write(cell.tree, "etc/kernel/cmdline", cell.cmdline + "\n")
    if loader == "uki":
        system.write(cell.tree, "etc/kernel/install.conf", "layout=uki\nuki_generator=ukify\n")
    # Here it is a mount point, but no partition, which both would rather have.
    cell.inside("sh", "-ec", INSTALL, f"/{ESP}", cell.kernel)
    system.write(cell.tree, f"{ESP}/loader/loader.conf", "timeout 0\n")


def partition(log, path, size, table):
    """An empty disk with the partitions of TABLE, as sfdisk(8) has them."""
    with open(path, "wb") as file:
        file.truncate(size)
    system.run(log, "sh", "-ec", 'printf "$1" | sfdisk -q "$0"', path, table)


def write_root(log, tree, path, start, size):
    """The root file system, from the megabyte START on."""
    system.run(log, "mke2fs", "-q", "-F", "-t", "ext4", "-L", "vgt", "-O", "^has_journal", "-m",
               "0", "-E", f"offset={start * MIB}", "-d", tree, path, f"{size}M")


def write(cell, loader, path):
    """The disk."""
    log, tree = cell.log, cell.tree
    used = int(system.output("du", "-sm", tree).split()[0])
    size = used * 5 // 4 + 300
    if loader == "grub-bios":
        partition(log, path, (size + 2) * MIB, "label: dos\\nstart=2048, type=83, bootable\\n")
        write_root(log, tree, path, 1, size)
        write_core(path, f"{tree}/usr/lib/grub/i386-pc/boot.img", f"{tree}/root/core.img")
        return
    partition(log, path, (ESP_MIB + size + 3) * MIB,
              f"label: gpt\\nstart=2048, size={ESP_MIB}MiB, type={EFI_TYPE}\\n"
              f"size={size}MiB, type=linux\\n")
    system.run(log, "mkfs.fat", "-F", "32", "-n", "ESP", "--offset", "2048", path,
               str(ESP_MIB * 1024))
    files = [os.path.join(tree, ESP, name) for name in os.listdir(f"{tree}/{ESP}")]
    system.run(log, "mcopy", "-Q", "-s", "-m", "-i", f"{path}@@1M", *files, "::")
    shutil.rmtree(f"{tree}/{ESP}")
    os.makedirs(f"{tree}/{ESP}")
    write_root(log, tree, path, 1 + ESP_MIB, size)


def write_core(path, boot, core):
    """As grub-bios-setup would: boot.img goes on at the next sector unless it is told other, and
    the core knows its length."""
    with open(path, "r+b") as disk, open(boot, "rb") as first, open(core, "rb") as rest:
        disk.write(first.read(440))
        disk.seek(SECTOR)
        disk.write(rest.read())
