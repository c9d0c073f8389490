# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the look-up helpers share: a helper that is spoken to as
the relay does, servers as an ordinary user with all they have in a directory of
their own, and certificates for them."""
import contextlib
import glob
import hashlib
import os
import pwd
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PATIENCE_S = 60  # for what takes a moment; nothing waits as long that works
SKIPPED = 77

REALM = "example.com"


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def find_program(name, *places):
    """Where it is, or the test is skipped."""
    path = os.pathsep.join([*places, os.environ.get("PATH", ""), "/usr/sbin"])
    found = shutil.which(name, path=path)
    if not found:
        skip(f"{name} is not installed")
    return found


def ha1(user, realm, password, algorithm="md5"):
    return hashlib.new(algorithm,
                       f"{user}:{realm}:{password}".encode()).hexdigest()


def until(what, happens):
    """Waits until it happens, and returns what `happens` then gives."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        result = happens()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"not in time: {what}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o644)
    return path


# --- a place, and servers in it ----------------------------------------------

class Scratch:
    """A directory for an ordinary user, who runs the servers; gone in the
    end."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="lookup")
        self.user = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.user = {"user": nobody.pw_uid, "group": nobody.pw_gid,
                         "extra_groups": []}
            os.chown(self.dir, nobody.pw_uid, nobody.pw_gid)

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def run(self, *command, **more):
        """A command of that user, which has to succeed; its output."""
        done = subprocess.run(
            command, cwd=self.dir, env=self.environment(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            **{**self.user, **more})
        if done.returncode:
            raise AssertionError(f"{command}: {done.stdout}")
        return done.stdout

    def start(self, *command, log="server.log"):
        with open(self.path(log), "ab") as to:
            return subprocess.Popen(
                command, cwd=self.dir, env=self.environment(),
                stdin=subprocess.DEVNULL, stdout=to, stderr=to, **self.user)

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": self.dir, "LANG": "C",
                "TMPDIR": self.dir}

    def certificates(self):
        """A CA, a certificate of it for localhost, and a CA that has nothing
        to do with it: ca.pem, server.pem, server.key, other.pem."""
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        for name in "ca", "other":
            self.run("openssl", "req", "-x509", *key, "-days", "2", "-subj",
                     f"/CN={name}", "-keyout", f"{name}.key", "-out",
                     f"{name}.pem")
        write(self.path("names"), "subjectAltName=DNS:localhost\n")
        self.run("openssl", "req", *key, "-subj", "/CN=server", "-keyout",
                 "server.key", "-out", "server.csr")
        self.run("openssl", "x509", "-req", "-in", "server.csr", "-CA",
                 "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                 "-extfile", "names", "-out", "server.pem")


class Server:
    """A server process, which can be stopped, started again, and held."""

    def __init__(self, scratch, *command):
        self.scratch = scratch
        self.program = command
        self.process = None

    def start(self):
        self.process = self.scratch.start(*self.program)
        until(f"{self.program[0]} answers", self.answers)

    def answers(self):
        if self.process.poll() is not None:
            with open(self.scratch.path("server.log"), errors="replace") as log:
                raise AssertionError(f"it has ended: {log.read()[-2000:]}")
        return self.is_ready()

    def is_ready(self):
        raise NotImplementedError

    def stop(self, how=signal.SIGTERM):
        if self.process:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
            self.process.wait(PATIENCE_S)
            self.process = None

    def hold(self):
        """It does not answer, and its connections stay."""
        self.process.send_signal(signal.SIGSTOP)
        until("all its threads stand", self.stands)

    def stands(self):
        states = set()
        for thread in glob.glob(f"/proc/{self.process.pid}/task/*/stat"):
            with open(thread, encoding="utf-8", errors="replace") as stat:
                states.add(stat.read().rpartition(")")[2].split()[0])
        return states == {"T"}

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)


# --- the helper ----------------------------------------------------------------

def escape(field):
    return "".join(chr(c) if 0x20 <= c <= 0x7e and c != 0x25 else f"%{c:02X}"
                   for c in field.encode())


def unescape(field):
    return re.sub(rb"%([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]),
                  field.encode()).decode()


class Helper:
    """A helper with the one socket that the relay gives it."""

    def __init__(self, scratch, *command):
        self.socket, other = socket.socketpair()
        self.log = scratch.path("helper.log")
        with other, open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=other, stdout=other, stderr=log,
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
        self.pending = b""
        self.answers = {}
        self.last = 0

    def send(self, line):
        self.socket.sendall(line.encode() + b"\n")

    def question(self, user, realm=REALM, algorithm="MD5"):
        self.last += 1
        self.send("\t".join([str(self.last), escape(user), escape(realm),
                             algorithm]))
        return str(self.last)

    def read(self, timeout_s):
        if not select.select([self.socket], [], [], timeout_s)[0]:
            return False
        got = self.socket.recv(65536)
        assert got, f"it has ended: {self.noted()}"
        *lines, self.pending = (self.pending + got).split(b"\n")
        for line in lines:
            number, *fields = line.decode().split("\t")
            assert number not in self.answers, f"answered twice: {line}"
            self.answers[number] = [unescape(f) for f in fields]
        return True

    def answer(self, number):
        """The answer to a question, once it is there."""
        end = time.monotonic() + PATIENCE_S
        while number not in self.answers:
            assert time.monotonic() < end, f"no answer: {self.noted()}"
            self.read(1)
        return self.answers.pop(number)

    def ask(self, *question):
        return self.answer(self.question(*question))

    def expect(self, want, *question):
        got = self.ask(*question)
        assert got == want, f"{question}: {got} instead of {want}"

    def expect_error(self, words, *question):
        got = self.ask(*question)
        assert got[0] == "error" and words in got[1], \
            f"{question}: {got} instead of an error with '{words}'"

    def until(self, want, *question):
        """Asks until the answer begins with this."""
        until(want, lambda: self.ask(*question)[:len(want)] == want)

    def noted(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def end(self):
        """Ends its input: it has to end by itself, with success."""
        self.socket.shutdown(socket.SHUT_WR)
        code = self.process.wait(PATIENCE_S)
        self.socket.close()
        assert code == 0, f"exit code {code}: {self.noted()}"

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.socket.close()


@contextlib.contextmanager
def helper(scratch, program, *rest):
    """One that has ended well after the block. It is as patient as the test,
    unless `rest` says otherwise."""
    h = Helper(scratch, program, "--timeout", str(PATIENCE_S), *rest)
    try:
        yield h
        h.end()
    finally:
        h.kill()


def refused(*command):
    """What a helper complains about that is started this way and gives up."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 64, done
    return done.stderr


# --- the relay ------------------------------------------------------------------

class Relay:
    """The real relay, which starts the helper itself; `file-user` is in its
    users file."""

    def __init__(self, scratch, daemon, msrpcat, *command):
        self.scratch = scratch
        self.msrpcat = msrpcat
        write(scratch.path("users"), f"file-user:{REALM}:"
              f"{ha1('file-user', REALM, 'on file')}\n")
        line = shlex.join(command).replace("\\", "\\\\").replace('"', '\\"')
        write(scratch.path("relay.conf"), f"""
            relay: {{ name = "localhost"; realm = "{REALM}"; user = "";
                      group = ""; }};
            listen = ( {{ transport = "tls"; address = "127.0.0.1";
                          port = 0; }} );
            tls: {{ certificate = "{scratch.path("server.pem")}";
                    private_key = "{scratch.path("server.key")}"; }};
            limits: {{ connections = 100; }};
            auth: {{ users_file = "{scratch.path("users")}";
                     lookup: {{ command = "{line}"; cache = 0;
                                cache_unknown = 0; }}; }};
            """)
        self.process = scratch.start(daemon, "-c", scratch.path("relay.conf"),
                                     log="relay.log")
        self.port = until("the relay listens", self.find_port)

    def noted(self):
        with open(self.scratch.path("relay.log"), encoding="utf-8",
                  errors="replace") as log:
            return log.read()

    def find_port(self):
        assert self.process.poll() is None, self.noted()
        found = re.search(r"listening.*port=(\d+)", self.noted())
        return found and found[1]

    def login(self, user, password):
        """What a client is told that logs in: '' if it gets a URI."""
        secret = write(self.scratch.path("password"), password + "\n")
        with subprocess.Popen(
                [self.msrpcat, "-q", "-c", f"127.0.0.1:{self.port}", "--ca",
                 self.scratch.path("ca.pem"), "--timeout", "20", "-r",
                 f"msrps://localhost:{self.port};tcp", "-u", user,
                 "--password-file", secret, "-p", "-", "-n", "1"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True) as client:
            if client.stdout.readline().startswith("msrps://"):
                client.kill()
                return ""
            return client.stderr.read()

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)


def users_log_in(scratch, server, daemon, msrpcat, command, set_password):
    """All that a helper is for: `set_password` gives a user a password in the
    store, or takes the user away if that is None."""
    set_password("login-user", "one")
    relay = Relay(scratch, daemon, msrpcat, *command)
    try:
        assert relay.login("login-user", "one") == "", relay.noted()
        assert "wrong" in relay.login("login-user", "two")
        assert "wrong" in relay.login("login-nobody", "one")
        set_password("login-user", "two")
        assert relay.login("login-user", "two") == "", relay.noted()
        assert "wrong" in relay.login("login-user", "one")
        server.stop()
        assert "408" in relay.login("login-user", "two")
        assert relay.login("file-user", "on file") == "", relay.noted()
        server.start()
        until("it is back", lambda: relay.login("login-user", "two") == "")
        set_password("login-user", None)
        assert "wrong" in relay.login("login-user", "two")
        for secret in ha1("login-user", REALM, "two"), "open sesame":
            assert secret not in relay.noted()
    finally:
        relay.stop()


def run(tests, *arguments):
    """Each test with a line of its own; ends the process."""
    for test in tests:
        began = time.monotonic()
        test(*arguments)
        print(f"ok   {test.__name__} ({time.monotonic() - began:.1f} s)",
              flush=True)
