# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes Debian systems of any release in a folder, as root, and keeps them for the next run."""
import glob
import hashlib
import os
import shutil
import subprocess
import threading
from collections import defaultdict

from boot.guest import end, stop

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.join(TOP, "build/distros")
CACHE = os.path.join(OUT, "cache")
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
STEP_LIMIT = 600
TAIL_LINES = 12

HERE = os.path.dirname(os.path.abspath(__file__))
# The machine's mounts stay as they are, and whatever a package starts or mounts ends with
# the command, also with one that is ended too early.
ALONE = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
FOREIGN = [os.path.join(HERE, "foreign")]
ENTER = """
mount -t proc proc "$0/proc"
mount -t sysfs -o ro sys "$0/sys" 2>/dev/null || mount --rbind /sys "$0/sys"
mount --rbind /dev "$0/dev"
cp /etc/resolv.conf "$0/etc/resolv.conf"
exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \\
	DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} "$@"
"""
# The Release file of a mirror that is a copy of some day is out of date.
APT = """\
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
APT::Install-Recommends "false";
"""
BUILDERS = ["build-essential"]
# What our programs, built on this machine, are linked with.
LIBRARIES = ["libjson-c5", "libkmod2", "liblzma5", "liblzo2-2", "libzstd1", "pci.ids", "zlib1g"]


class Missing(Exception):
    """This release cannot be had from the machine's mirror."""


class Broken(Exception):
    """A step failed; the text has its last words."""


def wait(process):
    """What is wrong about its end."""
    for _ in range(STEP_LIMIT):
        try:
            status = process.wait(1)
            return status and f"ended with status {status}"
        except subprocess.TimeoutExpired:
            if stop.is_set():
                return "interrupted"
    return f"no end in {STEP_LIMIT} s"


def run(log, *command):
    """Run a step, its words go to the file LOG. Return what it said."""
    with open(log, "ab") as file:
        begin = file.tell()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file,
                                   stderr=subprocess.STDOUT, start_new_session=True)
    try:
        wrong = wait(process)
    finally:
        end(process)
    with open(log, errors="replace") as file:
        file.seek(begin)
        said = file.read()
    if wrong:
        tail = "\n".join(said.splitlines()[-TAIL_LINES:])
        raise Broken(f"{' '.join(command[-4:])}: {wrong}\n{tail}\nthe whole story: {log}")
    return said


def is_foreign(tree):
    """Its programs are of arm64, and this machine is not."""
    return os.path.exists(f"{tree}/lib/ld-linux-aarch64.so.1") and os.uname().machine != "aarch64"


def inside(log, tree, *command):
    return run(log, *(FOREIGN if is_foreign(tree) else ALONE), "sh", "-ec", ENTER, tree, *command)


def write(tree, path, text):
    path = os.path.join(tree, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def output(*command):
    """What COMMAND says; nothing where it fails."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def mirror():
    """The machine's own: nothing of it is written down here."""
    targets = output("apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)",
                     "Created-By: Packages", "Origin: Debian")
    for line in targets.splitlines():
        label, _, address = line.partition(" ")
        if label == "Debian":
            return address.rstrip("/")
    raise Missing("the machine's apt knows no mirror of Debian: run 'apt-get update'")


def use_proxy():
    """What apt goes through, debootstrap and the systems' own apt go through."""
    proxy = output("apt-config", "shell", "proxy", "Acquire::http::Proxy")
    proxy = proxy.partition("=")[2].strip("'")
    if proxy:
        os.environ["http_proxy"] = proxy


locks = defaultdict(threading.Lock)


def age_of(suite):
    """A word that changes when the release does, or this file."""
    path = os.path.join(OUT, f"InRelease-{suite}")
    with locks["InRelease"]:
        if os.path.exists(path):
            os.unlink(path)
        output("/usr/lib/apt/apt-helper", "download-file",
               f"{mirror()}/dists/{suite}/InRelease", path)
        if not os.path.exists(path):
            raise Missing(f"the mirror has no {suite}, or there is no network")
        word = hashlib.sha256()
        for name in (path, __file__):
            with open(name, "rb") as file:
                word.update(file.read())
        return word.hexdigest()[:12]


def cached(log, name, key, tree, make):
    """Have MAKE fill the folder TREE, or take what it made for the same KEY."""
    archive = f"{CACHE}/{name}.{key}.tar.zst"
    with locks[name]:
        os.makedirs(tree)
        if os.path.exists(archive):
            run(log, "tar", "-C", tree, "-I", "zstd -d", "-xpf", archive)
            return
        make(tree)
        for old in glob.glob(f"{CACHE}/{name}.*"):
            os.unlink(old)
        run(log, "tar", "-C", tree, "-I", "zstd -3 -T0", "-cf", archive + ".new", ".")
        os.rename(archive + ".new", archive)


def make_base(log, tree, suite, arch):
    """debootstrap's smallest system with systemd."""
    options = ["--variant=minbase", f"--keyring={KEYS}",
               "--include=systemd-sysv,udev,dbus,kmod,zstd"]
    if not arch:
        run(log, *ALONE, "debootstrap", *options, suite, tree, mirror())
        return
    for program in ("qemu-aarch64-static", "qemu-system-aarch64"):
        if not shutil.which(program):
            raise Missing(f"no {program}: install qemu-user-static and qemu-system-arm")
    run(log, "debootstrap", "--foreign", f"--arch={arch}", *options, suite, tree, mirror())
    # Device nodes are there already; what is known of lxc is that it can make none.
    inside(log, tree, "env", "container=lxc", "/debootstrap/debootstrap", "--second-stage")
    write(tree, "etc/dpkg/dpkg.cfg.d/test", "force-unsafe-io\n")


def make_with(log, tree, suite, name, arch, packages, later=None):
    """That, and PACKAGES, kept as NAME. The kernel of the suite LATER is at hand."""
    key = age_of(suite)
    prefix = f"{suite}-{arch}" if arch else suite
    if later:
        age_of(later)

    def whole(tree):
        os.rmdir(tree)
        cached(log, f"{prefix}-base", key, tree, lambda tree: make_base(log, tree, suite, arch))
        write(tree, "etc/apt/apt.conf.d/test", APT)
        write(tree, "etc/apt/sources.list", "".join(
            f"deb {mirror()} {name} main\n" for name in (suite, later) if name))
        inside(log, tree, "apt-get", "-q", "update")
        # INITRD=No: no boot image yet, up to two minutes of time for nothing.
        inside(log, tree, "env", "INITRD=No", "apt-get", "-qy", "install", *packages)
        if later:
            inside(log, tree, "apt-get", "-qy", "install", "--download-only",
                   f"linux-image-amd64/{later}")

    cached(log, f"{prefix}-{name}", key, tree, whole)


def make(log, tree, suite, generator, later, arch=None):
    """A system of the release SUITE with a kernel, and its boot image made by GENERATOR; of
    another architecture than this machine's, ARCH."""
    make_with(log, tree, suite, generator, arch,
              [generator, f"linux-image-{arch or 'amd64'}", *LIBRARIES], later)


def make_builder(log, tree, suite, arch):
    """A system that builds our package, with its source in /source/vgapass."""
    with open(f"{TOP}/debian/control") as file:
        needs = file.read().partition("Build-Depends:\n")[2].partition("\n\n")[0]
    needs = [line.strip(" ,") for line in needs.splitlines() if "<!nocheck>" not in line]
    needs = [word.replace("debhelper-compat (= 13)", "debhelper") for word in needs]
    make_with(log, tree, suite, "builder", arch, [*BUILDERS, *needs])
    run(log, "sh", "-ec", 'mkdir -p "$0" && git -C "$1" archive HEAD | tar -xf - -C "$0"',
        f"{tree}/source/vgapass", TOP)


def kernels(tree):
    return {name.partition("-")[2] for name in os.listdir(f"{tree}/boot")
            if name.startswith("vmlinuz-")}


def write_disk(log, tree, path):
    """An ext4 image of TREE, without a mount. A boot may still hold the one before."""
    if os.path.exists(path):
        os.unlink(path)
    used = int(output("du", "-sm", tree).split()[0])
    run(log, "mke2fs", "-q", "-F", "-t", "ext4", "-L", "vgt", "-O", "^has_journal", "-m", "0",
        "-d", tree, path, f"{used * 5 // 4 + 100}M")


def remove(tree):
    """Never into something that is mounted there."""
    subprocess.run(["rm", "-rf", "--one-file-system", tree], check=True)
