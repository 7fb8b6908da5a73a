# vgapass. "make demo" and "make check" do all of their own set-up on a Debian machine.
#
#   all       the three programs, below build/
#   install   DESTDIR= PREFIX=/usr SYSCONFDIR=/etc; uninstall takes away what it put
#   demo      builds a real boot image, boots it under QEMU, shows what happened
#   check     every test; unit, lint, image-test and boot-test are its parts
#   check-distros  whole Debian systems of three releases, as root; CELL=REGEX picks some

VERSION = 0.1.0

PREFIX = /usr
SYSCONFDIR = /etc
SBINDIR = $(PREFIX)/sbin
LIBDIR = $(PREFIX)/lib/vgapass
MANDIR = $(PREFIX)/share/man
UNITDIR = $(PREFIX)/lib/systemd/system
# initramfs-tools takes boot scripts from here and from /etc, nowhere else.
INITRAMFS_TOOLS = /usr/share/initramfs-tools
DRACUT = /usr/lib/dracut/modules.d/50vgapass

# The boot binary: klcc, or EARLY_CC=musl-gcc where no klibc is packaged.
EARLY_CC = klcc
# Each of these takes 60 bytes or more off what -Oz alone makes.
EARLY_CFLAGS = -Oz -fno-jump-tables -fno-tree-fre -fno-tree-dominator-opts -fno-caller-saves
EARLY_LDFLAGS = -static -s -Wl,-z,noseparate-code -Wl,--build-id=none
CC = gcc
CFLAGS = -O2 -g
WARNINGS = -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wimplicit-fallthrough
# klibc's own headers do not stand -Wshadow; the same code meets it here.
HOST_CFLAGS = -std=gnu11 $(CFLAGS) $(WARNINGS) -Wshadow -Wformat=2 $(DEFINES)
SANITIZE = -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
DEFINES = -DVGAPASS_VERSION='"$(VERSION)"'

CORE = $(wildcard runtime/core/*.c)
IO = $(wildcard runtime/io/*.c)
ENGINE = $(CORE) $(IO)
EARLY = $(ENGINE) runtime/main.c runtime/klibc_start.c
CLI = $(wildcard cli/*.c)
HOOK = $(wildcard hook/*.c)
MAN5 = conf/vgapass.conf.5 conf/vgapass-receipt.5
MAN8 = cli/vgapass.8 runtime/vgapass-early.8
UNIT = $(wildcard tests/unit/test_*.c)
HEADERS = $(wildcard runtime/*/*.h cli/*.h hook/*.h tests/unit/*.h)
FUZZERS = $(wildcard tests/fuzz/fuzz_*.c)

B = build
UNIT_TESTS = $(UNIT:%.c=$(B)/asan/%)
REPLAYS = $(FUZZERS:%.c=$(B)/asan/%)
PROGRAMS = $(B)/early/vgapass-early $(B)/host/vgapass $(B)/host/vgapass-image

all: $(PROGRAMS)

$(B)/early/vgapass-early: $(EARLY:%.c=$(B)/early/%.o)
	$(EARLY_CC) $(EARLY_LDFLAGS) -o $@ $^

$(B)/host/vgapass: $(addprefix $(B)/host/,$(CLI:.c=.o) $(ENGINE:.c=.o))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -ljson-c

$(B)/host/vgapass-image: $(addprefix $(B)/host/,$(HOOK:.c=.o) $(ENGINE:.c=.o))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lkmod -llzma -lzstd -lz

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
	install -d $(addprefix $(DESTDIR)$(INITRAMFS_TOOLS)/,hooks scripts/init-top scripts/init-bottom)
	sed 's|@LIBDIR@|$(LIBDIR)|' hook/initramfs-tools/hook >$(B)/hook.initramfs-tools
	install -m 755 $(B)/hook.initramfs-tools $(DESTDIR)$(INITRAMFS_TOOLS)/hooks/vgapass
	install -m 755 hook/initramfs-tools/init-top $(DESTDIR)$(INITRAMFS_TOOLS)/scripts/init-top/00-vgapass
	install -m 755 hook/initramfs-tools/init-bottom $(DESTDIR)$(INITRAMFS_TOOLS)/scripts/init-bottom/vgapass
	install -d $(DESTDIR)$(DRACUT)
	install -m 644 hook/dracut/50vgapass/*.service $(DESTDIR)$(DRACUT)
	install -m 755 hook/dracut/50vgapass/*.sh $(DESTDIR)$(DRACUT)
	sed 's|@LIBDIR@|$(LIBDIR)|' hook/dracut/50vgapass/module-setup.sh >$(DESTDIR)$(DRACUT)/module-setup.sh

# The configuration is the user's and stays.
uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/vgapass $(addprefix $(DESTDIR)$(LIBDIR)/,vgapass-early vgapass-image)
	rm -f $(addprefix $(DESTDIR)$(INITRAMFS_TOOLS)/,hooks/vgapass scripts/init-top/00-vgapass \
		scripts/init-bottom/vgapass)
	rm -f $(DESTDIR)$(UNITDIR)/vgapass-verify.service
	rm -rf $(DESTDIR)$(DRACUT)
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man5/,$(notdir $(MAN5))) \
		$(addprefix $(DESTDIR)$(MANDIR)/man8/,$(notdir $(MAN8)))
	rmdir $(DESTDIR)$(LIBDIR) 2>/dev/null || true

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

check: deps
	@$(MAKE) -s -j2 all $(UNIT_TESTS) $(REPLAYS)
	@$(MAKE) -s $(B)/qemu/initrd $(B)/qemu-dracut/initrd $(B)/qemu-dracut-systemd/initrd boot-extras
	@tests/check lint=scripts/lint unit='tests/unit/run $(UNIT_TESTS)' \
		fuzz='tests/fuzz/run $(REPLAYS)' \
		machines=tests/machines/run \
		initramfs-tools=tests/image/initramfs-tools dracut=tests/image/dracut \
		runner=tests/qemu/selftest boot=tests/qemu/run \
		dracut-boot='tests/qemu/run --out $(B)/qemu-dracut -k $(DRACUT_CASES)' \
		dracut-systemd-boot='tests/qemu/run --out $(B)/qemu-dracut-systemd -k $(DRACUT_CASES)' \
		distros='tests/distros/run --may-skip -k $(CHECKED_CELLS)'

lint: all
	@scripts/lint

unit: $(UNIT_TESTS) $(REPLAYS)
	@tests/unit/run $(UNIT_TESTS)
	@tests/fuzz/run $(REPLAYS)

machines: all
	@tests/machines/run

image-test: all
	@tests/image/initramfs-tools
	@tests/image/dracut

# The two that have most in them that nothing else in "make check" boots: the newest kernel and
# dracut, and a whole system of the release that most machines run.
CHECKED_CELLS = "^(trixie-initramfs-tools|sid-dracut)$$"

check-distros: deps
	@$(MAKE) -s -j2 all
	@tests/distros/run $(if $(CELL),-k '$(CELL)')

# What some boot cases want: a driver that hangs, and a QEMU of sid that plays real cards.
# Where the latter cannot be had, its cases are skipped and counted.
boot-extras: $(B)/kernel/stamp
	tests/qemu/hang/build
	scripts/qemu-sid || true

# CASE=REGEX picks some.
boot-test: $(B)/qemu/initrd boot-extras
	@tests/qemu/run $(if $(CASE),-k '$(CASE)')

$(B)/qemu/initrd: $(PROGRAMS) $(B)/kernel/stamp tests/box tests/qemu/image tests/qemu/guest-init \
		tests/qemu/vfiouse.c $(wildcard hook/initramfs-tools/*)
	tests/qemu/image $(B)/qemu

# The engine is the same, so a few will do: bound and used, unmatched, all profiles.
DRACUT_CASES = "^(10|14|15|33)-"

$(B)/qemu-dracut/initrd $(B)/qemu-dracut-systemd/initrd: $(B)/qemu/initrd tests/qemu/image-dracut \
		$(wildcard hook/dracut/*/*)
	tests/qemu/image-dracut $(@D) $(if $(findstring systemd,$@),systemd)

$(B)/kernel/stamp:
	scripts/kernel

# Most unit tests script the kernel: fake_kernel.c in place of sysfs.c. The others are real.
ASAN_ENGINE = $(addprefix $(B)/asan/,$(ENGINE:.c=.o))
FAKE = $(filter-out %/sysfs.o,$(ASAN_ENGINE)) \
	$(addprefix $(B)/asan/tests/unit/,fake_kernel.o bench.o boot.o)
ASAN_HOOK = $(addprefix $(B)/asan/hook/,unpack.o modules.o)
REAL_TESTS = $(addprefix $(B)/asan/tests/unit/,test_sysfs test_unpack test_modules)

$(filter-out $(REAL_TESTS),$(UNIT_TESTS)): %: %.o $(FAKE)
	$(CC) $(SANITIZE) -o $@ $^ -lcmocka

$(REAL_TESTS): %: %.o $(ASAN_ENGINE) $(ASAN_HOOK)
	$(CC) $(SANITIZE) -o $@ $^ -lcmocka -lkmod -llzma -lzstd -lz

# The corpora of the fuzzers, replayed as plain tests; "make fuzz" runs clang's fuzzer on them.
$(B)/asan/tests/fuzz/%: $(B)/asan/tests/fuzz/%.o $(B)/asan/tests/fuzz/replay.o $(ASAN_ENGINE)
	$(CC) $(SANITIZE) -o $@ $^

$(B)/fuzz/%: tests/fuzz/%.c $(ENGINE) $(HEADERS)
	@mkdir -p $(@D)
	clang -std=gnu11 -O1 -g $(DEFINES) -fsanitize=fuzzer,address,undefined -o $@ $< $(ENGINE)

# FUZZ_SECONDS each.
FUZZ_SECONDS = 60
fuzz: $(FUZZERS:tests/fuzz/%.c=$(B)/fuzz/%)
	@for f in $^; do \
		mkdir -p $(B)/fuzz/corpus/$${f##*/fuzz_}; \
		$$f -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=1 \
			-artifact_prefix=$(B)/fuzz/ $(B)/fuzz/corpus/$${f##*/fuzz_} \
			tests/fuzz/corpus/$${f##*/fuzz_} || exit 1; \
	done

.PHONY: all install uninstall clean deps demo check check-distros lint unit fuzz machines image-test boot-test boot-extras
.SECONDARY:
