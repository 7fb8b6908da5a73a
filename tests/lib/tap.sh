# SPDX-License-Identifier: GPL-2.0-or-later
# tap.sh - what test programs written in shell share; sourced. A failure shows the end of $log;
# $about stands before each title.
# shellcheck shell=sh

number=0
failed=0
about=
log=

# result TITLE: one line of TAP for the exit status of the command before it
result() {
	status=$?
	number=$((number + 1))
	if [ "$status" = 0 ]; then
		echo "ok $number - $about$1"
		return 0
	fi
	failed=$((failed + 1))
	echo "not ok $number - $about$1"
	[ ! -f "$log" ] || tail -n 12 "$log" | sed 's/^/#   /'
	return "$status"
}

# skip TITLE REASON
skip() {
	number=$((number + 1))
	echo "ok $number - $about$1 # SKIP $2"
}

# finish: says how many tests there were; exits with 1 if one failed, or there was none
finish() {
	echo "1..$number"
	[ "$failed" = 0 ] && [ "$number" != 0 ]
	exit
}
