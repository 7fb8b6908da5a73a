#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by dracut's init as a cleanup hook: no exit. No hook comes behind the last look for an
# init, which may open a shell, and the end of udev; so this makes vgapass-early a part of the
# command that ends it. What a driver still holds is taken then; 10 s are waited at most.
udevadm() {
	[ "$*" = "info --cleanup-db" ] || {
		command udevadm "$@"
		return
	}
	command udevadm "$@"
	/usr/lib/vgapass/vgapass-early wait
}
