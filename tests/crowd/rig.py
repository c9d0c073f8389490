# SPDX-License-Identifier: BSD-2-Clause
"""Relays with many clients, in one event loop: certificates, a name server,
processes, paths of a chosen speed, and MSRP as far as clients need it."""
import asyncio
import collections
import contextlib
import ctypes
import hashlib
import itertools
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

PASSWORD = "secret"
PATIENCE_S = 60
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
NEAR = "192.0.2.1"
NOWHERE = "198.51.100.0/24"  # whence nothing comes back


# --- what the relays read -----------------------------------------------------

class Scratch:
    """A directory with a CA and a users file, which goes with its user."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="crowd-")
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
                     "30", "-subj", "/CN=CA", "-keyout", "ca.key", "-out",
                     "ca.pem")

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)
        return self.path(name)

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.directory, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def issue(self, host):
        self.write(f"{host}.names", f"subjectAltName=DNS:{host}\n"
                   "extendedKeyUsage=serverAuth,clientAuth\n")
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj",
                     f"/CN={host}", "-keyout", f"{host}.key", "-out",
                     f"{host}.csr")
        self.openssl("x509", "-req", "-in", f"{host}.csr", "-CA", "ca.pem",
                     "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
                     "-extfile", f"{host}.names", "-out", f"{host}.pem")

    def users(self, realm, names):
        self.write(f"{realm}.users", "".join(
            f"{n}:{realm}:{md5(f'{n}:{realm}:{PASSWORD}')}\n" for n in names))

    def remove(self):
        shutil.rmtree(self.directory, ignore_errors=True)


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Names(asyncio.DatagramProtocol):
    """A name server that knows *.test, and is silent about *.silent."""

    def __init__(self, address):
        self.address = address
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode().lower())
            at += 1 + data[at]
        question = data[12:at + 5]
        kind = data[at + 2]
        if labels[-1] == "silent":
            return
        known = labels[-1] == "test" and len(labels) == 2
        has = known and kind == 1
        head = data[:2] + bytes([0x81, 0x80 if known else 0x83, 0, 1, 0, has,
                                 0, 0, 0, 0])
        answer = b"\xc0\x0c\0\x01\0\x01\0\0\x0e\x10\0\x04" + socket.inet_aton(
            self.address) if has else b""
        self.transport.sendto(head + question + answer, addr)

    @staticmethod
    async def start(address):
        loop = asyncio.get_running_loop()
        transport, names = await loop.create_datagram_endpoint(
            lambda: Names(address), local_addr=("127.0.0.1", 0))
        return transport, names


# --- relays -------------------------------------------------------------------

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Relay:
    """A relay, which can be stopped and started again at the same port."""

    def __init__(self, scratch, program, host, names, groups="", cgroup=None):
        self.scratch = scratch
        self.program = program
        self.host = host
        self.names = names
        self.cgroup = cgroup  # a directory, or None
        self.port = free_port()
        self.process = None
        scratch.issue(host)
        self.configure(groups)

    def configure(self, groups):
        path = self.scratch.path
        self.scratch.write(f"{self.host}.conf", f"""
relay: {{ name = "{self.host}"; user = ""; group = ""; }};
listen = ( {{ transport = "tls"; address = "0.0.0.0";
              port = {self.port}; }} );
tls: {{ certificate = "{path(self.host + ".pem")}";
        private_key = "{path(self.host + ".key")}";
        ca_file = "{path("ca.pem")}"; }};
auth: {{ users_file = "{path(self.host + ".users")}"; }};
dial: {{ servers = [ "127.0.0.1:{self.names}" ]; deny = [ ];
         allow = [ "0.0.0.0/0" ]; }};
log: {{ level = "info"; target = "{path(self.host + ".log")}"; }};
control: {{ socket = "{path(self.host + ".sock")}"; }};
{groups}
""")

    def start(self):
        def prepare():
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if self.cgroup:
                with open(self.cgroup + "/cgroup.procs", "w",
                          encoding="ascii") as procs:
                    procs.write("0")

        with open(self.scratch.path(self.host + ".err"), "ab") as err:
            self.process = subprocess.Popen(
                [self.program, "-c", self.scratch.path(self.host + ".conf")],
                stdout=err, stderr=err, preexec_fn=prepare)

    async def ready(self):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            if self.process.poll() is not None:
                sys.exit(f"{self.host} has ended: {self.errors()}")
            await asyncio.sleep(0.05)
        sys.exit(f"{self.host} does not listen")

    async def stop(self, how):
        self.process.send_signal(how)
        while self.process.poll() is None:
            await asyncio.sleep(0.05)
        return self.process.returncode

    def reload(self, groups):
        self.configure(groups)
        self.process.send_signal(signal.SIGHUP)

    def errors(self):
        with open(self.scratch.path(self.host + ".err"), encoding="utf-8",
                  errors="replace") as file:
            return file.read()

    def log(self):
        with open(self.scratch.path(self.host + ".log"), encoding="utf-8",
                  errors="replace") as file:
            return file.read()

    def peak_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as s:
            return int(re.search(r"VmHWM:\s*(\d+)", s.read())[1])

    def links(self):
        """How many links with other relays there were."""
        return len(re.findall("host_certificate=yes", self.log()))

    async def control(self, *words):
        """A command over the control socket: its rows, as text."""
        reader, writer = await asyncio.open_unix_connection(
            self.scratch.path(self.host + ".sock"))
        writer.write((" ".join(words) + "\n").encode())
        rows = []
        while True:
            row = (await reader.readline()).decode()
            if not row or '"ok":' in row:
                break
            rows.append(row)
        writer.close()
        return rows


# --- paths --------------------------------------------------------------------

class Network:
    """The process's own network, and another one that a path of a chosen speed
    leads to."""

    def __init__(self, rate):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.unshare()
        self.far = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.ip("link", "set", "lo", "up")
        self.unshare()
        self.near = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.ip("link", "set", "lo", "up")
        self.ip("link", "add", "near0", "type", "veth", "peer", "name", "far0",
                "netns", f"/proc/{os.getpid()}/fd/{self.far}")
        self.ip("address", "add", NEAR + "/24", "dev", "near0")
        self.ip("link", "set", "near0", "up")
        self.tc("near0", rate)
        self.enter(self.far)
        self.ip("address", "add", "192.0.2.2/24", "dev", "far0")
        self.ip("link", "set", "far0", "up")
        self.tc("far0", rate)
        self.ip("route", "add", "blackhole", NOWHERE)
        self.enter(self.near)
        self.ip("route", "add", NOWHERE, "via", "192.0.2.2")

    def unshare(self):
        if self.libc.unshare(CLONE_NEWNET):
            sys.exit("no network of its own is permitted")

    def enter(self, namespace):
        if self.libc.setns(namespace, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True, close_fds=False)

    @staticmethod
    def tc(device, rate):
        subprocess.run(["tc", "qdisc", "add", "dev", device, "root", "tbf",
                        "rate", rate, "burst", "3000", "latency", "400ms"],
                       check=True)

    @contextlib.contextmanager
    def at_far_end(self):
        self.enter(self.far)
        try:
            yield
        finally:
            self.enter(self.near)


class Throttle:
    """A path to a relay that passes on what the relay sends as its user says:
    `octets` every `pause_s`, none at all while it is None."""

    def __init__(self, port):
        self.port = port
        self.octets, self.pause_s = 65536, 0.0
        self.passed = 0
        self.server = None
        self.tasks = set()

    async def start(self):
        self.server = await asyncio.start_server(self.on_client, "127.0.0.1",
                                                 0)
        return self.server.sockets[0].getsockname()[1]

    async def on_client(self, reader, writer):
        relay = socket.socket()
        relay.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        relay.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(relay, ("127.0.0.1", self.port))
        for way in self.up(reader, relay), self.down(relay, writer):
            task = loop.create_task(way)
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    @staticmethod
    async def up(reader, relay):
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while octets := await reader.read(65536):
                await loop.sock_sendall(relay, octets)

    async def down(self, relay, writer):
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while True:
                while self.octets is None:
                    await asyncio.sleep(0.05)
                octets = await loop.sock_recv(relay, self.octets)
                if not octets:
                    break
                self.passed += len(octets)
                writer.write(octets)
                await writer.drain()
                if self.pause_s:
                    await asyncio.sleep(self.pause_s)
        writer.close()
        relay.close()

    def take(self, octets, pause_s=0.0):
        self.octets, self.pause_s = octets, pause_s

    def close(self):
        self.server.close()
        for task in self.tasks:
            task.cancel()


# --- MSRP ---------------------------------------------------------------------

Frame = collections.namedtuple("Frame", "tid what headers body end")
START = re.compile(rb"MSRP (\S+) (\S+)[^\r\n]*\r\n")
tids = itertools.count(1)


class Frames:
    """Cuts a stream of octets into frames."""

    def __init__(self):
        self.buffer = bytearray()
        self.at = 0  # no end-line begins before

    def feed(self, data):
        self.buffer += data
        while frame := self.take():
            yield frame

    def take(self):
        start = START.match(self.buffer)
        if not start:
            return None
        mark = b"-------" + start[1]
        found = self.buffer.find(mark, max(start.end(), self.at))
        if found < 0 or len(self.buffer) < found + len(mark) + 3:
            self.at = max(0, len(self.buffer) - len(mark) - 4)
            return None
        head, gap, body = bytes(self.buffer[start.end():found]).partition(
            b"\r\n\r\n")
        frame = Frame(start[1].decode(), start[2].decode(),
                      self.headers(head), body[:-2] if gap else None,
                      chr(self.buffer[found + len(mark)]))
        del self.buffer[:found + len(mark) + 3]
        self.at = 0
        return frame

    @staticmethod
    def headers(head):
        return dict(line.split(": ", 1) for line in head.decode().split("\r\n")
                    if ": " in line)


def text(tid, what, to, by, headers="", body=None, end="$"):
    content = b"" if body is None else (b"Content-Type: text/plain\r\n\r\n" +
                                        body + b"\r\n")
    return (f"MSRP {tid} {what}\r\nTo-Path: {to}\r\nFrom-Path: {by}\r\n"
            f"{headers}".encode() + content +
            f"-------{tid}{end}\r\n".encode())


class Client(asyncio.Protocol):
    """A user, once login() has come back. What comes in goes to on_frame(),
    but for answers that somebody waits for."""

    def __init__(self, user, relay):
        self.user = user
        self.relay = relay
        self.own = f"msrps://{user}.invalid:2855/{os.urandom(6).hex()};tcp"
        self.path = None
        self.frames = Frames()
        self.transport = None
        self.closed = asyncio.get_running_loop().create_future()
        self.waiting = {}

    # for its users to replace
    def on_frame(self, frame):
        if frame.what == "SEND":
            self.answer(frame, 200)

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, exc):
        if not self.closed.done():
            self.closed.set_result(exc)
        for future in self.waiting.values():
            if not future.done():
                future.set_result(None)

    def data_received(self, data):
        for frame in self.frames.feed(data):
            future = self.waiting.pop(frame.tid, None)
            if future and not future.done():
                future.set_result(frame)
            else:
                self.on_frame(frame)

    @property
    def is_open(self):
        return self.path is not None and not self.closed.done()

    async def connect(self, sock=None, to=None):
        """Over this socket, to this address and port, or as usual."""
        loop = asyncio.get_running_loop()
        context = ssl.create_default_context(
            cafile=self.relay.scratch.path("ca.pem"))
        sock = sock or socket.socket()
        sock.setblocking(False)
        await loop.sock_connect(sock, to or ("127.0.0.1", self.relay.port))
        await loop.create_connection(lambda: self, sock=sock, ssl=context,
                                     server_hostname=self.relay.host,
                                     ssl_handshake_timeout=PATIENCE_S)

    def say(self, what, to, by=None, **parts):
        tid = f"t{next(tids):07d}"
        self.transport.write(text(tid, what, to, by or self.own, **parts))
        return tid

    async def ask(self, what, to, **parts):
        """The answer; None if the connection ends before."""
        if self.closed.done():
            return None
        tid = self.say(what, to, **parts)
        self.waiting[tid] = asyncio.get_running_loop().create_future()
        return await self.waiting[tid]

    async def auth(self, beyond=None):
        """Has it got a path? Through its relay to the one beyond that."""
        uri = "msrps://{0.host}:{0.port};tcp".format(beyond or self.relay)
        to = f"{self.path} {uri}" if beyond else uri
        answer = await self.ask("AUTH", to)
        if not answer or answer.what != "401":
            return False
        offered = answer.headers["WWW-Authenticate"]
        value = dict(re.findall(r'(\w+)="([^"]*)"', offered))
        ha1 = md5(f"{self.user}:{value['realm']}:{PASSWORD}")
        proof = md5(f"{ha1}:{value['nonce']}:00000001:cn:auth:" +
                    md5(f"AUTH:{uri}"))
        answer = await self.ask("AUTH", to, headers=(
            f'Authorization: Digest username="{self.user}", '
            f'realm="{value["realm"]}", nonce="{value["nonce"]}", '
            f'opaque="{value["opaque"]}", uri="{uri}", algorithm=MD5, '
            f'qop=auth, nc=00000001, cnonce="cn", response="{proof}"\r\n'))
        if not answer or answer.what != "200":
            return False
        self.path = answer.headers["Use-Path"]
        return True

    async def login(self, sock=None, to=None):
        await self.connect(sock, to)
        if not await self.auth():
            raise ConnectionError(f"{self.user} is not let in")
        return self

    def way_to(self, other):
        return f"{self.path} {other.path} {other.own}"

    def send(self, other, message, body, headers="", begin=1, total=None,
             end="$"):
        total = len(body) if total is None else total
        return self.say("SEND", self.way_to(other), body=body, end=end,
                        headers=f"Message-ID: {message}\r\nByte-Range: "
                        f"{begin}-{begin + len(body) - 1}/{total}\r\n"
                        f"{headers}")

    def answer(self, frame, code):
        to = frame.headers["From-Path"].split(" ")[0]
        if self.transport and not self.transport.is_closing():
            self.transport.write(text(frame.tid, str(code), to, self.own))

    def reset(self):
        if self.transport:
            self.transport.abort()


def byte_range(frame):
    """First and last octet, and how many there are."""
    found = re.match(r"(\d+)-(\d+|\*)/(\d+|\*)", frame.headers["Byte-Range"])
    first = int(found[1])
    last = first + len(frame.body or b"") - 1 if found[2] == "*" else int(
        found[2])
    return first, last, None if found[3] == "*" else int(found[3])


# --- figures ------------------------------------------------------------------

def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def in_ms(values):
    return (f"p50 {1000 * percentile(values, 0.5):.1f} ms, "
            f"p99 {1000 * percentile(values, 0.99):.1f} ms, "
            f"max {1000 * max(values):.1f} ms of {len(values)}")
