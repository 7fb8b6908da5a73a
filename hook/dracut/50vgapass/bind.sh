#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by dracut's init: no exit. Claims the functions before anything can load a driver; the
# rest of the work goes on in the background.
/usr/lib/vgapass/vgapass-early bind --background
