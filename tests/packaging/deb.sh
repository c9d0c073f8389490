#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Makes the packages, asks lintian about them, installs them into a clean Debian,
# and looks at what is there, and at what is left after removal and purge. In
# between that Debian is booted, with its own systemd, see inside.sh.
#
# usage: deb.sh BUILD-DIRECTORY
#
# Ends with 77 where it cannot be done: without root, the tools or a mirror. The
# clean Debian is kept in the build directory.
set -eu

build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
clean=$build/clean-debian.tar
lock=/run/lock/msrprelayd-packaging
dir=

skip() {
    echo "skipped: $*"
    exit 77
}

fail() {
    echo "FAILED: $*"
    exit 1
}

step() {
    echo "== $* ($SECONDS s)"
}

clean_up() {
    [ -z "$dir" ] || rm -rf "$dir"
}
trap clean_up EXIT

# --- what is needed

# Where this host has its own release from.
find_mirror() {
    # shellcheck disable=SC1091
    . /etc/os-release
    suite=${VERSION_CODENAME-}
    mirror=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' \
        'Created-By: Packages' |
        awk -v suite="$suite" '$1 == suite && $2 == "main" { print $3; exit }')
    [ -n "$mirror" ]
}

mirror_answers() {
    /usr/lib/apt/apt-helper download-file "${mirror%/}/dists/$suite/Release" \
        "$dir/Release" >/dev/null 2>&1
}

check_needs() {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
    for tool in apt-get cpack debootstrap lintian systemd-nspawn; do
        command -v $tool >/dev/null || skip "$tool is not installed"
    done
    find_mirror || skip "no mirror for this host's own release"
    dir=$(mktemp -d)
    mirror_answers || skip "$mirror does not answer"
}

# --- the packages

make_packages() {
    local contact
    cpack -G DEB --config "$build/CPackConfig.cmake" -B "$dir/cpack" \
        >"$dir/cpack.log" 2>&1 || {
        cat "$dir/cpack.log"
        fail "cpack"
    }
    mv "$dir"/cpack/msrprelayd_*.deb "$dir/out/msrprelayd.deb"
    mv "$dir"/cpack/msrprelayd-lookup_*.deb "$dir/out/msrprelayd-lookup.deb"
    contact=$(sed -n 's/^MSRP_CONTACT:STRING=//p' "$build/CMakeCache.txt")
    [ "$(dpkg-deb -f "$dir/out/msrprelayd.deb" Maintainer)" = "$contact" ] ||
        fail "another Maintainer"
    [ -z "$(dpkg-deb -f "$dir/out/msrprelayd.deb" Homepage)" ] ||
        fail "a Homepage, which the project does not have"
}

# The debugger finds symbols by the build id of the program.
check_symbols() {
    local id

    mkdir "$dir/package" "$dir/symbols"
    dpkg-deb -x "$dir/out/msrprelayd.deb" "$dir/package"
    dpkg-deb -x "$dir"/cpack/msrprelayd-dbgsym_*.ddeb "$dir/symbols"
    id=$(readelf -n "$dir/package/usr/sbin/msrprelayd" |
        sed -n 's/.*Build ID: //p')
    [ -n "$id" ] || fail "no build id"
    readelf -S "$dir/symbols/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug" \
        2>/dev/null |
        grep -q debug_info || fail "no symbols of msrprelayd"
    ! readelf -S "$dir/package/usr/sbin/msrprelayd" | grep -q debug_info ||
        fail "the symbols are in the package itself"
}

# It is not meant for Debian's own archive, where bugs would be closed.
check_packages() {
    lintian --allow-root --fail-on error,warning \
        --suppress-tags initial-upload-closes-no-bugs \
        "$dir"/out/*.deb || fail "lintian"
}

depends() {
    dpkg-deb -f "$dir/out/$1.deb" Depends
}

# Only the look-up helpers bring clients of databases.
check_depends() {
    local library

    for library in libpq5 libmariadb3 libhiredis libcurl; do
        case $(depends msrprelayd) in
        *$library*) fail "msrprelayd depends on $library" ;;
        esac
        case $(depends msrprelayd-lookup) in
        *$library*) ;;
        *) fail "msrprelayd-lookup does not depend on $library" ;;
        esac
    done
}

# --- the clean Debian

make_clean() {
    if [ -n "$(find "$clean" -mtime -30 2>/dev/null)" ]; then
        return
    fi
    debootstrap --variant=minbase "$suite" "$dir/clean" "$mirror" \
        >"$dir/debootstrap.log" 2>&1 || {
        tail "$dir/debootstrap.log"
        fail "debootstrap"
    }
    tar -C "$dir/clean" -cf "$clean.new" .
    mv "$clean.new" "$clean"
    rm -rf "$dir/clean"
}

contain() {
    systemd-nspawn --quiet --register=no --keep-unit \
        --directory "$dir/root" --bind "$dir/out:/mnt" "$@" </dev/null
}

# within COMMAND...: quiet unless it fails.
within() {
    contain --console=pipe --as-pid2 \
        --setenv=DEBIAN_FRONTEND=noninteractive "$@" \
        >"$dir/within.log" 2>&1 || {
        tail -n 40 "$dir/within.log"
        fail "$*"
    }
}

make_root() {
    mkdir "$dir/root"
    tar -C "$dir/root" -xf "$clean"
    contain --as-pid2 true >"$dir/within.log" 2>&1 ||
        skip "no container can be run here: $(tail -n 1 "$dir/within.log")"
    contain --as-pid2 apt-get -qq update >"$dir/within.log" 2>&1 ||
        skip "the mirror does not answer from inside a container"
    within apt-get -qq -y --no-install-recommends satisfy \
        "$(depends msrprelayd)" "$(depends msrprelayd-lookup)"
    # Programs that the documentation has an example for, and what those need.
    within apt-get -qq -y --no-install-recommends install \
        ca-certificates openssl logrotate fail2ban python3-systemd
}

# What a package could leave behind; logs and caches of others change anyway.
list_files() {
    (cd "$dir/root" && find . \( -path ./proc -o -path ./sys -o -path ./run \
        -o -path ./tmp -o -path ./var/cache -o -path ./var/log/apt \) -prune \
        -o ! -path './var/lib/apt/*' -print) | LC_ALL=C sort >"$dir/$1"
}

# expect_left FILE...: beside what was there before.
expect_left() {
    list_files after
    for path; do
        echo "$path"
    done | LC_ALL=C sort >"$dir/wanted"
    LC_ALL=C comm -13 "$dir/before" "$dir/after" >"$dir/left"
    diff "$dir/wanted" "$dir/left" || fail "something else is left"
}

# --- installed

is() {
    local want=$1 path=$2 found

    found=$(chroot "$dir/root" stat -c '%U:%G %a' "$path")
    [ "$found" = "$want" ] || fail "$path is $found, not $want"
}

check_installed() {
    local store

    within getent passwd msrprelay
    is 'root:msrprelay 750' /etc/msrprelayd
    is 'root:root 644' /etc/msrprelayd/msrprelayd.conf
    is 'root:msrprelay 640' /etc/msrprelayd/users
    is 'msrprelay:msrprelay 750' /var/log/msrprelayd
    within test -x /usr/bin/msrprelayctl
    within test -x /usr/bin/msrpcat
    within test -f /usr/share/man/man8/msrprelayd.8.gz
    within test -f /usr/share/doc/msrprelayd/copyright
    for store in http mysql pgsql redis; do
        within msrprelay-lookup-$store --version
        within test -f /usr/share/man/man8/msrprelay-lookup-$store.8.gz
    done
    within test -f /usr/share/doc/msrprelayd-lookup/copyright
    within test -L \
        /etc/systemd/system/multi-user.target.wants/msrprelayd.service
    within setpriv --reuid=msrprelay --regid=msrprelay --init-groups \
        msrprelayd -t
}

make_certificates() {
    local which

    for which in old new; do
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=relay \
            -addext subjectAltName=DNS:relay1.example.com \
            -keyout "$dir/out/$which.key" -out "$dir/out/$which.pem" 2>/dev/null
    done
}

# The system is changed in memory only, and has a loopback of its own.
check_booted() {
    cp "$here/inside.sh" "$here/../commands/first_message.sh" "$dir/out"
    make_certificates
    contain --volatile=overlay --private-network \
        --bind-ro "$here/inside.service:/etc/systemd/system/inside.service" \
        --boot systemd.unit=inside.service >"$dir/boot.log" 2>&1 ||
        : # how it ends is how the machine went off
    cat "$dir/out/log" || {
        tail -n 40 "$dir/boot.log"
        fail "it does not boot"
    }
    [ -e "$dir/out/passed" ] || fail "inside"
}

check_needs
# Two at once would have the same name, and the same control groups.
exec 9>$lock
flock 9
mkdir "$dir/out"
step "packages"
make_packages
step "lintian"
check_packages
check_symbols
check_depends
step "clean system"
make_clean
make_root
list_files before
step "install"
cp "$here/../commands/install_package.sh" "$dir/out"
ln "$dir/out/msrprelayd.deb" "$dir/out/msrprelayd_0.1.0-1_any.deb"
within sh -ec 'cd /mnt && . ./install_package.sh'
within apt-get -qq -y --no-install-recommends install /mnt/msrprelayd-lookup.deb
check_installed
step "boot"
check_booted
step "remove"
within apt-get -qq -y remove msrprelayd msrprelayd-lookup
expect_left ./etc/logrotate.d/msrprelayd ./etc/msrprelayd ./etc/msrprelayd/msrprelayd.conf \
    ./etc/msrprelayd/users ./var/lib/dpkg/info/msrprelayd.list \
    ./var/lib/dpkg/info/msrprelayd.postrm
step "purge"
within apt-get -qq -y purge msrprelayd
expect_left
step "done"
