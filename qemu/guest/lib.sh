# SPDX-License-Identifier: GPL-2.0
# For guest scripts (. /guest/lib.sh): results in the form that scripts/lanes
# counts, one line each, and the checks that the debug kernel makes possible.
#
#   ok NAME			a case that passed
#   not_ok NAME [WHY]		one that failed; why, in a comment
#   skip NAME WHY		one that can't be run here
#   check NAME COMMAND...	a case that passes if the command does
#   kmemleak_check NAME		a case that passes if nothing leaked
#   finish			last: exit with 1 if a case failed

lib_cases=0
lib_failed=0

ok() {
	lib_cases=$((lib_cases + 1))
	echo "ok $lib_cases $1"
}

not_ok() {
	lib_cases=$((lib_cases + 1))
	lib_failed=$((lib_failed + 1))
	[ -z "${2:-}" ] || echo "# $2"
	echo "not ok $lib_cases $1"
}

skip() {
	lib_cases=$((lib_cases + 1))
	echo "ok $lib_cases $1 # SKIP $2"
}

check() {
	lib_name=$1
	shift
	if lib_output=$("$@" 2>&1); then
		ok "$lib_name"
	else
		echo "$lib_output" | sed 's/^/# /'
		not_ok "$lib_name" "failed: $*"
	fi
}

# An object is reported once it is 5 s old and two scans saw no pointer to it
# and no change in it (mm/kmemleak.c).
kmemleak_check() {
	lib_kmemleak=/sys/kernel/debug/kmemleak
	if [ ! -e $lib_kmemleak ]; then
		skip "$1" "a kernel without kmemleak"
		return
	fi
	sleep 6
	if echo scan >$lib_kmemleak && echo scan >$lib_kmemleak &&
	   cat $lib_kmemleak >/tmp/kmemleak && [ ! -s /tmp/kmemleak ]; then
		ok "$1"
	else
		sed 's/^/# /' /tmp/kmemleak
		not_ok "$1" "kmemleak"
	fi
}

finish() {
	[ $lib_failed -eq 0 ]
	exit
}
