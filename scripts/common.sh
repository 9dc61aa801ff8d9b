# SPDX-License-Identifier: GPL-2.0
# Sourced by the scripts here and in qemu/, which set $me first: the cache's
# place, how to speak, what programs and guests need.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/pma

say() {
	echo "$me: $*" >&2
}

die() {
	say "$*"
	exit 1
}

# Whatever a program or library is linked with, the interpreter too.
libraries() {
	ldd "$@" | sed -n 's/.* => \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' |
		sort -u
}

# What a guest with kernel $1 needs to test the device, as options of qemu/run.
device_options() {
	echo "--add build/$1/pma.ko"
	echo "--add build/tools/pmactl-static:/bin/pmactl"
	echo "--add build/tools/libpma-malloc.so:/lib/libpma-malloc.so"
	for test in pma-ioctl-test pma-ioctl-test32 pma-lib-test pma-malloc-test; do
		echo "--add build/tools/$test"
	done
	for library in $(libraries build/tools/pma-malloc-test); do
		echo "--add $library:$library"
	done
}
