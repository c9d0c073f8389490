# SPDX-License-Identifier: BSD-2-Clause
"""The programs of a test call: a real Kamailio, a real rtpengine, the relay, and
two msrpcat. Each has addresses of loopback for itself, so that ports are those
of the documentation."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

DEADLINE_S = 20
SKIPPED = 77
KAMAILIO = "/usr/sbin/kamailio"
RTPENGINE = shutil.which("rtpengine") or "/usr/bin/rtpengine"

BASE = """#!KAMAILIO
debug=2
log_stderror=yes
children=2
auto_aliases=no
listen=udp:%(proxy)s:5060
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "textopsx.so"
loadmodule "siputils.so"
include_file "%(snippet)s"
request_route {
    if (is_method("OPTIONS")) { sl_send_reply("200", "Here"); exit; }
    if (is_method("CANCEL")) {
        if (t_check_trans()) { route(MEDIA); t_relay(); }
        exit;
    }
    if (has_totag()) loose_route();
    else record_route();
    route(MEDIA);
    t_relay();
}
"""


def require():
    """Ends the test as skipped where one of the programs is missing."""
    for program in KAMAILIO, RTPENGINE:
        if not os.access(program, os.X_OK):
            print(f"skipped: {program} is not there; tests/packages --tests "
                  "installs it")
            sys.exit(SKIPPED)


class Scene:
    """A directory, a network of loopback, and what runs in it."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="sip.")
        self.net = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(250)}"
        self.running = []
        self.logs = {}

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if failure[0]:
            for name, log in self.logs.items():
                print(f"--- {name}", *log[-60:], sep="\n")
        for process in reversed(self.running):
            process.terminate()
        for process in self.running:
            try:
                process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(self.dir)

    def address(self, host):
        return f"{self.net}.{host}"

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def start(self, name, *command, until=None):
        """Starts a program and keeps what it says, until a line has `until`."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        self.running.append(process)
        log = self.logs[name] = []
        seen = threading.Event()

        def read():
            for line in process.stdout:
                log.append(line.decode(errors="replace").rstrip())
                if until and until in log[-1]:
                    seen.set()
            seen.set()

        threading.Thread(target=read, daemon=True).start()
        if until and not (seen.wait(DEADLINE_S) and
                          any(until in line for line in log)):
            raise AssertionError(f"{name} does not start")
        return process

    # --- the programs ---

    def rtpengine(self):
        at = self.address(1)
        self.start("rtpengine", RTPENGINE, "--config-file=none", "--table=-1",
                   f"--interface={at}", f"--listen-ng={at}:2223",
                   "--foreground", "--log-stderr", "--log-level=6",
                   "--num-threads=2", "--delete-delay=0", "--port-min=30000", "--port-max=30200",
                   f"--pidfile={self.path('rtpengine.pid')}")
        self.ng = Ng((at, 2223))
        self.ng.await_pong()
        return at

    def kamailio(self, snippet, *changes):
        """With a snippet of the documentation, in which its addresses are
        replaced by those of the test."""
        with open(snippet, encoding="utf-8") as file:
            text = file.read()
        for old, new in changes:
            assert old in text, f"{snippet} has no {old}"
            text = text.replace(old, new)
        proxy = self.address(3)
        config = self.write("kamailio.cfg", BASE % {
            "proxy": proxy, "snippet": self.write("snippet.cfg", text)})
        self.start("kamailio", KAMAILIO, "-f", config, "-DD", "-E", "-m", "128",
                   "-M", "8", "-w", self.dir, "-Y", self.dir)
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe.bind((self.address(9), 0))
        probe.settimeout(0.2)
        options = (f"OPTIONS sip:x@{proxy}:5060 SIP/2.0\r\nVia: SIP/2.0/UDP "
                   f"{self.address(9)}:{probe.getsockname()[1]};branch="
                   "z9hG4bKx\r\nMax-Forwards: 1\r\nFrom: <sip:x@x>;tag=1\r\n"
                   "To: <sip:x@x>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n"
                   "Content-Length: 0\r\n\r\n")
        ask(probe, options.encode(), (proxy, 5060), "Kamailio")
        return proxy, 5060


def ask(sock, octets, to, who):
    """Asks until there is an answer."""
    until = time.monotonic() + DEADLINE_S
    while time.monotonic() < until:
        try:
            sock.sendto(octets, to)
            return sock.recv(65535)
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{who} does not answer")


class Ng:
    """Asks rtpengine, or the relay, by its own protocol."""

    def __init__(self, to):
        self.to = to
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(1)

    def ask(self, bencode):
        cookie = secrets.token_hex(4).encode()
        answer = ask(self.socket, cookie + b" " + bencode, self.to, self.to)
        assert answer.startswith(cookie + b" "), answer
        return answer[len(cookie) + 1:]

    def await_pong(self):
        assert self.ask(b"d7:command4:pinge") == b"d6:result4:ponge"

    def has_calls(self):
        return b"5:callsle" not in self.ask(b"d7:command4:liste")


class Cat:
    """One msrpcat: its SDP, what it was told, and how it ended."""

    count = 0

    def __init__(self, scene, program, *options):
        Cat.count += 1
        self.own = scene.path(f"own{Cat.count}")
        self.peer = scene.path(f"peer{Cat.count}")
        os.mkfifo(self.own)
        os.mkfifo(self.peer)
        self.process = subprocess.Popen(
            [program, "-s", self.own, "-S", self.peer, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        scene.running.append(self.process)

    def sdp(self):
        """What it says of itself; an answer only after tell()."""
        with open(self.own, "rb") as file:
            return file.read()

    def tell(self, sdp):
        with open(self.peer, "wb") as file:
            file.write(sdp)

    def finish(self):
        """How it ended, what it received and what it complained about."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out.decode(), err.decode()

    def interrupt(self):
        self.process.send_signal(signal.SIGTERM)
