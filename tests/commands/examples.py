#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The files of docs/examples, each read by the program that it is for: a block
of the documentation says which one it is a part of (see tests/lint_texts). Those
that need a service manager are run by tests/packaging/inside.sh.

usage: examples.py SOURCE BUILD

Programs that are not installed are skipped, by name."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

DEADLINE_S = 60
PASSWORD = "secret"

faults = 0


def check(what, is_right, said=""):
    global faults
    print("ok  " if is_right else "FAIL", what, flush=True)
    if not is_right:
        print("    " + said.replace("\n", "\n    "), flush=True)
        faults += 1


def run(command, **options):
    return subprocess.run(command, text=True, timeout=DEADLINE_S, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)


def has(program):
    if shutil.which(program):
        return True
    print("skip", program, "is not installed", flush=True)
    return False


class Files:
    """What is tried: the examples, and the programs that were built."""

    def __init__(self, source, build, directory):
        self.source = source
        self.examples = f"{source}/docs/examples"
        self.daemon = f"{build}/src/msrprelayd"
        self.ctl = f"{build}/tools/msrprelayctl/msrprelayctl"
        self.cat = f"{build}/tools/msrpcat"
        self.directory = directory

    def text(self, name):
        with open(f"{self.examples}/{name}", encoding="utf-8") as file:
            return file.read()

    def write(self, name, text):
        path = f"{self.directory}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


# --- configurations of the relay

def try_configurations(files):
    """Each says what it is for, with all keys known."""
    public = files.text("public.conf")
    wanted = {
        "minimal.conf": ['name = "relay.example.com";', "port = 2855;"],
        "public.conf": ['name = "relay1.example.com";', "port = 9285;"],
        "certificates.conf": ['relay-rsa.pem', 'chat.key'],
        "tls-in-front.conf": ["tls_in_front = true;", "10.0.0.10/32"],
        "balancer.conf": ["192.0.2.10/32"],
        "browsers.conf": ['transport = "wss";', "port = 8443;"],
        "port-443-relay.conf": ["port = 2855;", "port = 443;"],
        "instance.conf": ["port = 2856;", "port = 9286;",
                          'name = "relay1.example.com";',
                          'socket = "/run/msrprelayd-b/control.sock";'],
    }
    files.write("etc/msrprelayd.conf", public)
    for name, parts in wanted.items():
        path = files.write(f"etc/{name}", files.text(name))
        said = run([files.daemon, "-T", "-c", path])
        check(name, said.returncode == 0 and
              all(part in said.stdout for part in parts), said.stdout)


# --- other programs

def try_prometheus(files):
    if not has("promtool"):
        return
    config = files.text("prometheus.yml").replace(
        "/usr/share/doc/msrprelayd", f"{files.source}/docs")
    said = run(["promtool", "check", "config",
                files.write("prometheus.yml", config)])
    check("prometheus.yml, with its rules", said.returncode == 0 and
          "1 rule files found" in said.stdout, said.stdout)


def try_metrics(relays):
    """What Prometheus itself says of the page."""
    if not has("promtool"):
        return
    with socket.create_connection((relays[0].address, relays[0].metrics),
                                  DEADLINE_S) as connection:
        connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        page = b""
        while octets := connection.recv(65536):
            page += octets
    said = subprocess.run(["promtool", "check", "metrics"], check=False,
                          input=page.split(b"\r\n\r\n", 1)[1],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check("promtool on the metrics", said.returncode == 0 and
          said.stdout == b"", said.stdout.decode())


# What OpenSIPS 3 documents, of its core and of the modules that the examples
# load or name: at most so many arguments.
OPENSIPS = {"route": 1, "t_on_reply": 1, "t_on_failure": 1, "is_method": 1,
            "has_totag": 0, "has_body_part": 1, "stream_exists": 2,
            "rtpengine_use_set": 1, "rtpengine_offer": 4,
            "rtpengine_answer": 4, "rtpengine_delete": 2, "modparam": 3}


def try_opensips(files):
    """OpenSIPS itself is not in Debian, so only what can be said without it:
    functions that it has, routes that are there, and the substitution that
    tests/sip has Kamailio do."""
    done = re.compile(r"\{re\.subst,.*/g\}\)")
    substitution = done.search(files.text("kamailio.cfg")).group()
    for name in ("opensips.cfg", "opensips-anchor.cfg"):
        text = re.sub(r"(?m)(^|\s)#.*", "", files.text(name))
        check(f"{name}: the substitution is Kamailio's",
              done.search(text).group() == substitution)
        code = done.sub(")", text)
        wrong = [call.group() for call in re.finditer(r"(\w+)\(([^()]*)\)", code)
                 if call.group(1) not in ("if", "rb", "var", "avp", "sdp") and
                 call.group(2).count(",") + bool(call.group(2)) >
                 OPENSIPS.get(call.group(1), -1)]
        check(f"{name}: OpenSIPS has these functions", not wrong, str(wrong))
        for kind, call in (("route", "route"), ("onreply_route", "t_on_reply"),
                           ("failure_route", "t_on_failure")):
            there = set(re.findall(rf"^{kind}\[(\w+)\]", code, re.M))
            called = set(re.findall(rf'\b{call}\("?(\w+)"?\)', code))
            check(f"{name}: each {kind} is there, and called",
                  called <= there and there <= called | {"media"},
                  f"{there} {called}")
        check(f"{name}: all that is opened is closed",
              all(code.count(a) == code.count(b) for a, b in ("{}", "()")))


def try_needrestart(files):
    """It is a piece of Perl that needrestart evaluates."""
    if not has("perl"):
        return
    program = """our %nrconf; my $r = do $ARGV[0]; die $@ if $@;
        for my $pattern (keys %{$nrconf{override_rc}}) {
            print $nrconf{override_rc}{$pattern}, "\n"
                if "msrprelayd\\@b.service" =~ $pattern
                and "other.service" !~ $pattern;
        }"""
    said = run(["perl", "-we", program, f"{files.examples}/needrestart.conf"])
    check("needrestart.conf", said.stdout == "0\n", said.stdout)


def try_sysctl(files):
    unknown = [key for key in re.findall(r"^([a-z][\w.]*) =",
                                         files.text("sysctl.conf"), re.M)
               if not os.path.exists("/proc/sys/" + key.replace(".", "/"))]
    check("sysctl.conf", not unknown, " ".join(unknown))


def try_fail2ban(files):
    """Its own test of a configuration that has our filter and jail."""
    if not (has("fail2ban-client") and os.path.isdir("/etc/fail2ban")):
        return
    at = f"{files.directory}/fail2ban"
    shutil.copytree("/etc/fail2ban", at)
    for name, to in (("filter", "filter.d"), ("jail", "jail.d")):
        shutil.copy(f"{files.source}/docs/fail2ban/{name}.conf",
                    f"{at}/{to}/msrprelayd.conf")
    files.write("fail2ban/jail.d/no-sshd.local", "[sshd]\nenabled = false\n")
    said = run(["fail2ban-client", "-c", at, "--dump"])
    check("fail2ban's filter and jail", said.returncode == 0 and
          "'add', 'msrprelayd', 'systemd'" in said.stdout, said.stdout)


# --- a laboratory of relays behind HAProxy

def make_certificate(files, name):
    """By the script that is shipped, but for the names and where it installs."""
    script = files.text("lab-certificate.sh")
    script = script.replace("relay1.example.com", name)
    script = re.sub(r"^install .*\n", "", script, flags=re.M)
    at = f"{files.directory}/{name}"
    os.makedirs(at, exist_ok=True)
    said = run(["sh", "-e", files.write(f"{name}.sh", script)], cwd=at)
    check(f"lab-certificate.sh for {name}", said.returncode == 0, said.stdout)
    return at


def free_port(addresses):
    """One that is free at all of these."""
    while True:
        sockets = []
        try:
            sockets.append(socket.create_server((addresses[0], 0)))
            port = sockets[0].getsockname()[1]
            for address in addresses[1:]:
                sockets.append(socket.create_server((address, port)))
            return port
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()


class Relay:
    def __init__(self, files, name, address, port, metrics):
        self.files, self.name, self.address = files, name, address
        self.metrics = metrics
        self.at = make_certificate(files, name)
        self.log = f"{self.at}/log"
        conf = f"{self.at}/conf"
        with open(conf, "w", encoding="ascii") as out:
            out.write(f"""
relay: {{ name = "{name}"; realm = "example.com"; user = ""; }};
listen = ( {{ address = "{address}"; port = {port}; }} );
tls: {{ certificate = "{self.at}/relay.pem";
        private_key = "{self.at}/relay.key"; ca_file = "{self.at}/ca.pem"; }};
auth: {{ users_file = "{files.directory}/users"; }};
limits: {{ connections = 200; }};
metrics: {{ address = "{address}"; port = {metrics}; }};
control: {{ socket = "{self.at}/s"; }};
""")
        self.process = subprocess.Popen(
            [files.daemon, "-c", conf], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if " started " in line:
                break
        else:
            sys.exit(f"{name} did not start")

    def say(self, *words):
        return run([self.files.ctl, "-s", f"{self.at}/s", *words])

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate()


def make_users(files):
    for user in ("alice", "bob"):
        said = subprocess.run(
            [files.ctl, "passwd", "--stdin", "-r", "example.com", "-f",
             f"{files.directory}/users", user], input=PASSWORD + "\n",
            text=True, check=False, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        check(f"password of {user}", said.returncode == 0, said.stdout)
    files.write("password", PASSWORD + "\n")


def start_haproxy(files, port, metrics):
    text = files.text("haproxy.cfg")
    text = text.replace(":::2855 v4v6", f"127.0.0.1:{port}")
    text = text.replace("port 9285", f"port {metrics}")
    for i in (1, 2):
        text = text.replace(f"192.0.2.1{i}:2855", f"127.0.0.1{i}:{port}")
    path = files.write("haproxy.cfg", text)
    said = run(["haproxy", "-c", "-f", path])
    check("haproxy.cfg", said.returncode == 0, said.stdout)
    stats = files.write("stats.cfg", f"global\n    stats socket "
                        f"{files.directory}/haproxy.sock\n")
    process = subprocess.Popen(["haproxy", "-f", stats, "-f", path],
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    return process


def states(files):
    """Of the servers that are checked, by HAProxy's own account."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"{files.directory}/haproxy.sock")
        connection.sendall(b"show stat\n")
        text = b""
        while octets := connection.recv(65536):
            text += octets
    rows = [line.split(",") for line in text.decode().split("\n")]
    return {row[1]: row[17] for row in rows
            if row[0] == "relays" and row[1].startswith("relay")}


def wait_for(files, what, want):
    deadline = time.monotonic() + DEADLINE_S
    found = None
    while time.monotonic() < deadline:
        try:
            found = states(files)
        except OSError:  # it is not there yet
            pass
        if found and all(found[k].startswith(v) for k, v in want.items()):
            break
        time.sleep(0.2)
    else:
        check(what, False, str(found))
        return
    check(what, True)


def client(files, relay, port, user, *words):
    return [files.cat, "-q", "-r", f"msrps://{relay.name}:{port};tcp", "-c",
            f"127.0.0.1:{port}", "--ca", f"{relay.at}/ca.pem", "-u", user,
            "--password-file", f"{files.directory}/password", *words]


def try_message(files, relay, port):
    """Two clients that HAProxy takes to the relay that they name."""
    with subprocess.Popen(client(files, relay, port, "bob", "-n", "1", "-p",
                                 "-"), stdout=subprocess.PIPE,
                          text=True) as bob:
        path = bob.stdout.readline().strip()
        said = run(client(files, relay, port, "alice", "-t", path, "-m",
                          "hello", "--report"))
        got = bob.communicate(timeout=DEADLINE_S)[0]
    check(f"a message through {relay.name}", said.returncode == 0 and
          "hello" in got, said.stdout + got)


def try_readme(files, port):
    """What README shows, in two terminals; the names are not in the DNS."""
    relay = Relay(files, "relay.example.com", "127.0.0.13", port, port + 1)
    os.makedirs(f"{files.directory}/terminal/inbox")
    script = f"""#!/bin/sh
exec {files.cat} -c 127.0.0.13:{port} --ca {relay.at}/ca.pem \\
    --password-file {files.directory}/password "$@"
"""
    os.chmod(files.write("bin/msrpcat", script), 0o755)
    with open(f"{files.source}/tests/commands/messages.sh",
              encoding="ascii") as file:
        lines = [line.replace(":2855", f":{port}") for line in file
                 if line.startswith("msrpcat")]
    at = {"cwd": f"{files.directory}/terminal",
          "env": {**os.environ,
                  "PATH": f"{files.directory}/bin:{os.environ['PATH']}"}}
    files.write("terminal/holiday.mkv", "a film\n" * 100000)
    try:
        with subprocess.Popen(["sh", "-ec", "exec " + lines[0]], **at) as bob:
            deadline = time.monotonic() + DEADLINE_S
            while not os.path.exists(f"{at['cwd']}/bob.path") and \
                    time.monotonic() < deadline:
                time.sleep(0.1)
            said = run(["sh", "-ec", lines[1]], **at)
            bob.terminate()
        same = run(["cmp", "holiday.mkv", "inbox/holiday.mkv"], **at)
        check("messages.sh", said.returncode == 0 and same.returncode == 0,
              said.stdout + same.stdout)
    finally:
        relay.end()


def reached(files, relays, port):
    """The relay that a client of example.com gets to: the one whose certificate
    it is shown."""
    said = run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}",
                "-servername", "example.com"])
    for relay in relays:
        if re.search(f"CN ?= ?{re.escape(relay.name)}", said.stdout):
            return relay
    return None


def try_haproxy(files, relays, port, metrics):
    if not has("haproxy"):
        return
    process = start_haproxy(files, port, metrics)
    try:
        wait_for(files, "both relays are up", {"relay1": "UP", "relay2": "UP"})
        for relay in relays:
            try_message(files, relay, port)
        relays[0].say("drain")
        wait_for(files, "one that drains gets no new clients",
                 {"relay1": "DOWN", "relay2": "UP"})
        check("they get to the other one", all(
            reached(files, relays, port) is relays[1] for _ in range(4)))
        relays[0].say("drain", "off")
        relays[1].say("drain")
        wait_for(files, "and back", {"relay1": "UP", "relay2": "DOWN"})
        check("clients are back", reached(files, relays, port) is relays[0])
    finally:
        process.terminate()
        process.wait()


def try_relays(files):
    addresses = ["127.0.0.11", "127.0.0.12"]
    port = free_port(["127.0.0.1"] + addresses)
    metrics = free_port(addresses)
    relays = []
    make_users(files)
    try:
        for i, address in enumerate(addresses, 1):
            relays.append(Relay(files, f"relay{i}.example.com", address, port,
                                metrics))
        for relay in relays:
            said = relay.say("selftest", "--ca-file", f"{relay.at}/ca.pem")
            check(f"selftest of {relay.name}", said.returncode == 0,
                  said.stdout)
        try_metrics(relays)
        try_haproxy(files, relays, port, metrics)
        try_readme(files, free_port(["127.0.0.13"]))
    finally:
        for relay in relays:
            relay.end()


def main():
    source, build = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        files = Files(source, build, directory)
        try_configurations(files)
        try_opensips(files)
        try_prometheus(files)
        try_needrestart(files)
        try_sysctl(files)
        try_fail2ban(files)
        try_relays(files)
    sys.exit(faults > 0)


main()
