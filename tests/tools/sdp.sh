#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Two msrpcat that know each other by SDP alone: offer and answer go through
# pipes, as a SIP proxy would carry them, and what is sent arrives, both ways.
#
# usage: sdp.sh MSRPCAT
set -u
msrpcat=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0
msrpcat() {
    timeout 60 "$msrpcat" --timeout 20 "$@"
}
mkfifo "$dir/offer" "$dir/offer.from" "$dir/answer" "$dir/answer.from"

# check WHAT COMMAND...: runs the command, which has to succeed.
check() {
    local what=$1
    shift
    if "$@"; then
        echo "ok   $what"
    else
        echo "FAIL $what"
        tail "$dir/alice.log" "$dir/bob.log"
        failures=$((failures + 1))
    fi
}

# alice OPTION...: offers; bob OPTION...: answers, and is waited for. What they
# say is kept.
alice() {
    msrpcat -s "$dir/offer.from" -S "$dir/answer" "$@" \
        <"$dir/alice.in" >"$dir/alice.out" 2>"$dir/alice.log" &
    alice=$!
    tee "$dir/offer.sdp" <"$dir/offer.from" >"$dir/offer" &
}
bob() {
    tee "$dir/answer.sdp" <"$dir/answer.from" >"$dir/answer" &
    msrpcat -a -S "$dir/offer" -s "$dir/answer.from" "$@" \
        <"$dir/bob.in" >"$dir/bob.out" 2>"$dir/bob.log"
    bob_code=$?
    wait "$alice"
    alice_code=$?
}
: >"$dir/alice.in"
: >"$dir/bob.in"

# says FILE LINE: one of the lines of that SDP matches, whole.
says() {
    tr -d '\r' <"$dir/$1.sdp" | grep -qxE "$2"
}

# ended WHAT ALICE BOB: how the two have ended.
ended() {
    check "$1: exit codes $2 and $3" \
        test "$alice_code $bob_code" = "$2 $3"
}

# texts WHAT [OPTION... -- OPTION...]: a call with a text each way; first options
# of alice, then of bob.
texts() {
    local what=$1 of_alice=()
    shift
    while [ "$1" != -- ]; do
        of_alice+=("$1")
        shift
    done
    shift
    alice -m "from alice" -n 1 "${of_alice[@]}"
    bob -m "from bob" -n 1 "$@"
    ended "$what" 0 0
    check "$what: alice has it" diff - "$dir/alice.out" <<<"from bob"
    check "$what: bob has it" diff - "$dir/bob.out" <<<"from alice"
}

# --- who connects
texts "both listen" -l 0 -- -l 0
check "an offer is actpass" says offer a=setup:actpass
check "an answer is passive" says answer a=setup:passive
check "SDP is what it should be" diff - <(tr -d '\r' <"$dir/offer.sdp" |
    sed 's/[0-9]\{4,5\}/PORT/; s,/[^/;]*;,/ID;,') <<'END_OF_SDP'
m=message PORT TCP/MSRP *
c=IN IP4 127.0.0.1
a=accept-types:text/plain message/cpim
a=path:msrp://127.0.0.1:PORT/ID;tcp
a=setup:actpass
END_OF_SDP
check "its lines end in CRLF" test "$(grep -c $'\r$' "$dir/offer.sdp")" -eq 5

texts "the answer connects" -l 0 -- --setup active
check "it is at port 9" says answer "m=message 9 TCP/MSRP \*"
check "so is its path" says answer "a=path:msrp://127.0.0.1:9/.*"
texts "the answer connects, for want of a listener" -l 0 --
check "it says active" says answer a=setup:active
texts "the offer connects" --setup active -- -l 0
check "it has an address" says offer "c=IN IP[46] [0-9a-f.:]+"
texts "the offer will be called" -l 0 --setup passive -- -l 0
check "the answer is active" says answer a=setup:active
texts "nobody says anything" -l 0 --setup none -- -l 0 --setup none
check "no a=setup" test "$(grep -c a=setup "$dir/offer.sdp")" -eq 0
texts "by IPv6" -l '[::1]:0' -- -l '[::1]:0'
check "IP6 in c=" says offer "c=IN IP6 ::1"
check "brackets in the path" says offer "a=path:msrp://\[::1\]:[0-9]+/.*"

# --- the first word
alice -v -l 0 -m hello --report
bob -v -l 0 -n 1
ended "the first word" 0 0
check "who connects sends an empty SEND first" \
    diff - <(grep -m 2 -E '^> (MSRP|Byte-Range)' "$dir/alice.log" |
        sed 's/MSRP .* /MSRP x /') <<'END_OF_SEND'
> MSRP x SEND
> Byte-Range: 1-0/0
END_OF_SEND
check "who is called answers first" \
    sh -c "grep -m 1 '^> MSRP' '$dir/bob.log' | grep -q '200 OK'"

# --- files
head -c 10000000 /dev/urandom >"$dir/a.bin"
head -c 10000000 /dev/urandom >"$dir/b.bin"
for tls in "" --tls; do
    alice -l 0 $tls -f "$dir/a.bin" -n 1 -o "$dir/a.got" --report
    bob -l 0 -f "$dir/b.bin" -n 1 -o "$dir/b.got" --report
    ended "10 MB each way $tls" 0 0
    check "alice's file arrives $tls" cmp "$dir/a.bin" "$dir/b.got"
    check "bob's file arrives $tls" cmp "$dir/b.bin" "$dir/a.got"
    check "any type is accepted" says answer "a=accept-types:\*"
done

# --- a chat: what comes after the SDP on standard input is what is said
seq 1 500 >"$dir/lines"
mkfifo "$dir/in"
msrpcat -q -l 0 -a -S - -s "$dir/answer.from" --report \
    <"$dir/in" >"$dir/bob.out" 2>"$dir/bob.log" &
bob=$!
alice -l 0 -n 500 --report
{
    tr -d '\r' <"$dir/offer"
    echo
    cat "$dir/lines"
} >"$dir/in"
cat "$dir/answer.from" >"$dir/answer"
wait "$alice"
check "chat: received" diff "$dir/lines" "$dir/alice.out"
wait $bob
check "chat: sent" test $? -eq 0

# --- TLS
texts "TLS" -l 0 --tls -- -l 0
check "TLS in m=" says offer "m=message [0-9]+ TCP/TLS/MSRP \*"
check "msrps in the path" says answer "a=path:msrps:.*"
check "a fingerprint" says answer "a=fingerprint:SHA-256 [0-9A-F:]{95}"
texts "TLS, the answer connects" -l 0 --tls -- --setup active

# Whoever shows another certificate than the one announced is not spoken to.
sed_answer=s/SHA-256.../SHA-256\ 0G/
mkfifo "$dir/other"
msrpcat -l 0 --tls -m secret -n 1 \
    -s "$dir/offer" -S "$dir/other" </dev/null >"$dir/alice.out" \
    2>"$dir/alice.log" &
alice=$!
sed "$sed_answer" "$dir/answer" >"$dir/other" &
bob -v -l 0 -n 1
ended "a wrong fingerprint" 2 2
check "a wrong fingerprint: alice says so" grep -q fingerprint "$dir/alice.log"
check "a wrong fingerprint: nothing was said" \
    test "$(grep -c MSRP "$dir/bob.log")" -eq 0

# Certificates from files, judged by the authority and the name: the SDP that
# arrives has no fingerprints.
new_cert() { # NAME
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" \
        -addext "subjectAltName=DNS:$1" -keyout "$dir/$1.key" \
        -out "$dir/$1.pem" 2>/dev/null
}
new_cert localhost
new_cert alice.example.com
mkfifo "$dir/plain-offer" "$dir/plain-answer"

# judged WHAT CODES ALICE-OPTIONS... -- BOB-OPTIONS...
judged() {
    local what=$1 code=$2 of_alice=()
    shift 2
    while [ "$1" != -- ]; do
        of_alice+=("$1")
        shift
    done
    shift
    alice -l localhost:0 --tls --cert "$dir/alice.example.com.pem" \
        --key "$dir/alice.example.com.key" -m hello "${of_alice[@]}" \
        -S "$dir/plain-answer"
    grep -v fingerprint "$dir/offer" >"$dir/plain-offer" &
    grep -v fingerprint "$dir/answer" >"$dir/plain-answer" &
    bob -l localhost:0 --cert "$dir/localhost.pem" --key "$dir/localhost.key" \
        -S "$dir/plain-offer" -n 1 "$@"
    ended "$what" "$code" "$([ "$code" = 0 ] && echo 0 || echo 2)"
}
judged "authority and name" 0 --ca "$dir/localhost.pem" -- \
    --ca "$dir/alice.example.com.pem" --name alice.example.com
judged "no certificate needed" 0 --ca "$dir/localhost.pem" --
judged "an unknown authority" 2 --ca "$dir/alice.example.com.pem" --
judged "another name" 2 --ca "$dir/localhost.pem" --name other.example.com --
judged "blind trust" 0 -k -- -k

# --- what does not come to a call
# refused WHAT WORD ALICE-CODE SDP OPTION...: alice gets this answer.
refused() {
    local what=$1 word=$2 sdp=$3
    shift 3
    msrpcat -l 0 -s "$dir/offer.sdp" -S - -m hello "$@" <<<"$sdp" \
        2>"$dir/alice.log"
    check "$what: exit code 2" test $? -eq 2
    check "$what: said" grep -q "$word" "$dir/alice.log"
}
path=msrp://127.0.0.1:1/x\;tcp
refused "declined" declines "m=message 0 TCP/MSRP *"
refused "no message section" "no message section" "m=audio 1 RTP/AVP 0"
refused "no path" a=path "m=message 1 TCP/MSRP *"
refused "downgraded" "another protocol" "m=message 1 TCP/MSRP *
a=path:$path" --tls
refused "nobody there" refused "m=message 1 TCP/MSRP *
a=path:$path"
refused "both wait" "both sides wait" "m=message 1 TCP/MSRP *
a=path:$path
a=setup:passive" --setup passive
refused "both connect" "both sides want to connect" "m=message 1 TCP/MSRP *
a=path:$path
a=setup:active" --setup active
msrpcat -a -S - -m hello 2>"$dir/alice.log" <<<"m=message 9 TCP/MSRP *
a=path:$path
a=setup:active"
check "no listener: exit code 2" test $? -eq 2
check "no listener: said" grep -q -- "--listen is required" "$dir/alice.log"
msrpcat -S "$dir/missing" -s /dev/null -m hello 2>"$dir/alice.log"
check "no file: exit code 64" test $? -eq 64

# --- TLS with paths alone
exec {from}< <(exec "$msrpcat" -q -l localhost:0 -p - -n 1 --tls \
    --cert "$dir/localhost.pem" --key "$dir/localhost.key" 2>"$dir/bob.log")
read -r path <&"$from"
check "paths alone: sent" msrpcat -t "$path" --ca "$dir/localhost.pem" \
    -m hello
check "paths alone: received" diff - <(cat <&"$from") <<<hello

exit $((failures > 0))
