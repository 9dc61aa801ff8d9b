# SPDX-License-Identifier: GPL-2.0
# The device as its users see it: parameters, every ioctl from a 64-bit and a
# 32-bit caller, the text of /proc/pma, the tool, traces, and the way out.
. /guest/lib.sh

# A case whose own cases are told too.
subtest() {
	subtest_name=$1
	shift
	if "$@" >/tmp/subtest 2>&1; then
		sed 's/^/    /' /tmp/subtest
		ok "$subtest_name"
	else
		sed 's/^/    /' /tmp/subtest
		not_ok "$subtest_name" "failed: $*"
	fi
}

# refused NAME LOG-LINE PARAMETER...: insmod fails, says why, leaves nothing.
refused() {
	refused_name=$1 refused_line=$2
	shift 2
	dmesg -c >/dev/null
	if insmod /pma.ko "$@" 2>/dev/null; then
		rmmod pma
		not_ok "$refused_name" "insmod was not refused"
	elif ! dmesg | grep -q "$refused_line"; then
		dmesg | sed 's/^/# /'
		not_ok "$refused_name" "no line says: $refused_line"
	elif [ -e /dev/pma ] || [ -e /proc/pma ] || grep -q '^pma ' /proc/modules; then
		not_ok "$refused_name" "something was left behind"
	else
		ok "$refused_name"
	fi
}

refused page_size_not_pow2 'page_size is not a power of two' page_size=3000
refused page_size_zero 'page_size is not a power of two' page_size=0
refused page_size_small 'page_size is not a power of two' page_size=128
refused page_size_large 'page_size is not a power of two' page_size=128K
refused size_zero 'size is not a whole number of pages' size=0
refused size_odd 'size is not a whole number of pages' size=10000
refused size_huge 'size is more than' size=1E
refused size_above_memory 'no region of 214748364800 bytes' size=200G
refused size_no_number "invalid for parameter .size'" size=lots
refused size_trailing "invalid for parameter .size'" size=1Mx
refused limit_overflow "invalid for parameter .limit'" limit=16E
refused size_negative "invalid for parameter .size'" size=-4096
refused slab_max_small 'slab_max is not between' slab_max=32
refused slab_max_large 'slab_max is not between' slab_max=4K
refused classes_unknown 'classes is neither' classes=coarse
refused limit_odd 'limit is not a whole number of pages' limit=5000
refused limit_large 'limit is not a whole number of pages' size=1M limit=2M
refused limit_no_number "invalid for parameter .limit'" limit=M
refused track_unknown "invalid for parameter .track'" track=maybe

parameter_is() {
	[ "$(cat /sys/module/pma/parameters/$1)" = "$2" ]
}

modinfo_names_parameters() {
	for name in size page_size slab_max classes track limit; do
		modinfo /pma.ko | grep -q "^parm: *$name:" || return
	done
}

limit_is() {
	[ "$(pmactl stat | awk '$1 == "limit_pages" { print $2 }')" = "$1" ]
}

check modinfo_names_parameters modinfo_names_parameters
check insmod_with_parameters insmod /pma.ko size=2M page_size=8K slab_max=1K classes=pow2 track=0 limit=64K
# A huge page is at hand where there is so much memory, and so little in use.
# shellcheck disable=SC2016
check region_in_huge_pages sh -c 'dmesg | tail -n 1 | grep -q "2097152 bytes in huge pages"'
check parameter_size parameter_is size 2097152
check parameter_page_size parameter_is page_size 8192
check parameter_slab_max parameter_is slab_max 1024
check parameter_classes parameter_is classes pow2
check parameter_track parameter_is track N
check parameter_limit parameter_is limit 65536
check limit_of_parameter limit_is 8
check rmmod_with_parameters rmmod pma

# /proc/pma as awk reads it: every page once, in order.
proc_tiles_region() {
	awk '
	/^# pool pma:/ { for (i = 1; i < NF; i++) if ($i == "pages") pages = $(i + 1) }
	/^#/ { next }
	{
		n = split($1, range, "-")
		if (range[1] != next_page) exit bad = 1
		next_page = range[n] + 1
		if ($2 !~ /^(free|slab|big|heap|held)$/ || NF != 6) exit bad = 1
	}
	END { exit bad || !pages || next_page != pages }' /proc/pma
}

# A long text, read in small pieces, with many lines that do not fold.
proc_reads_in_pieces() {
	mkfifo /tmp/commands
	pmactl shell </tmp/commands >/dev/null &
	exec 8>/tmp/commands
	i=0
	while [ $i -lt 600 ]; do
		echo "alloc 2048"
		echo "alloc 4096"
		i=$((i + 1))
	done >&8
	until [ "$(wc -l </proc/pma)" -gt 900 ]; do sleep 0.1; done
	cat /proc/pma >/tmp/whole
	dd if=/proc/pma of=/tmp/pieces bs=100 2>/dev/null
	exec 8>&-
	wait
	cmp /tmp/whole /tmp/pieces
}

no_address_in_proc() {
	! grep -q 'ffff[0-9a-f]\{12\}' /proc/pma
}

device_is_private() {
	[ "$(stat -c %a /dev/pma)" = 660 ]
}

rmmod_refused_while_open() {
	exec 9<>/dev/pma
	! rmmod pma 2>/dev/null
	status=$?
	exec 9>&-
	[ $status -eq 0 ] && [ -e /dev/pma ]
}

# Nor when an arena is left that has neither a name any more nor a file of the node.
rmmod_refused_while_unlinked() {
	mkfifo /tmp/gone && pmactl create gone || return
	pmactl --arena=gone shell </tmp/gone &
	exec 8>/tmp/gone
	echo 'alloc 100' >&8
	until pmactl arenas | grep -q ' 112 *1 gone$'; do sleep 0.1; done
	pmactl unlink gone && ! rmmod pma 2>/dev/null
	status=$?
	printf '%s\n' 'alloc 100' 'check' >&8
	exec 8>&-
	wait $! && [ $status -eq 0 ] && [ -e /dev/pma ]
}

# What a script prints that must not be refused, and leaves nothing.
shell_script() {
	cat >/tmp/script
	pmactl shell /tmp/script
}

# The exit status of a command.
exits() {
	exits_wanted=$1
	shift
	"$@" >/dev/null 2>&1 </dev/null
	[ $? -eq "$exits_wanted" ]
}

# Each command's JSON must be taken apart by a parser: pmactl has none, so look
# at its shape.
json_is_object() {
	pmactl --json "$@" | tr -d ' \n' | grep -q '^[{[].*[]}]$'
}

# With more arenas than its window has lines.
top_of_many() {
	crowd='1 2 3 4 5 6 7 8 9 10 11 12 13 14 15'
	for i in $crowd; do pmactl create "crowd$i" || return; done
	pma-top-test /bin/pmactl
	top_status=$?
	for i in $crowd; do pmactl unlink "crowd$i" || return; done
	return $top_status
}

tool_cases() {
	check tool_info pmactl info
	check tool_dump pmactl dump
	check tool_map pmactl map --color=never
	check tool_stat pmactl stat
	check tool_check pmactl check --pool
	for command in info dump map stat check 'alloc 100'; do
		# shellcheck disable=SC2086
		check "tool_json_${command% *}" json_is_object $command
	done
	check named_by_tool named_by_tool
	check limit_by_tool limit_by_tool
	check share_by_tool share_by_tool
	check share_in_shell share_in_shell
	for command in arenas top limit root; do
		check "tool_json_$command" json_is_object $command
	done
	if [ -e /dev/ptmx ]; then
		subtest tool_top top_of_many
	else
		skip tool_top "a kernel without pseudo-terminals"
	fi
	check exit_refused exits 1 pmactl alloc 0
	check exit_usage exits 2 pmactl frobnicate
	check exit_no_number exits 2 pmactl alloc lots
	check exit_no_token exits 2 pmactl claim
	check exit_short_token exits 2 pmactl claim 0123456789abcdef
	check exit_odd_token exits 2 pmactl claim 0x23456789abcdef0123456789abcdef
	check exit_many_claims exits 2 pmactl share 0 --claims=65536
	check exit_no_device exits 3 pmactl --device=/dev/null info
	check exit_no_file exits 5 pmactl shell /tmp/no-such-script
	printf 'a 0 10\nbogus\n' >/tmp/bogus.trace
	check exit_bad_trace exits 2 pmactl replay /tmp/bogus.trace
}

# The debug kernel is many times slower: there the tests that go on as long as
# they like stop early, traces are cut off, and a 32-bit caller is tried on one
# pool only, for the lane to end in minutes. That caller differs in the layout of
# what it passes: it stops early everywhere.
short='--ops=1500 --seconds=1' length=''
[ ! -e /sys/kernel/debug/kmemleak ] || length=$short

replay() {
	case $length$1 in
	-*.gz)	zcat "$1" | head -n 4000 | pmactl replay - ;;
	*)	pmactl replay "$1" ;;
	esac
}

# pmactl run, with the one program here that is linked at run time.
says() {
	says_what=$1
	shift
	"$@" 2>&1 </dev/null | tee /dev/stderr | grep -q "$says_what"
}

run_cases() {
	check run_status exits 42 pmactl run -- pma-malloc-test --exec
	check run_not_found exits 127 pmactl run -- /no/such/program
	check run_usage exits 2 pmactl run --bogus -- pma-malloc-test
	check run_no_device exits 3 pmactl --device=/dev/null run pma-malloc-test --exec
	check run_stats says 'libpma-malloc: allocs [1-9]' pmactl run --stats -- pma-malloc-test -x
	subtest run_limit pmactl run --limit=4M -- pma-malloc-test malloc_exhaustion
	check run_limit_huge exits 42 pmactl run --limit=8T -- pma-malloc-test -x
	check run_preload env LD_PRELOAD=libc.so.6 pmactl run sh -c 'case $LD_PRELOAD in
		*/libpma-malloc.so:libc.so.6) ;; *) exit 1 ;; esac'
	check shim_no_device exits 127 env LD_PRELOAD=/lib/libpma-malloc.so \
		PMA_MALLOC_DEVICE=/dev/null pma-malloc-test --exec
	check shim_fallback exits 43 env LD_PRELOAD=/lib/libpma-malloc.so PMA_MALLOC_FALLBACK=1 \
		PMA_MALLOC_DEVICE=/dev/null pma-malloc-test --exec
}

# An arena with a name outlives the tool, and keeps the module.
named_by_tool() {
	pmactl create demo --mode=660 && pmactl expect EEXIST create demo &&
		printf 'a = alloc 100\nwrite $a hello\nroot $a\ntag "kept data"\n' |
		pmactl --arena=demo shell &&
		printf 'r = root\nread $r 5\nlimit\ncheck\n' |
		pmactl --arena=demo shell | tee /dev/stderr | grep -q hello &&
		pmactl arenas | tee /dev/stderr | grep -q 'demo (kept data)' &&
		pmactl top | grep -q demo && grep -q 'name demo tag kept data' /proc/pma &&
		pmactl info | grep -q 'named_arenas *1' && ! rmmod pma 2>/dev/null &&
		pmactl unlink demo && pmactl expect ENOENT unlink demo &&
		exits 3 pmactl --arena=demo info
}

# Between arenas with names, a run each; and in a shell, whose last token is known.
share_by_tool() {
	pmactl create left && pmactl create right && share_left_right
	share_status=$?
	pmactl unlink left && pmactl unlink right && pmactl check --pool && return $share_status
}

share_left_right() {
	block=$(pmactl --arena=left alloc 128K) && block=${block%%:*} &&
		pmactl --arena=left write "$block" hello || return
	token=$(pmactl --arena=left share "$block") && pmactl --arena=right claim "$token" &&
		pmactl --arena=right read "$block" 5 | grep hello &&
		pmactl --arena=right expect EROFS write "$block" x &&
		pmactl --arena=right query "$block" | grep 'flags AM.SR' &&
		pmactl --arena=right expect EKEYREJECTED claim "$token" || return
	token=$(pmactl --arena=left share "$block" --write --claims=2) &&
		pmactl --arena=right expect EEXIST claim "$token" &&
		pmactl --arena=right release "$block" && pmactl --arena=right claim "$token" &&
		pmactl --arena=right write "$block" HELLO && pmactl --arena=left free "$block" &&
		pmactl --arena=right read "$block" 5 | grep HELLO &&
		pmactl --arena=right expect EBUSY realloc "$block" 1
}

share_in_shell() {
	printf '%s\n' 'a = alloc 64K' 'write $a shared' 'share $a' 'arena b' \
		'c = claim' 'read $c 6' 'expect EROFS write $c x' 'free $c' \
		'expect EACCES free $c' 'arena main' 'share $a --write' 'unshare' \
		'expect EKEYREJECTED unshare' 'arena b' 'expect EKEYREJECTED claim' \
		'arena main' 'b = alloc 100' 'expect EOPNOTSUPP share $b' \
		'expect EINVAL share $a --claims=0' 'check --pool' | pmactl shell
}

limit_by_tool() {
	printf 'limit 10 --low=3\nexpect ENOMEM alloc 1M\nalloc 1K --wait\nlimit none --reserve=5\n' |
		pmactl shell &&
		printf 'limit 1\nalloc 4K\nexpect ETIMEDOUT alloc 4K --wait=50\n' |
		pmactl shell && exits 2 pmactl limit 4294967295
}

trace_cases() {
	for trace in /bench/traces/*.trace /bench/traces/*.trace.gz; do
		[ -e "$trace" ] || continue
		check "replay_$(basename "$trace")" replay "$trace"
	done
}

# device_cases NAME PARAMETERS: with pma loaded so, all that talks to the device.
# shellcheck disable=SC2086
device_cases() {
	check "insmod_$1" insmod /pma.ko $2
	subtest "ioctl_64_$1" pma-ioctl-test --device=/dev/pma $length
	[ "$length" ] && [ "$1" != default ] ||
		subtest "ioctl_32_$1" pma-ioctl-test32 --device=/dev/pma $short
	subtest "lib_$1" pma-lib-test --device=/dev/pma ${length%% *}
	# What is not mapped can't be a program's heap.
	if [ "$1" = small_pages ]; then
		check "malloc_$1" exits 127 pmactl run -- pma-malloc-test
	elif [ "$1" = default ] || [ ! "$length" ]; then
		subtest "malloc_$1" pmactl run -- pma-malloc-test ${length%% *}
	fi
	check "proc_tiles_region_$1" proc_tiles_region
	check "check_$1" pmactl check --pool
}

device_cases default ''
check device_is_private device_is_private
check proc_reads_in_pieces proc_reads_in_pieces
check no_address_in_proc no_address_in_proc
check rmmod_refused_while_open rmmod_refused_while_open
check rmmod_refused_while_unlinked rmmod_refused_while_unlinked
tool_cases
run_cases
trace_cases
check example_frames frames --frames=9
check rmmod_default rmmod pma

device_cases small_pages 'size=1M page_size=512 classes=pow2'
check rmmod_small_pages rmmod pma
device_cases large_pages 'size=16M page_size=64K track=0'
trace_cases
check rmmod_large_pages rmmod pma

# A region too small for the trace: counted, and the replay goes on.
check insmod_exhausted insmod /pma.ko size=64K
exhausted_is_counted() {
	replay /bench/traces/*.trace.gz | tee /dev/stderr |
		grep -q 'failures *[1-9]' && pmactl check --pool
}
check exhausted_is_counted exhausted_is_counted
check rmmod_exhausted rmmod pma

nothing_left() {
	[ ! -e /dev/pma ] && [ ! -e /proc/pma ] && [ ! -e /sys/module/pma ]
}
check nothing_left nothing_left
kmemleak_check "no leak by the module"
finish
