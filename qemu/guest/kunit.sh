# SPDX-License-Identifier: GPL-2.0
# Run the KUnit suites: they run when pma_kunit is loaded, with this script's
# arguments as its parameters. Their results are taken from debugfs, where no
# other message can fall in between.
. /guest/lib.sh

# One suite's results are a KTAP document with one test, number 1: the first
# two lines go, the last gets the suite's number here.
suite_results() {
	lib_cases=$((lib_cases + 1))
	awk -v n=$lib_cases '
		NR > 2 { sub(/^ok 1 /, "ok " n " "); sub(/^not ok 1 /, "not ok " n " "); print }
		/^not ok/ { failed = 1 }
		END { exit failed }' "$1" || lib_failed=$((lib_failed + 1))
}

# A copy that a suite lets fail (pma_kunit_fail_begin) does so without a call trace.
# Of allocations the knobs let none fail that may sleep: kmemleak's own would too,
# and it complains.
echo 0 >/sys/kernel/debug/fail_usercopy/verbose

insmod /pma.ko || exit
insmod /pma_kunit.ko "$@" || exit
for results in /sys/kernel/debug/kunit/*/results; do
	suite_results "$results"
done
check "rmmod pma_kunit" rmmod pma_kunit
# To find who leaked, look before pma is gone too: its functions have names then.
check "rmmod pma" rmmod pma
kmemleak_check "no leak by the suites or the module"
finish
