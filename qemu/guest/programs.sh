# SPDX-License-Identifier: GPL-2.0
# Programs that were not written here, with their heaps in arenas: each must print
# what it prints with glibc's heap.
#
#   programs.sh short|long		plays /programs/*, where NAME.expected is
#					what NAME printed; this machine's root is /host
. /guest/lib.sh

length=$1
cp -r /programs /tmp/programs
in_host() {
	PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/tmp chroot /host "$@"
}

ip link set lo up

uptime_s() {
	cut -d . -f 1 /proc/uptime
}

# A shell with all that it starts; its own statistics say that it was in an arena.
play_program() {
	mkdir -p "/tmp/work/$1"
	in_host sh -c "cd /tmp/work/$1 &&
		exec /tmp/programs/pmactl run --stats -- sh /tmp/programs/$1 $length" \
		>"/tmp/$1.out" 2>"/tmp/$1.err"
	diff "/tmp/programs/$1.expected" "/tmp/$1.out" &&
		grep -q '^libpma-malloc: allocs [1-9]' "/tmp/$1.err" && rm -rf "/tmp/work/$1" &&
		return
	tail -n 20 "/tmp/$1.err"
	return 1
}

heap_is_in_arena() {
	in_host /tmp/programs/pmactl run -- cat /proc/self/maps | grep -q ' /dev/pma$'
}

nothing_left() {
	pmactl check --pool && pmactl stat | grep -q '^pool_arenas *1$'
}

insmod /pma.ko size=384M
check heap_is_in_arena heap_is_in_arena
for expected in /tmp/programs/*.expected; do
	name=$(basename "$expected" .expected)
	begin=$(uptime_s)
	check "$name" play_program "$name"
	echo "# $name: $(($(uptime_s) - begin)) s"
done
check nothing_left nothing_left
check rmmod rmmod pma
finish
