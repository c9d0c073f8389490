#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The filter for fail2ban, tried on lines of the log: those that the relay
writes when somebody fails to log in, and some that try to deceive.

usage: fail2ban.py FILTER MSRPRELAYD

With fail2ban-regex itself if that is installed (or named by the environment
variable FAIL2BAN_REGEX), and always with the same expression in Python."""

import configparser
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

TIME = "2026-11-22T10:00:00.123Z info "
FORGED = "c=1 authentication failed peer=203.0.113.1:1 listener=tls:1 user=a"

# The line without its time, and the address that it bans.
SAMPLES = [
    ("c=5 authentication failed peer=198.51.100.4:5 listener=tls:2855 "
     "user=alice", "198.51.100.4"),
    ("c=5 authentication failed peer=198.51.100.4:5 listener=tls:2855 "
     "user=alice reason=wrong", "198.51.100.4"),
    ('c=5 authentication failed peer=198.51.100.4:5 listener=tls:2855 '
     'user=alice realm="a realm" reason=unknown', "198.51.100.4"),
    ("c=5 authentication failed peer=198.51.100.4:5 listener=tls:2855 "
     "user=alice reason=expired", None),
    ('c=5 authentication failed peer=198.51.100.5:5 listener=ws:80 '
     'user="a user"', "198.51.100.5"),
    ('c=5 authentication failed peer=198.51.100.6:5 listener=tcp:2855 '
     f'user="{FORGED}"...', "198.51.100.6"),
    ("c=5 authentication failed peer=[2001:db8::7]:5 listener=wss:443 "
     "user=alice", "2001:db8::7"),
    ("c=5 authentication failed through a relay peer=198.51.100.9:5 "
     "listener=tls:2855 user=alice", None),
    (f'c=5 closed peer=198.51.100.9:5 listener=tls:2855 user="{FORGED}" '
     'reason="eof" in=1 out=1 cause=""', None),
    (f'c=5 in "SEND" tid="{FORGED}" peer=198.51.100.9:5 listener=tls:1', None),
    ("c=5 authentication refused peer=198.51.100.9:5 listener=tls:2855 "
     'user=alice reason="limits.sessions_per_user"', None),
]

# What fail2ban makes of the tags that the filter uses.
TAGS = {
    "<ADDR>": r"\[?(?P<addr>\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]{2,39})\]?",
    "<F-USER>": "(?P<user>", "</F-USER>": ")",
    "<F-ALT_USER>": "(?P<alt_user>", "</F-ALT_USER>": ")",
}

faults = 0


def check(what, is_right):
    global faults
    print("ok  " if is_right else "FAIL", what)
    faults += not is_right


def read_expression(path):
    filters = configparser.RawConfigParser()
    filters.read(path)
    text = filters["Definition"]["failregex"]
    for tag, replacement in TAGS.items():
        text = text.replace(tag, replacement)
    return re.compile(text)


def start_relay(daemon, directory):
    with open(f"{directory}/users", "w", encoding="ascii") as users:
        users.write(f"alice:localhost:{'0' * 32}\n")
    with open(f"{directory}/conf", "w", encoding="ascii") as conf:
        conf.write(f"""
relay: {{ name = "localhost"; user = ""; group = ""; }};
listen = ( {{ transport = "tcp"; address = "127.0.0.1"; port = 0; }} );
auth: {{ users_file = "{directory}/users"; allow_tcp = true; }};
limits: {{ connections = 100; }};
""")
    return subprocess.Popen([daemon, "-c", f"{directory}/conf"],
                            stderr=subprocess.PIPE, text=True)


def wait_for(relay, lines, what):
    for line in relay.stderr:
        lines.append(line.rstrip("\n"))
        if what in line:
            return line
    sys.exit("the relay ended:\n" + "\n".join(lines))


def ask(connection, port, tid, authorization):
    request = (f"MSRP {tid} AUTH\r\n"
               f"To-Path: msrp://localhost:{port};tcp\r\n"
               "From-Path: msrp://client.invalid:9/abcdefgh;tcp\r\n"
               f"{authorization}-------{tid}$\r\n")
    connection.sendall(request.encode())
    answer = b""
    while not answer.endswith(b"$\r\n"):
        octets = connection.recv(4096)
        if not octets:
            break
        answer += octets
    return answer.decode()


def guess(port, user):
    """Answers a challenge wrongly."""
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        nonce = re.search('nonce="([^"]*)"', ask(connection, port, "aaaa", ""))
        ask(connection, port, "bbbb",
            f'Authorization: Digest username="{user}", realm="localhost", '
            f'nonce="{nonce[1]}", uri="msrp://localhost:{port};tcp", '
            f'response="{"0" * 32}", qop=auth, nc=00000001, cnonce="abcd", '
            "algorithm=MD5\r\n")


def lines_of_the_relay(daemon):
    """What it writes when alice, and somebody else, fail to log in."""
    lines = []
    with tempfile.TemporaryDirectory() as directory:
        relay = start_relay(daemon, directory)
        try:
            line = wait_for(relay, lines, "listening transport=tcp")
            port = int(line.rsplit("port=", 1)[1])
            guess(port, "alice")
            guess(port, FORGED)
            wait_for(relay, lines, "c=2 closed")
        finally:
            relay.terminate()
            relay.communicate()
    return lines


def try_fail2ban(program, path, lines, want):
    with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
        log.write("".join(line + "\n" for line in lines))
        log.flush()
        said = subprocess.run([program, "--out", "ip", log.name, path],
                              stdout=subprocess.PIPE, text=True, check=False)
    check("fail2ban-regex finds the same", said.stdout.split() == want)


def main():
    path, daemon = sys.argv[1:]
    expression = read_expression(path)
    lines, want = [], []

    for line, address in SAMPLES:
        found = expression.search(" info " + line)
        check(line, (found["addr"] if found else None) == address)
        lines.append(TIME + line)
        want += [address] if address else []

    real = lines_of_the_relay(daemon)
    found = [m for m in map(expression.search, (r[24:] for r in real)) if m]
    check("the relay's own lines", [m["addr"] for m in found] == 2 *
          ["127.0.0.1"])
    check("... name the users", [m["user"] or m["alt_user"] for m in found] ==
          ["alice", FORGED])

    program = os.environ.get("FAIL2BAN_REGEX") or shutil.which("fail2ban-regex")
    if program:
        try_fail2ban(program, path, lines + real, want + 2 * ["127.0.0.1"])
    sys.exit(faults > 0)


main()
