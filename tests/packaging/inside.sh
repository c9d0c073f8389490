#!/bin/bash
# The package under a real service manager. Run by inside.service; the log is
# for the one who reads the test's output, the file `passed` is the result.
set -eu
exec >/mnt/log 2>&1

conf=/etc/msrprelayd/msrprelayd.conf

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

is_new() {
    is_running msrprelayd && [ "$(pid_of msrprelayd)" != "$1" ]
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
