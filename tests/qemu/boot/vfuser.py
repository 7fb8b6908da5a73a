#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vfuser.py SOCKET VENDOR:DEVICE [OPTION...]: plays a PCI function of any vendor.

Speaks the vfio-user protocol with the vfio-user-pci device of QEMU 10.1 and later, on a
UNIX socket in the working directory. Says "ready" once it listens, ends with QEMU.

    class=030000               class code, six digits
    subsystem=10de:16f3        the board
    serial=0123456789abcdef    PCIe Device Serial Number
    register0=192000a1         what the first register of BAR 0 reads as; the rest is zero
    multifunction              more functions in this slot

Every access to the function's registers, which is what a driver does and the PCI core does
not, is a line in the file "touches": "10de:2684 read bar0+0x0 4".
"""
import array
import json
import os
import socket
import struct
import sys

# Commands of the protocol.
VERSION, DMA_MAP, DMA_UNMAP, GET_INFO, GET_REGION_INFO, GET_IRQ_INFO = 1, 2, 3, 4, 5, 7
SET_IRQS, REGION_READ, REGION_WRITE, RESET = 8, 9, 10, 13
HEADER = struct.Struct("<HHIII")  # message, command, size, flags, error
ACCESS = struct.Struct("<QII")  # offset, region, count
REPLY, NO_REPLY, ERROR = 0x1, 0x10, 0x20
ENOTSUP = 95

BAR0, CONFIG, REGIONS, IRQS = 0, 7, 9, 5
BAR0_SIZE, CONFIG_SIZE = 16 << 20, 4096
CAN_RESET, IS_PCI, READABLE, WRITABLE = 1, 2, 1, 2

PM_AT, PCIE_AT, SERIAL_AT = 0x60, 0x78, 0x100
# Registers of the configuration space that keep what the guest writes; QEMU itself
# emulates the BARs.
WRITABLE_CONFIG = {0x04: 2, 0x3c: 1, PM_AT + 4: 2}


def config_space(vendor, device, class_code, subsystem, serial, multifunction):
    """A PCI Express endpoint with power management, function-level reset, one 32-bit BAR."""
    config = bytearray(CONFIG_SIZE)
    struct.pack_into("<HHHH", config, 0x00, vendor, device, 0, 0x0010)  # status: has capabilities
    struct.pack_into("<I", config, 0x08, class_code << 8 | 0xa1)
    config[0x0e] = 0x80 if multifunction else 0
    struct.pack_into("<HH", config, 0x2c, *subsystem)
    config[0x34] = PM_AT
    config[0x3d] = 1  # INTA
    struct.pack_into("<BBHHH", config, PM_AT, 0x01, PCIE_AT, 0x0003, 0x0008, 0)
    struct.pack_into("<BBHIHHIHH", config, PCIE_AT, 0x10, 0, 0x0002,
                     0x10008000, 0, 0, 0x00000101, 0x0040, 0x1011)
    if serial is not None:
        struct.pack_into("<II", config, SERIAL_AT, 0x00010003, serial & 0xffffffff)
        struct.pack_into("<I", config, SERIAL_AT + 8, serial >> 32)
    return config


class Function:
    """What the guest sees, and the record of who touched it."""

    def __init__(self, name, config, register0, record):
        self.name = name
        self.config = config
        self.bar0 = bytearray(4096)
        struct.pack_into("<I", self.bar0, 0, register0)
        self.record = record

    def _touch(self, what, region, offset, count):
        print(f"{self.name} {what} bar{region}+{offset:#x} {count}", file=self.record, flush=True)

    def read(self, region, offset, count):
        if region == CONFIG:
            data = self.config[offset:offset + count]
        else:
            self._touch("read", region, offset, count)
            data = self.bar0[offset:offset + count] if region == BAR0 else b""
        return bytes(data).ljust(count, b"\0")

    def write(self, region, offset, data):
        if region != CONFIG:
            self._touch("write", region, offset, len(data))
            return
        for start, length in WRITABLE_CONFIG.items():
            for at in range(start, start + length):
                if offset <= at < offset + len(data):
                    self.config[at] = data[at - offset]


def region_size(index):
    return {BAR0: BAR0_SIZE, CONFIG: CONFIG_SIZE}.get(index, 0)


def answer(function, command, body):
    """The body of the reply; None for a command that is not known."""
    if command == VERSION:
        capabilities = {"capabilities": {"max_msg_fds": 8, "max_data_xfer_size": 1 << 20}}
        return body[:4] + json.dumps(capabilities).encode() + b"\0"
    if command == GET_INFO:
        return struct.pack("<IIII", 16, CAN_RESET | IS_PCI, REGIONS, IRQS)
    if command == GET_REGION_INFO:
        index = struct.unpack_from("<I", body, 8)[0]
        size = region_size(index)
        return struct.pack("<IIIIQQ", 32, READABLE | WRITABLE if size else 0, index, 0, size, 0)
    if command == GET_IRQ_INFO:
        index = struct.unpack_from("<I", body, 8)[0]
        intx = 1 if index == 0 else 0
        return struct.pack("<IIII", 16, intx, index, intx)
    if command == REGION_READ:
        offset, region, count = ACCESS.unpack_from(body)
        return ACCESS.pack(offset, region, count) + function.read(region, offset, count)
    if command == REGION_WRITE:
        offset, region, count = ACCESS.unpack_from(body)
        function.write(region, offset, body[ACCESS.size:ACCESS.size + count])
        return ACCESS.pack(offset, region, count)
    if command == DMA_UNMAP:
        return body[:24]
    if command in (DMA_MAP, SET_IRQS, RESET):
        return b""
    return None


def receive(connection, count):
    """COUNT bytes; None at the end. Files that come along (memory, events) are closed."""
    data = b""
    while len(data) < count:
        part, ancillary, _, _ = connection.recvmsg(count - len(data), socket.CMSG_SPACE(64 * 4))
        for _, _, content in ancillary:
            files = array.array("i")
            files.frombytes(content[:len(content) // files.itemsize * files.itemsize])
            for file in files:
                os.close(file)
        if not part:
            return None
        data += part
    return data


def serve(connection, function):
    while True:
        head = receive(connection, HEADER.size)
        if head is None:
            return
        message, command, size, flags, _ = HEADER.unpack(head)
        body = receive(connection, size - HEADER.size)
        if body is None:
            return
        reply = answer(function, command, body)
        if flags & NO_REPLY:
            continue
        flags, error = (REPLY | ERROR, ENOTSUP) if reply is None else (REPLY, 0)
        reply = reply or b""
        head = HEADER.pack(message, command, HEADER.size + len(reply), flags, error)
        connection.sendall(head + reply)


def pair(text):
    """1234:5678 as two numbers."""
    left, right = text.split(":")
    return int(left, 16), int(right, 16)


def function_from(words, record):
    """The function that the command line describes."""
    name, *words = words
    options = {"class": "ff0000", "subsystem": name, "register0": "0", "serial": None,
               "multifunction": None}
    for word in words:
        key, equals, value = word.partition("=")
        if key not in options or bool(equals) == (key == "multifunction"):
            raise ValueError(f"cannot understand '{word}'")
        options[key] = value
    serial = options["serial"]
    config = config_space(*pair(name), int(options["class"], 16), pair(options["subsystem"]),
                          None if serial is None else int(serial, 16),
                          options["multifunction"] is not None)
    return Function(name, config, int(options["register0"], 16), record)


def main():
    path, *words = sys.argv[1:]
    with open("touches", "a", encoding="ascii") as record, \
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        function = function_from(words, record)
        listener.bind(path)
        listener.listen(1)
        print("ready", flush=True)
        connection, _ = listener.accept()
        with connection:
            serve(connection, function)


if __name__ == "__main__":
    main()
