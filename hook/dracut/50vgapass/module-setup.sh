#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vgapass for dracut. Sourced by dracut's bash. All that must be decided is decided by
# vgapass-image; see vgapass-early(8).

# shellcheck disable=SC2154 # kernel, outfile, initdir, moddir and systemdsystemunitdir are dracut's

# Omits the module where no rule asks for anything, and from images by whose names dracut-rescue,
# mkdumprd and others mean a boot that is to have all drivers.
check() {
	case ${outfile-} in
	*/0-rescue/* | *-0-rescue-* | *-fallback.* | *kdump*)
		dinfo "vgapass: nothing of it is put into $outfile, which is for rescue or crash dumps"
		return 1
		;;
	esac
	code=0
	@LIBDIR@/vgapass-image --sysroot "${dracutsysrootdir:-/}" --kernel "$kernel" \
		>/dev/null 2>&1 || code=$?
	[ "$code" != 3 ]
}

depends() {
	return 0
}

install() {
	code=0
	@LIBDIR@/vgapass-image --sysroot "${dracutsysrootdir:-/}" --kernel "$kernel" --into "$initdir" \
		--replaces "$outfile" || code=$?
	case $code in
	0) ;;
	1)
		dfatal "vgapass: no boot image for $kernel: mend the above and run dracut again; the old image stays"
		# dracut goes on after an install() that fails.
		exit 1
		;;
	3) return 0 ;;
	*)
		dwarn "vgapass: vgapass-image ended with $code: the boot image for $kernel is made WITHOUT vgapass"
		return 0
		;;
	esac
	if dracut_module_included systemd; then
		# No hook runs before systemd-modules-load, which loads what modules-load.d names.
		inst_simple "@LIBDIR@/vgapass-bind.service" "$systemdsystemunitdir/vgapass-bind.service"
		inst_simple "@LIBDIR@/vgapass-wait.service" "$systemdsystemunitdir/vgapass-wait.service"
		$SYSTEMCTL -q --root "$initdir" add-wants sysinit.target vgapass-bind.service
		$SYSTEMCTL -q --root "$initdir" add-wants initrd-switch-root.target vgapass-wait.service
	else
		# Before pre-udev: cmdline/01-parse-kernel.sh already loads what --force-drivers names.
		inst_hook cmdline 00 "$moddir/bind.sh"
		inst_hook cleanup 99 "$moddir/wait.sh"
	fi
}
