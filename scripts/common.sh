# SPDX-License-Identifier: GPL-2.0
# Sourced by the scripts here and in qemu/, which set $me first: the cache's
# place, how to speak, what programs need.

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
