# SPDX-License-Identifier: GPL-2.0-or-later
# vgapass. "make demo" and "make check" do all of their own set-up on a Debian machine.
#
#   all       the three programs, below build/
#   install   DESTDIR= PREFIX=/usr SYSCONFDIR=/etc; uninstall takes away what it put
#   demo      builds a real boot image, boots it under QEMU, shows what happened
#   deb       the Debian package, in build/deb; package-test installs it in a Debian of its own
#   check     every test; unit, lint, machines, cli-test, image-test, boot-test are its parts
#   check-distros  whole Debian systems of three releases, as root; CELL=REGEX picks some
#   bench     what it costs, beside what else one could take: see docs/bench.md
#   soak      the same BOOTS= times, RACES= with two processors, ROUNDS= of release and bind,
#             CUTS= of the power (as root)

VERSION = 0.1.0

PREFIX = /usr
SYSCONFDIR = /etc
SBINDIR = $(PREFIX)/sbin
LIBDIR = $(PREFIX)/lib/vgapass
MANDIR = $(PREFIX)/share/man
UNITDIR = $(PREFIX)/lib/systemd/system
# initramfs-tools takes boot scripts from here and from /etc, nowhere else.
INITRAMFS_TOOLS = /usr/share/initramfs-tools
RAVADA = $(PREFIX)/share/ravada/plugins
COMPLETIONS = $(PREFIX)/share/bash-completion/completions
DRACUT = /usr/lib/dracut/modules.d/50vgapass
MKINITCPIO = /usr/lib/initcpio

# The boot binary: klcc, or EARLY_CC=musl-gcc where no klibc is packaged.
EARLY_CC = klcc
# Each of these takes bytes off what -Oz alone makes, 0.9 kB together.
EARLY_CFLAGS = -Oz -fno-jump-tables -fno-tree-dominator-opts -fno-caller-saves \
	-fno-if-conversion -fno-tree-loop-im -fno-tree-forwprop -fno-move-loop-invariants \
	-fno-forward-propagate -fno-tree-loop-distribute-patterns -flive-range-shrinkage \
	-fno-ira-hoist-pressure -fno-schedule-insns2 -fno-tree-fre -fno-tree-tail-merge \
	-fno-code-hoisting $(EARLY_CFLAGS_$(shell uname -m))
EARLY_CFLAGS_x86_64 = -malign-data=abi
# Atomics out of line ask getauxval(), which klibc does not have; unwind tables are 5 kB.
EARLY_CFLAGS_aarch64 = -mno-outline-atomics -fno-asynchronous-unwind-tables -fno-unwind-tables
EARLY_LDFLAGS = -static -s -Wl,-z,noseparate-code -Wl,--build-id=none -Wl,--sort-section=alignment
CC = gcc
CFLAGS = -O2 -g
WARNINGS = -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wimplicit-fallthrough
# klibc's own headers do not stand -Wshadow; the same code meets it here.
HOST_CFLAGS = -std=gnu11 $(CPPFLAGS) $(CFLAGS) $(WARNINGS) -Wshadow -Wformat=2 $(DEFINES)
SANITIZE = -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
DEFINES = -I. -D_GNU_SOURCE -DVGAPASS_VERSION='"$(VERSION)"'

CORE = $(wildcard runtime/core/*.c)
IO = $(wildcard runtime/io/*.c)
ENGINE = $(CORE) $(IO)
EARLY = $(ENGINE) $(wildcard runtime/early/*.c)
# What both programs of the host know of boot images and their modules.
IMAGE = $(addprefix hook/image/,modules.c modprobe.c unpack.c stream.c)
CLI = $(wildcard cli/*.c cli/*/*.c) $(IMAGE) hook/image/cpio.c
IMAGE_LIBS = -llzma -lzstd -lz -lbz2 -llz4 -llzo2
# The linker of programs searches in this order, most of all for what libkmod's libcrypto wants.
CLI_LIBS = -lkmod -lpci -lc -lsmartcols -ljson-c $(IMAGE_LIBS)
HOOK = hook/image/vgapass-image.c $(IMAGE)
MAN5 = $(wildcard docs/man/*.5)
MAN8 = $(wildcard docs/man/*.8)
UNIT = $(wildcard tests/unit/test_*.c)
HEADERS = $(wildcard runtime/*/*.h cli/*.h cli/*/*.h hook/*/*.h tests/unit/*.h)
FUZZERS = $(wildcard tests/fuzz/fuzz_*.c)

B = build
UNIT_TESTS = $(UNIT:%.c=$(B)/asan/%)
REPLAYS = $(FUZZERS:%.c=$(B)/asan/%)
PROGRAMS = $(B)/early/vgapass-early $(B)/host/vgapass $(B)/host/vgapass-image

all: $(PROGRAMS)

$(B)/early/vgapass-early: $(EARLY:%.c=$(B)/early/%.o)
	$(EARLY_CC) $(EARLY_LDFLAGS) -o $@ $^

$(B)/host/vgapass: $(addprefix $(B)/host/,$(CLI:.c=.o) $(ENGINE:.c=.o))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CLI_LIBS)

$(B)/host/vgapass-image: $(addprefix $(B)/host/,$(HOOK:.c=.o) $(ENGINE:.c=.o))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lkmod $(IMAGE_LIBS)

$(B)/early/%.o: %.c $(HEADERS) Makefile
	@mkdir -p $(@D)
	$(EARLY_CC) $(EARLY_CFLAGS) $(WARNINGS) $(DEFINES) -c -o $@ $<

$(B)/host/%.o: %.c $(HEADERS) Makefile
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -c -o $@ $<

$(B)/asan/%.o: %.c $(HEADERS) Makefile
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) $(SANITIZE) -c -o $@ $<

install: all
	install -d $(DESTDIR)$(LIBDIR) $(DESTDIR)$(SBINDIR) $(DESTDIR)$(SYSCONFDIR)/vgapass.conf.d
	install -m 755 $(B)/early/vgapass-early $(B)/host/vgapass-image $(DESTDIR)$(LIBDIR)
	install -m 755 $(B)/host/vgapass $(DESTDIR)$(SBINDIR)
	test -e $(DESTDIR)$(SYSCONFDIR)/vgapass.conf || \
		install -m 644 conf/vgapass.conf $(DESTDIR)$(SYSCONFDIR)/vgapass.conf
	install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8
	sed 's|@SBINDIR@|$(SBINDIR)|' conf/vgapass-verify.service >$(DESTDIR)$(UNITDIR)/vgapass-verify.service
	install -m 644 $(MAN5) $(DESTDIR)$(MANDIR)/man5
	install -m 644 $(MAN8) $(DESTDIR)$(MANDIR)/man8
	install -d $(DESTDIR)$(RAVADA)
	sed 's|@SBINDIR@|$(SBINDIR)|' conf/list_vgapass >$(B)/list_vgapass
	install -m 755 $(B)/list_vgapass $(DESTDIR)$(RAVADA)/list_vgapass
	install -d $(DESTDIR)$(COMPLETIONS)
	install -m 644 conf/vgapass.bash-completion $(DESTDIR)$(COMPLETIONS)/vgapass
	install -d $(addprefix $(DESTDIR)$(INITRAMFS_TOOLS)/,hooks scripts/init-top scripts/init-bottom)
	sed 's|@LIBDIR@|$(LIBDIR)|' hook/initramfs-tools/hook >$(B)/hook.initramfs-tools
	install -m 755 $(B)/hook.initramfs-tools $(DESTDIR)$(INITRAMFS_TOOLS)/hooks/vgapass
	install -m 755 hook/initramfs-tools/init-top $(DESTDIR)$(INITRAMFS_TOOLS)/scripts/init-top/00-vgapass
	install -m 755 hook/initramfs-tools/init-bottom $(DESTDIR)$(INITRAMFS_TOOLS)/scripts/init-bottom/vgapass
	install -d $(DESTDIR)$(DRACUT)
	install -m 755 hook/dracut/50vgapass/*.sh $(DESTDIR)$(DRACUT)
	sed 's|@LIBDIR@|$(LIBDIR)|' hook/dracut/50vgapass/module-setup.sh >$(DESTDIR)$(DRACUT)/module-setup.sh
	install -d $(addprefix $(DESTDIR)$(MKINITCPIO)/,install hooks)
	sed 's|@LIBDIR@|$(LIBDIR)|' hook/mkinitcpio/install >$(B)/install.mkinitcpio
	install -m 644 $(B)/install.mkinitcpio $(DESTDIR)$(MKINITCPIO)/install/vgapass
	install -m 644 hook/mkinitcpio/hook $(DESTDIR)$(MKINITCPIO)/hooks/vgapass
	install -m 644 hook/systemd/*.service $(DESTDIR)$(LIBDIR)
	sed 's|@LIBDIR@|$(LIBDIR)|' conf/grub-entry >$(B)/grub-entry
	install -m 755 $(B)/grub-entry $(DESTDIR)$(LIBDIR)

# The configuration is the user's and stays.
uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/vgapass $(addprefix $(DESTDIR)$(LIBDIR)/,vgapass-early vgapass-image \
		vgapass-bind.service vgapass-wait.service grub-entry)
	rm -f $(addprefix $(DESTDIR)$(INITRAMFS_TOOLS)/,hooks/vgapass scripts/init-top/00-vgapass \
		scripts/init-bottom/vgapass)
	rm -f $(DESTDIR)$(UNITDIR)/vgapass-verify.service $(DESTDIR)$(COMPLETIONS)/vgapass \
		$(DESTDIR)$(RAVADA)/list_vgapass
	rm -rf $(DESTDIR)$(DRACUT)
	rm -f $(addprefix $(DESTDIR)$(MKINITCPIO)/,install/vgapass hooks/vgapass)
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man5/,$(notdir $(MAN5))) \
		$(addprefix $(DESTDIR)$(MANDIR)/man8/,$(notdir $(MAN8)))
	rmdir $(DESTDIR)$(LIBDIR) 2>/dev/null || true

# The Debian package of what is committed, in build/deb.
deb:
	@scripts/deps
	@scripts/deb

clean:
	rm -rf $(B)

# --- tests

deps:
	scripts/deps
	scripts/kernel

# The recursive call begins when the compilers are there.
demo: deps
	@$(MAKE) -s all $(B)/qemu/initrd
	@scripts/demo

# The parts of check, NAME=COMMAND each.
CHECKS = lint=scripts/lint \
	unit='tests/unit/run $(UNIT_TESTS)' \
	fuzz='tests/fuzz/run $(REPLAYS)' \
	coverage='$(MAKE) -s coverage' \
	machines=tests/machines/run \
	$(foreach test,$(CLI_TESTS),cli-$(notdir $(test))=$(test)) \
	initramfs-tools=tests/image/initramfs-tools \
	dracut=tests/image/dracut \
	mkinitcpio=tests/image/mkinitcpio \
	grub=tests/image/grub \
	runner=tests/qemu/selftest \
	boot=tests/qemu/run \
	dracut-boot='tests/qemu/run --out $(B)/qemu-dracut -k $(DRACUT_CASES)' \
	dracut-systemd-boot='tests/qemu/run --out $(B)/qemu-dracut-systemd -k $(DRACUT_CASES)' \
	musl-boot='$(MUSL_BOOT)' \
	backports-image='VGAPASS_KERNEL=$(abspath $(B)/kernel-bookworm-backports) tests/image/initramfs-tools' \
	backports-boot='$(call KERNEL_BOOT,bookworm-backports)' \
	distros='tests/distros/run --may-skip -k $(CHECKED_CELLS)' \
	bench='tests/bench/run --small --tap --out $(B)/bench/small'

check: deps
	@$(MAKE) -s -j2 all $(UNIT_TESTS) $(REPLAYS)
	@$(MAKE) -s $(B)/qemu/initrd $(B)/qemu-dracut/initrd $(B)/qemu-dracut-systemd/initrd boot-extras
	@$(MAKE) -s $(B)/qemu-musl/initrd $(B)/qemu-kernel-bookworm-backports/initrd $(B)/bench/image/initrd
	@$(MAKE) -s $(CLOUD) || true
	@tests/check $(CHECKS)

# PART="claim boot" picks some. All take 25 minutes; the smallest form is in check.
bench: deps
	@$(MAKE) -s -j2 all
	@$(MAKE) -s $(B)/bench/image/initrd
	@tests/bench/run $(PART)

# Other ways want the VFIO modules where modprobe looks.
$(B)/bench/image/initrd: $(B)/qemu/initrd
	tests/qemu/image $(@D) vfio-pci vfio_iommu_type1

lint: all
	@scripts/lint

unit: $(UNIT_TESTS) $(REPLAYS)
	@tests/unit/run $(UNIT_TESTS)
	@tests/fuzz/run $(REPLAYS)

# Objects and tests once more, with counters; a run adds to those of an earlier one.
COVERAGE = SANITIZE='-O0 --coverage' B=$(B)/coverage
coverage:
	@find $(B)/coverage -name '*.gcda' -delete 2>/dev/null || true
	@$(MAKE) -s -j2 $(COVERAGE) unit >$(B)/coverage.log 2>&1 || { tail $(B)/coverage.log; exit 1; }
	@scripts/coverage $(B)/coverage/asan

machines: all
	@tests/machines/run

# A program a topic; modules that they share end in .py.
CLI_TESTS = $(filter-out %.py,$(wildcard tests/cli/*))
cli-test: all $(B)/kernel/stamp
	@for test in $(CLI_TESTS); do $$test || exit 1; done

image-test: all
	@tests/image/initramfs-tools
	@tests/image/dracut
	@tests/image/mkinitcpio
	@tests/image/grub

# The two that have most in them that nothing else in "make check" boots: the newest kernel and
# dracut, and a whole system of the release that most machines run.
CHECKED_CELLS = "^(trixie-initramfs-tools|sid-dracut)$$"

check-distros: deps
	@$(MAKE) -s -j2 all
	@tests/distros/run $(if $(CELL),-k '$(CELL)')

BOOTS = 100
RACES = 30
ROUNDS = 100
CUTS = 10
soak: deps
	@$(MAKE) -s -j2 all $(B)/qemu/initrd
	@tests/check soak='tests/qemu/soak --boots $(BOOTS) --races $(RACES) --rounds $(ROUNDS)' $(if $(filter-out 0,$(CUTS)), \
		power-cuts='tests/distros/run -k "^trixie-initramfs-tools$$" --cuts $(CUTS)')

# What some boot cases want: a driver that hangs, a QEMU and a libvirt for a guest in the guest,
# and a QEMU of sid that plays real cards. Where the last two cannot be had, their cases are
# skipped and counted.
boot-extras: $(B)/kernel/stamp
	tests/qemu/hang/build
	tests/qemu/nested/build
	tests/qemu/libvirt/build || true
	scripts/qemu-sid || true

# CASE=REGEX picks some.
boot-test: $(B)/qemu/initrd boot-extras
	@tests/qemu/run $(if $(CASE),-k '$(CASE)')

# RELEASE="trixie sid trixie/dracut": others than bookworm. Wants root, for debootstrap.
package-test: deb
	@tests/package/run $(RELEASE)

$(B)/qemu/initrd: $(PROGRAMS) $(B)/kernel/stamp tests/box tests/qemu/image tests/qemu/guest-init \
		tests/qemu/guest-live tests/qemu/vfiouse.c tests/qemu/hold.c $(wildcard hook/initramfs-tools/*)
	tests/qemu/image $(B)/qemu

# The engine is the same, so a few will do: bound and used, unmatched, all profiles.
DRACUT_CASES = "^(10|14|15|33)-"

$(B)/qemu-dracut/initrd $(B)/qemu-dracut-systemd/initrd: $(B)/qemu/initrd tests/qemu/image-dracut \
		$(wildcard hook/dracut/*/* hook/systemd/*)
	tests/qemu/image-dracut $(@D) $(if $(findstring systemd,$@),systemd)

# The boot binary as it is where no klibc is packaged.
MUSL_BOOT = tests/qemu/run --out $(B)/qemu-musl -k "^(10|12|13|14|15|27|33|38)-"

boot-test-musl: $(B)/qemu-musl/initrd boot-extras
	@$(MUSL_BOOT)

$(B)/qemu-musl/initrd: $(B)/qemu/initrd tests/qemu/image-early $(EARLY) $(HEADERS)
	$(MAKE) -s B=$(B)/musl EARLY_CC=musl-gcc $(B)/musl/early/vgapass-early
	tests/qemu/image-early $(@D) $(B)/musl/early/vgapass-early

# Kernels of other suites, below this system's initramfs-tools: bound and used, no module, a
# broken one. "make check" boots the first.
KERNELS = bookworm-backports trixie sid
KERNEL_BOOT = tests/qemu/run --out $(B)/qemu-kernel-$(1) --kernel $(B)/kernel-$(1)/vmlinux -k "^(10|15|36|37)-"

boot-test-kernels: $(KERNELS:%=$(B)/qemu-kernel-%/initrd)
	@tests/check $(foreach suite,$(KERNELS),$(suite)='$(call KERNEL_BOOT,$(suite))')

$(KERNELS:%=$(B)/qemu-kernel-%/initrd): $(B)/qemu-kernel-%/initrd: $(B)/qemu/initrd $(B)/kernel-%/stamp
	VGAPASS_KERNEL=$(abspath $(B)/kernel-$*) tests/qemu/image $(@D)

$(KERNELS:%=$(B)/kernel-%/stamp): $(B)/kernel-%/stamp:
	scripts/kernel $*

# Cases whose machine says "image: kernel-sid-cloud": nvme is built in, virtio-iommu a module.
CLOUD = $(B)/qemu-kernel-sid-cloud/initrd
$(CLOUD): $(B)/qemu/initrd $(B)/kernel-sid-cloud/stamp
	VGAPASS_KERNEL=$(abspath $(B)/kernel-sid-cloud) tests/qemu/image $(@D) virtio_iommu md_mod

$(B)/kernel-sid-cloud/stamp:
	scripts/kernel sid/cloud

$(B)/kernel/stamp:
	scripts/kernel

# Most unit tests script the kernel: fake_kernel.c in place of sysfs.c. The others are real.
ASAN_ENGINE = $(addprefix $(B)/asan/,$(ENGINE:.c=.o))
FAKE = $(filter-out %/sysfs.o,$(ASAN_ENGINE)) \
	$(addprefix $(B)/asan/tests/unit/,fake_kernel.o bench.o boot.o)
ASAN_IMAGE = $(addprefix $(B)/asan/hook/image/,cpio.o stream.o)
ASAN_HOOK = $(addprefix $(B)/asan/hook/image/,unpack.o modules.o modprobe.o) $(ASAN_IMAGE)
ASAN_CLI = $(addprefix $(B)/asan/cli/,edit/conf_edit.o live/in_use.o live/in_use_class.o \
	live/in_use_disk.o live/in_use_kernel.o live/in_use_net.o live/in_use_process.o live/nodes.o)
REAL_TESTS = $(addprefix $(B)/asan/tests/unit/,test_sysfs test_unpack test_modules \
	test_image test_conf_edit test_in_use test_in_use_process test_live_look)

$(filter-out $(REAL_TESTS),$(UNIT_TESTS)): %: %.o $(FAKE)
	$(CC) $(SANITIZE) -o $@ $^ -lcmocka

$(REAL_TESTS): %: %.o $(ASAN_ENGINE) $(ASAN_HOOK) $(ASAN_CLI)
	$(CC) $(SANITIZE) -o $@ $^ -lcmocka -lkmod $(IMAGE_LIBS)

$(B)/asan/tests/unit/test_live_look: $(B)/asan/cli/live/live_look.o

# The corpora of the fuzzers, replayed as plain tests; "make fuzz" runs clang's fuzzer on them.
# A whole boot is on the fake kernel, as the unit tests are.
$(B)/asan/tests/fuzz/fuzz_boot: $(B)/asan/tests/fuzz/fuzz_boot.o $(B)/asan/tests/fuzz/replay.o $(FAKE)
	$(CC) $(SANITIZE) -o $@ $^

$(B)/asan/tests/fuzz/%: $(B)/asan/tests/fuzz/%.o $(B)/asan/tests/fuzz/replay.o $(ASAN_ENGINE) \
		$(ASAN_CLI) $(ASAN_IMAGE) $(B)/asan/cli/machine/receipt_read.o
	$(CC) $(SANITIZE) -o $@ $^ $(IMAGE_LIBS) -ljson-c

FUZZED = $(ENGINE) cli/edit/conf_edit.c cli/machine/receipt_read.c $(addprefix hook/image/,cpio.c stream.c)
$(B)/fuzz/fuzz_boot: FUZZED = $(filter-out %/sysfs.c,$(ENGINE)) tests/unit/fake_kernel.c tests/unit/boot.c
$(B)/fuzz/%: tests/fuzz/%.c $(FUZZED) $(HEADERS)
	@mkdir -p $(@D)
	clang -std=gnu11 -O1 -g $(DEFINES) -fsanitize=fuzzer,address,undefined -o $@ $< $(FUZZED) \
		$(IMAGE_LIBS) -ljson-c

# FUZZ_SECONDS each.
FUZZ_SECONDS = 60
fuzz: $(FUZZERS:tests/fuzz/%.c=$(B)/fuzz/%)
	@for f in $^; do \
		mkdir -p $(B)/fuzz/corpus/$${f##*/fuzz_}; \
		$$f -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=1 \
			-artifact_prefix=$(B)/fuzz/ $(B)/fuzz/corpus/$${f##*/fuzz_} \
			tests/fuzz/corpus/$${f##*/fuzz_} || exit 1; \
	done

.PHONY: all install uninstall clean deps demo check lint unit fuzz coverage machines \
	image-test boot-test boot-extras boot-test-musl boot-test-kernels cli-test deb \
	package-test check-distros bench soak
.SECONDARY:
