#!/bin/sh
# Waits until the functions are bound, 10 s at most. Sourced by dracut's init: no exit.
/usr/lib/vgapass/vgapass-early wait
