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
        self.msrprelayd = None

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        for process in reversed(self.running):
            process.terminate()
        for process in self.running:
            try:
                process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.dir)
        ended_well = self.msrprelayd is None or self.msrprelayd.returncode == 0
        if failure[0] or not ended_well:
            for name, log in self.logs.items():
                print(f"--- {name}", *log[-60:], sep="\n")
        assert ended_well, f"the relay ended with {self.msrprelayd.returncode}"

    def address(self, host):
        return f"{self.net}.{host}"

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def start(self, name, *command):
        """Starts a program and keeps what it says."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        self.running.append(process)
        log = self.logs[name] = []

        def read():
            for line in process.stdout:
                log.append(line.decode(errors="replace").rstrip())

        threading.Thread(target=read, daemon=True).start()
        return process

    # --- the programs ---

    def rtpengine(self, host=1, port=2223):
        at = self.address(host)
        self.start(f"rtpengine {host}", RTPENGINE, "--config-file=none",
                   "--table=-1",
                   f"--interface={at}", f"--listen-ng={at}:{port}",
                   "--foreground", "--log-stderr", "--log-level=6",
                   "--num-threads=2", "--delete-delay=0", "--port-min=30000", "--port-max=30200",
                   f"--pidfile={self.path(f'rtpengine{host}.pid')}")
        return Ng((at, port))

    def relay(self, program, example, *changes):
        """As an example of the documentation has it."""
        at = self.address(2)
        users = self.write("users", "")
        certificate, key = self.path("relay.pem"), self.path("relay.key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048",
                        "-nodes", "-days", "90", "-subj", "/CN=relay.example.com",
                        "-addext", "subjectAltName=DNS:relay.example.com",
                        "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        config = self.write("relay.conf", edited(
            example, ("/etc/msrprelayd/relay.pem", certificate),
            ("/etc/msrprelayd/relay.key", key), ("192.0.2.10", at),
            ("127.0.0.1:2226", f"{at}:2226"), ("10.0.0.0/8", "127.0.0.0/8"),
            ("relay: {", f'auth: {{ users_file = "{users}"; }};\n'
             'relay: { user = ""; group = "";'), *changes))
        self.msrprelayd = self.start("msrprelayd", program, "-c", config)
        return Ng((at, 2226))

    def kamailio(self, snippet, *changes, host=3):
        """With a snippet of the documentation, in which its addresses are
        replaced by those of the test."""
        proxy = self.address(host)
        snippet = self.write(f"snippet{host}.cfg", edited(snippet, *changes))
        config = self.write(f"kamailio{host}.cfg", BASE % {
            "proxy": proxy, "snippet": snippet})
        self.start(f"kamailio {host}", KAMAILIO, "-f", config, "-DD", "-E", "-m", "128",
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


def edited(path, *changes):
    """The text of a file, in which each of the first is now the second."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for old, new in changes:
        assert old in text, f"{path} has no {old}"
        text = text.replace(old, new)
    return text


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
    """Asks rtpengine, or the relay, by the protocol of both."""

    def __init__(self, to):
        self.to = to
        self.host = to[0]
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(1)
        assert self.ask(b"d7:command4:pinge") == b"d6:result4:ponge"

    def ask(self, bencode):
        cookie = secrets.token_hex(4).encode()
        answer = ask(self.socket, cookie + b" " + bencode, self.to, self.to)
        assert answer.startswith(cookie + b" "), answer
        return answer[len(cookie) + 1:]

    def has_calls(self):
        return b"5:callsle" not in self.ask(b"d7:command4:liste")


class Cat:
    """One msrpcat: its SDP, what it says and hears, and how it ended."""

    count = 0

    def __init__(self, scene, program, *options):
        Cat.count += 1
        self.own = scene.path(f"own{Cat.count}")
        self.peer = scene.path(f"peer{Cat.count}")
        self.dir = scene.path(f"inbox{Cat.count}")
        os.mkfifo(self.own)
        os.mkfifo(self.peer)
        os.mkdir(self.dir)
        self.said = os.open(self.own, os.O_RDONLY | os.O_NONBLOCK)
        self.process = subprocess.Popen(
            [program, "-q", "-s", self.own, "-S", self.peer, *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        scene.running.append(self.process)

    def sdp(self):
        """What it says of itself; an answer only after tell()."""
        text = b""
        for _ in self.while_it_lives():
            try:
                more = os.read(self.said, 65536)
            except BlockingIOError:
                more = b""
            if text and not more:
                break
            text += more
        return text

    def tell(self, sdp):
        for _ in self.while_it_lives():
            try:
                to = os.open(self.peer, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                continue # it has not opened its end
            os.write(to, sdp)
            os.close(to)
            break

    def while_it_lives(self):
        until = time.monotonic() + DEADLINE_S
        while self.process.poll() is None and time.monotonic() < until:
            yield
            time.sleep(0.005)
        raise AssertionError(f"msrpcat has ended, or is silent: "
                             f"{self.finish()}")

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def hear(self):
        return self.process.stdout.readline().decode().rstrip("\n")

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def finish(self):
        """How it ended, and what it complained about."""
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err.decode()

    def received(self):
        """The contents of the messages in its directory, by name."""
        found = {}
        for name in os.listdir(self.dir):
            with open(os.path.join(self.dir, name), "rb") as file:
                found[name] = file.read()
        return found
