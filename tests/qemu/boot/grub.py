# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk that GRUB boots from BIOS, with the menu that grub-mkconfig and our script make."""
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
BIOS = os.environ.get("VGAPASS_GRUB", "/usr/lib/grub/i386-pc")
UUID = "11111111-2222-3333-4444-555555555555"
MODULES = ("biosdisk part_msdos ext2 normal linux gzio configfile loadenv serial terminal echo "
           "test search search_fs_uuid search_label minicmd all_video true sleep").split()
MEGABYTES = 190
# A Debian whose disk is the one that make_disk() makes; $1 is its UUID, $2 the command line, $3 the
# kernel's version, the standard input the configuration.
SYSTEM = r"""
printf '%s\n' '#!/bin/sh' 'case $* in' '*target=device*) echo /dev/sda1 ;;' \
	'*target=fs_uuid*) echo UUID ;;' '*target=fs\ *|*target=fs) echo ext2 ;;' \
	'*target=partmap*) echo msdos ;;' \
	'*target=compatibility_hint*) echo hd0,msdos1 ;;' esac |
	sed "s/UUID/$1/" >/usr/sbin/grub-probe
chmod 755 /usr/sbin/grub-probe
chmod 644 /etc/grub.d/2* /etc/grub.d/3* /etc/grub.d/05*
printf '%s\n' GRUB_TIMEOUT=0 GRUB_TERMINAL=serial GRUB_DISABLE_OS_PROBER=true \
	"GRUB_SERIAL_COMMAND='serial --unit=0 --speed=115200'" \
	"GRUB_CMDLINE_LINUX='$2'" >/etc/default/grub
: >"/boot/initrd.img-$3"
ln -s /usr/lib/vgapass/grub-entry /etc/grub.d/45_vgapass
cat >/etc/vgapass.conf.new && mv /etc/vgapass.conf.new /etc/vgapass.conf"""


def run(*words, **keys):
    return subprocess.run(words, check=True, stderr=subprocess.PIPE,
                          **{"stdout": subprocess.DEVNULL, **keys})


def make_menu(folder, version, cmdline, config):
    """grub.cfg, made in a copy of this system."""
    box = [os.path.join(TOP, "tests/box"), os.path.join(folder, "box")]
    run(*box, "make", "-s", "-C", TOP, "install")
    run(*box, "sh", "-c", SYSTEM, "sh", UUID, cmdline, version, input=config)
    menu = run(*box, "grub-mkconfig", stdout=subprocess.PIPE).stdout
    shutil.rmtree(box[1], ignore_errors=True)
    return menu


def make_disk(disk, tree, mke2fs):
    """An MBR disk with one file system that GRUB boots. boot.img reads the core from the next
    sector by itself, and grub-mkimage writes the core's length: no grub-bios-setup."""
    run("grub-mkimage", "-d", BIOS, "-O", "i386-pc", "-p", "(hd0,msdos1)/boot/grub",
        "-o", disk + ".core", *MODULES)
    run(mke2fs, "-q", "-F", "-t", "ext4", "-O", "^has_journal,^metadata_csum_seed", "-U", UUID,
        "-d", tree, disk + ".fs", f"{MEGABYTES}M")
    with open(disk, "wb") as to:
        with open(os.path.join(BIOS, "boot.img"), "rb") as file:
            to.write(file.read(440).ljust(446, b"\0"))
        # One partition from sector 2048 on, active, of type 83.
        to.write(bytes([0x80, 0, 2, 0, 0x83, 0, 2, 0]) + (2048).to_bytes(4, "little") +
                 (MEGABYTES * 2048).to_bytes(4, "little") + bytes(48) + b"\x55\xaa")
        with open(disk + ".core", "rb") as file:
            to.write(file.read().ljust(2047 * 512, b"\0"))
        with open(disk + ".fs", "rb") as file:
            shutil.copyfileobj(file, to)
    os.unlink(disk + ".fs")
    os.unlink(disk + ".core")
