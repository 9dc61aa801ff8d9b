# SPDX-License-Identifier: GPL-2.0
# Play a case for bench/profile, or none at all; prints where the kernel's
# functions are.
#
#   guest-profile.sh ALLOCATOR [CASE [TRACE]]
set -e
bench=/sys/kernel/debug/pma_bench
insmod /pma.ko
insmod /pma_bench.ko icount=1 times=50 "only=$1"
[ -z "$3" ] || cat "/traces/$3.packed" >$bench/trace
case $2 in
ioctl-* | handover-* | first-touch*)
	device --lane=user --icount "--allocator=$1" "$2" >/dev/null ;;
?*)	 echo "$2" >$bench/run ;;
esac
awk '$2 ~ /^[tTwW]$/ { print $1, $3, $4 }' /proc/kallsyms
