#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Builds the images of packaging/oci, and has two clients exchange a text and a
# file by way of the relay, Kamailio and rtpengine, as compose.yaml does: each
# image with its own entry point, user and environment, in a network of their own.
#
# usage: oci.sh BUILD-DIRECTORY
#
# Ends with 77 where it cannot be done: without root, buildah or a mirror. The
# minimal Debian is that of deb.sh, if that has made it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
oci=$here/../../packaging/oci
names="relay kamailio rtpengine alice bob"

fail() {
    echo "FAILED: $*"
    exit 1
}

skip() {
    echo "skipped: $*"
    exit 77
}

step() {
    echo "== $* ($SECONDS s)"
}

tool() {
    buildah --root "$dir/root" --runroot "$dir/run" --storage-driver vfs "$@"
}

# --- inside: all names are addresses of one loopback

# service NAME WORD...: its entry point, with these words.
service() {
    local name=$1 entry

    shift
    entry=$(tool inspect --format '{{.OCIv1.Config.Entrypoint}}' "$name")
    # shellcheck disable=SC2086  # a list of words in brackets
    tool run --isolation chroot -v "$dir/hosts:/etc/hosts:ro" \
        "$name" -- ${entry//[][]/} "$@" \
        >"$dir/$name.log" 2>&1
}

# until_said NAME TEXT
until_said() {
    local i

    for ((i = 0; i < 600; i++)); do
        ! grep -q "$2" "$dir/$1.log" || return 0
        sleep 0.1
    done
    fail "$1 did not say: $2"
}

show_logs() {
    local name

    for name in $names; do
        echo "-- $name"
        tail -n 15 "$dir/$name.log"
    done
}

play() {
    ip link set lo up
    for name in $names; do
        : >"$dir/$name.log"
    done
    trap show_logs EXIT
    service relay &
    until_said relay started
    service rtpengine &
    until_said rtpengine 'Startup complete'
    service kamailio &
    service bob bob &
    bob=$!
    until_said bob ready
    service alice alice || fail "alice"
    wait $bob || fail "bob"
    trap - EXIT
    grep -h ':' "$dir/alice.log" "$dir/bob.log"
}

if [ "$1" = --inside ]; then
    dir=$2
    play
    exit 0
fi

# --- outside

build=$(cd "$1" && pwd)
dir=
clean_up() {
    [ -z "$dir" ] || rm -rf "$dir"
}
trap clean_up EXIT

[ "$(id -u)" -eq 0 ] || skip "needs root"
for program in buildah debootstrap ip unshare; do
    command -v $program >/dev/null || skip "$program is not installed"
done
dir=$(mktemp -d)
[ "$(df --output=avail -BG "$dir" | tr -dc 0-9)" -ge 10 ] ||
    skip "needs 10 GB of room"
unshare --net true 2>/dev/null || skip "no network of its own can be made"
tool from --name probe scratch >/dev/null 2>&1 || skip "buildah does not work"
rootfs=$build/clean-debian.tar
[ -e "$rootfs" ] || rootfs=

step "images"
SECRETS=$dir/secrets ENGINE="buildah --root $dir/root --runroot $dir/run \
--storage-driver vfs bud --isolation chroot --layers" \
    "$oci/build" $rootfs >"$dir/build.log" 2>&1 || {
    ! grep -q 'Temporary failure\|Could not resolve' "$dir/build.log" ||
        skip "no mirror answers"
    tail -n 30 "$dir/build.log"
    fail "build"
}
step "containers"
i=2
for name in $names; do
    case $name in
    alice | bob) image=client ;;
    *) image=$name ;;
    esac
    tool from --name $name msrprelayd/$image >/dev/null
    # buildah takes one volume only where the other is /etc/hosts.
    tool copy $name "$dir/secrets" /run/secrets >/dev/null
    tool config --env RELAY_NAME=relay --env RELAY_REALM=example.com $name
    echo "127.0.0.$i $name" >>"$dir/hosts"
    i=$((i + 1))
done
echo "127.0.0.1 localhost" >>"$dir/hosts"
[ "$(tool inspect --format '{{.OCIv1.Config.User}}' relay)" = msrprelay ] ||
    fail "the relay's container runs as root"
step "a call"
unshare --net --pid --fork --kill-child --mount-proc \
    bash "$0" --inside "$dir" || fail "the call"
step "done"
