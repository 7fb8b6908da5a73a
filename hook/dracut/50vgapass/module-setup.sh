#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vgapass for dracut, which sources this file. vgapass-image decides all that must be decided; see
# vgapass-early(8).

# shellcheck disable=SC2154 # kernel, outfile, initdir, moddir and systemdsystemunitdir are dracut's

# Omits the module if no rule asks for anything, and from images whose names say, for
# dracut-rescue, mkdumprd and others, that the boot requires all drivers.
check() {
	local code=0
	case ${outfile-} in
	*/0-rescue/* | *-0-rescue-* | *-fallback.* | *kdump*)
		dinfo "vgapass: left out of $outfile, which is for rescue or crash dumps"
		return 1
		;;
	esac
	@LIBDIR@/vgapass-image --sysroot "${dracutsysrootdir:-/}" --kernel "$kernel" \
		>/dev/null 2>&1 || code=$?
	[ "$code" != 3 ]
}

depends() {
	return 0
}

# dracut ends if installkernel() fails, so that the old image stays. It would ignore a failure of
# install().
installkernel() {
	local code=0 unit
	@LIBDIR@/vgapass-image --sysroot "${dracutsysrootdir:-/}" --kernel "$kernel" \
		--into "$initdir" --replaces "$outfile" || code=$?
	case $code in
	0) ;;
	1)
		dfatal "vgapass: no boot image for $kernel: fix the above and run dracut again;" \
			"the old image stays"
		return 1
		;;
	3) return 0 ;; # vgapass-image has said why
	*)
		dwarn "vgapass: vgapass-image ended with $code:" \
			"the boot image for $kernel is made WITHOUT vgapass"
		return 0
		;;
	esac
	# For functions that appear while udev runs.
	inst_simple @LIBDIR@/vgapass-late
	inst_rules 60-vgapass.rules
	if dracut_module_included systemd; then
		# No hook runs before systemd-modules-load, which loads what modules-load.d names.
		for unit in vgapass-bind.service vgapass-wait.service; do
			inst_simple "@LIBDIR@/$unit" "$systemdsystemunitdir/$unit"
		done
		# The units have no [Install]: nobody is to enable them on the real root.
		$SYSTEMCTL -q --root "$initdir" add-wants sysinit.target vgapass-bind.service
		$SYSTEMCTL -q --root "$initdir" add-wants initrd-switch-root.target \
			vgapass-wait.service
	else
		# Not pre-udev: cmdline/01-parse-kernel.sh loads what --force-drivers names.
		inst_hook cmdline 00 "$moddir/bind.sh"
		inst_hook cleanup 99 "$moddir/wait.sh"
	fi
}
