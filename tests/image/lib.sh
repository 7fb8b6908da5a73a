# SPDX-License-Identifier: GPL-2.0-or-later
# lib.sh - what the image tests share; sourced. The caller sets `out`, and has make_image()
# and unpack() for its generator.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # out is the caller's, whose make_image has run

top=$(cd "$(dirname "$0")/../.." && pwd)
kernel=${VGAPASS_KERNEL:-$top/build/kernel}
version=$(cat "$kernel/version") || exit 1
number=0

in_box() {
	"$top/tests/box" "$out/box" "$@"
}

# typed COMMAND...: the same at a terminal
typed() {
	in_box script -qefc "$(printf "'%s' " "$@")" /dev/null </dev/null
}

# from_dpkg COMMAND...: the same, started by a package's script
from_dpkg() {
	typed env DPKG_MAINTSCRIPT_PACKAGE=linux-image "$@"
}
run=in_box

# A line of TAP for the status before it; on failure with what the last command said.
result() {
	status=$?
	number=$((number + 1))
	if [ "$status" = 0 ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		tail -n 12 "$out/log" | sed 's/^/#   /'
	fi
}

configure() {
	# shellcheck disable=SC2016 # the shell in the box expands it
	printf '%s\n' "$@" | in_box sh -c 'cat >/etc/vgapass.conf.new && mv /etc/vgapass.conf.new /etc/vgapass.conf'
}

image_sum() {
	in_box sha256sum "/boot/initrd.img-$version" 2>/dev/null
}

# fails_with WORDS: a person at a terminal gets these words, and the old image is as it was
fails_with() {
	before=$(image_sum)
	run=typed
	if make_image; then
		run=in_box
		echo "the image was built" >>"$out/log"
		return 1
	fi
	run=in_box
	grep -q -- "$1" "$out/log" && grep -q 'the old image stays' "$out/log" && [ "$before" = "$(image_sum)" ]
}

# builds_with WORDS HOW: with these words a new image takes the place of the old one, as HOW
# starts it; it is in $tree
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
		[ -x "$tree/usr/lib/vgapass/vgapass-early" ] && [ ! -s "$tree/usr/lib/vgapass/modules" ] &&
		[ ! -e "$tree/usr/lib/vgapass/ko" ]
}

# no_trace: nothing in the image has our name, and no script of its speaks of us
no_trace() {
	unpack || return 1
	find "$tree" -name '*vgapass*' >"$out/log"
	! grep . "$out/log" || return 1
	! grep -rls vgapass "$tree/scripts" "$tree/usr/lib/dracut" "$tree/etc" >>"$out/log"
}

# begin: a fresh system with vgapass installed
begin() {
	rm -rf "$out"
	mkdir -p "$out"
	: >"$out/log"
	in_box make -s -C "$top" install >"$out/log" 2>&1
}
