# lib.sh - what the image tests share; sourced. The caller sets `out`, and has make_image()
# and unpack() for its generator.
# shellcheck shell=sh
# shellcheck disable=SC2154 # out is the caller's

top=$(cd "$(dirname "$0")/../.." && pwd)
kernel=${VGAPASS_KERNEL:-$top/build/kernel}
version=$(cat "$kernel/version") || exit 1
number=0

in_box() {
	"$top/tests/box" "$out/box" "$@"
}

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

# fails_with WORDS: the image is refused with these words, and the old one is as it was
fails_with() {
	before=$(in_box sha256sum "/boot/initrd.img-$version")
	if make_image; then
		echo "the image was built" >>"$out/log"
		return 1
	fi
	grep -q -- "$1" "$out/log" && [ "$before" = "$(in_box sha256sum "/boot/initrd.img-$version")" ]
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
