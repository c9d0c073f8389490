#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# msrpcat against the relay, over TLS: users in both directions at once, a peer
# without relay, and what is refused.
#
# usage: relay.sh MSRPCAT MSRPRELAYD
set -u
msrpcat=$1
daemon=$2
dir=$(mktemp -d)
relay=
failures=0

clean_up() {
    [ -z "$relay" ] || { kill "$relay" && wait "$relay"; } 2>/dev/null
    rm -rf "$dir"
}
trap clean_up EXIT

# check WHAT COMMAND...: runs the command, which has to succeed.
check() {
    local what=$1
    shift
    if "$@"; then
        echo "ok   $what"
    else
        echo "FAIL $what"
        failures=$((failures + 1))
    fi
}

# ends WHAT CODE COMMAND...: the command has to end with that code.
ends() {
    local what=$1 want=$2
    shift 2
    "$@" 2>"$dir/error"
    check "$what: exit code $want" test $? -eq "$want"
}

# --- the relay, with alice and bob
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost \
    -keyout "$dir/key" -out "$dir/certificate" 2>/dev/null || exit 1
for user in alice bob; do
    ha1=$(printf '%s:localhost:secret' $user | openssl md5 -r | cut -d ' ' -f 1)
    echo "$user:localhost:$ha1"
done >"$dir/users"
echo secret >"$dir/password"
cat >"$dir/conf" <<END
relay: { name = "localhost"; user = ""; group = ""; };
listen = ( { transport = "tls"; address = "127.0.0.1"; port = 0; } );
tls: { certificate = "$dir/certificate"; private_key = "$dir/key"; };
auth: { users_file = "$dir/users"; };
limits: { connections = 100; };
END
exec {log}< <(exec "$daemon" -c "$dir/conf" 2>&1)
relay=$!
port=
while [ -z "$port" ] && read -r line <&"$log"; do
    case $line in
    *listening*) port=${line##*port=} ;;
    esac
done
uri="msrps://localhost:$port;tcp"

cat() {
    "$msrpcat" -q -c "127.0.0.1:$port" --ca "$dir/certificate" --timeout 20 "$@"
}

# as USER OPTIONS...
as() {
    local user=$1
    shift
    cat -r "$uri" -u "$user" --password-file "$dir/password" "$@"
}

# Starts a receiver whose path is in $path once it has one.
receive() {
    exec {from}< <(as bob -p - "$@")
    receiver=$!
    read -r path <&"$from"
}

finish() {
    command cat <&"$from" >"$dir/said"
    exec {from}<&-
    wait "$receiver"
}

# --- texts and a file
receive -n 2
check "texts: sent" as alice -t "$path" -m one -m two --report
check "texts: received" finish
check "texts: identical" diff "$dir/said" - <<<$'one\ntwo'

head -c 20000000 /dev/urandom >"$dir/in"
receive -n 1 -o "$dir/out"
check "file: sent" as alice -t "$path" -f "$dir/in" --report
check "file: received" finish
check "file: identical" cmp "$dir/in" "$dir/out"

seq 1 3000 >"$dir/lines"
receive -n 3000
check "lines: sent" as alice -t "$path" --report <"$dir/lines"
check "lines: received" finish
check "lines: identical" cmp "$dir/lines" "$dir/said"

# --- files in both directions of one connection: alice answers bob's chunks
# between the octets of her own
receive -n 1 -o "$dir/out"
bob=$path
exec {from_alice}< <(as alice -p - -n 1 -o "$dir/back" -t "$bob" \
    -f "$dir/in" --report)
alice=$!
read -r path <&"$from_alice"
check "both: sent by bob" as bob -t "$path" -f "$dir/in" --report
wait $alice
check "both: sent by alice" test $? -eq 0
check "both: received by bob" finish
check "both: identical there" cmp "$dir/in" "$dir/out"
check "both: identical here" cmp "$dir/in" "$dir/back"

# --- a peer that has no relay
receive -n 1
check "peer: sent" cat -t "$path" -m "from a stranger" --report
check "peer: received" finish
check "peer: identical" diff "$dir/said" - <<<"from a stranger"

# --- what is refused
echo wrong >"$dir/wrong"
ends "wrong password" 2 cat -r "$uri" -u alice --password-file "$dir/wrong"
check "wrong password: is told" grep -q wrong "$dir/error"
ends "unknown certificate" 2 "$msrpcat" -r "$uri" \
    -c "127.0.0.1:$port" -u alice:secret
ends "certificate of another host" 2 as alice --name other.example.com
ends "no certificate needed" 1 "$msrpcat" -k -r "$uri" \
    -c "127.0.0.1:$port" -u alice:secret \
    -t "msrps://localhost:$port/nobody;tcp" -m hello
check "no such session: is told" grep -q 481 "$dir/error"
ends "Expires too short" 2 as alice --expires 1
check "Expires too short: the bound is told" grep -q 60 "$dir/error"

exit $((failures > 0))
