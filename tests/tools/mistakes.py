#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The mistakes that operators make most: each is told, in a sentence that says
what to do, by `msrprelayd -t` with file and line, or where only a start can
tell, by the first line of the log that is an error or a warning.

usage: mistakes.py MSRPRELAYD

Needs openssl, to make certificates. As root, users of the host matter too."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

FAULT, WARNING, PLACE, USAGE = 78, 0, 69, 64

GOOD = """\
relay: { name = "relay.example.com"; realm = "example.com"; user = ""; };
listen = ( { transport = "tls"; address = "127.0.0.1"; port = 0; } );
tls: { certificate = "DIR/relay.pem"; private_key = "DIR/relay.key";
       ca_file = "DIR/ca.pem"; };
auth: { users_file = "DIR/users"; };
limits: { connections = 100; };
"""
USER = "alice:example.com:" + 32 * "0" + "\n"
TCP = 'listen = ( { transport = "tcp"; address = "127.0.0.1"; port = 0; } );'
TLS = 'listen = ( { transport = "tls"; address = "127.0.0.1"; port = 0; } );'

# What was done, how (a pair: that text of the configuration is replaced by this
# one; a text: it follows the configuration; a function: it is called), how it
# ends, and what is said: at which line of which file, and the sentence.
MISTAKES = [
    # --- certificates and keys
    ("path of the certificate", ("DIR/relay.pem", "DIR/rely.pem"), FAULT,
     "conf:3", r"tls.certificate: .*rely.pem.*No such file"),
    ("path of the key", ("DIR/relay.key", "/nowhere/relay.key"), FAULT,
     "conf:3", r"tls.private_key: .*/nowhere/relay.key.*No such file"),
    ("no tls group", (GOOD[GOOD.index("tls:"):GOOD.index("auth:")], ""), FAULT,
     "conf:2", r"tls.certificate: .*/etc/msrprelayd/relay.pem"),
    ("key of another certificate", ("DIR/relay.key", "DIR/other.key"), FAULT,
     "conf:3", r"tls.private_key: .*other.key.* certificate"),
    ("certificate and key swapped",
     ('certificate = "DIR/relay.pem"; private_key = "DIR/relay.key"',
      'certificate = "DIR/relay.key"; private_key = "DIR/relay.pem"'), FAULT,
     "conf:3", r"tls.certificate: .*relay.key.*certificate"),
    ("key with a passphrase", ("DIR/relay.key", "DIR/locked.key"), FAULT,
     "conf:3", r"tls.private_key: .*locked.key.* without a pass phrase"),
    ("certificate in DER", ("DIR/relay.pem", "DIR/relay.der"), FAULT,
     "conf:3", r"tls.certificate: .*relay.der.*PEM"),
    ("empty certificate", ("DIR/relay.pem", "DIR/empty"), FAULT,
     "conf:3", r"tls.certificate: .*empty.*(PEM|certificate)"),
    ("certificate is a directory", ("DIR/relay.pem", "DIR"), FAULT,
     "conf:3", r"tls.certificate: cannot open .*: Is a directory"),
    ("expired certificate", lambda t: t.issue("relay", days=-1), WARNING,
     "conf:3", r"tls.certificate: .*relay.pem expired on \d{4}-.*: renew"),
    ("certificate of tomorrow", lambda t: t.issue("relay", starts=1), WARNING,
     "conf:3", r"tls.certificate: .*not valid before \d{4}-.*clock"),
    ("certificate ends soon", lambda t: t.issue("relay", days=5), WARNING,
     "conf:3", r"tls.certificate: .*expires within 14 days, on .*: renew"),
    ("certificate without its chain",
     [('ca_file = "DIR/ca.pem";', ""),
      lambda t: t.issue("relay", chain=False)], WARNING, "conf:3", r"tls.certificate: .*issuer.*append"),
    ("certificate for another name",
     lambda t: t.issue("relay", name="other.example.com"), WARNING, "conf:3",
     r"tls.certificate: .*no dNSName for relay.name relay.example.com"),
    ("key for everybody", lambda t: t.chmod("relay.key", 0o644), WARNING,
     "conf:3", r"tls.private_key: everybody .* can read .*: chmod o-r"),
    ("path of the authorities", ("DIR/ca.pem", "DIR/cas.pem"), FAULT,
     "conf:4", r"tls.ca_file: .*cas.pem.*No such file"),
    ("authorities that are none", ("DIR/ca.pem", "DIR/users"), FAULT,
     "conf:4", r"tls.ca_file: .*users"),
    ("misspelt cipher", ("tls: {", 'tls: { ciphers = "AES128-SAH";'), FAULT,
     "conf:3", r"tls.ciphers: .*AES128-SAH"),
    ("old version of TLS", ("tls: {", 'tls: { min_version = "1.1";'), FAULT,
     "conf:3", r'tls.min_version must be one of "1.2", "1.3", not "1.1"'),

    # --- users
    ("path of the users file", ("DIR/users", "DIR/user"), FAULT,
     "conf:5", r"auth.users_file: cannot read .*/user: No such file"),
    ("no users", lambda t: t.write("users", "# none yet\n"), WARNING,
     "conf:5", r"auth.users_file: nobody can log in: .*msrprelayctl passwd"),
    ("another realm",
     ('realm = "example.com"', 'realm = "relay.example.com"'), WARNING,
     "conf:5", r"nobody can log in: .*no user of relay.realm relay.example"),
    ("password in the users file",
     lambda t: t.write("users", "alice:example.com:secret\n"), FAULT,
     "users:1", r"HA1 is not 32 or 64 hex digits: .*msrprelayctl passwd"),
    ("user without a realm", lambda t: t.write("users", "alice:secret\n"),
     FAULT, "users:1", r"not user:realm:HA1"),
    ("user twice", lambda t: t.write("users", USER + USER), FAULT,
     "users:2", r"same user, realm and algorithm as in line 1"),
    ("users of another algorithm",
     ("auth: {", 'auth: { algorithms = [ "SHA-256" ];'), WARNING,
     "conf:5", r"nobody can log in: .*for any of auth.algorithms"),
    ("users for everybody", lambda t: t.chmod("users", 0o644), WARNING,
     "conf:5", r"auth.users_file: everybody .* can read .*: chmod o-r"),
    ("unknown algorithm", ("auth: {", 'auth: { algorithms = [ "SHA256" ];'),
     FAULT, "conf:5", r'auth.algorithms must be one of .*not "SHA256"'),
    ("only listeners at which nobody can log in", (TLS, TCP), WARNING,
     "conf:2", r"nobody can log in: .*auth.allow_tcp"),

    # --- syntax
    ("brace missing", ("connections = 100; };", "connections = 100;"), FAULT,
     "conf:6", r"syntax error: expected .*conf:6 opens the {"),
    ("quote missing", ("DIR/users\"", "DIR/users"), FAULT,
     "conf:5", r"syntax error: the string has no closing quote"),
    ("no quotes", ('"relay.example.com"', "relay.example.com"), FAULT,
     "conf:1", r"syntax error: .*a string needs quotes: \"relay.example.com"),
    ("typographic quotes", ('"example.com"', "\u201cexample.com\u201d"), FAULT,
     "conf:1", r"syntax error: .*a string needs straight quotes"),
    ("equals sign missing", ("connections = 100", "connections 100"), FAULT,
     "conf:6", r"syntax error: expected = or : after the name of a setting"),
    ("comma after the last item",
     ("relay: {", 'relay: { aliases = [ "a", ];'), FAULT,
     "conf:1", r'syntax error: expected a value, not "\]"'),
    ("comment without an end", "/* limits", FAULT,
     "conf:7", r"the comment is not closed: \*/ is missing"),
    ("key twice", ("connections = 100;", "rate = 1;\nrate = 2;"), FAULT,
     "conf:7", r"duplicate key limits.rate: .*conf:6 has it already"),
    ("group twice", "limits: { rate = 1; };", FAULT,
     "conf:7", r"duplicate key limits: .*conf:6 has it already"),
    ("misspelt key", ("connections = 100", "connection = 100"), FAULT,
     "conf:6", r"unknown key limits.connection: did you mean .*connections?"),
    ("misspelt group", ("limits:", "limit:"), FAULT,
     "conf:6", r"unknown key limit: did you mean limits?"),
    ("key in another group", ("limits: {", "limits: { stall = 5;"), FAULT,
     "conf:6", r"unknown key limits.stall: did you mean timers.stall?"),
    ("key without its group", "realm = \"example.com\";", FAULT,
     "conf:7", r"unknown key realm: did you mean relay.realm?"),
    ("included file is not there", '@include "more.conf"', FAULT,
     "conf:7", r"cannot read .*more.conf: No such file"),
    ("variable is not set", ('"example.com"', '"${MISTAKES_NONE}"'), FAULT,
     "conf:1", r"relay.realm: .*MISTAKES_NONE is not set"),
    ("secret file is not there", ('"example.com"', '"@file:none"'), FAULT,
     "conf:1", r"relay.realm: cannot read .*none: No such file"),

    # --- values
    ("number as a string", ("port = 0", 'port = "2855"'), FAULT,
     "conf:2", r"listen.port must be a whole number, not a string"),
    ("string as a number", ('"example.com"', "7"), FAULT,
     "conf:1", r"relay.realm must be a string, not a whole number"),
    ("yes", ("auth: {", "auth: { allow_tcp = yes;"), FAULT,
     "conf:5", r"syntax error: .*(true or false|quotes).*yes"),
    ("port that there is not", ("port = 0", "port = 70000"), FAULT,
     "conf:2", r"listen.port must be from 0 to 65535"),
    ("unit of a size", ("limits: {", 'limits: { message_size = "1MB";'), FAULT,
     "conf:6", r'limits.message_size must be octets, .*"64k", not "1MB"'),
    ("unit of a time", "timers: { drain = \"5 minutes\"; };", FAULT,
     "conf:7", r'timers.drain must be seconds, .*"5m", not "5 minutes"'),
    ("listen as a group", ("( {", "{"), FAULT,
     "conf:2", r"syntax error|listen must be a list of groups"),
    ("listen as an array", (TLS, 'listen = [ "127.0.0.1:2855" ];'), FAULT,
     "conf:2", r"listen must be a list of groups: \( { ... }"),
    ("no listen", (TLS, ""), FAULT, "conf:1", r"listen is required"),
    ("transport that there is not", ('"tls"', '"ssl"'), FAULT,
     "conf:2", r'listen.transport must be one of .*, not "ssl"'),
    ("name as an address", ('"127.0.0.1"', '"relay.example.com"'), FAULT,
     "conf:2", r"listen.address must be a numeric address"),
    ("address as relay.name", ('"relay.example.com"', '"192.0.2.1"'), FAULT,
     "conf:1", r"relay.name must be a host name, never a numeric address"),
    ("URI as relay.name",
     ('"relay.example.com"', '"msrps://relay.example.com"'), FAULT,
     "conf:1", r"relay.name must be a host name"),
    ("realm with a quote", ('"example.com"', r'"\"example.com\""'), FAULT,
     "conf:1", r"relay.realm must be 1 to 255 octets without quotes"),
    ("bits after the prefix", 'dial: { deny = [ "10.1.2.3/8" ]; };', FAULT,
     "conf:7", r"dial.deny must be a block with no bits set after its prefix"),
    ("mask instead of a prefix",
     'dial: { deny = [ "10.0.0.0/255.0.0.0" ]; };', FAULT,
     "conf:7", r'dial.deny must be a block of addresses such as "10.0.0.0/8"'),
    ("name of a DNS server", 'dial: { servers = [ "dns.example" ]; };', FAULT,
     "conf:7", r"dial.servers must be an address"),
    ("low above high",
     'send: { high_water = "64k"; low_water = "128k"; };', FAULT,
     "conf:7", r"send.low_water must be less than send.high_water"),
    ("shortest above longest",
     ("auth: {", "auth: { min_expires = 7200; max_expires = 3600;"), FAULT,
     "conf:5", r"auth.min_expires must not be more than auth.max_expires"),
    ("level that there is not", 'log: { level = "verbose"; };', FAULT,
     "conf:7", r'log.level must be one of .*, not "verbose"'),
    ("log that is no path", 'log: { target = "relay.log"; };', FAULT,
     "conf:7", r"log.target must be .*an absolute path"),
    ("directory of the log", 'log: { target = "/nowhere/x.log"; };', FAULT,
     "conf:7", r"log.target: cannot write /nowhere/x.log: No such file"),
    ("directory of the socket", 'control: { socket = "/nowhere/s"; };',
     WARNING, "conf:7", r"control.socket: no such directory /nowhere"),

    # --- listeners
    ("the same port twice",
     (TLS, TLS.replace("port = 0", "port = 9").replace(
         " );", ',\n{ address = "127.0.0.1"; port = 9; } );')), FAULT,
     "conf:3", r"duplicate address and port in listen: .*conf:2 has them"),
    (":: and 0.0.0.0",
     (TLS, 'listen = ( { address = "::"; port = 9; },\n'
      '{ address = "0.0.0.0"; port = 9; } );'), FAULT,
     "conf:3", r"duplicate .*conf:2 .*0.0.0.0 and :: overlap"),
    ("passwords in the clear",
     [(TLS, TCP.replace("127.0.0.1", "0.0.0.0")),
      ("auth: {", "auth: { allow_tcp = true;")], WARNING, "conf:2", r"without encryption at a public address: use tls"),
    ("WebSockets alone", ('"tls"', '"wss"'), WARNING,
     "conf:2", r"cannot be reached without a listener with transport tls"),

    # --- files of the configuration
    ("path of the configuration", lambda t: t.remove("conf"), FAULT,
     "conf:1", r"cannot read .*conf: No such file"),
    ("configuration is a directory", lambda t: t.make_directory("conf"), FAULT,
     "conf:1", r"cannot read .*conf: Is a directory"),
]

# Only root can see these.
OF_ROOT = [
    ("user who is not there", ('user = ""', 'user = "nobody-there"'), FAULT,
     "conf:1", r"relay.user: no such user nobody-there"),
    ("group that is not there",
     ('user = ""', 'user = "nobody"; group = "nobody-there"'), FAULT,
     "conf:1", r"relay.group: no such group nobody-there"),
    ("key that relay.user cannot read",
     [('user = ""', 'user = "nobody"; group = "nogroup"'),
      lambda t: t.open_directory(),
      lambda t: t.chmod("relay.key", 0o600)], WARNING,
     "conf:3", r"tls.private_key: relay.user nobody cannot read .*: Permission"),
]

# Told by the first line of the log that is a warning or an error; what it says
# may be in any of the lines up to the end.
AT_START = [
    ("port in use", lambda t: t.listen_on_port("port = 0", "listen"), PLACE,
     r"conf line=2 fault=\"cannot listen at 127.0.0.1:\d+: Address already",
     r"stop the program that listens there .*or change the port in listen"),
    ("address of another host", ("127.0.0.1", "192.0.2.1"), PLACE,
     r"conf line=2 fault=\"cannot listen at 192.0.2.1:\d+: Cannot assign",
     r"give this host the address .*or change listen"),
    ("port of the metrics in use",
     lambda t: t.listen_on_port("METRICS", "metrics"), PLACE,
     r"conf line=7 fault=\"cannot listen at 127.0.0.1 port \d+: Address",
     r"stop the program that listens there .*metrics"),
    ("control socket is a file", 'control: { socket = "DIR/users"; };', 1,
     r"conf line=7 fault=\"cannot listen at .*users: another process listens "
     r"there, or it is not a socket", r"cannot start"),
]

# Of the command line: the first line on stderr.
COMMAND_LINE = [
    (["-c"], USAGE, r"missing argument for -c\nusage: "),
    (["-x"], USAGE, r"unknown option -x\nusage: "),
    (["start"], USAGE, r"unexpected argument start\nusage: "),
]

faults = 0


def check(what, is_right, said):
    global faults
    print("ok  " if is_right else "FAIL", what)
    if not is_right:
        print("    " + said.replace("\n", "\n    "))
        faults += 1


class Bench:
    """A directory with a configuration that is right, to be spoilt."""

    def __init__(self, store):
        self.directory = tempfile.mkdtemp(prefix="mistakes-")
        self.sockets = []
        for name in os.listdir(store):
            shutil.copy(f"{store}/{name}", self.directory)
        self.store = store
        self.configuration = GOOD.replace("DIR", self.directory)
        self.write("users", USER)
        for name in ("users", "relay.key", "other.key"):
            self.chmod(name, 0o640)
        self.write("conf", self.configuration)

    def close(self):
        for one in self.sockets:
            one.close()
        shutil.rmtree(self.directory)

    def path(self, name):
        return f"{self.directory}/{name}"

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def chmod(self, name, mode):
        # Those that are closed by their directory are closed.
        if mode & 0o004:
            self.open_directory()
        os.chmod(self.path(name), mode)

    def open_directory(self):
        os.chmod(self.directory, 0o755)

    def remove(self, name):
        os.remove(self.path(name))

    def make_directory(self, name):
        self.remove(name)
        os.mkdir(self.path(name))

    def issue(self, stem, **how):
        issue(self.directory, stem, **how)
        self.chmod(f"{stem}.key", 0o640)

    def listen_on_port(self, text, group):
        one = socket.create_server(("127.0.0.1", 0))
        self.sockets.append(one)
        port = one.getsockname()[1]
        if group == "listen":
            self.spoil((text, f"port = {port}"))
        else:
            self.spoil(f'metrics: {{ address = "127.0.0.1"; port = {port}; }};')

    def spoil(self, how):
        if isinstance(how, list):
            for one in how:
                self.spoil(one)
        elif callable(how):
            how(self)
        else:
            text = self.configuration
            if isinstance(how, tuple):
                old, new = (t.replace("DIR", self.directory) for t in how)
                if old not in text:
                    sys.exit(f"nothing to spoil: {old}")
                text = text.replace(old, new, 1)
            else:
                text += how.replace("DIR", self.directory) + "\n"
            self.configuration = text
            self.write("conf", text)


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def new_key(path):
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-out", path)


def stamp(days):
    """The time in so many days, as `openssl ca` wants it."""
    said = subprocess.run(["date", "-u", "-d", f"{days} days",
                           "+%Y%m%d%H%M%SZ"], check=True, text=True,
                          stdout=subprocess.PIPE)
    return said.stdout.strip()


def issue(directory, stem, name="relay.example.com", days=90, starts=0,
          chain=True):
    """A certificate by the authority in the directory."""
    def at(file):
        return f"{directory}/{file}"

    for file, text in (("index", ""), ("serial", "01\n"), ("ca.conf", f"""
[ca]
default_ca = it
[it]
database = {at("index")}
serial = {at("serial")}
new_certs_dir = {directory}
default_md = sha256
policy = any
unique_subject = no
x509_extensions = extensions
[any]
commonName = supplied
[extensions]
subjectAltName = DNS:{name}
""")):
        with open(at(file), "w", encoding="ascii") as out:
            out.write(text)
    new_key(at(f"{stem}.key"))
    openssl("req", "-new", "-key", at(f"{stem}.key"), "-subj", f"/CN={name}",
            "-out", at("request"))
    openssl("ca", "-batch", "-notext", "-config", at("ca.conf"), "-cert",
            at("ca.pem"), "-keyfile", at("ca.key"), "-in", at("request"),
            "-startdate", stamp(starts - (3 if days < 0 else 0)), "-enddate",
            stamp(days), "-out", at(f"{stem}.pem"))
    if chain:
        with open(at(f"{stem}.pem"), "a", encoding="ascii") as out, \
                open(at("ca.pem"), encoding="ascii") as ca:
            out.write(ca.read())


def make_store(directory):
    """Certificates that all benches begin with."""
    new_key(f"{directory}/ca.key")
    openssl("req", "-x509", "-new", "-key", f"{directory}/ca.key", "-subj",
            "/CN=test authority", "-days", "100", "-out",
            f"{directory}/ca.pem")
    issue(directory, "other")
    issue(directory, "relay")
    openssl("x509", "-in", f"{directory}/relay.pem", "-outform", "DER",
            "-out", f"{directory}/relay.der")
    openssl("pkcs8", "-topk8", "-in", f"{directory}/relay.key", "-passout",
            "pass:secret", "-out", f"{directory}/locked.key")
    with open(f"{directory}/empty", "w", encoding="ascii"):
        pass


def run(command):
    return subprocess.run(command, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)


def excuse_libconfig(directory):
    """At a syntax error libconfig 1.5 loses the string that it has at hand."""
    path = f"{directory}/leaks"
    with open(path, "w", encoding="ascii") as file:
        file.write("leak:libconfig.so\n")
    os.environ["LSAN_OPTIONS"] = f"suppressions={path}:print_suppressions=0"


def try_test(daemon, store, mistake):
    """What -t says in its first line."""
    what, how, code, place, sentence = mistake
    bench = Bench(store)
    try:
        bench.spoil(how)
        said = run([daemon, "-t", "-c", bench.path("conf")])
        first = said.stdout.split("\n", 1)[0]
        head = f"{bench.directory}/{place}: " + (
            "warning: " if code == WARNING else "")
        check(what, said.returncode == code and first.startswith(head) and
              re.search(sentence, first[len(head):]) is not None,
              f"{said.returncode} {said.stdout}")
    finally:
        bench.close()


def try_start(daemon, store, mistake):
    """What the log says: its first line that is an error or warning, and any
    other one."""
    what, how, code, first, any_line = mistake
    bench = Bench(store)
    try:
        bench.spoil(how)
        said = run([daemon, "-c", bench.path("conf")])
        bad = [line for line in said.stdout.split("\n")
               if " error " in line or " warn " in line]
        check(what, said.returncode == code and bad != [] and
              re.search(first, bad[0]) is not None and
              any(re.search(any_line, line) for line in bad),
              f"{said.returncode} {said.stdout}")
    finally:
        bench.close()


def try_good(daemon, store):
    """Nothing is said when nothing is wrong."""
    bench = Bench(store)
    try:
        said = run([daemon, "-t", "-c", bench.path("conf")])
        check("no mistake", said.returncode == 0 and said.stdout == "ok\n",
              said.stdout)
    finally:
        bench.close()


def try_once(daemon, store):
    """As root, a file that is not there is not told a second time, as one that
    relay.user cannot read."""
    bench = Bench(store)
    try:
        bench.spoil([('user = ""', 'user = "nobody"; group = "nogroup"'),
                     lambda t: t.open_directory(),
                     ("DIR/relay.key", "DIR/rely.key")])
        said = run([daemon, "-t", "-c", bench.path("conf")])
        check("told once", said.returncode == FAULT and
              said.stdout.count("rely.key") == 1, said.stdout)
    finally:
        bench.close()


def mistakes(daemon):
    """libconfig 1.7 takes a comma after the last item."""
    takes_commas = re.search(r"libconfig 1\.[0-5]\.",
                             run([daemon, "--version"]).stdout) is None
    mine = MISTAKES + (OF_ROOT if os.geteuid() == 0 else [])
    return [m for m in mine
            if not takes_commas or m[0] != "comma after the last item"]


def main():
    daemon = sys.argv[1]
    os.environ.pop("MISTAKES_NONE", None)
    with tempfile.TemporaryDirectory() as store:
        excuse_libconfig(store)
        make_store(store)
        try_good(daemon, store)
        for mistake in mistakes(daemon):
            try_test(daemon, store, mistake)
        if os.geteuid() == 0:
            try_once(daemon, store)
        for mistake in AT_START:
            try_start(daemon, store, mistake)
    for arguments, code, sentence in COMMAND_LINE:
        said = run([daemon] + arguments)
        check(" ".join(["msrprelayd"] + arguments), said.returncode == code and
              re.search(sentence, said.stdout) is not None, said.stdout)
    sys.exit(faults > 0)


main()
