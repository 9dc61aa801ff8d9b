# SPDX-License-Identifier: GPL-2.0
# Measure programs in a guest under -icount; prints results as lines of JSON.
#
#   guest-user.sh SEED PATTERN...
#
# The device's own cases, then the heaps: each line of /heaps is a name, a program
# and what to preload.
set -ef
seed=$1
shift

insmod /pma.ko
insmod /pma_bench.ko
# Just after boot, work is left that gets in between.
sleep 20
device --lane=user "--seed=$seed" --icount "$@"
rmmod pma_bench
rmmod pma

# The pool's records of requested sizes are the larger part of its metadata.
insmod /pma.ko track=0
insmod /pma_bench.ko
for pattern; do
	case metadata in
	# shellcheck disable=SC2254
	$pattern) device --lane=user "--seed=$seed" --icount metadata ;;
	esac
done
rmmod pma_bench
rmmod pma

# Room for the largest trace in an arena of libpma.
insmod /pma.ko size=256M
heap() {
	env ${preload:+"LD_PRELOAD=$preload"} "$program" --lane=user --icount \
		"--seed=$seed" "--allocator=$name" "$@"
}

# With a pattern at least, else they would play what is for the host, too.
set -- "$@" no-other-case
while read -r name program preload; do
	heap "$@"
	for trace in $(ls /traces); do
		heap "--trace=/traces/$trace" "$@"
	done
	[ "$program" != heaps ] || program=forks heap "$@"
done </heaps
