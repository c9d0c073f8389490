#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""msrprelay-lookup-mysql with a real MariaDB.

usage: test_mysql.py MSRPRELAY-LOOKUP-MYSQL MSRPRELAYD MSRPCAT
"""
import contextlib
import hashlib
import os
import subprocess
import sys
import time

import rig
from rig import REALM, ha1

SECRET = "open sesame"

# As Kamailio makes it, and OpenSIPS, which adds ha1_sha256.
TABLE = """CREATE DATABASE sip CHARACTER SET utf8mb4; USE sip;
CREATE TABLE subscriber (
    id INT(10) UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL,
    username VARCHAR(64) DEFAULT '' NOT NULL,
    domain VARCHAR(64) DEFAULT '' NOT NULL,
    password VARCHAR(64) DEFAULT '' NOT NULL,
    ha1 VARCHAR(128) DEFAULT '' NOT NULL,
    ha1_sha256 VARCHAR(64) DEFAULT '' NOT NULL,
    CONSTRAINT account_idx UNIQUE (username, domain)) ENGINE=InnoDB;
CREATE USER relay IDENTIFIED BY 'open sesame';
GRANT SELECT ON sip.subscriber TO relay;
CREATE USER few IDENTIFIED BY 'open sesame';
GRANT SELECT (username, domain, ha1) ON sip.subscriber TO few;"""


class MariaDB(rig.Server):
    def __init__(self, scratch, client):
        self.port = rig.free_port()
        self.client = client
        self.socket = scratch.path("socket")
        super().__init__(
            scratch, rig.find_program("mariadbd"), "--no-defaults",
            "--datadir=" + scratch.path("data"), "--socket=" + self.socket,
            f"--port={self.port}", "--bind-address=127.0.0.1",
            "--pid-file=" + scratch.path("pid"),
            "--ssl-cert=" + scratch.path("server.pem"),
            "--ssl-key=" + scratch.path("server.key"),
            "--innodb-buffer-pool-size=8M", "--innodb-log-file-size=4M",
            "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve")
        scratch.run(rig.find_program("mariadb-install-db"), "--no-defaults",
                    "--datadir=" + scratch.path("data"), "--skip-test-db",
                    "--auth-root-authentication-method=normal",
                    "--innodb-log-file-size=4M")

    def as_root(self, *more):
        return (self.client, "--no-defaults", "--skip-ssl",
                "--socket=" + self.socket,
                "--user=root", "--batch", "--skip-column-names",
                "--unbuffered", "--default-character-set=utf8mb4", *more)

    def sql(self, text):
        return self.scratch.run(*self.as_root("-e", text))

    def is_ready(self):
        try:
            return self.sql("SELECT 1") == "1\n"
        except AssertionError:
            return False

    @contextlib.contextmanager
    def locked(self):
        """Whoever asks for a user waits."""
        with subprocess.Popen(self.as_root("sip"), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as client:
            client.stdin.write("LOCK TABLES subscriber WRITE;"
                               "SELECT 'locked';\n")
            client.stdin.flush()
            assert client.stdout.readline() == "locked\n"
            yield
            client.stdin.close()


class Setting:
    def __init__(self, programs, scratch, server):
        self.program, self.daemon, self.msrpcat = programs
        self.scratch = scratch
        self.server = server

    def command(self, *options, host="127.0.0.1", user="relay"):
        return (self.program, "--secret-file", self.scratch.path("secret"),
                *options, f"mysql://{user}@{host}:{self.server.port}/sip")

    def helper(self, *options, **more):
        return rig.helper(self.scratch, *self.command(*options, **more))


def users_are_told(t):
    alice = ha1("alice", REALM, "one")
    sha256 = ha1("alice", REALM, "one", "sha256")
    t.server.sql(f"""INSERT INTO sip.subscriber
        (username, domain, password, ha1, ha1_sha256) VALUES
        ('alice', '{REALM}', 'one', '{alice}', '{sha256}'),
        ('o''hara', '{REALM}', '%ünder', '{alice}', ''),
        ('jürgen', '{REALM}', '', '{alice}', ''),
        ('carol', '{REALM}', '', 'no hash', '')""")
    with t.helper() as h:
        h.expect(["ha1", alice], "alice")
        h.expect(["ha1", sha256], "alice", REALM, "SHA-256")
        h.expect(["ha1", alice], "o'hara")
        h.expect(["ha1", alice], "jürgen")
        h.expect(["none"], "o'hara", REALM, "SHA-256")
        h.expect(["none"], "alice", "example.org")
        h.expect(["none"], "' OR 1 = 1 --")
        h.expect(["none"], "x\0y")
        h.expect_error("32 hex digits", "carol")
    with t.helper("--query", "SELECT password FROM subscriber WHERE "
                  "CONCAT(username, '@', domain) = ?",
                  "--sha256-query", "") as h:
        h.expect(["password", "%ünder"], f"o'hara@{REALM}")
        h.expect(["none"], f"alice@{REALM}", REALM, "SHA-256")
    with t.helper("--socket", t.server.socket) as h:
        h.expect(["ha1", alice], "alice")


# Of the manual page.
EXACT = """SELECT password FROM (SELECT ? AS u, ? AS r) AS asked
           JOIN subscriber ON username = u AND domain = r
           AND BINARY username = u AND BINARY domain = r"""


def names_can_be_compared_exactly(t):
    with t.helper("--query", EXACT) as h:
        h.expect(["password", "one"], "alice")
        h.expect(["none"], "ALICE")
        h.expect(["none"], "alice ")
        h.expect(["none"], "alice", "Example.com")
    with t.helper("--query", "SELECT password FROM subscriber "
                  "WHERE username = ? AND domain = ?") as h:
        h.expect(["password", "one"], "ALICE")


def a_changed_password_counts_at_once(t):
    new = ha1("frank", REALM, "two")
    with t.helper() as h:
        h.expect(["none"], "frank")
        t.server.sql("INSERT INTO sip.subscriber (username, domain, ha1) "
                     f"VALUES ('frank', '{REALM}', "
                     f"'{ha1('frank', REALM, 'one')}')")
        h.expect(["ha1", ha1("frank", REALM, "one")], "frank")
        t.server.sql(f"UPDATE sip.subscriber SET ha1 = '{new}' "
                     "WHERE username = 'frank'")
        h.expect(["ha1", new], "frank")


def a_user_may_have_few_rights(t):
    with t.helper(user="few") as h:
        h.expect(["ha1", ha1("alice", REALM, "one")], "alice")
        h.expect_error("denied", "alice", REALM, "SHA-256")


def many_at_once_are_answered_each(t):
    t.server.sql(f"""INSERT INTO sip.subscriber (username, domain, ha1)
        SELECT CONCAT('many', seq), '{REALM}', MD5(seq) FROM sip.seq_0_to_99""")
    with t.helper() as h:
        numbers = [h.question(f"many{i % 101}") for i in range(3000)]
        for i, number in enumerate(numbers):
            want = hashlib.md5(str(i % 101).encode()).hexdigest()
            assert h.answer(number) == (["ha1", want] if i % 101 < 100
                                        else ["none"])


def bad_queries_are_errors(t):
    for query, words in (
            ("SELECT nothing FROM subscriber WHERE username = ?", "nothing"),
            ("SELECT ha1 FROM nowhere WHERE username = ?", "nowhere"),
            ("SELECT ha1 FROM subscriber WHERE ? <> ''", "more than one"),
            ("SELECT ha1, id FROM subscriber WHERE username = ?",
             "more than one"),
            ("SELECT ha1 FROM subscriber", "one or two"),
            ("SELECT ha1 FROM subscriber WHERE username IN (?, ?, ?)",
             "one or two"),
            ("DELETE FROM subscriber WHERE username = ?", "denied"),
            ("NONSENSE", "SQLSTATE 42000")):
        with t.helper("--query", query) as h:
            h.expect_error(words, "alice")
            h.expect_error(words, "alice")
            h.expect(["none"], "nobody", REALM, "SHA-256")


def a_mended_table_needs_no_restart(t):
    with t.helper("--connections", "1", "--query",
                  "SELECT later FROM subscriber WHERE username = ?") as h:
        h.expect_error("later", "alice")
        t.server.sql("ALTER TABLE sip.subscriber ADD later VARCHAR(64)")
        h.expect(["none"], "alice")
        t.server.sql(f"UPDATE sip.subscriber SET later = '{'0' * 32}'")
        h.expect(["ha1", "0" * 32], "alice")
        t.server.sql("ALTER TABLE sip.subscriber DROP later")
        h.expect_error("later", "alice")


def a_restart_is_survived(t):
    alice = ha1("alice", REALM, "one")
    with t.helper() as h:
        h.expect(["ha1", alice], "alice")
        t.server.stop()
        began = time.monotonic()
        for _ in range(100):
            h.expect_error("", "alice")
        assert time.monotonic() - began < 30, "errors take their time"
        rig.until("connecting fails",
                  lambda: "connect" in h.ask("alice")[1])
        t.server.start()
        h.until(["ha1", alice], "alice")
        for row in t.server.sql("SELECT CONCAT('KILL ', id) FROM "
                                "information_schema.processlist "
                                "WHERE user = 'relay'").splitlines():
            t.server.sql(row)
        h.until(["ha1", alice], "alice")
        log = h.noted()
        assert log.count("\n") < 40, log


def a_slow_query_is_not_waited_for(t):
    with t.helper("--timeout", "0.5", "--connections", "2") as h:
        h.expect(["ha1", ha1("alice", REALM, "one")], "alice")
        with t.server.locked():
            h.expect_error("", "alice")
            for number in [h.question("alice") for _ in range(50)]:
                assert h.answer(number)[0] == "error"
            # What is given up is given up by the server too.
            rig.until("no query waits", lambda: t.server.sql(
                "SELECT COUNT(*) FROM information_schema.processlist WHERE "
                "user = 'relay' AND command = 'Execute'") == "0\n")
        h.until(["ha1"], "alice")


def a_held_server_is_not_waited_for(t):
    with t.helper("--timeout", "0.3") as h:
        h.expect(["ha1", ha1("alice", REALM, "one")], "alice")
        t.server.hold()
        for number in [h.question("alice") for _ in range(50)]:
            assert h.answer(number)[0] == "error"
        h.expect_error("", "alice")
        t.server.go_on()
        h.until(["ha1"], "alice")


def tls_is_checked(t):
    ca = t.scratch.path("ca.pem")
    alice = ha1("alice", REALM, "one")
    t.server.sql("ALTER USER 'relay'@'%' REQUIRE SSL")
    with t.helper() as h:
        h.expect_error("denied", "alice")
    with t.helper("--tls", "--ca", ca, host="localhost") as h:
        h.expect(["ha1", alice], "alice")
    with t.helper("--tls", "--ca", t.scratch.path("other.pem"),
                  host="localhost") as h:
        h.expect_error("issuer certificate", "alice")
    with t.helper("--tls", host="localhost") as h:
        h.expect_error("issuer certificate", "alice")
    with t.helper("--tls", "--ca", ca) as h:
        # Newer libraries ask for no name at an address of the host itself.
        got = h.ask("alice")
        assert got == ["ha1", alice] or "ertificate" in got[1], got
    with t.helper("--tls", "--insecure") as h:
        h.expect(["ha1", alice], "alice")
    t.server.sql("ALTER USER 'relay'@'%' REQUIRE NONE")


def a_wrong_secret_stays_secret(t):
    wrong = rig.write(t.scratch.path("wrong"), "wrong secret\n")
    with rig.helper(t.scratch, t.program, "--secret-file", wrong,
                    f"mysql://relay@127.0.0.1:{t.server.port}/sip") as h:
        h.expect_error("denied", "alice")
        for secret in SECRET, "wrong secret":
            assert secret not in h.noted()
    complaint = rig.refused(t.program, "mysql://relay:word@localhost/sip")
    assert "--secret-file" in complaint and ":word" not in complaint
    assert "user" in rig.refused(t.program, "mysql://localhost/sip")
    assert "mysql://" in rig.refused(t.program, "http://localhost/sip")
    assert "--tls" in rig.refused(t.program, "--insecure", "mysql://a@b/sip")


def users_log_in_at_the_relay(t):
    def set_password(user, password):
        t.server.sql(f"DELETE FROM sip.subscriber WHERE username = '{user}'")
        if password:
            t.server.sql("INSERT INTO sip.subscriber (username, domain, ha1) "
                         f"VALUES ('{user}', '{REALM}', "
                         f"'{ha1(user, REALM, password)}')")

    rig.users_log_in(t.scratch, t.server, t.daemon, t.msrpcat, t.command(),
                     set_password)


def subscribers_become_users(t):
    """By the script that docs/deploy.md shows, but for its places."""
    with open(os.path.join(os.path.dirname(__file__), "..", "..", "docs",
                           "examples", "export-subscribers.sh"),
              encoding="ascii") as file:
        script = file.read()
    etc = t.scratch.path("etc")
    for old, new in (("/etc/msrprelayd", etc), (" -o root -g msrprelay", ""),
                     ("mysql --batch", " ".join(t.server.as_root())),
                     ("msrprelayctl reload", "true")):
        assert old in script
        script = script.replace(old, new)
    t.server.sql("CREATE DATABASE kamailio; "
                 "CREATE TABLE kamailio.subscriber LIKE sip.subscriber")
    hashes = {name: ha1(name, "example.com", "one") for name in "ab"}
    t.server.sql("INSERT INTO kamailio.subscriber (username, domain, ha1) "
                 f"VALUES ('a', 'example.com', '{hashes['a']}'), "
                 f"('b', 'example.com', '{hashes['b']}'), "
                 "('c', 'example.net', 'another domain')")
    t.scratch.run("mkdir", etc)
    t.scratch.run("sh", "-ec", script)
    users = os.path.join(etc, "users")
    with open(users, encoding="ascii") as file:
        assert sorted(file) == [f"{name}:example.com:{hash}\n"
                                for name, hash in hashes.items()]
    rig.write(t.scratch.path("export.conf"),
              'relay: { name = "relay.example.com"; realm = "example.com"; '
              'user = ""; };\nlisten = ( { transport = "tcp"; address = '
              '"127.0.0.1"; port = 0; } );\nauth: { allow_tcp = true; '
              f'users_file = "{users}"; }};\n')
    said = t.scratch.run(t.daemon, "-t", "-c", t.scratch.path("export.conf"))
    assert said == "ok\n", said

    # A database that does not answer leaves the users as they are.
    t.server.sql("DROP DATABASE kamailio")
    try:
        t.scratch.run("sh", "-c", script)
        assert False, "no failure"
    except AssertionError as error:
        assert "Unknown database" in str(error), error
    assert os.path.getsize(users) > 0


def main():
    client = rig.find_program("mariadb")
    scratch = rig.Scratch()
    server = None
    try:
        scratch.certificates()
        rig.write(scratch.path("secret"), SECRET + "\n")
        server = MariaDB(scratch, client)
        server.start()
        server.sql(TABLE)
        rig.run([users_are_told, names_can_be_compared_exactly,
                 a_changed_password_counts_at_once, a_user_may_have_few_rights,
                 many_at_once_are_answered_each, bad_queries_are_errors,
                 a_mended_table_needs_no_restart, a_restart_is_survived,
                 a_slow_query_is_not_waited_for,
                 a_held_server_is_not_waited_for, tls_is_checked,
                 a_wrong_secret_stays_secret, subscribers_become_users,
                 users_log_in_at_the_relay],
                Setting(sys.argv[1:], scratch, server))
    finally:
        if server:
            server.stop()
        scratch.close()


main()
