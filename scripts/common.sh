# SPDX-License-Identifier: GPL-2.0
# Sourced by the scripts here and in qemu/, which set $me first: the cache's
# place and how to speak.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/pma

say() {
	echo "$me: $*" >&2
}

die() {
	say "$*"
	exit 1
}
