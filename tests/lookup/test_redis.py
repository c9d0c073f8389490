#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""msrprelay-lookup-redis with a real Redis.

usage: test_redis.py MSRPRELAY-LOOKUP-REDIS MSRPRELAYD MSRPCAT
"""
import sys
import time

import rig
from rig import REALM, ha1

SECRET = "open sesame"


class Redis(rig.Server):
    def __init__(self, scratch, cli):
        self.port = rig.free_port()
        self.tls_port = rig.free_port()
        self.cli = cli
        super().__init__(
            scratch, rig.find_program("redis-server"), "--bind", "127.0.0.1",
            "--port", str(self.port), "--requirepass", SECRET, "--dir",
            scratch.dir, "--appendonly", "yes", "--tls-port",
            str(self.tls_port), "--tls-cert-file", "server.pem",
            "--tls-key-file", "server.key", "--tls-ca-cert-file", "ca.pem",
            "--tls-auth-clients", "no")

    def command(self, *words):
        return self.scratch.run(self.cli, "-p", str(self.port), "-n", "3",
                                "--no-auth-warning", "-a", SECRET, *words)

    def is_ready(self):
        try:
            return self.command("PING") == "PONG\n"
        except AssertionError:
            return False

    def set(self, user, field, value, realm=REALM):
        self.command("HSET", f"msrp:{realm}:{user}", field, value)


class Setting:
    def __init__(self, programs, scratch, server):
        self.program, self.daemon, self.msrpcat = programs
        self.scratch = scratch
        self.server = server

    def command(self, *options, scheme="redis", host="127.0.0.1", port=None):
        return (self.program, "--secret-file", self.scratch.path("secret"),
                *options, f"{scheme}://{host}:{port or self.server.port}/3")

    def helper(self, *options, **more):
        return rig.helper(self.scratch, *self.command(*options, **more))


def users_are_told(t):
    alice = ha1("alice", REALM, "one")
    t.server.set("alice", "ha1", alice)
    t.server.set("alice", "ha1_sha256", ha1("alice", REALM, "one", "sha256"))
    t.server.set("bob", "password", "%ünder\tlay")
    t.server.set("carol", "ha1", "no hash")
    t.server.set("dora", "ha1", "")
    t.server.command("SET", f"msrp:{REALM}:erik", "no hash")
    t.server.set("jürgen", "ha1", alice)
    with t.helper() as h:
        h.expect(["ha1", alice], "alice")
        h.expect(["ha1", ha1("alice", REALM, "one", "sha256")], "alice", REALM,
                 "SHA-256")
        h.expect(["password", "%ünder\tlay"], "bob")
        h.expect(["password", "%ünder\tlay"], "bob", REALM, "SHA-256")
        h.expect(["ha1", alice], "jürgen")
        h.expect(["none"], "alice", "example.org")
        h.expect(["none"], "nobody")
        h.expect(["none"], "dora")
        h.expect_error("32 hex digits", "carol")
        h.expect_error("WRONGTYPE", "erik")
        h.expect(["none"], "x\0y")


def a_changed_password_counts_at_once(t):
    with t.helper() as h:
        t.server.set("frank", "password", "one")
        h.expect(["password", "one"], "frank")
        t.server.set("frank", "password", "two")
        h.expect(["password", "two"], "frank")
        t.server.command("DEL", f"msrp:{REALM}:frank")
        h.expect(["none"], "frank")


def many_at_once_are_answered_each(t):
    n = 3000
    for i in range(10):
        t.server.set(f"many{i}", "password", f"word{i}")
    with t.helper() as h:
        numbers = [h.question(f"many{i % 11}") for i in range(n)]
        for i, number in enumerate(numbers):
            want = ["password", f"word{i % 11}"] if i % 11 < 10 else ["none"]
            assert h.answer(number) == want


def a_template_makes_the_key(t):
    t.server.command("HSET", "u/100%/alice@example.com", "password", "five")
    with t.helper("--key", "u/100%%/%u@%r") as h:
        h.expect(["password", "five"], "alice")


def a_restart_is_survived(t):
    t.server.set("gina", "password", "six")
    with t.helper() as h:
        h.expect(["password", "six"], "gina")
        t.server.stop()
        began = time.monotonic()
        for _ in range(100):
            h.expect_error("", "gina")
        rig.until("refused", lambda: "refused" in h.ask("gina")[1])
        assert time.monotonic() - began < 30, "errors take their time"
        t.server.start()
        h.until(["password"], "gina")
        log = h.noted()
        assert log.count("refused") < 10, log
        assert log.rstrip().endswith("connected"), log


def a_server_may_come_after_the_helper(t):
    t.server.stop()
    with t.helper() as h:
        h.expect_error("refused", "gina")
        t.server.start()
        h.until(["password"], "gina")


def a_slow_server_is_not_waited_for(t):
    with t.helper("--timeout", "0.3") as h:
        h.expect(["password", "six"], "gina")
        t.server.hold()
        h.expect_error("no", "gina")
        numbers = [h.question("gina") for _ in range(500)]
        for number in numbers:
            assert h.answer(number)[0] == "error"
        t.server.go_on()
        h.until(["password"], "gina")


def tls_is_checked(t):
    ca = t.scratch.path("ca.pem")
    tls = {"scheme": "rediss", "host": "localhost", "port": t.server.tls_port}
    with t.helper("--ca", ca, **tls) as h:
        h.expect(["password", "six"], "gina")
    with t.helper("--ca", t.scratch.path("other.pem"), **tls) as h:
        h.expect_error("certificate", "gina")
    with t.helper(**tls) as h:
        h.expect_error("certificate", "gina")
    with t.helper("--ca", ca, **{**tls, "host": "127.0.0.1"}) as h:
        h.expect_error("mismatch", "gina")
    with t.helper("--insecure", **{**tls, "host": "127.0.0.1"}) as h:
        h.expect(["password", "six"], "gina")
    with t.helper("--ca", ca, "--timeout", "0.5",
                  **{**tls, "port": t.server.port}) as h:
        h.expect_error("", "gina")


def a_wrong_secret_stays_secret(t):
    wrong = rig.write(t.scratch.path("wrong"), "wrong secret\n")
    with rig.helper(t.scratch, t.program, "--secret-file", wrong,
                    f"redis://127.0.0.1:{t.server.port}/3") as h:
        h.expect_error("WRONGPASS", "gina")
    with rig.helper(t.scratch, t.program,
                    f"redis://127.0.0.1:{t.server.port}/3") as h:
        h.expect_error("NOAUTH", "gina")
    for secret in SECRET, "wrong secret", "six":
        assert secret not in h.noted()


def a_user_may_have_few_rights(t):
    t.server.command("ACL", "SETUSER", "relay", "on", ">" + "few rights",
                     "%R~msrp:*", "+hmget", "+select")
    few = rig.write(t.scratch.path("few"), "few rights\n")
    with rig.helper(t.scratch, t.program, "--secret-file", few,
                    f"redis://relay@127.0.0.1:{t.server.port}/3") as h:
        h.expect(["password", "six"], "gina")
    with rig.helper(t.scratch, t.program, "--secret-file", few, "--key", "%u",
                    f"redis://relay@127.0.0.1:{t.server.port}/3") as h:
        h.expect_error("NOPERM", "gina")


def bad_lines_are_answered_or_dropped(t):
    with t.helper() as h:
        for line in "", "hello", "x\ta\tb\tMD5", "\t\t\t":
            h.send(line)
        for line in ("901", "902\ta", "903\ta\tb", "904\ta\tb\tMD4",
                     "905\ta%4\tb\tMD5", "906\ta%zz\tb\tMD5", "907\tü\tb\tMD5",
                     "908\t" + "a" * 70000 + "\tb\tMD5",
                     "909\ta\tb\tMD5\tc"):
            h.send(line)
            if line != "901":
                assert h.answer(line[:3])[0] == "error", line
        h.expect(["none"], "")
        h.expect(["password", "six"], "gina")


def bad_command_lines_are_refused(t):
    for url, words in (
            ("redis://user:word@localhost", "--secret-file"),
            ("redis://user@localhost", "--secret-file"),
            ("redis://localhost/x", "number"),
            ("redis://localhost:0", "port"),
            ("redis://:70/1", "host"),
            ("http://localhost", "redis://"),
            ("localhost", "URL")):
        complaint = rig.refused(t.program, url)
        assert words in complaint and "word@" not in complaint, complaint
    assert "%u" in rig.refused(t.program, "--key", "x", "redis://localhost")
    assert "required" in rig.refused(t.program)


def users_log_in_at_the_relay(t):
    def set_password(user, password):
        if password:
            t.server.set(user, "ha1", ha1(user, REALM, password))
        else:
            t.server.command("DEL", f"msrp:{REALM}:{user}")

    rig.users_log_in(t.scratch, t.server, t.daemon, t.msrpcat, t.command(),
                     set_password)


def main():
    cli = rig.find_program("redis-cli")
    scratch = rig.Scratch()
    server = Redis(scratch, cli)
    try:
        scratch.certificates()
        rig.write(scratch.path("secret"), SECRET + "\n")
        server.start()
        rig.run([users_are_told, a_changed_password_counts_at_once,
                 many_at_once_are_answered_each, a_template_makes_the_key,
                 a_restart_is_survived, a_server_may_come_after_the_helper,
                 a_slow_server_is_not_waited_for, tls_is_checked,
                 a_wrong_secret_stays_secret, a_user_may_have_few_rights,
                 bad_lines_are_answered_or_dropped,
                 bad_command_lines_are_refused,
                 users_log_in_at_the_relay],
                Setting(sys.argv[1:], scratch, server))
    finally:
        server.stop()
        scratch.close()


main()
