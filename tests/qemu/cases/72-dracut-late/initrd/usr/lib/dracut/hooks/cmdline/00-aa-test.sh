# Sourced, before 00-bind.sh.
/usr/sbin/insmod /test/hang.ko seconds=0
