#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Claims the functions before anything can load a driver; the rest goes on behind it.
# Sourced by dracut's init: no exit.
/usr/lib/vgapass/vgapass-early bind --background
