#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Two msrpcat talk to each other over loopback, without a relay: what goes in at
# one end comes out at the other.
#
# usage: loopback.sh MSRPCAT
set -u
msrpcat=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0

# Starts a receiver whose path is in $path once it listens.
receive() {
    exec {from}< <(exec "$msrpcat" -q -l 0 -p - "$@" 2>"$dir/receiver")
    receiver=$!
    read -r path <&"$from"
}

# What the receiver still says on standard output, and how it ended.
finish() {
    cat <&"$from" >"$dir/said"
    exec {from}<&-
    wait "$receiver"
}

# check WHAT COMMAND...: runs the command, which has to succeed.
check() {
    local what=$1
    shift
    if "$@"; then
        echo "ok   $what"
    else
        echo "FAIL $what"
        cat "$dir/receiver"
        failures=$((failures + 1))
    fi
}

send() {
    "$msrpcat" -q -t "$path" --timeout 20 "$@"
}

# transfer NAME SENDER-OPTIONS...: $dir/in goes through a file.
transfer() {
    local name=$1
    shift
    receive -n 1 -o "$dir/out"
    check "$name: sent" send "$@"
    check "$name: received" finish
    check "$name: identical" cmp "$dir/in" "$dir/out"
}

# --- texts
receive -n 3
check "texts: sent" send -m one -m "two words" -m "" --report
check "texts: received" finish
check "texts: identical" diff "$dir/said" - <<<$'one\ntwo words\n'

# Browsers refuse long texts without it.
receive -n 1
check "inline: sent" send -v -m one --report 2>"$dir/sender"
check "inline: received" finish
check "inline: said" grep -q '^> Content-Disposition: inline$' "$dir/sender"

# --- files of every kind of size
for size in 0 1 2047 2048 2049 100000 3000000; do
    head -c $size /dev/urandom >"$dir/in"
    transfer "$size octets" -f "$dir/in" --report
done
transfer "chunks of 1000" -f "$dir/in" --report --chunk-size 1000
transfer "a window of 2" -f "$dir/in" --report --chunk-size 5000 --window 2
transfer "Failure-Report partial" -f "$dir/in" --failure-report partial
transfer "Failure-Report no" -f "$dir/in" --failure-report no

# --- pipes: what is received has to be read while it comes
receive -n 1 -o -
cat <&"$from" >"$dir/out" &
reader=$!
check "pipe: sent" send -f - --report < <(cat "$dir/in")
wait "$reader"
check "pipe: received" finish
check "pipe: identical" cmp "$dir/in" "$dir/out"

# --- a directory
mkdir "$dir/files"
receive -n 2 -O "$dir/files"
check "directory: sent" send -f "$dir/in" --type text/x -f "$dir/in" --report
check "directory: received" finish
check "directory: identical" cmp "$dir/in" "$dir/files/in"
check "directory: numbered" cmp "$dir/in" "$dir/files/in.1"

# --- a chat, many lines in both directions at once
seq 1 2000 >"$dir/mine"
receive -n 2000
check "chat: sent" send --report <"$dir/mine"
check "chat: received" finish
check "chat: identical" cmp "$dir/mine" "$dir/said"

# --- what is refused
receive -n 1 -t "msrp://nobody.invalid:9/x;tcp" -f "$dir/in"
send -m hello 2>"$dir/sender"
finish
check "unknown session: exit code 1" test $? -eq 1
check "unknown session: 481 is told" grep -q 481 "$dir/receiver"
receive
send -f "$dir/in" 2>"$dir/sender"
check "no text: exit code 1" test $? -eq 1
check "no text: 415 is told" grep -q 415 "$dir/sender"
finish
send -m hello 2>"$dir/sender"
check "nobody there: exit code 2" test $? -eq 2
"$msrpcat" -m hello 2>"$dir/sender"
check "wrong usage: exit code 64" test $? -eq 64
"$msrpcat" -t "$path" -f "$dir/missing" 2>"$dir/sender"
check "missing file: exit code 64" test $? -eq 64

exit $((failures > 0))
