#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""msrprelay-lookup-http with a web service of its own.

usage: test_http.py MSRPRELAY-LOOKUP-HTTP MSRPRELAYD MSRPCAT
"""
import contextlib
import http.server
import json
import socket
import ssl
import sys
import threading
import time
import urllib.parse

import rig
from rig import REALM, ha1

SECRET = "open sesame"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, given):
        service = self.server.service
        service.last = {"headers": self.headers, "path": self.path,
                        "given": given}
        service.held.wait(rig.PATIENCE_S)
        answer = service.users.get((given.get("user"), given.get("realm")))
        if callable(answer):
            answer = answer(given)
        status, text = answer or (404, "no such user")
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", "/?user=alice&realm=" + REALM)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        query = urllib.parse.urlsplit(self.path).query
        self.answer(dict(urllib.parse.parse_qsl(query)))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.headers["Content-Type"] == "application/json":
            self.answer(json.loads(body))
        else:
            self.answer(dict(urllib.parse.parse_qsl(body)))


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_): # those who hang up
        pass

    def get_request(self):
        accepted = super().get_request()
        self.service.connections.append(accepted[0])
        return accepted


class Service:
    def __init__(self, scratch):
        self.scratch = scratch
        self.port = rig.free_port()
        self.tls = None
        self.users = {}
        self.last = {}
        self.held = threading.Event()
        self.held.set()
        self.server = None
        self.connections = []

    def start(self):
        self.server = Listener(("127.0.0.1", self.port), Handler)
        self.server.service = self
        if self.tls:
            self.server.socket = self.tls.wrap_socket(
                self.server.socket, server_side=True,
                do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever,
                         kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        self.held.set()
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.connections.clear()
        self.server = None

    def set(self, user, text, status=200, realm=REALM):
        self.users[user, realm] = (status, text)


class Setting:
    def __init__(self, programs, scratch, server):
        self.program, self.daemon, self.msrpcat = programs
        self.scratch = scratch
        self.server = server

    def command(self, *options, scheme="http", host="127.0.0.1", rest="/ha1"):
        return (self.program, *options,
                f"{scheme}://{host}:{self.server.port}{rest}")

    def helper(self, *options, **more):
        return rig.helper(self.scratch, *self.command(*options, **more))


def users_are_told(t):
    alice = ha1("alice", REALM, "one")
    sha256 = ha1("alice", REALM, "one", "sha256")
    t.server.users["alice", REALM] = lambda given: (200, json.dumps(
        {"ha1": alice if given["algorithm"] == "MD5" else sha256}))
    t.server.set("bob", json.dumps({"password": "%ünder\tlay", "more": [1]}))
    t.server.set("j&r=g% +n", json.dumps({"password": "six"}))
    t.server.set("jürgen", "password  six \r\n")
    t.server.set("carol", f"ha1 {alice}\n")
    t.server.set("dora", alice)
    t.server.set("gina", '\r\n\t{\n "ha1" : "' + alice + '"\n}\n')
    t.server.set("erik", "none")
    t.server.set("fred", "gone", status=410)
    with t.helper() as h:
        h.expect(["ha1", alice], "alice")
        h.expect(["ha1", sha256], "alice", REALM, "SHA-256")
        h.expect(["password", "%ünder\tlay"], "bob")
        h.expect(["password", "six"], "j&r=g% +n")
        h.expect(["password", " six "], "jürgen")
        h.expect(["ha1", alice], "carol")
        h.expect(["ha1", alice], "dora")
        h.expect(["ha1", alice], "gina")
        h.expect(["none"], "erik")
        h.expect(["none"], "fred")
        h.expect(["none"], "alice", "example.org")
        h.expect(["none"], "nobody")
        h.expect(["none"], "x\0y")


def what_makes_no_sense_is_an_error(t):
    wrong = {
        "": "neither", "hello": "neither", "ha1 xyz": "32 hex digits",
        "password a\nb": "neither", "{": "neither", "{}": "neither",
        '{"ha1": 5}': "neither", '{"ha1": "abc"}': "32 hex digits",
        '{"ha1": "", "password": null}': None,
        '{"password": ["x"]}': "neither", "[1]": "neither",
        '{"password": "' + "x" * 1024 + '"}': "too long",
        "x" * 20000: "too long", "abcdef": "32 hex digits",
    }
    with t.helper() as h:
        for i, (text, words) in enumerate(wrong.items()):
            t.server.set(f"wrong{i}", text)
            if words:
                h.expect_error(words, f"wrong{i}")
            else:
                h.expect(["none"], f"wrong{i}")
        for status in 302, 401, 403, 500, 503, 204:
            t.server.set("status", "" if status == 204 else "ha1 " + "0" * 32,
                         status=status)
            h.expect_error(str(status), "status")


def a_changed_password_counts_at_once(t):
    with t.helper() as h:
        t.server.set("frank", "password one")
        h.expect(["password", "one"], "frank")
        t.server.set("frank", "password two")
        h.expect(["password", "two"], "frank")
        del t.server.users["frank", REALM]
        h.expect(["none"], "frank")


def questions_are_posted(t):
    t.server.set('q"uo\\te & more', "password six")
    with t.helper("--post", "user=%u&realm=%r&algorithm=%a&x=100%%25") as h:
        h.expect(["password", "six"], 'q"uo\\te & more')
        assert t.server.last["given"]["algorithm"] == "MD5"
        assert t.server.last["given"]["x"] == "100%"
        assert t.server.last["path"] == "/ha1"
    with t.helper("--type", "application/json", "--post",
                  '{"user": "%u", "realm": "%r", "alg": ["%a"]}') as h:
        h.expect(["password", "six"], 'q"uo\\te & more')
        assert t.server.last["given"]["alg"] == ["MD5"]


def the_url_may_have_a_query(t):
    t.server.set("frank", "password one")
    with t.helper(rest="/?key=5") as h:
        h.expect(["password", "one"], "frank")
        assert t.server.last["given"]["key"] == "5"


def a_secret_is_shown(t):
    secret = t.scratch.path("secret")
    with t.helper("--secret-file", secret) as h:
        h.expect(["password", "one"], "frank")
        got = t.server.last["headers"]["Authorization"]
        assert got == f"Bearer {SECRET}", got
    with t.helper("--secret-file", secret, host="re%6Cay@127.0.0.1") as h:
        h.expect(["password", "one"], "frank")
        got = t.server.last["headers"]["Authorization"]
        assert got == "Basic cmVsYXk6b3BlbiBzZXNhbWU=", got
        assert SECRET not in h.noted()
    complaint = rig.refused(t.program, "http://relay:word@localhost/")
    assert "--secret-file" in complaint and ":word" not in complaint
    assert "http" in rig.refused(t.program, "ftp://localhost/")
    assert "%u" in rig.refused(t.program, "--post", "x", "http://localhost/")


def many_at_once_are_answered_each(t):
    for i in range(100):
        t.server.set(f"many{i}", f"password word{i}")
    with t.helper() as h:
        numbers = [h.question(f"many{i % 101}") for i in range(500)]
        for i, number in enumerate(numbers):
            assert h.answer(number) == (
                ["password", f"word{i % 101}"] if i % 101 < 100 else ["none"])


def a_slow_answer_delays_nobody(t):
    gate = threading.Event()

    def slow(_):
        gate.wait(rig.PATIENCE_S)
        return (200, "password late")

    t.server.users["slow", REALM] = slow
    with t.helper("--timeout", "0.5") as h:
        number = h.question("slow")
        h.expect(["password", "one"], "frank")
        assert number not in h.answers
        assert "500 ms" in h.answer(number)[1]
        gate.set()
        h.expect(["password", "late"], "slow")
        t.server.held.clear()
        for number in [h.question("frank") for _ in range(50)]:
            assert h.answer(number)[0] == "error"
        t.server.held.set()
        h.until(["password", "one"], "frank")


def a_restart_is_survived(t):
    with t.helper() as h:
        h.expect(["password", "one"], "frank")
        t.server.stop()
        rig.until("refused", lambda: h.ask("frank")[0] == "error")
        began = time.monotonic()
        for _ in range(100):
            h.expect_error("", "frank")
        assert time.monotonic() - began < 30, "errors take their time"
        t.server.start()
        h.until(["password", "one"], "frank")
        log = h.noted()
        assert log.count("\n") < 10, log
        assert log.rstrip().endswith("again"), log


def tls_is_checked(t):
    t.server.stop()
    t.server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    t.server.tls.load_cert_chain(t.scratch.path("server.pem"),
                                 t.scratch.path("server.key"))
    t.server.start()
    ca = t.scratch.path("ca.pem")
    there = {"scheme": "https", "host": "localhost"}
    with t.helper("--ca", ca, **there) as h:
        h.expect(["password", "one"], "frank")
    with t.helper("--ca", t.scratch.path("other.pem"), **there) as h:
        h.expect_error("certificate", "frank")
    with t.helper(**there) as h:
        h.expect_error("certificate", "frank")
    with t.helper("--ca", ca, scheme="https") as h:
        h.expect_error("127.0.0.1", "frank")
    with t.helper("--insecure", scheme="https") as h:
        h.expect(["password", "one"], "frank")


def users_log_in_at_the_relay(t):
    def set_password(user, password):
        if password:
            t.server.set(user, json.dumps({"ha1": ha1(user, REALM, password)}))
        else:
            del t.server.users[user, REALM]

    rig.users_log_in(
        t.scratch, t.server, t.daemon, t.msrpcat,
        t.command("--ca", t.scratch.path("ca.pem"), scheme="https",
                  host="localhost"), set_password)


def main():
    scratch = rig.Scratch()
    server = Service(scratch)
    try:
        scratch.certificates()
        rig.write(scratch.path("secret"), SECRET + "\n")
        server.start()
        rig.run([users_are_told, what_makes_no_sense_is_an_error,
                 a_changed_password_counts_at_once, questions_are_posted,
                 the_url_may_have_a_query, a_secret_is_shown,
                 many_at_once_are_answered_each, a_slow_answer_delays_nobody,
                 a_restart_is_survived, tls_is_checked,
                 users_log_in_at_the_relay],
                Setting(sys.argv[1:], scratch, server))
    finally:
        server.stop()
        scratch.close()


main()
