# SPDX-License-Identifier: GPL-2.0-or-later
# lib.sh - what the image tests share; sourced. The caller sets `out`, and defines make_image()
# and unpack() for its generator. Each test ends with result().
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # out is the caller's, whose make_image has run

top=$(cd "$(dirname "$0")/../.." && pwd)
kernel=${VGAPASS_KERNEL:-$top/build/kernel}
version=$(cat "$kernel/version") || exit 1
# shellcheck source=tests/lib/tap.sh
. "$top/tests/lib/tap.sh"
log=$out/log

in_box() {
	"$top/tests/box" "$out/box" "$@"
}

# typed COMMAND...: runs it in the box at a terminal
typed() {
	in_box script -qefc "$(printf "'%s' " "$@")" /dev/null </dev/null
}

# from_dpkg COMMAND...: as typed, but by a package's script
from_dpkg() {
	typed env DPKG_MAINTSCRIPT_PACKAGE=linux-image "$@"
}
run=in_box

configure() {
	printf '%s\n' "$@" |
		in_box sh -c 'cd /etc && cat >vgapass.conf.new && mv vgapass.conf.new vgapass.conf'
}

image_sum() {
	in_box sha256sum "/boot/initrd.img-$version" 2>/dev/null
}

# fails_with WORDS: at a terminal the build fails with these words, and the old image is unchanged
fails_with() {
	before=$(image_sum)
	run=typed
	if make_image; then
		run=in_box
		echo "the image was built" >>"$out/log"
		return 1
	fi
	run=in_box
	grep -q -- "$1" "$out/log" && grep -q 'the old image stays' "$out/log" &&
		[ "$before" = "$(image_sum)" ]
}

# builds_with WORDS HOW: started by HOW, the build warns with these words and replaces the old image
# by a new one, which is in $tree then
builds_with() {
	in_box sh -c "echo old >'/boot/initrd.img-$version'"
	run=$2
	make_image || { run=in_box && return 1; }
	run=in_box
	cp "$out/log" "$out/said"
	unpack || return 1
	cp "$out/said" "$out/log"
	grep -q -- "$1" "$out/log" && grep -q 'vgapass.*WARNING\|made WITHOUT vgapass' "$out/log"
}

# binds_nothing: the image in $tree has the configuration as it is, and no module to bind with
binds_nothing() {
	in_box cat /etc/vgapass.conf | cmp - "$tree/etc/vgapass.conf" >>"$out/log" 2>&1 &&
		[ -x "$tree/usr/lib/vgapass/vgapass-early" ] &&
		[ ! -s "$tree/usr/lib/vgapass/modules" ] &&
		[ ! -e "$tree/usr/lib/vgapass/ko" ]
}

# has_late: vgapass-late and its udev rule are in the image in $tree
has_late() {
	rules=$tree/usr/lib/udev/rules.d/60-vgapass.rules
	cmp "$top/build/early/vgapass-late" "$tree/usr/lib/vgapass/vgapass-late" >"$out/log" 2>&1 &&
		[ -x "$tree/usr/lib/vgapass/vgapass-late" ] &&
		grep -q '="/usr/lib/vgapass/vgapass-late device ' "$rules" >>"$out/log" 2>&1 &&
		! grep @ "$rules" >>"$out/log"
}

# no_trace: no file in the image has our name, and no script in it mentions us
no_trace() {
	unpack || return 1
	find "$tree" -name '*vgapass*' >"$out/log"
	! grep . "$out/log" || return 1
	! grep -rls vgapass "$tree/scripts" "$tree/usr/lib/dracut" "$tree/etc" >>"$out/log"
}

# begin: makes a new box, and installs vgapass in it
begin() {
	rm -rf "$out"
	mkdir -p "$out"
	: >"$out/log"
	in_box make -s -C "$top" install >"$out/log" 2>&1
}
