#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# msrpload against the relay: what it sends in all its ways has to arrive, and
# its exit code has to tell when there was no load or something went wrong.
#
# usage: msrpload.sh MSRPLOAD MSRPRELAYD
set -u
msrpload=$1
daemon=$2
dir=$(mktemp -d)
relay=
failures=0

clean_up() {
    [ -z "$relay" ] || { kill -KILL "$relay" && wait "$relay"; } 2>/dev/null
    rm -rf "$dir"
}
trap clean_up EXIT

# ends WHAT CODE COMMAND...: the command has to end with that code.
ends() {
    local what=$1 want=$2 code
    shift 2
    "$@" >"$dir/out" 2>"$dir/error"
    code=$?
    if [ $code -eq "$want" ]; then
        echo "ok   $what"
    else
        echo "FAIL $what: exit code $code, not $want"
        cat "$dir/out" "$dir/error"
        failures=$((failures + 1))
    fi
}

# says TEXT: the last command has to have said that.
says() {
    grep -qF -- "$1" "$dir/out" "$dir/error" && return
    echo "FAIL it did not say: $1"
    cat "$dir/out" "$dir/error"
    failures=$((failures + 1))
}

# --- the relay, with load1, load2 and load3
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost \
    -keyout "$dir/key" -out "$dir/certificate" 2>/dev/null || exit 1
"$msrpload" -u load:secret -U 3 --users-for localhost >"$dir/users" || exit 1
cat >"$dir/conf" <<END
relay: { name = "localhost"; user = ""; group = ""; };
listen = ( { transport = "tls"; address = "127.0.0.1"; port = 0; },
           { transport = "tcp"; address = "127.0.0.1"; port = 0; } );
tls: { certificate = "$dir/certificate"; private_key = "$dir/key"; };
auth: { users_file = "$dir/users"; allow_tcp = true; };
limits: { connections = 100; message_size = "20M"; };
END
exec {log}< <(exec "$daemon" -c "$dir/conf" 2>&1)
relay=$!
tls=
tcp=
while { [ -z "$tls" ] || [ -z "$tcp" ]; } && read -r line <&"$log"; do
    case $line in
    *listening*transport=tls*) tls=${line##*port=} ;;
    *listening*transport=tcp*) tcp=${line##*port=} ;;
    esac
done

over_tcp() {
    "$msrpload" -r "msrp://localhost:$tcp;tcp" -c "127.0.0.1:$tcp" \
        --timeout 20 -q -U 3 "$@"
}

over_tls() {
    "$msrpload" -r "msrps://localhost:$tls;tcp" -c "127.0.0.1:$tls" \
        --ca "$dir/certificate" --timeout 20 -q -U 3 "$@"
}

# --- what has to go well
me=(-u load:secret)
ends 'small messages' 0 over_tls "${me[@]}" -p 3 -n 300
says ' 0 lost, 0 corrupted, 0 aborted, 0 SENDs out of order, 0 without'
ends 'one message in one chunk' 0 over_tcp "${me[@]}" -n 1 -s 10M
says '1 sent in 1 SENDs, 1 received'
ends 'chunks, both ways, shared connections' 0 over_tls "${me[@]}" \
    -p 6 --sessions-per-connection 3 --duplex -n 3 -s 200k -C 5000
says 'responses    200: 1476'
ends 'REPORTs instead of responses' 0 over_tcp "${me[@]}" -n 200 \
    --failure-report no --success-report
says 'responses    none'
says 'REPORTs      200: 200'
ends 'a rate and a duration' 0 over_tcp "${me[@]}" -p 2 -R 100 -d 0.5 \
    --warm-up 0.1 --json
says '"lost": 0'
ends 'receivers that do not read' 0 over_tcp "${me[@]}" -p 2 --stall 1 -d 0.5 \
    --warm-up 0
says 'receivers that do not read'
ends 'receivers at an address of their own' 0 over_tcp "${me[@]}" -n 5 \
    --connect-receivers "localhost:$tcp"
ends 'nothing at all' 0 over_tls "${me[@]}" -p 10 --idle -d 0.2

# --- what has to be noticed
ends 'a message over the relay'\''s limit' 1 over_tcp "${me[@]}" -n 1 -s 21M
says '413: '
ends 'a wrong password' 2 over_tcp -u load:wrong
says 'user or password is wrong'
ends 'nobody where the receivers connect' 2 over_tcp "${me[@]}" \
    --connect-receivers 127.0.0.1:1
ends 'a certificate that nobody vouches for' 2 over_tls "${me[@]}" \
    --ca /etc/ssl/openssl.cnf
ends 'a certificate for somebody else' 2 over_tls "${me[@]}" \
    --name relay.example.com
ends 'no relay' 64 "$msrpload" "${me[@]}"

# --- what ends early: on a signal, once it has begun
interrupted() {
    local told load
    exec {told}< <(exec "$msrpload" -r "msrp://localhost:$tcp;tcp" \
        -c "127.0.0.1:$tcp" "${me[@]}" -U 3 -d 100 2>&1)
    load=$!
    read -r <&"$told" # that all clients are there
    kill -INT $load
    cat <&"$told"
    wait $load
}
ends 'interrupted' 0 interrupted
says '(interrupted)'
echo "$failures failed"
[ $failures -eq 0 ]
