#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The package under a real service manager. Run by inside.service; the log is
# for the one who reads the test's output, the file `passed` is the result.
set -eu
exec >/mnt/log 2>&1

conf=/etc/msrprelayd/msrprelayd.conf
name=relay1.example.com
port=2855
examples=/usr/share/doc/msrprelayd/examples
ca=/etc/msrprelayd/ca.pem

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

# example NAME: runs it as it is shipped, and as the manual shows it.
example() {
    sh -e "$examples/$1" </dev/null || fail "$1"
}

check "an operator makes it a public relay, without a restart"
pid=$(pid_of msrprelayd)
mkdir /tmp/lab
(cd /tmp/lab && example lab-certificate.sh 2>/dev/null)
cp $ca /usr/local/share/ca-certificates/lab.crt
update-ca-certificates >/dev/null 2>&1
echo "127.0.0.1 $name" >>/etc/hosts
cat $examples/public.conf - >$conf <<END
@include "local.conf"
END
cat >/etc/msrprelayd/local.conf <<END
tls: { ca_file = "$ca"; };
dial: { allow = [ "127.0.0.0/8" ]; };
log: { target = "journal"; accounting = "/var/log/msrprelayd/sessions.log"; };
END
echo secret >/tmp/password
for user in alice bob; do
    msrprelayctl passwd --stdin $user </tmp/password || fail "passwd"
done
[ "$(stat -c '%U:%G %a' /etc/msrprelayd/users)" = 'root:msrprelay 640' ] ||
    fail "users file: $(stat -c '%U:%G %a' /etc/msrprelayd/users)"
example go-public.sh
! msrprelayctl selftest --name relay2.example.com >/tmp/selftest ||
    fail "another name is all the same to the self-test"
grep -q 'certificate is not for relay2' /tmp/selftest || fail "not told why"

check "two users talk over TLS"
receive as bob $ca
send $ca || fail "not sent"
received || fail "not received"

check "so do those who follow the guide"
# In place of the terminal, where it asks for the password.
mkdir /tmp/terminal
cat >/tmp/terminal/msrpcat <<'END'
#!/bin/sh
exec /usr/bin/msrpcat --password-file /tmp/password "$@"
END
chmod +x /tmp/terminal/msrpcat
mapfile -t terminals < <(grep ^msrpcat /mnt/first_message.sh)
cd /tmp/terminal
PATH=/tmp/terminal:$PATH sh -ec "${terminals[0]}" >inbox &
bob=$!
until_true test -s bob.path
PATH=/tmp/terminal:$PATH sh -ec "${terminals[1]}" || fail "not sent"
wait $bob
cd /
grep -q hello /tmp/terminal/inbox || fail "not received"

check "a peer without relay is found by name and dialled"
echo "127.0.0.1 peer.example.com $name" >>/etc/hosts
receive msrpcat -q -l peer.example.com:2910
send $ca || fail "not sent"
received || fail "not received"

check "certbot's first certificate, and its hook"
mkdir /tmp/lineage
cp /mnt/new.pem /tmp/lineage/fullchain.pem
cp /mnt/new.key /tmp/lineage/privkey.pem
# Stands for certbot, which needs the network: runs the hook as that does.
cat >/usr/local/bin/certbot <<'END'
#!/bin/sh
for hook; do :; done
RENEWED_LINEAGE=/tmp/lineage RENEWED_DOMAINS="$4 $6" exec "$hook"
END
chmod +x /usr/local/bin/certbot
example first-certificate.sh
hook=/etc/letsencrypt/renewal-hooks/deploy/msrprelayd
cmp $hook $examples/certbot-hook || fail "another hook"
RENEWED_LINEAGE=/nowhere RENEWED_DOMAINS=other.example.com $hook ||
    fail "the certificate of another name"
receive as bob /mnt/new.pem
! send $ca 2>/dev/null || fail "the old certificate is still shown"
send /mnt/new.pem || fail "not sent"
received || fail "not received"

# To each other, relays have to show a certificate that ca_file trusts.
cat /mnt/new.pem >>$ca
systemctl reload msrprelayd || fail "reload"

check "a renewal without its key is refused"
cp /mnt/old.key /tmp/lineage/privkey.pem
! RENEWED_LINEAGE=/tmp/lineage RENEWED_DOMAINS=$name $hook ||
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
example journal.sh >/dev/null

check "logrotate moves the accounting away, and the relay goes on in a new file"
cmp $examples/logrotate /etc/logrotate.d/msrprelayd || fail "another one"
receive as bob /mnt/new.pem
send /mnt/new.pem || fail "not sent"
received || fail "not received"
until_true grep -q alice /var/log/msrprelayd/sessions.log
logrotate --force /etc/logrotate.d/msrprelayd || fail "logrotate"
grep -q alice /var/log/msrprelayd/sessions.log.1 || fail "not rotated"
until_true test -e /var/log/msrprelayd/sessions.log

check "fail2ban has its jail"
printf '[sshd]\nenabled = false\n' >/etc/fail2ban/jail.d/no-sshd.local
systemctl restart fail2ban
until_true fail2ban-client ping >/dev/null 2>&1
example fail2ban.sh
systemctl stop fail2ban

check "the kernel has the settings that are to be changed"
while read -r key _ <&3; do
    case $key in
    net.*) [ -e "/proc/sys/${key//./\/}" ] || fail "no $key" ;;
    esac
done 3<$examples/sysctl.conf

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
example second-relay.sh
! as alice /mnt/new.pem -t "$path" -m hello 2>/dev/null ||
    fail "a new session while draining"
port=2856
receive as bob /mnt/new.pem
dpkg -i /mnt/msrprelayd.deb >/dev/null
is_new "$pid" || fail "not restarted"
port=2855
send /mnt/new.pem || fail "not sent, from the new one to the second"
received || fail "not received"
example second-relay-end.sh
example drain.sh
msrprelayctl drain off >/dev/null

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

check "the manager takes the port of a running relay, and holds it"
sed -i 's/address = "127.0.0.1"/address = "::"/' $conf
systemctl restart msrprelayd
example socket-activation.sh
is_running msrprelayd || fail "not running"
answers 2855 || fail "no answer from the socket"
! said msrprelayd 'inherited' || fail "the socket was not taken"
systemctl stop msrprelayd
answers 2855 || fail "no answer without the relay"
until_true is_running msrprelayd

check "the manager gives it port 443, for which it has no privilege"
cat $examples/public.conf - >$conf <<END
@include "$examples/port-443-relay.conf"
END
install -D -m 0644 $examples/port-443.conf \
    /etc/systemd/system/msrprelayd.socket.d/port-443.conf
systemctl stop msrprelayd.socket
example socket-activation.sh
is_running msrprelayd || fail "not running"
answers 443 || fail "no answer at 443"
! said msrprelayd 'inherited' || fail "the socket was not taken"
msrprelayctl selftest --ca-file /mnt/new.pem || fail "nobody gets in"
systemctl stop msrprelayd.socket msrprelayd
systemctl disable msrprelayd.socket 2>/dev/null
rm -r /etc/systemd/system/msrprelayd.socket.d
systemctl daemon-reload
cp /tmp/good $conf

check "removal stops it"
systemctl start msrprelayd msrprelayd@one
apt-get -qq -y remove msrprelayd >/dev/null
! grep -qsx msrprelayd /proc/[0-9]*/comm || fail "still running"

touch /mnt/passed
