#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The package under a real service manager. Run by inside.service; the log is
# for the one who reads the test's output, the file `passed` is the result.
set -eu
exec >/mnt/log 2>&1

conf=/etc/msrprelayd/msrprelayd.conf
name=relay1.example.com
port=2855

fail() {
    echo "FAILED: $*"
    journalctl --no-pager -n 60 -u 'msrprelayd*'
    exit 1
}

check() {
    echo "-- $*"
}

pid_of() {
    systemctl show -p MainPID --value "$1"
}

is_running() {
    [ "$(systemctl is-active "$1")" = active ]
}

# until_true COMMAND...: for at most 20 s.
until_true() {
    local i

    for ((i = 0; i < 200; i++)); do
        ! "$@" || return 0
        sleep 0.1
    done
    fail "not so in time: $*"
}

# answers PORT [ADDRESS]: somebody listens there.
answers() {
    (: <"/dev/tcp/${2-127.0.0.1}/$1") 2>/dev/null
}

said() {
    journalctl --no-pager -q -o cat -u "$1" --grep "$2" >/dev/null
}

# is_new OLD-PID
is_new() {
    local pid

    pid=$(pid_of msrprelayd)
    [ "$pid" != 0 ] && [ "$pid" != "$1" ] && is_running msrprelayd
}

# as USER CA OPTIONS...: over TLS, at the relay on $port.
as() {
    local user=$1 ca=$2
    shift 2
    msrpcat -q -r "msrps://$name:$port;tcp" -c 127.0.0.1:$port --ca "$ca" --timeout 20 \
        -u "$user" --password-file /tmp/password "$@"
}

# receive COMMAND...: a msrpcat that waits for one message.
receive() {
    exec {from}< <("$@" -n 1 -p -)
    read -r path <&"$from" || fail "no path"
}

# send CA: alice sends the message.
send() {
    as alice "$1" -t "$path" -m hello --report
}

received() {
    [ "$(timeout 20 cat <&"$from")" = hello ]
}

check "it was started at boot, as itself, and answers"
is_running msrprelayd || fail "not started"
pid=$(pid_of msrprelayd)
[ "$(stat -c %U "/proc/$pid")" = msrprelay ] || fail "another user"
grep -q '^CapBnd:[[:space:]]*0*$' "/proc/$pid/status" || fail "capabilities"
grep -q '^Seccomp:[[:space:]]*2$' "/proc/$pid/status" || fail "no filter"
answers 2855 || fail "no answer"
msrprelayctl status || fail "msrprelayctl"

check "a reload keeps the process"
systemctl reload msrprelayd || fail "reload"
is_running msrprelayd && [ "$(pid_of msrprelayd)" = "$pid" ] || fail "restarted"

check "a bad reload is seen, said, and changes nothing"
cp $conf /tmp/good
echo 'nonsense = 1;' >>$conf
! systemctl reload msrprelayd || fail "the reload succeeded"
is_running msrprelayd && [ "$(pid_of msrprelayd)" = "$pid" ] || fail "restarted"
answers 2855 || fail "no answer"
said msrprelayd "$conf:[0-9]+: .*nonsense" || fail "nothing was said"

check "an upgrade leaves a relay alone whose configuration is bad"
dpkg -i /mnt/msrprelayd.deb >/dev/null
[ "$(pid_of msrprelayd)" = "$pid" ] || fail "restarted"

check "a start with a bad configuration is not repeated"
systemctl stop msrprelayd
! systemctl start msrprelayd || fail "started"
[ "$(systemctl is-failed msrprelayd)" = failed ] || fail "tried again"
cp /tmp/good $conf
systemctl start msrprelayd || fail "start"

check "an upgrade restarts a good one"
pid=$(pid_of msrprelayd)
dpkg -i /mnt/msrprelayd.deb >/dev/null
is_new "$pid" || fail "not restarted"

check "a crash is mended"
pid=$(pid_of msrprelayd)
kill -KILL "$pid"
until_true is_new "$pid"

check "one that hangs is ended and started again"
mkdir /run/systemd/system/msrprelayd.service.d
printf '[Service]\nWatchdogSec=1\n' \
    >/run/systemd/system/msrprelayd.service.d/soon.conf
systemctl daemon-reload
systemctl restart msrprelayd
pid=$(pid_of msrprelayd)
kill -STOP "$pid"
until_true is_new "$pid"
said msrprelayd 'Watchdog timeout' || fail "not by the watchdog"
rm -r /run/systemd/system/msrprelayd.service.d
systemctl daemon-reload

check "an operator makes it a public relay, without a restart"
pid=$(pid_of msrprelayd)
install -m 0644 /mnt/old.pem /etc/msrprelayd/relay.pem
install -o root -g msrprelay -m 0640 /mnt/old.key /etc/msrprelayd/relay.key
cat >$conf <<END
relay: { name = "$name"; realm = "example.com"; };
listen = ( { transport = "tls"; address = "::"; port = 2855; } );
tls: { ca_file = "/etc/msrprelayd/relay.pem"; };
dial: { allow = [ "127.0.0.0/8" ]; };
log: { target = "journal"; accounting = "/var/log/msrprelayd/sessions.log"; };
metrics: { address = "127.0.0.1"; port = 9285; };
control: { socket = "/run/msrprelayd/control.sock"; };
END
echo secret >/tmp/password
for user in alice bob; do
    msrprelayctl passwd --stdin $user </tmp/password || fail "passwd"
done
[ "$(stat -c '%U:%G %a' /etc/msrprelayd/users)" = 'root:msrprelay 640' ] ||
    fail "users file: $(stat -c '%U:%G %a' /etc/msrprelayd/users)"
systemctl reload msrprelayd || fail "reload"

check "two users talk over TLS"
receive as bob /mnt/old.pem
send /mnt/old.pem || fail "not sent"
received || fail "not received"

check "a peer without relay is found by name and dialled"
echo "127.0.0.1 peer.example.com $name" >>/etc/hosts
receive msrpcat -q -l peer.example.com:2910
send /mnt/old.pem || fail "not sent"
received || fail "not received"

check "the hook of the manual for certbot renews the certificate"
awk '/^    #!\/bin\/sh/ { on = 1 } on && /^$/ { exit }
     on { sub(/^    /, ""); print }' /usr/share/doc/msrprelayd/deploy.md >/tmp/hook
mkdir /tmp/lineage
cp /mnt/new.pem /tmp/lineage/fullchain.pem
cp /mnt/new.key /tmp/lineage/privkey.pem
RENEWED_LINEAGE=/tmp/lineage RENEWED_DOMAINS=$name sh /tmp/hook || fail "hook"
receive as bob /mnt/new.pem
! send /mnt/old.pem 2>/dev/null || fail "the old certificate is still shown"
send /mnt/new.pem || fail "not sent"
received || fail "not received"

check "a renewal without its key is refused"
cp /mnt/old.key /tmp/lineage/privkey.pem
! RENEWED_LINEAGE=/tmp/lineage RENEWED_DOMAINS=$name sh /tmp/hook ||
    fail "taken all the same"
receive as bob /mnt/new.pem
send /mnt/new.pem || fail "not sent"
received || fail "not received"
[ "$(pid_of msrprelayd)" = "$pid" ] || fail "restarted"
install -m 0640 -g msrprelay /mnt/new.key /etc/msrprelayd/relay.key

check "the journal has fields, the accounting has a file, USR1 a new one"
journalctl -q --no-pager MSRP_CONNECTION=1 -u msrprelayd | grep -q . ||
    fail "no fields"
until_true grep -q alice /var/log/msrprelayd/sessions.log
mv /var/log/msrprelayd/sessions.log /tmp
systemctl kill --signal USR1 msrprelayd
until_true test -e /var/log/msrprelayd/sessions.log

check "there are metrics"
exec 3<>/dev/tcp/127.0.0.1/9285
printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
timeout 10 cat <&3 >/tmp/metrics || :
exec 3<&-
for metric in msrprelayd_build_info process_open_fds \
    process_resident_memory_bytes; do
    grep -q "^$metric" /tmp/metrics || fail "no $metric"
done

check "an upgrade by way of a second relay loses no session"
sed -e 's/port = 2855/port = 2856/' -e 's/port = 9285/port = 9286/' \
    -e 's,/run/msrprelayd/,/run/msrprelayd-b/,' $conf >/etc/msrprelayd/b.conf
systemctl start msrprelayd@b || fail "start"
msrprelayctl drain || fail "drain"
! as alice /mnt/new.pem -t "$path" -m hello 2>/dev/null ||
    fail "a new session while draining"
port=2856
receive as bob /mnt/new.pem
dpkg -i /mnt/msrprelayd.deb >/dev/null
is_new "$pid" || fail "not restarted"
port=2855
send /mnt/new.pem || fail "not sent, from the new one to the second"
received || fail "not received"
systemctl stop msrprelayd@b

cp /tmp/good $conf
systemctl restart msrprelayd

check "instances live side by side"
for name in one two; do
    port=$([ $name = one ] && echo 2901 || echo 2902)
    sed -e "s/port = 2855; }$/port = $port; }/" \
        -e "s,/run/msrprelayd/,/run/msrprelayd-$name/," \
        $conf >/etc/msrprelayd/$name.conf
    systemctl start msrprelayd@$name || fail "start of $name"
    answers $port || fail "no answer from $name"
    systemctl reload msrprelayd@$name || fail "reload of $name"
done
systemctl stop msrprelayd msrprelayd@one
answers 2902 || fail "two has gone with the others"
msrprelayctl -s /run/msrprelayd-two/control.sock status >/dev/null ||
    fail "two has lost its control socket"
systemctl stop msrprelayd@two

check "the manager holds the port while the relay is away"
sed -i 's/address = "127.0.0.1"/address = "::"/' $conf
systemctl start msrprelayd.socket
answers 2855 || fail "no answer from the socket"
until_true is_running msrprelayd
! said msrprelayd 'inherited' || fail "the socket was not taken"
systemctl stop msrprelayd
answers 2855 || fail "no answer without the relay"
systemctl stop msrprelayd.socket msrprelayd

check "removal stops it"
systemctl start msrprelayd msrprelayd@one
apt-get -qq -y remove msrprelayd >/dev/null
! grep -qsx msrprelayd /proc/[0-9]*/comm || fail "still running"

touch /mnt/passed
