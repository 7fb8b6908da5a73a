# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of a kernel and its modules, and programs, as far as vgapass reads or starts them."""
import os
import struct

from .machine import MACHINES, read_file, tree

SIGNED = struct.pack(">16xBBBBB3xI", 0, 0, 2, 0, 0, 16) + b"~Module signature appended~\n"
MODULES = {  # name: (its path below kernel/, the modules that it needs)
    "irqbypass": ("virt/lib/irqbypass", []),
    "vfio": ("drivers/vfio/vfio", ["irqbypass"]),
    "vfio_iommu_type1": ("drivers/vfio/vfio_iommu_type1", ["vfio"]),
    "vfio_pci_core": ("drivers/vfio/pci/vfio-pci-core", ["vfio", "irqbypass"]),
    "vfio_pci": ("drivers/vfio/pci/vfio-pci", ["vfio_pci_core", "vfio", "irqbypass"]),
    "pci_stub": ("drivers/pci/pci-stub", []),
    "virtio_iommu": ("drivers/iommu/virtio-iommu", []),
}


def module(name, version):
    """An ELF file that has the .modinfo of a module and nothing else."""
    info = f"name={name}\0license=GPL\0vermagic={version} SMP mod_unload \0".encode()
    names = b"\0.modinfo\0.shstrtab\0"
    table = 64 + len(info) + len(names)
    head = b"\x7fELF\2\1\1" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 1, 62, 1, 0, 0, table, 0, 64, 0, 0, 64, 3, 2)
    sections = bytes(64) + struct.pack("<IIQQQQIIQQ", 1, 1, 2, 0, 64, len(info), 0, 0, 1, 0)
    sections += struct.pack("<IIQQQQIIQQ", 10, 3, 0, 0, 64 + len(info), len(names), 0, 0, 1, 0)
    return head + info + names + sections


def program(text):
    """A static x86-64 program that prints TEXT and exits with 0. It needs no shell, so it runs in a
    root directory where there is none."""
    text = text.encode() + b"\n"
    code = b"\xb8\1\0\0\0\xbf\1\0\0\0"  # write(1, ...)
    code += b"\x48\xbe" + struct.pack("<Q", 0x400000 + 120 + 38)
    code += b"\xba" + struct.pack("<I", len(text))
    code += b"\x0f\x05\xb8\x3c\0\0\0\x31\xff\x0f\x05"  # exit(0)
    code = code.ljust(38, b"\x90") + text
    size = 120 + len(code)
    head = b"\x7fELF\2\1\1" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return head + struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, size, size, 4096) + code


def add_kernel(machine, version, kind="builtin", at="lib/modules", pkgbase=None):
    """The directory AT/VERSION with depmod's files. The VFIO modules are built in (KIND builtin),
    modules, signed modules, or are not there (none)."""
    folder = f"{at}/{version}"
    have = {} if kind == "none" else MODULES
    places = {name: f"kernel/{path}.ko" for name, (path, _) in have.items()}
    loadable = {} if kind == "builtin" else places
    builtin = places if kind == "builtin" else {}
    needs = {name: f"{place}:" + "".join(" " + places[need] for need in have[name][1])
             for name, place in loadable.items()}
    aliases = read_file(MACHINES, "modules.alias").splitlines()
    machine.write(f"{folder}/modules.alias.bin", tree.module_index(aliases))
    machine.write(f"{folder}/modules.symbols.bin", tree.index({}))
    machine.write(f"{folder}/modules.dep.bin",
                  tree.index({name: [line] for name, line in needs.items()}))
    machine.write(f"{folder}/modules.dep", "".join(line + "\n" for line in needs.values()))
    machine.write(f"{folder}/modules.builtin.bin",
                  tree.index({name: [path] for name, path in builtin.items()}))
    machine.write(f"{folder}/modules.builtin", "".join(path + "\n" for path in builtin.values()))
    machine.write(f"{folder}/modules.softdep",
                  "softdep vfio post: vfio_iommu_type1\n" if loadable else "")
    for name, place in loadable.items():
        signature = SIGNED if kind == "signed" else b""
        machine.write(os.path.join(folder, place), module(name, version) + signature)
    if pkgbase:
        machine.write(f"{folder}/pkgbase", pkgbase + "\n")
        machine.write(f"{folder}/vmlinuz", "")
