#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# cmake --install, for those without a package: below any prefix, with units that
# fit, and never over a configuration that is there.
#
# usage: install.sh BUILD-DIRECTORY
set -eu

build=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

install_below() {
    DESTDIR=$dir cmake --install "$build" --prefix "$1" >"$dir/log" 2>&1 || {
        cat "$dir/log"
        exit 1
    }
}

expect() {
    grep -qx -e "$1" "$dir/$2" || {
        echo "no line $1 in $2"
        exit 1
    }
}

install_below /opt/msrp
conf=etc/msrprelayd/msrprelayd.conf
units=opt/msrp/lib/systemd/system
"$dir/opt/msrp/sbin/msrprelayd" -T -c "$dir/$conf" >/dev/null
expect 'ExecStart=/opt/msrp/sbin/msrprelayd' $units/msrprelayd.service
expect 'ExecReload=/opt/msrp/bin/msrprelayctl reload' $units/msrprelayd.service
expect 'ExecStart=/opt/msrp/sbin/msrprelayd -c /etc/msrprelayd/%i.conf' \
    "$units/msrprelayd@.service"

logrotate=etc/logrotate.d/msrprelayd
expect '    daily' $logrotate
echo '# mine' >"$dir/$conf"
echo '# mine' >"$dir/$logrotate"
install_below /usr
expect '# mine' $conf
expect '# mine' $logrotate
expect 'ExecStart=/usr/sbin/msrprelayd' \
    usr/lib/systemd/system/msrprelayd.service

! find "$dir/usr" "$dir/opt" -type f -perm /022 | grep . || {
    echo "others may write these"
    exit 1
}

# There is no half-working package.
! cpack -G RPM --config "$build/CPackConfig.cmake" -B "$dir/cpack" \
    >"$dir/log" 2>&1 || {
    echo "an RPM was made"
    exit 1
}
tr '\n' ' ' <"$dir/log" | tr -s ' ' |
    grep -q 'No RPM package can be made: use cpack -G DEB' || {
    cat "$dir/log"
    exit 1
}
