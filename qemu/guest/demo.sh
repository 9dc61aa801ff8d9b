# SPDX-License-Identifier: GPL-2.0
# The demo of `make run`: the README shows what it prints. Every step is
# checked: a line that begins with "expect" must be refused with that error.
set -e
dmesg -n 1

echo "=== insmod pma.ko size=1M"
insmod /pma.ko size=1M
pmactl info

echo
echo "=== Six small blocks of two classes, one larger than half a page"
cat >/tmp/coalesce <<'END'
a = alloc 100
b = alloc 100
c = alloc 100
d = alloc 40
e = alloc 40
f = alloc 40
dump
g = alloc 3000
query $g
dump
echo Freed in another order, everything coalesces back to one free run:
free $e
free $a
free $g
free $f
free $c
free $d
free $b
dump
check --pool
END
pmactl shell --echo /tmp/coalesce

echo
echo "=== A realloc that shrinks and one that grows, contents intact"
cat >/tmp/realloc <<'END'
a = alloc 6000
fill $a pma!
query $a
a = realloc $a 2500
verify $a pma! 2500
query $a
b = alloc 20000
fill $b 0xa5
b = realloc $b 40000
verify $b 0xa5 20000
query $b
check
END
pmactl shell --echo /tmp/realloc

echo
echo "=== What is refused, each with its own error, and counted"
cat >/tmp/refused <<'END'
arena ours
a = alloc 128
keep = alloc 128
free $a
expect EALREADY free $a
expect EBADSLT free $keep+8
expect ERANGE free 1M
arena theirs
theirs = alloc 128
arena ours
expect EACCES free $theirs
stat
check --pool
END
pmactl shell --echo /tmp/refused
rmmod pma

echo
echo "=== insmod pma.ko page_size=512 size=2048: four pages, every state on a screen"
insmod /pma.ko page_size=512 size=2048
cat >/tmp/tiny <<'END'
a = alloc 128
b = alloc 64
c = alloc 512
dump
map --color=never
expect ENOMEM alloc 1024
free $c
d = alloc 1024
dump
map --color=never
free $b
free $d
free $a
dump
check --pool
END
pmactl shell --echo /tmp/tiny
cat /proc/pma
rmmod pma
echo
echo "=== rmmod pma: nothing left behind"
[ ! -e /dev/pma ] && [ ! -e /proc/pma ]
