# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot tests: cases are data, this package boots and judges them. See tests/qemu/README."""
