# SPDX-License-Identifier: GPL-2.0
# What must hold, at full scale, one test after the other, with the time that each
# takes:
#
#   full.sh SEED [NAME...]
. /guest/lib.sh

seed=$1
shift

# NAME OPS WHAT
tests='
revoke_reuse_is_clean	100000	a million frames change owners, none shows an old byte
bad_among_good		1000000	a million bad calls among good ones
kill_clients		1000000	a thousand clients killed, each with 10,000 blocks
kill_claimed		250000	200 clients killed while another holds their blocks
'

uptime_s() {
	cut -d . -f 1 /proc/uptime
}

is_chosen() {
	chosen=$1
	shift
	case " $* " in
	'  ' | *" $chosen "*) ;;
	*) return 1 ;;
	esac
}

check insmod insmod /pma.ko size=128M
echo "$tests" | grep . >/tmp/tests
while read -r name ops what; do
	is_chosen "$name" "$@" || continue
	begin=$(uptime_s)
	check "$name" pma-ioctl-test "--seed=$seed" "--ops=$ops" --seconds=0 "$name" </dev/null
	echo "# $what: $(($(uptime_s) - begin)) s"
done </tmp/tests
check sound pmactl check --pool
check rmmod rmmod pma
kmemleak_check "no leak by the module"
finish
