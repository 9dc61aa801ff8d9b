# SPDX-License-Identifier: GPL-2.0
# What can go on for long, with a new seed each round: the device's test from both
# word sizes, libpma's, the shim's.
#
#   soak.sh SECONDS SEED
. /guest/lib.sh

ops=120000 seconds=30
[ ! -e /sys/kernel/debug/kmemleak ] || { ops=6000 seconds=20; }

uptime_s() {
	cut -d . -f 1 /proc/uptime
}

end=$(($(uptime_s) + $1))
first=$2
seed=$2

# round PARAMETER...: of the module; one at least
round() {
	[ "$seed" -eq "$first" ] || [ "$(uptime_s)" -lt "$end" ] || return 0
	check "insmod_$seed" insmod /pma.ko "$@"
	for test in pma-ioctl-test pma-ioctl-test32; do
		check "${test}_$seed" $test --device=/dev/pma "--seed=$seed" --ops=$((ops / 4)) \
			--seconds=$seconds
	done
	check "pma-lib-test_$seed" pma-lib-test "--seed=$seed" --ops=$((ops / 2))
	check "pma-malloc-test_$seed" pmactl run -- pma-malloc-test "--seed=$seed" --ops=$ops
	check "check_$seed" pmactl check --pool
	check "rmmod_$seed" rmmod pma
	seed=$((seed + 1))
}

while [ "$(uptime_s)" -lt "$end" ]; do
	round
	round size=32M page_size=64K track=0 classes=pow2
	round size=128M page_size=16K slab_max=1K
done
kmemleak_check "no leak by the module"
finish
