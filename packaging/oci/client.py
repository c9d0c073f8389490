#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A client of the platform: alice calls bob by way of Kamailio, with audio and
MSRP in one INVITE; then she sends him a text, and he sends her a file, through
the relay.

usage: client.py alice|bob

Ends with 0 when what was to come has come."""

import os
import re
import socket
import subprocess
import sys
import time

RELAY = f"msrps://{os.environ['RELAY_NAME']}:2855;tcp"
TEXT = "Hello Bob, this went through the relay."
FILE_OCTETS = 3000000
DEADLINE_S = 60
SIP_PORT = 5060


def file_text():
    return b"".join(b"line %d\n" % i for i in range(FILE_OCTETS // 12))


def msrpcat(user, *words):
    return ["msrpcat", "-q", "-r", RELAY, "--ca", "/run/secrets/ca.pem", "-u",
            user, "--password-file", f"/run/secrets/{user}.password",
            "--timeout", str(DEADLINE_S), *words]


class Receiver:
    """Waits for one message, at a path that the relay gave."""

    def __init__(self, user):
        self.file = f"/tmp/{user}.received"
        self.process = subprocess.Popen(
            msrpcat(user, "-n", "1", "-p", "-", "-o", self.file),
            stdout=subprocess.PIPE, text=True)
        self.path = self.process.stdout.readline().strip()
        if not self.path:
            sys.exit("no path from the relay")

    def message(self):
        self.process.wait(DEADLINE_S)
        with open(self.file, "rb") as file:
            return file.read()


def send(user, path, *words):
    return subprocess.run(msrpcat(user, "-t", path, "--report", *words),
                          check=False).returncode == 0


# --- SIP, as little as a call takes

def own_address(user):
    """A number: rtpengine takes no name in c=."""
    return socket.gethostbyname(user)


def sdp(user, path):
    address = own_address(user)
    return "\r\n".join([
        "v=0", f"o=- 1 1 IN IP4 {address}", "s=-", f"c=IN IP4 {address}",
        "t=0 0", "m=audio 40000 RTP/AVP 0", "a=rtpmap:0 PCMU/8000",
        "m=message 2855 TCP/TLS/MSRP *", "a=accept-types:*",
        f"a=path:{path}", ""])


def path_in(message):
    found = re.search(r"^a=path:(.*?)\r?$", message, re.M)
    if not found:
        sys.exit("no a=path in:\n" + message)
    return found[1]


def header(message, name):
    return re.findall(rf"^{name}: *(.*?)\r$", message, re.M | re.I)


def open_sip(user):
    endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    endpoint.bind((own_address(user), SIP_PORT))
    endpoint.settimeout(1)
    return endpoint


def receive(endpoint, what):
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        try:
            octets, peer = endpoint.recvfrom(65535)
        except TimeoutError:
            continue
        message = octets.decode()
        if message.startswith(what):
            return message, peer
    sys.exit(f"no {what}")


def request(method, user, body, sequence):
    address = own_address(user)
    return "\r\n".join([
        f"{method} sip:bob@kamailio SIP/2.0",
        f"Via: SIP/2.0/UDP {address}:{SIP_PORT};branch=z9hG4bK{method}{os.getpid()}",
        "Max-Forwards: 70", f"From: <sip:{user}@kamailio>;tag={os.getpid()}",
        "To: <sip:bob@kamailio>", f"Call-ID: {os.getpid()}@{address}",
        f"CSeq: {sequence} {method}", f"Contact: <sip:{user}@{address}>",
        "Content-Type: application/sdp", f"Content-Length: {len(body)}", "",
        body])


def answer(invite, user, body):
    lines = ["SIP/2.0 200 OK"]
    for name in ("Via", "Record-Route", "From", "Call-ID", "CSeq"):
        lines += [f"{name}: {value}" for value in header(invite, name)]
    lines += [f"To: {header(invite, 'To')[0]};tag=b1",
              f"Contact: <sip:{user}@{own_address(user)}>",
              "Content-Type: application/sdp", f"Content-Length: {len(body)}",
              "", body]
    return "\r\n".join(lines)


# --- the two

def check_audio(message, user):
    """rtpengine has taken the audio over, and left MSRP alone."""
    if "m=message 2855 TCP/TLS/MSRP *" not in message:
        sys.exit("m=message was changed:\n" + message)
    if "m=audio 40000 " in message:
        sys.exit("rtpengine has not taken the audio over:\n" + message)
    print(f"{user}: the call has audio by rtpengine and MSRP by the relay",
          flush=True)


def alice():
    endpoint, receiver = open_sip("alice"), Receiver("alice")
    invite = request("INVITE", "alice", sdp("alice", receiver.path), 1)
    endpoint.sendto(invite.encode(), (socket.gethostbyname("kamailio"),
                                      SIP_PORT))
    ok, _ = receive(endpoint, "SIP/2.0 200")
    check_audio(ok, "alice")
    if not send("alice", path_in(ok), "-m", TEXT):
        sys.exit("the text was not delivered")
    if receiver.message() != file_text():
        sys.exit("the file arrived changed")
    print("alice: the file arrived whole", flush=True)


def bob():
    endpoint, receiver = open_sip("bob"), Receiver("bob")
    print("bob: ready", flush=True)
    invite, peer = receive(endpoint, "INVITE")
    check_audio(invite, "bob")
    endpoint.sendto(answer(invite, "bob", sdp("bob", receiver.path)).encode(),
                    peer)
    if receiver.message().decode() != TEXT:
        sys.exit("the text arrived changed")
    print("bob: the text arrived", flush=True)
    with open("/tmp/film", "wb") as file:
        file.write(file_text())
    if not send("bob", path_in(invite), "-f", "/tmp/film"):
        sys.exit("the file was not delivered")


{"alice": alice, "bob": bob}[sys.argv[1]]()
