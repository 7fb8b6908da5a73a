# SPDX-License-Identifier: GPL-2.0-or-later
# vgapass
#
#   all       the four programs, below build/
#   install   installs what "make" has built: DESTDIR= PREFIX=/usr SYSCONFDIR=/etc
#   uninstall removes what install put there
#   test      the tests that take about a minute; needs no root and no network
#   check     all tests; installs what they need, boots QEMU, takes half an hour
#   demo      builds a real boot image, boots it under QEMU, shows what happened
#   deb       the Debian package, in build/deb; rpm, archpkg: those of Fedora and Arch
#   dist      the source tarball of HEAD, in build/dist
#
# WERROR=-Werror makes warnings errors, as "make check" does. tests/tests.mk has all targets of
# the tests, tests/README.md explains them.

VERSION = 0.1.0

PREFIX = /usr
SYSCONFDIR = /etc
SBINDIR = $(PREFIX)/sbin
LIBDIR = $(PREFIX)/lib/vgapass
MANDIR = $(PREFIX)/share/man
DATADIR = $(PREFIX)/share/vgapass
UNITDIR = $(PREFIX)/lib/systemd/system
UDEV_RULES = $(PREFIX)/lib/udev/rules.d
# initramfs-tools takes boot scripts from here and from /etc, nowhere else.
INITRAMFS_TOOLS = /usr/share/initramfs-tools
RAVADA = $(PREFIX)/share/ravada/plugins
COMPLETIONS = $(PREFIX)/share/bash-completion/completions
# Debian's zsh looks here for what is installed by hand, and elsewhere for packages.
ZSH_COMPLETIONS = $(PREFIX)/share/zsh/site-functions
FISH_COMPLETIONS = $(PREFIX)/share/fish/vendor_completions.d
DRACUT = /usr/lib/dracut/modules.d/50vgapass
KERNEL_INSTALL = /usr/lib/kernel/install.d
MKINITCPIO = /usr/lib/initcpio

# The boot binary: klcc, or EARLY_CC=musl-gcc where no klibc is packaged.
EARLY_CC = klcc
# What each switch saves of the 30,616 bytes of the boot binary on x86-64 (GCC 12), if it alone is
# left out; these save 896 of what -Oz makes.
#
#   -fno-jump-tables             232
#   -fno-tree-forwprop           192
#   -fno-caller-saves            128
#   -fno-move-loop-invariants     96
#   -fno-tree-loop-im             80
#   -fno-tree-dominator-opts      64
#   -malign-data=abi              24
#
# Seven more (from -fno-code-hoisting on) save 300 together.
EARLY_CFLAGS = -Oz -ffunction-sections -fno-jump-tables -fno-tree-forwprop -fno-caller-saves \
	-fno-move-loop-invariants -fno-tree-loop-im -fno-tree-dominator-opts \
	-fno-code-hoisting -fno-if-conversion -fno-shrink-wrap -fno-tree-tail-merge \
	-fno-tree-loop-distribute-patterns -fno-tree-fre -fno-forward-propagate -fipa-pta \
	$(EARLY_CFLAGS_$(EARLY_MACHINE))
# What the compiler builds for, not what it runs on.
EARLY_MACHINE = $(firstword $(subst -, ,$(shell $(EARLY_CC) -dumpmachine)))
EARLY_CFLAGS_x86_64 = -malign-data=abi
# Atomics out of line ask getauxval(), which klibc does not have; unwind tables are 5 kB.
EARLY_CFLAGS_aarch64 = -mno-outline-atomics -fno-asynchronous-unwind-tables -fno-unwind-tables
EARLY_LDFLAGS = -static -s -Wl,--gc-sections -Wl,-z,noseparate-code -Wl,--build-id=none \
	-Wl,--sort-section=alignment
CC = gcc
CFLAGS = -O2 -g
PKG_CONFIG = pkg-config
WERROR =
WARNINGS = -Wall -Wextra $(WERROR) -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wimplicit-fallthrough
# klibc's own headers do not stand -Wshadow; the same code meets it here.
# Sections of their own, so that what only the boot binary needs stays out: a receipt's 16 MB.
HOST_CFLAGS = -std=gnu11 $(CPPFLAGS) $(CFLAGS) $(WARNINGS) -Wshadow -Wformat=2 $(DEFINES) \
	-ffunction-sections -fdata-sections
DEFINES = -I. -D_GNU_SOURCE -DVGAPASS_VERSION='"$(VERSION)"'
# Each object names the headers that it was made from; no program names the directory of its build.
MADE_FROM = -MMD -MP -ffile-prefix-map=$(CURDIR)=.

CORE = $(wildcard runtime/core/*.c)
IO = $(wildcard runtime/io/*.c)
ENGINE = $(CORE) $(IO)
# No driver is there yet that makes virtual functions.
EARLY = $(filter-out %/sriov.c,$(ENGINE)) $(wildcard runtime/early/*.c)
LATE = $(ENGINE) $(wildcard runtime/late/*.c) runtime/early/klibc_start.c
# What both programs of the host know of boot images and their modules.
IMAGE = $(filter-out hook/image/vgapass-image.c,$(wildcard hook/image/*.c))
CLI = $(wildcard cli/*.c cli/*/*.c) $(IMAGE)
# Debian 12 has no bzip2.pc.
libs = $(shell $(PKG_CONFIG) --libs $(1))
IMAGE_LIBS = $(call libs,liblzma libzstd zlib) -lbz2 $(call libs,liblz4 lzo2)
# libkmod is loaded when a module is asked for: see cli/machine/libkmod.c.
CLI_LIBS = $(call libs,smartcols json-c) $(IMAGE_LIBS) -ldl
HOOK = hook/image/vgapass-image.c $(IMAGE)
MAN5 = $(wildcard docs/man/*.5)
MAN8 = $(wildcard docs/man/*.8)

B = build
PROGRAMS = $(addprefix $(B)/,early/vgapass-early early/vgapass-late host/vgapass host/vgapass-image)

all: $(PROGRAMS)

$(B)/early/vgapass-early: $(EARLY:%.c=$(B)/early/%.o)
	$(EARLY_CC) $(EARLY_LDFLAGS) -o $@ $^

$(B)/early/vgapass-late: $(LATE:%.c=$(B)/early/%.o)
	$(EARLY_CC) $(EARLY_LDFLAGS) -o $@ $^

$(B)/host/vgapass: $(addprefix $(B)/host/,$(CLI:.c=.o) $(ENGINE:.c=.o))
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--gc-sections -o $@ $^ $(CLI_LIBS)

$(B)/host/vgapass-image: $(addprefix $(B)/host/,$(HOOK:.c=.o) $(ENGINE:.c=.o))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call libs,libkmod) $(IMAGE_LIBS)

$(B)/early/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(EARLY_CC) $(EARLY_CFLAGS) $(WARNINGS) $(DEFINES) $(MADE_FROM) -c -o $@ $<

$(B)/host/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) $(MADE_FROM) -c -o $@ $<

# Writes nothing into build/, so that root, who installs, leaves no file there.
# $(call put,MODE,FILE,TARGET): FILE with the directories of this installation.
put = sed 's|@LIBDIR@|$(LIBDIR)|g; s|@SBINDIR@|$(SBINDIR)|g; \
		s|@UDEV_RULES@|$(UDEV_RULES)|g' $(2) >$(3).new && \
	chmod $(1) $(3).new && mv -f $(3).new $(3)

install:
	@$(MAKE) -q all || \
		{ echo 'install: build/ is not up to date: run "make" first' >&2; exit 1; }
	install -d $(DESTDIR)$(LIBDIR) $(DESTDIR)$(SBINDIR) $(DESTDIR)$(SYSCONFDIR)/vgapass.conf.d
	install -m 755 $(B)/early/vgapass-early $(B)/early/vgapass-late \
		$(B)/host/vgapass-image $(DESTDIR)$(LIBDIR)
	install -m 755 $(B)/host/vgapass $(DESTDIR)$(SBINDIR)
	test -e $(DESTDIR)$(SYSCONFDIR)/vgapass.conf || \
		install -m 644 conf/vgapass.conf $(DESTDIR)$(SYSCONFDIR)/vgapass.conf
	install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8
	$(call put,644,conf/vgapass-verify.service,$(DESTDIR)$(UNITDIR)/vgapass-verify.service)
	install -d $(DESTDIR)$(UNITDIR)/multi-user.target.wants
	$(call put,644,conf/vgapass-confirm.service,$(DESTDIR)$(UNITDIR)/vgapass-confirm.service)
	ln -sf ../vgapass-confirm.service \
		$(DESTDIR)$(UNITDIR)/multi-user.target.wants/vgapass-confirm.service
	install -m 644 $(MAN5) $(DESTDIR)$(MANDIR)/man5
	install -m 644 $(MAN8) $(DESTDIR)$(MANDIR)/man8
	install -d $(DESTDIR)$(DATADIR)
	install -m 644 docs/vgapass.schema.json $(DESTDIR)$(DATADIR)
	install -d $(DESTDIR)$(RAVADA)
	$(call put,755,conf/list_vgapass,$(DESTDIR)$(RAVADA)/list_vgapass)
	install -d $(addprefix $(DESTDIR),$(COMPLETIONS) $(ZSH_COMPLETIONS) $(FISH_COMPLETIONS))
	install -m 644 conf/vgapass.bash-completion $(DESTDIR)$(COMPLETIONS)/vgapass
	install -m 644 conf/_vgapass $(DESTDIR)$(ZSH_COMPLETIONS)
	install -m 644 conf/vgapass.fish $(DESTDIR)$(FISH_COMPLETIONS)
	install -d $(addprefix $(DESTDIR)$(INITRAMFS_TOOLS)/,hooks scripts/init-top \
		scripts/init-bottom)
	$(call put,755,hook/initramfs-tools/hook,$(DESTDIR)$(INITRAMFS_TOOLS)/hooks/vgapass)
	install -m 755 hook/initramfs-tools/init-top \
		$(DESTDIR)$(INITRAMFS_TOOLS)/scripts/init-top/00-vgapass
	install -m 755 hook/initramfs-tools/init-bottom \
		$(DESTDIR)$(INITRAMFS_TOOLS)/scripts/init-bottom/vgapass
	install -d $(DESTDIR)$(DRACUT)
	install -m 755 hook/dracut/50vgapass/*.sh $(DESTDIR)$(DRACUT)
	$(call put,755,hook/dracut/50vgapass/module-setup.sh,$(DESTDIR)$(DRACUT)/module-setup.sh)
	install -d $(addprefix $(DESTDIR)$(MKINITCPIO)/,install hooks)
	$(call put,644,hook/mkinitcpio/install,$(DESTDIR)$(MKINITCPIO)/install/vgapass)
	install -m 644 hook/mkinitcpio/hook $(DESTDIR)$(MKINITCPIO)/hooks/vgapass
	install -m 644 hook/systemd/*.service $(DESTDIR)$(LIBDIR)
	install -d $(DESTDIR)$(UDEV_RULES)
	$(call put,644,hook/udev/60-vgapass.rules,$(DESTDIR)$(UDEV_RULES)/60-vgapass.rules)
	$(call put,755,conf/grub-entry,$(DESTDIR)$(LIBDIR)/grub-entry)
	install -d $(DESTDIR)$(KERNEL_INSTALL)
	$(call put,755,conf/95-vgapass.install,$(DESTDIR)$(KERNEL_INSTALL)/95-vgapass.install)

# The configuration is the user's and stays.
uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/vgapass $(addprefix $(DESTDIR)$(LIBDIR)/,vgapass-early \
		vgapass-late vgapass-image vgapass-bind.service vgapass-wait.service grub-entry)
	rm -f $(addprefix $(DESTDIR)$(INITRAMFS_TOOLS)/,hooks/vgapass scripts/init-top/00-vgapass \
		scripts/init-bottom/vgapass)
	rm -f $(addprefix $(DESTDIR)$(UNITDIR)/,vgapass-verify.service vgapass-confirm.service \
		multi-user.target.wants/vgapass-confirm.service) $(DESTDIR)$(COMPLETIONS)/vgapass \
		$(DESTDIR)$(ZSH_COMPLETIONS)/_vgapass $(DESTDIR)$(FISH_COMPLETIONS)/vgapass.fish \
		$(DESTDIR)$(RAVADA)/list_vgapass
	rm -f $(DESTDIR)$(UDEV_RULES)/60-vgapass.rules \
		$(DESTDIR)$(KERNEL_INSTALL)/95-vgapass.install
	rm -rf $(DESTDIR)$(DRACUT) $(DESTDIR)$(DATADIR)
	rm -f $(addprefix $(DESTDIR)$(MKINITCPIO)/,install/vgapass hooks/vgapass)
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man5/,$(notdir $(MAN5))) \
		$(addprefix $(DESTDIR)$(MANDIR)/man8/,$(notdir $(MAN8)))
	rmdir $(DESTDIR)$(LIBDIR) 2>/dev/null || true

# The Debian package of what is committed, in build/deb.
deb:
	@scripts/deps
	@scripts/deb

# For Fedora and others with dracut, and for Arch: in build/rpm and build/arch.
rpm:
	@scripts/rpm

archpkg:
	@scripts/archpkg

# The source of what is committed, in build/dist: the same bytes whoever makes it.
dist:
	@scripts/dist

clean:
	rm -rf $(B)

.PHONY: all install uninstall deb rpm archpkg dist clean
.DELETE_ON_ERROR:
.SECONDARY:

include tests/tests.mk

-include $(foreach kind,early host asan fuzz,$(wildcard $(B)/$(kind)/*/*.d $(B)/$(kind)/*/*/*.d))
