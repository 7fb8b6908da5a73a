# SPDX-License-Identifier: GPL-2.0-or-later
# The targets of the tests; the Makefile includes this. tests/README.md says what each part covers.
#
#   test      what takes about a minute: unit tests, saved machines, public cases, commands
#   check     all: lint, unit, fuzz, coverage, machines, cases, commands, images, boots, ...
#   unit lint machines cases cli-test image-test boot-test   parts of check
#   check-distros  whole Debian systems of three releases, as root; CELL=REGEX picks some. Without
#             it boot-loaders, too: what GRUB and systemd-boot start with Secure Boot
#   package-test   the Debian package in a Debian of its own, as root
#   bench     what it costs, beside what else one could take: see docs/bench.md
#   fuzz      FUZZ_SECONDS= for each fuzzer
#   soak      the same BOOTS= times, RACES= with two processors, ROUNDS= of release and bind,
#             PLUGS= of hot-plug, CUTS= of the power (as root)

UNIT = $(wildcard tests/unit/test_*.c)
FUZZERS = $(wildcard tests/fuzz/fuzz_*.c)
UNIT_TESTS = $(UNIT:%.c=$(B)/asan/%)
REPLAYS = $(FUZZERS:%.c=$(B)/asan/%)
SANITIZE = -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# Tests take the place of libc's functions, which a package's flags may call by other names.
$(B)/asan/%.o: %.c Makefile tests/tests.mk
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -U_FORTIFY_SOURCE $(SANITIZE) $(MADE_FROM) -c -o $@ $<

deps:
	scripts/deps
	scripts/kernel

# The recursive call begins when the compilers are there.
demo: deps
	@$(MAKE) -s all $(B)/qemu/initrd
	@scripts/demo

JOBS = $(shell nproc)

# The parts of test, NAME=COMMAND each: all that needs neither root nor a kernel. The commands'
# tests that work on a copy of this system (tests/box) do.
BOXED = tests/cli/check-images
# The longest come first.
TESTS = unit='tests/unit/run $(UNIT_TESTS)' \
	$(foreach test,$(filter-out $(BOXED),$(CLI_TESTS)),cli-$(notdir $(test))=$(test)) \
	machines=tests/machines/run \
	cases=tests/cases/run \
	fuzz='tests/fuzz/run $(REPLAYS)' \
	lib=tests/lib/selftest

test:
	@scripts/deps missing
	@$(MAKE) -s -j$(JOBS) all $(UNIT_TESTS) $(REPLAYS)
	@tests/check -j $(JOBS) $(TESTS)

# The parts of check.
CHECKS = lint=scripts/lint \
	lib=tests/lib/selftest \
	unit='tests/unit/run $(UNIT_TESTS)' \
	fuzz='tests/fuzz/run $(REPLAYS)' \
	coverage='$(MAKE) -s coverage' \
	machines=tests/machines/run \
	cases=tests/cases/run \
	$(foreach test,$(CLI_TESTS),cli-$(notdir $(test))=$(test)) \
	source=tests/package/source \
	packages=tests/package/others \
	initramfs-tools=tests/image/initramfs-tools \
	dracut=tests/image/dracut \
	mkinitcpio=tests/image/mkinitcpio \
	grub=tests/image/grub \
	runner=tests/qemu/selftest \
	boot='tests/qemu/run -k $(CHECKED_BOOTS)' \
	dracut-boot='tests/qemu/run --out $(B)/qemu-dracut -k $(DRACUT_CASES)' \
	dracut-systemd-boot='tests/qemu/run --out $(B)/qemu-dracut-systemd -k $(DRACUT_CASES)' \
	musl-boot='$(MUSL_BOOT)' \
	glibc-boot='$(GLIBC_BOOT)' \
	backports-image='VGAPASS_KERNEL=$(BACKPORTS) tests/image/initramfs-tools' \
	backports-boot='$(call KERNEL_BOOT,bookworm-backports)' \
	distros='tests/distros/run --may-skip -k $(CHECKED_CELLS)' \
	bench='tests/bench/run --small --tap --out $(B)/bench/small $(CHECKED_BENCH)'

# All but the loaders that take minutes: of these, Secure Boot's chain and GRUB from BIOS alone. Not
# 78's boot-2, which fails where udev asks while the driver is still making virtual functions.
CHECKED_BOOTS = "^(?!57-.*/|58-|59-|78-.*/)"

# All but the parts that take more than one boot each, or an image of each kind.
CHECKED_BENCH = claim rules sysfs modules memory libraries host check hooks bytes boot cards

BACKPORTS = $(abspath $(B)/kernel-bookworm-backports)

check: WERROR = -Werror
check: deps
	@$(MAKE) -s -j$(JOBS) all $(UNIT_TESTS) $(REPLAYS) WERROR='$(WERROR)'
	@$(MAKE) -s $(addprefix $(B)/,qemu/initrd qemu-dracut/initrd qemu-dracut-systemd/initrd)
	@$(MAKE) -s boot-extras $(addprefix $(B)/,qemu-musl/initrd qemu-glibc/initrd \
		bench/image/initrd qemu-kernel-bookworm-backports/initrd \
		qemu-kernel-arm64-bookworm/initrd)
	@$(MAKE) -s $(CLOUD) || true
	@tests/check $(CHECKS)

# PART="claim boot" picks some. All take 45 minutes; the smallest form is in check.
bench: deps
	@$(MAKE) -s -j2 all
	@$(MAKE) -s $(addprefix $(B)/,bench/image/initrd qemu-dracut/initrd \
		qemu-dracut-systemd/initrd)
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
COVERAGE = SANITIZE='-O0 --coverage -include tests/unit/coverage.h' MADE_FROM='-MMD -MP' \
	B=$(B)/coverage
coverage:
	@find $(B)/coverage -name '*.gcda' -delete 2>/dev/null || true
	@$(MAKE) -s -j2 $(COVERAGE) unit >$(B)/coverage.log 2>&1 || \
		{ tail $(B)/coverage.log; exit 1; }
	@scripts/coverage $(B)/coverage/asan

machines: all
	@tests/machines/run

# CASE=REGEX picks some.
cases: all
	@tests/cases/run $(if $(CASE),-k '$(CASE)')

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
	@$(if $(CELL),,$(MAKE) -s boot-loaders)

# Disks that boot by themselves from UEFI, by shim and GRUB, systemd-boot, a unified image.
boot-loaders: $(B)/qemu/initrd $(B)/qemu-kernel-bookworm-backports/initrd
	scripts/ukify
	@tests/qemu/run -k "^5[789]-"

BOOTS = 100
RACES = 30
ROUNDS = 100
PLUGS = 30
CUTS = 10
SOAK = --boots $(BOOTS) --races $(RACES) --rounds $(ROUNDS) --plugs $(PLUGS)
soak: deps
	@$(MAKE) -s -j2 all $(B)/qemu/initrd
	@tests/check soak='tests/qemu/soak $(SOAK)' \
		$(if $(filter-out 0,$(CUTS)),\
		power-cuts='tests/distros/run -k "^trixie-initramfs-tools$$" --cuts $(CUTS)')

# What some boot cases want: a driver that hangs, a QEMU and a libvirt for a guest in the guest,
# a QEMU of sid that plays real cards, and ukify. Where the last three cannot be had, their cases
# are skipped and counted.
boot-extras: $(B)/kernel/stamp $(B)/host/vgapass-image
	tests/qemu/hang/build
	tests/qemu/variant/build
	tests/qemu/nested/build
	tests/qemu/libvirt/build || true
	scripts/qemu-sid || true
	scripts/ukify || true

# CASE=REGEX picks some.
boot-test: $(B)/qemu/initrd boot-extras
	@tests/qemu/run $(if $(CASE),-k '$(CASE)')

# RELEASE="trixie sid trixie/dracut": others than bookworm. Wants root, for debootstrap.
package-test: deb
	@tests/package/run $(RELEASE)

$(B)/qemu/initrd: $(PROGRAMS) $(B)/kernel/stamp tests/box tests/qemu/image tests/qemu/guest-init \
		tests/qemu/guest-live tests/qemu/guest-loader tests/qemu/guest-plug \
		tests/qemu/vfiouse.c tests/qemu/hold.c \
		$(wildcard hook/initramfs-tools/* hook/udev/*)
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

$(B)/musl/early/vgapass-early: FORCE
	@$(MAKE) -s B=$(B)/musl EARLY_CC=musl-gcc $@

$(B)/qemu-musl/initrd: $(B)/qemu/initrd tests/qemu/image-early $(B)/musl/early/vgapass-early
	tests/qemu/image-early $(@D) $(B)/musl/early/vgapass-early

# As Fedora has it: linked with the C library that dracut's image carries.
GLIBC_BOOT = tests/qemu/run --out $(B)/qemu-glibc -k "^(10|14|15|33)-"

boot-test-glibc: $(B)/qemu-glibc/initrd boot-extras
	@$(GLIBC_BOOT)

$(B)/glibc/early/vgapass-early: FORCE
	@$(MAKE) -s B=$(B)/glibc EARLY_CC=gcc EARLY_CFLAGS='-O2 -fPIE' EARLY_LDFLAGS='-pie -s' $@

$(B)/qemu-glibc/initrd: $(B)/qemu-dracut/initrd tests/qemu/image-early \
		$(B)/glibc/early/vgapass-early
	tests/qemu/image-early $(@D) $(B)/glibc/early/vgapass-early $(abspath $(B)/qemu-dracut)

# Kernels of other suites, below this system's initramfs-tools: bound and used, no module, a
# broken one. "make check" boots the first.
KERNELS = bookworm-backports trixie sid
KERNEL_BOOT = tests/qemu/run --out $(B)/qemu-kernel-$(1) --kernel $(B)/kernel-$(1)/vmlinux \
	-k "^(10|15|36|37)-"

boot-test-kernels: $(KERNELS:%=$(B)/qemu-kernel-%/initrd)
	@tests/check $(foreach suite,$(KERNELS),$(suite)='$(call KERNEL_BOOT,$(suite))')

$(KERNELS:%=$(B)/qemu-kernel-%/initrd): $(B)/qemu-kernel-%/initrd: $(B)/qemu/initrd \
		$(B)/kernel-%/stamp
	VGAPASS_KERNEL=$(abspath $(B)/kernel-$*) tests/qemu/image $(@D)

$(KERNELS:%=$(B)/kernel-%/stamp): $(B)/kernel-%/stamp:
	scripts/kernel $*

# arm64 on another machine: cases whose machine says "arch: arm64". "make check" boots the first
# kernel, among all other cases. Case 91 needs a kernel before 7. "musl" is the first kernel with
# the boot binary of musl; "acpi" boots each machine of the newest by firmware.
ARM64_KERNELS = bookworm bookworm-backports sid
ARM64_IMAGES = $(ARM64_KERNELS:%=$(B)/qemu-kernel-arm64-%/initrd)
ARM64_MUSL = $(B)/qemu-kernel-arm64-musl/initrd
ARM64_ACPI = $(B)/qemu-kernel-arm64-acpi/initrd
ARM64_BOOT = VGAPASS_IMAGE_KERNEL_ARM64_BOOKWORM=kernel-arm64-$(1) \
	tests/qemu/run --out $(B)/qemu-kernel-arm64-$(or $(2),$(1)) \
	-k '^9[$(if $(findstring sid,$(1)),0,01)]-arm64$(if $(2),/)'

boot-test-arm64: $(ARM64_IMAGES) $(ARM64_MUSL) $(ARM64_ACPI)
	@tests/check $(foreach image,$(ARM64_KERNELS) musl,\
		arm64-$(image)="$(call ARM64_BOOT,$(image))") \
		arm64-acpi="VGAPASS_ARM64_FIRMWARE=uefi $(call ARM64_BOOT,sid,acpi)"

$(B)/arm64/stamp:
	scripts/klibc-arm64

$(B)/arm64/early/vgapass-early: $(B)/arm64/stamp FORCE
	@$(MAKE) -s B=$(B)/arm64 EARLY_CC=$(abspath $(B)/arm64/klcc) $@

$(B)/arm64/musl/early/vgapass-early: $(B)/arm64/stamp FORCE
	@$(MAKE) -s B=$(B)/arm64/musl EARLY_CC=$(abspath $(B)/arm64/musl-gcc) $@

$(ARM64_MUSL): tests/qemu/image-early $(B)/arm64/musl/early/vgapass-early \
		$(firstword $(ARM64_IMAGES))
	ln -sfn kernel-arm64-$(firstword $(ARM64_KERNELS)) $(B)/kernel-arm64-musl
	tests/qemu/image-early $(@D) $(B)/arm64/musl/early/vgapass-early \
		$(abspath $(B)/qemu-kernel-arm64-$(firstword $(ARM64_KERNELS)))

# A folder of its own for the runs; their image is that of sid.
$(ARM64_ACPI): $(lastword $(ARM64_IMAGES))
	@mkdir -p $(@D)
	ln -sf ../qemu-kernel-arm64-sid/initrd $@

$(ARM64_IMAGES): $(B)/qemu-kernel-arm64-%/initrd: \
		$(B)/arm64/early/vgapass-early $(PROGRAMS) $(B)/kernel-arm64-%/stamp \
		tests/qemu/image-arm64 tests/qemu/guest-arm64 tests/qemu/guest-init \
		tests/qemu/vfiouse.c
	VGAPASS_KERNEL=$(abspath $(B)/kernel-arm64-$*) tests/qemu/image-arm64 $(@D)

$(ARM64_KERNELS:%=$(B)/kernel-arm64-%/stamp): $(B)/kernel-arm64-%/stamp:
	scripts/kernel arm64:$*

# Cases whose machine says "image: kernel-sid-cloud": nvme is built in, virtio-iommu a module.
CLOUD = $(B)/qemu-kernel-sid-cloud/initrd
$(CLOUD): $(B)/qemu/initrd $(B)/kernel-sid-cloud/stamp
	VGAPASS_KERNEL=$(abspath $(B)/kernel-sid-cloud) tests/qemu/image $(@D) virtio_iommu md_mod

$(B)/kernel-sid-cloud/stamp:
	scripts/kernel sid/cloud

$(B)/kernel/stamp:
	scripts/kernel

# Most unit tests script the kernel: fake_kernel.c in place of sysfs.c. The others are real, and
# take of the command's and the library's objects what they need.
ASAN_ENGINE = $(addprefix $(B)/asan/,$(ENGINE:.c=.o))
FAKE = $(filter-out %/sysfs.o,$(ASAN_ENGINE)) \
	$(addprefix $(B)/asan/tests/unit/,fake_kernel.o bench.o boot.o)
REAL_TESTS = $(addprefix $(B)/asan/tests/unit/,test_sysfs test_unpack test_modules test_image \
	test_pe test_conf_edit test_in_use test_in_use_process test_live_look test_late_files \
	test_receipt_read test_diff test_loader_parse test_settings test_near test_problem \
	test_variants test_once_menu test_within test_pci_ids)
HOST_OBJECTS = $(filter-out cli/vgapass.o,$(ENGINE:.c=.o) $(CLI:.c=.o))

$(B)/asan/host.a: $(addprefix $(B)/asan/,$(HOST_OBJECTS))
	@rm -f $@
	ar rcs $@ $^

# The command itself: "VGAPASS=build/asan/vgapass tests/cli/usage" runs it.
$(B)/asan/vgapass: $(B)/asan/cli/vgapass.o $(B)/asan/host.a
	$(CC) $(SANITIZE) -o $@ $^ $(CLI_LIBS)

$(filter-out $(REAL_TESTS),$(UNIT_TESTS)): %: %.o $(FAKE)
	$(CC) $(SANITIZE) -o $@ $^ -lcmocka

$(REAL_TESTS): %: %.o $(B)/asan/host.a
	$(CC) $(SANITIZE) -o $@ $^ -lcmocka $(CLI_LIBS)

# The corpora of the fuzzers, replayed as plain tests; "make fuzz" runs clang's fuzzer on them.
# A whole boot is on the fake kernel, as the unit tests are.
$(B)/asan/tests/fuzz/fuzz_boot: $(B)/asan/tests/fuzz/fuzz_boot.o $(B)/asan/tests/fuzz/replay.o \
		$(FAKE)
	$(CC) $(SANITIZE) -o $@ $^

$(B)/asan/tests/fuzz/%: $(B)/asan/tests/fuzz/%.o $(B)/asan/tests/fuzz/replay.o $(B)/asan/host.a
	$(CC) $(SANITIZE) -o $@ $^ $(CLI_LIBS)

FUZZ_CFLAGS = -std=gnu11 -O1 -g $(DEFINES) -fsanitize=fuzzer-no-link,address,undefined
$(B)/fuzz/%.o: %.c
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/fuzz/host.a: $(addprefix $(B)/fuzz/,$(HOST_OBJECTS))
	@rm -f $@
	ar rcs $@ $^

$(B)/fuzz/fuzz_boot: $(B)/fuzz/tests/fuzz/fuzz_boot.o \
		$(addprefix $(B)/fuzz/tests/unit/,fake_kernel.o boot.o) \
		$(addprefix $(B)/fuzz/,$(filter-out %/sysfs.o,$(ENGINE:.c=.o)))
	clang -fsanitize=fuzzer,address,undefined -o $@ $^

$(B)/fuzz/fuzz_%: $(B)/fuzz/tests/fuzz/fuzz_%.o $(B)/fuzz/host.a
	clang -fsanitize=fuzzer,address,undefined -o $@ $^ $(CLI_LIBS)

# FUZZ_SECONDS each.
FUZZ_SECONDS = 60
fuzz: $(FUZZERS:tests/fuzz/%.c=$(B)/fuzz/%)
	@for f in $^; do \
		mkdir -p $(B)/fuzz/corpus/$${f##*/fuzz_}; \
		tar -xJf tests/fuzz/found/$${f##*/fuzz_}.tar.xz \
			-C $(B)/fuzz/corpus/$${f##*/fuzz_}; \
		$$f -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=1 \
			-artifact_prefix=$(B)/fuzz/ $(B)/fuzz/corpus/$${f##*/fuzz_} \
			tests/fuzz/corpus/$${f##*/fuzz_} || exit 1; \
	done

.PHONY: deps demo test check lint unit fuzz coverage machines cases image-test boot-test \
	boot-extras boot-loaders boot-test-musl boot-test-kernels cli-test package-test \
	check-distros bench soak FORCE
FORCE:
