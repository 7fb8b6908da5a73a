"""Boot tests: cases are data, this package boots and judges them. See tests/qemu/README."""
