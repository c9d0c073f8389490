#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The commands of the README that build and install, run as they stand there in a
# copy of the sources. apt only says what it would do, and what is installed goes
# below a directory.
#
# usage: build.sh SOURCE
set -eu

source=$1
here=$source/tests/commands
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
    echo "FAILED: $*"
    exit 1
}

mkdir "$dir/bin" "$dir/copy"
for program in apt apt-get; do
    # It may have the packages already, or have to get them: both are right.
    cat >"$dir/bin/$program" <<END
#!/bin/sh
exec /usr/bin/apt-get --simulate "\$@"
END
    chmod +x "$dir/bin/$program"
done
export PATH=$dir/bin:$PATH
tar -C "$source" --exclude='./build*' --exclude=./.git --exclude=./.quickstart \
    -cf - . | tar -C "$dir/copy" -xf -
cd "$dir/copy"

sh -e "$here/package.sh" >"$dir/log" 2>&1 || {
    tail -n 40 "$dir/log"
    fail "package.sh"
}
grep -q '^Inst msrprelayd ' "$dir/log" ||
    grep -q 'msrprelayd is already the newest' "$dir/log" ||
    fail "apt would not install the package"
DESTDIR=$dir/root sh -e "$here/by_hand.sh" >"$dir/log" 2>&1 || {
    tail -n 40 "$dir/log"
    fail "by_hand.sh"
}
"$dir/root/usr/local/sbin/msrprelayd" -V | grep -q '^msrprelayd ' ||
    fail "no msrprelayd was installed"
