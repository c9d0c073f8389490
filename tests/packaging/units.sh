#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Makes the units and lets systemd judge them: that they say what they mean, and
# that what they leave exposed is at most 1.5 of 10.
#
# usage: units.sh MSRPRELAYD MSRPRELAYCTL
set -eu

source=$(cd "$(dirname "$0")/../.." && pwd)
skipped=77

if ! command -v systemd-analyze >/dev/null; then
    echo "systemd-analyze is not installed"
    exit $skipped
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# The programs must be where the units look for them.
mkdir "$dir/bin" "$dir/units"
ln -s "$1" "$dir/bin/msrprelayd"
ln -s "$2" "$dir/bin/msrprelayctl"
cmake -DSBINDIR="$dir/bin" -DBINDIR="$dir/bin" -DINTO="$dir/units" \
    -P "$source/cmake/make_units.cmake"
cp "$source/systemd/msrprelayd.socket" "$dir/units"
cp "$dir/units/msrprelayd@.service" "$dir/units/msrprelayd@one.service"

cd "$dir/units"
echo "verify"
systemd-analyze verify --man=no msrprelayd.service msrprelayd@one.service \
    msrprelayd.socket 2>"$dir/complaints" || {
    cat "$dir/complaints"
    exit 1
}
# What it only warns of, unknown keys for one, does not make it fail.
if grep 'msrprelayd' "$dir/complaints"; then
    exit 1
fi

for unit in msrprelayd.service msrprelayd@one.service; do
    echo "security of $unit"
    systemd-analyze security --offline=true --no-pager --threshold=15 \
        "$unit" >"$dir/security" || {
        cat "$dir/security"
        exit 1
    }
    tail -n 1 "$dir/security"
done

# What a restart cannot mend (EXIT STATUS in msrprelayd(8)) is not tried again.
echo "exits"
for unit in msrprelayd.service msrprelayd@.service; do
    grep -x 'RestartPreventExitStatus=64 69 78' "$unit" >/dev/null || {
        echo "$unit restarts where only a human can help"
        exit 1
    }
done

# Each instance must differ from the others in all that two cannot share.
echo "instances"
for key in ExecStart ExecReload RuntimeDirectory; do
    grep "^$key=.*%i" 'msrprelayd@.service' >/dev/null || {
        echo "$key is the same for all instances"
        exit 1
    }
done
