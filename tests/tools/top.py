#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`msrprelayctl top`, on a terminal and elsewhere, with a relay that has one
connection.

usage: top.py MSRPRELAYCTL MSRPRELAYD"""

import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import tempfile

DEADLINE_S = 30
HEAD = "running, 1 connections, 0 sessions"
OTHER_SCREEN, USUAL_SCREEN = "\033[?1049h", "\033[?1049l"

faults = 0


def check(what, is_right):
    global faults
    print("ok  " if is_right else "FAIL", what)
    faults += not is_right


def start_relay(daemon, directory):
    with open(f"{directory}/users", "w", encoding="ascii") as users:
        users.write(f"alice:localhost:{'0' * 32}\n")
    with open(f"{directory}/conf", "w", encoding="ascii") as conf:
        conf.write(f"""
relay: {{ name = "localhost"; user = ""; group = ""; }};
listen = ( {{ transport = "tcp"; address = "127.0.0.1"; port = 0; }} );
auth: {{ users_file = "{directory}/users"; allow_tcp = true; }};
limits: {{ connections = 100; }};
log: {{ level = "debug"; }};
control: {{ socket = "{directory}/s"; }};
""")
    relay = subprocess.Popen([daemon, "-c", f"{directory}/conf"],
                             stderr=subprocess.PIPE, text=True)
    port = 0
    for line in relay.stderr:
        if "listening transport=tcp" in line:
            port = int(line.rsplit("port=", 1)[1])
        if " started " in line:
            return relay, port
    sys.exit("the relay ended")


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(command[0], command)
        self.text = ""

    def read(self):
        """More of what it writes; false at its end."""
        if not select.select([self.fd], [], [], DEADLINE_S)[0]:
            sys.exit(f"nothing came after: {self.text!r}")
        try:
            octets = os.read(self.fd, 65536)
        except OSError:  # Linux, when the other side is closed
            octets = b""
        self.text += octets.decode()
        return bool(octets)

    def wait_for(self, part, times=1):
        while self.text.count(part) < times:
            if not self.read():
                sys.exit(f"no {part!r} in: {self.text!r}")

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        while self.read():
            pass
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def try_terminal(command, name, pictures, stop):
    terminal = Terminal(command)
    terminal.wait_for(HEAD, pictures)
    stop(terminal)
    code = terminal.end()
    check(f"{name} ends it", code == 0)
    check(f"{name}: the usual screen is back",
          terminal.text.startswith(OTHER_SCREEN) and
          terminal.text.rstrip().endswith(USUAL_SCREEN))
    check(f"{name}: there was a table", "IN OCTETS/S" in terminal.text and
          "127.0.0.1:" in terminal.text)


def try_elsewhere(command):
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          timeout=DEADLINE_S, check=False)
    check("elsewhere: one picture", said.returncode == 0 and
          said.stdout.count(HEAD) == 1 and "\033" not in said.stdout)
    said = subprocess.run(command + ["--json"], stdout=subprocess.PIPE,
                          text=True, timeout=DEADLINE_S, check=False)
    rows = json.loads(said.stdout)
    check("JSON", len(rows) == 1 and rows[0]["connection"] == 1 and
          rows[0]["in_octets_per_s"] == 0)


def try_end_of_relay(command, relay):
    terminal = Terminal(command)
    terminal.wait_for(HEAD)
    relay.terminate()
    code = terminal.end()
    check("the end of the relay is told", code == 2 and
          "incomplete answer" in terminal.text and
          USUAL_SCREEN in terminal.text)


def main():
    ctl, daemon = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        relay, port = start_relay(daemon, directory)
        command = [ctl, "-s", f"{directory}/s", "top"]
        try:
            with socket.create_connection(("127.0.0.1", port)):
                for line in relay.stderr:
                    if "c=1 open" in line:
                        break
                try_terminal(command, "q", 2, lambda t: t.type("q"))
                try_terminal(command, "Ctrl-C", 1, lambda t: t.type("\x03"))
                try_terminal(command, "TERM", 1,
                             lambda t: os.kill(t.pid, signal.SIGTERM))
                try_elsewhere(command)
                try_end_of_relay(command, relay)
        finally:
            relay.terminate()
            relay.communicate()
    sys.exit(faults > 0)


main()
