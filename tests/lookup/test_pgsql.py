#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""msrprelay-lookup-pgsql with a real PostgreSQL.

usage: test_pgsql.py MSRPRELAY-LOOKUP-PGSQL MSRPRELAYD MSRPCAT
"""
import contextlib
import glob
import hashlib
import signal
import subprocess
import sys
import time

import rig
from rig import REALM, ha1

SECRET = "open sesame"

# As Kamailio makes it, and OpenSIPS, which adds ha1_sha256.
TABLE = """CREATE TABLE subscriber (
    id SERIAL PRIMARY KEY NOT NULL,
    username VARCHAR(64) DEFAULT '' NOT NULL,
    domain VARCHAR(64) DEFAULT '' NOT NULL,
    password VARCHAR(64) DEFAULT '' NOT NULL,
    ha1 VARCHAR(128) DEFAULT '' NOT NULL,
    ha1_sha256 VARCHAR(64) DEFAULT '' NOT NULL,
    CONSTRAINT subscriber_account_idx UNIQUE (username, domain))"""


class Postgres(rig.Server):
    def __init__(self, scratch, bin_dir):
        self.port = rig.free_port()
        self.psql = bin_dir + "/psql"
        super().__init__(
            scratch, bin_dir + "/postgres", "-D", "data", "-p", str(self.port),
            "-k", scratch.dir, "-c", "listen_addresses=127.0.0.1", "-c",
            "fsync=off", "-c", "ssl=on", "-c", "ssl_cert_file=../server.pem",
            "-c", "ssl_key_file=../server.key", "-c", "max_connections=30")
        scratch.run(bin_dir + "/initdb", "-D", "data", "-U", "relay", "-A",
                    "scram-sha-256", "--pwfile", "secret", "--no-sync",
                    "--locale=C", "--encoding=UTF8")

    def conninfo(self, **others):
        settings = {"host": "127.0.0.1", "port": self.port, "user": "relay",
                    "dbname": "postgres", **others}
        return " ".join(f"{k}={v}" for k, v in settings.items())

    def sql(self, text):
        return self.scratch.run(self.psql, "-qAt", "-c", text,
                                f"{self.conninfo()} password='{SECRET}'")

    def is_ready(self):
        try:
            return self.sql("SELECT 1") == "1\n"
        except AssertionError:
            return False

    def stop(self, how=signal.SIGINT): # "fast": it ends its connections
        super().stop(how)

    @contextlib.contextmanager
    def locked(self):
        """Whoever asks for a user waits."""
        with subprocess.Popen(
                [self.psql, "-qAt", f"{self.conninfo()} password='{SECRET}'"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                text=True) as psql:
            psql.stdin.write("BEGIN; LOCK TABLE subscriber; SELECT 'locked';\n")
            psql.stdin.flush()
            assert psql.stdout.readline() == "locked\n"
            yield
            psql.stdin.close()


class Setting:
    def __init__(self, programs, scratch, server):
        self.program, self.daemon, self.msrpcat = programs
        self.scratch = scratch
        self.server = server

    def command(self, *options, **others):
        return (self.program, "--secret-file", self.scratch.path("secret"),
                *options, self.server.conninfo(**others))

    def helper(self, *options, **others):
        return rig.helper(self.scratch, *self.command(*options, **others))


def users_are_told(t):
    alice = ha1("alice", REALM, "one")
    sha256 = ha1("alice", REALM, "one", "sha256")
    t.server.sql(f"""INSERT INTO subscriber
        (username, domain, password, ha1, ha1_sha256) VALUES
        ('alice', '{REALM}', 'one', '{alice}', '{sha256}'),
        ('o''hara', '{REALM}', '%ünder', '{alice}', ''),
        ('carol', '{REALM}', '', 'no hash', '')""")
    with t.helper() as h:
        h.expect(["ha1", alice], "alice")
        h.expect(["ha1", sha256], "alice", REALM, "SHA-256")
        h.expect(["ha1", alice], "o'hara")
        h.expect(["none"], "o'hara", REALM, "SHA-256")
        h.expect(["none"], "alice", "example.org")
        h.expect(["none"], "' OR 1 = 1 --")
        h.expect(["none"], "jürgen")
        h.expect(["none"], "x\0y")
        h.expect_error("32 hex digits", "carol")
    with t.helper("--query", "SELECT password FROM subscriber WHERE "
                  "username || '@' || domain = $1",
                  "--sha256-query", "") as h:
        h.expect(["password", "%ünder"], f"o'hara@{REALM}")
        h.expect(["none"], f"alice@{REALM}", REALM, "SHA-256")


def a_changed_password_counts_at_once(t):
    new = ha1("frank", REALM, "two")
    with t.helper() as h:
        h.expect(["none"], "frank")
        t.server.sql(f"INSERT INTO subscriber (username, domain, ha1) VALUES "
                     f"('frank', '{REALM}', '{ha1('frank', REALM, 'one')}')")
        h.expect(["ha1", ha1("frank", REALM, "one")], "frank")
        t.server.sql(f"UPDATE subscriber SET ha1 = '{new}' "
                     "WHERE username = 'frank'")
        h.expect(["ha1", new], "frank")


def a_role_may_have_few_rights(t):
    t.server.sql(f"CREATE ROLE few LOGIN PASSWORD '{SECRET}'")
    t.server.sql("GRANT SELECT (username, domain, ha1) ON subscriber TO few")
    with t.helper(user="few") as h:
        h.expect(["ha1", ha1("alice", REALM, "one")], "alice")
        h.expect_error("permission denied", "alice", REALM, "SHA-256")


def many_at_once_are_answered_each(t):
    t.server.sql(f"""INSERT INTO subscriber (username, domain, ha1)
        SELECT 'many' || i, '{REALM}', md5(i::text)
        FROM generate_series(0, 99) i""")
    with t.helper() as h:
        numbers = [h.question(f"many{i % 101}") for i in range(3000)]
        for i, number in enumerate(numbers):
            want = hashlib.md5(str(i % 101).encode()).hexdigest()
            assert h.answer(number) == (["ha1", want] if i % 101 < 100
                                        else ["none"])


def bad_queries_are_errors_that_tell_no_data(t):
    for query, words in (
            ("SELECT nothing FROM subscriber WHERE username = $1", "42703"),
            ("SELECT ha1 FROM nowhere WHERE username = $1", "nowhere"),
            ("SELECT ha1 FROM subscriber WHERE $1 <> ''", "more than one"),
            ("SELECT ha1, id FROM subscriber WHERE username = $1",
             "more than one"),
            ("SELECT password::int FROM subscriber WHERE username = $1",
             "22P02")):
        with t.helper("--query", query) as h:
            h.expect_error(words, "alice")
            # The one behind it is answered all the same.
            numbers = [h.question("alice"), h.question("nobody")]
            got = [h.answer(number) for number in numbers]
            assert got[0][0] == "error" and "one" not in got[0][1].replace(
                "more than one", ""), got


def a_restart_is_survived(t):
    alice = ha1("alice", REALM, "one")
    with t.helper() as h:
        h.expect(["ha1", alice], "alice")
        t.server.stop()
        began = time.monotonic()
        for _ in range(100):
            h.expect_error("", "alice")
        assert time.monotonic() - began < 30, "errors take their time"
        rig.until("refused", lambda: "refused" in h.ask("alice")[1])
        t.server.start()
        h.until(["ha1", alice], "alice")
        t.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                     "WHERE application_name = 'msrprelay-lookup'")
        h.until(["ha1", alice], "alice")
        log = h.noted()
        assert log.count("\n") < 40, log


def a_slow_query_is_not_waited_for(t):
    with t.helper("--timeout", "0.5", "--connections", "1") as h:
        h.expect(["ha1", ha1("alice", REALM, "one")], "alice")
        with t.server.locked():
            h.expect_error("", "alice")
            for number in [h.question("alice") for _ in range(50)]:
                assert h.answer(number)[0] == "error"
            # What is given up is given up by the server too.
            rig.until("no query waits", lambda: t.server.sql(
                "SELECT count(*) FROM pg_locks WHERE NOT granted") == "0\n")
        h.until(["ha1"], "alice")


def tls_is_checked(t):
    ca = t.scratch.path("ca.pem")
    other = t.scratch.path("other.pem")
    alice = ha1("alice", REALM, "one")
    full = {"host": "localhost", "sslmode": "verify-full"}
    with t.helper(**full, sslrootcert=ca) as h:
        h.expect(["ha1", alice], "alice")
    with t.helper(**full, sslrootcert=other) as h:
        h.expect_error("certificate verify failed", "alice")
    with t.helper(sslmode="verify-full", sslrootcert=ca) as h:
        h.expect_error("does not match host name", "alice")


def a_wrong_secret_stays_secret(t):
    wrong = rig.write(t.scratch.path("wrong"), "wrong secret\n")
    with rig.helper(t.scratch, t.program, "--secret-file", wrong,
                    t.server.conninfo()) as h:
        h.expect_error("password authentication failed", "alice")
        for secret in SECRET, "wrong secret":
            assert secret not in h.noted()
    complaint = rig.refused(t.program, "host=localhost password=word")
    assert "--secret-file" in complaint and "=word" not in complaint
    complaint = rig.refused(t.program, "postgresql://relay:word@localhost/x")
    assert "--secret-file" in complaint and ":word" not in complaint
    complaint = rig.refused(t.program, "password word")
    assert "invalid" in complaint and "word" not in complaint.replace(
        "CONNINFO", "")


def users_log_in_at_the_relay(t):
    def set_password(user, password):
        t.server.sql(f"DELETE FROM subscriber WHERE username = '{user}'")
        if password:
            t.server.sql("INSERT INTO subscriber (username, domain, ha1) "
                         f"VALUES ('{user}', '{REALM}', "
                         f"'{ha1(user, REALM, password)}')")

    rig.users_log_in(t.scratch, t.server, t.daemon, t.msrpcat, t.command(),
                     set_password)


def main():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
    if not found:
        rig.skip("PostgreSQL is not installed")
    scratch = rig.Scratch()
    server = None
    try:
        scratch.certificates()
        rig.write(scratch.path("secret"), SECRET + "\n")
        server = Postgres(scratch, found[-1].rpartition("/")[0])
        server.start()
        server.sql(TABLE)
        rig.run([users_are_told, a_changed_password_counts_at_once,
                 a_role_may_have_few_rights,
                 many_at_once_are_answered_each,
                 bad_queries_are_errors_that_tell_no_data,
                 a_restart_is_survived, a_slow_query_is_not_waited_for,
                 tls_is_checked, a_wrong_secret_stays_secret,
                 users_log_in_at_the_relay],
                Setting(sys.argv[1:], scratch, server))
    finally:
        if server:
            server.stop()
        scratch.close()


main()
