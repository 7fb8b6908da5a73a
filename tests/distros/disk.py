# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk that a BIOS boots by itself, made without a mount: a system, and GRUB in its smallest
form, from which the machine's first boot calls grub-install."""
import system

MIB = 1 << 20
SECTOR = 512
PACKAGES = ["grub-pc-bin", "grub2-common"]
GRUB_CFG = """\
linux /boot/vmlinuz-{kernel} {cmdline}
initrd /boot/initrd.img-{kernel}
boot
"""
TABLE = "label: dos\\nstart=2048, type=83, bootable\\n"


def prepare(cell):
    """Puts GRUB into the tree of CELL."""
    system.write(cell.tree, "boot/grub/grub.cfg",
                 GRUB_CFG.format(kernel=cell.kernel, cmdline=cell.cmdline))
    cell.inside("grub-mkimage", "-O", "i386-pc", "-p", "(hd0,msdos1)/boot/grub",
                "-o", "/root/core.img", "biosdisk", "part_msdos", "ext2", "normal", "linux",
                "configfile")


def write(cell, path):
    """The disk, of one partition."""
    used = int(system.output("du", "-sm", cell.tree).split()[0])
    size = used * 5 // 4 + 300
    with open(path, "wb") as file:
        file.truncate((size + 2) * MIB)
    system.run(cell.log, "sh", "-ec", 'printf "$1" | sfdisk -q "$0"', path, TABLE)
    system.run(cell.log, "mke2fs", "-q", "-F", "-t", "ext4", "-L", "vgt", "-O", "^has_journal",
               "-m", "0", "-E", f"offset={MIB}", "-d", cell.tree, path, f"{size}M")
    write_core(path, f"{cell.tree}/usr/lib/grub/i386-pc/boot.img", f"{cell.tree}/root/core.img")


def write_core(path, boot, core):
    """As grub-bios-setup would: boot.img goes on at the next sector unless it is told other, and
    the core knows its length."""
    with open(path, "r+b") as disk, open(boot, "rb") as first, open(core, "rb") as rest:
        disk.write(first.read(440))
        disk.seek(SECTOR)
        disk.write(rest.read())
