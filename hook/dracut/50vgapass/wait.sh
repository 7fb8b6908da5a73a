#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by dracut's init as a cleanup hook: no exit. After the last cleanup hook, dracut still
# looks for an init, for which it may open a shell, and then ends udev by `udevadm info
# --cleanup-db`. This function makes vgapass-early part of that command: it takes what a driver
# still holds, and waits 10 s at most.
udevadm() {
	[ "$*" = "info --cleanup-db" ] || {
		command udevadm "$@"
		return
	}
	command udevadm "$@"
	/usr/lib/vgapass/vgapass-early wait
}
