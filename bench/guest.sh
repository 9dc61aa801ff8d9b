# SPDX-License-Identifier: GPL-2.0
# Play cases in a guest; prints results as lines of JSON.
#
#   guest.sh LANE SEED ICOUNT PATTERN...
#
# ICOUNT is 1 where a nanosecond is an instruction. Packed traces are in /traces.
# Lane tcg becomes kvm under KVM.
set -ef
lane=$1 seed=$2 icount=$3
shift 3
patterns=$*
bench=/sys/kernel/debug/pma_bench

# wanted NAME: does it match one of the patterns?
wanted() {
	for pattern in $patterns; do
		# shellcheck disable=SC2254
		case $1 in
		$pattern) return 0 ;;
		esac
	done
	return 1
}

# A case that can't be played has no results, and a line here that is not one.
play() {
	echo "$1" >$bench/run 2>/dev/null || echo "# $1 can't be played"
	cat $bench/results
	echo >$bench/results
}

play_traces() {
	for trace in $(ls /traces 2>/dev/null); do
		wanted "$1-${trace%.packed}" || continue
		cat "/traces/$trace" >$bench/trace
		play "$1"
	done
}

[ "$lane" != tcg ] || ! dmesg | grep -q 'Hypervisor detected: KVM' || lane=kvm
insmod /pma.ko
insmod /pma_bench.ko "lane=$lane" "seed=$seed" "icount=$icount"

# Just after boot, work is left that gets in between.
[ "$icount" = 0 ] || sleep 20
while read -r name; do
	case $name in
	replay | fit) play_traces "$name" ;;
	*)	      ! wanted "$name" || play "$name" ;;
	esac
done <$bench/cases

rmmod pma_bench
rmmod pma
