# SPDX-License-Identifier: BSD-2-Clause
"""A SIP user agent (RFC 3261) for tests: just enough for calls through a proxy
over UDP, on one thread. One Agent is one user with one socket; a Call is one
dialogue of it."""

import secrets
import select
import socket
import time

TIMEOUT_S = 20


def token():
    return secrets.token_hex(8)


class Message:
    """A request or response, taken apart."""

    def __init__(self, octets):
        head, _, self.body = octets.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.first = first
        self.headers = [tuple(x.strip() for x in line.split(":", 1))
                        for line in lines]
        self.is_response = first.startswith("SIP/2.0")
        self.code = int(first.split()[1]) if self.is_response else 0
        self.method = self["CSeq"].split()[1]

    def all(self, name):
        return [value for key, value in self.headers
                if key.lower() == name.lower()]

    def __getitem__(self, name):
        return (self.all(name) or [""])[0]


def address_of(uri):
    """Where sip:user@ADDRESS:PORT is."""
    host, _, port = uri.split("@")[1].split(";")[0].strip("<>").rpartition(":")
    return host, int(port)


class Agent:
    def __init__(self, name, address, proxy):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.proxy = proxy
        self.host, self.port = self.socket.getsockname()
        self.uri = f"sip:{name}@{self.host}:{self.port}"
        self.seen = set()

    def send(self, first, headers, body=b""):
        headers = headers + [("Content-Length", len(body))]
        head = "\r\n".join([first] + [f"{k}: {v}" for k, v in headers])
        self.socket.sendto(head.encode() + b"\r\n\r\n" + body, self.proxy)

    def receive(self):
        """The next message that has not come before, and is not a 100."""
        until = time.monotonic() + TIMEOUT_S
        while True:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                raise TimeoutError(f"{self.uri}: nothing comes")
            octets = self.socket.recv(65535)
            message = Message(octets)
            if octets not in self.seen and message.code != 100:
                self.seen.add(octets)
                return message

    def expect(self, what):
        """The next message, which is a request of this method or a response
        with this code."""
        message = self.receive()
        got = message.code if message.is_response else message.method
        if got != what:
            raise AssertionError(f"{self.uri}: {what} expected, not: "
                                 f"{message.first}")
        return message


class Call:
    """One end of a dialogue. `local` and `remote` are values of From and To."""

    def __init__(self, agent, call_id, local, remote, target):
        self.agent = agent
        self.call_id = call_id
        self.local, self.remote = local, remote
        self.target = target
        self.routes = []
        self.cseq = 0

    @classmethod
    def to(cls, agent, uri):
        return cls(agent, token() + "@test", f"<{agent.uri}>;tag={token()}",
                   f"<{uri}>", uri)

    @classmethod
    def of(cls, agent, invite):
        """The callee's end."""
        call = cls(agent, invite["Call-ID"], f"{invite['To']};tag={token()}",
                   invite["From"], invite["Contact"].strip("<>"))
        call.routes = invite.all("Record-Route")
        return call

    def request(self, method, body=b"", kind="application/sdp", cseq=None):
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        headers = [("Via", f"SIP/2.0/UDP {self.agent.host}:{self.agent.port}"
                    f";branch=z9hG4bK{token()}"),
                   ("Max-Forwards", 70), ("From", self.local),
                   ("To", self.remote), ("Call-ID", self.call_id),
                   ("CSeq", f"{cseq} {method}"),
                   ("Contact", f"<{self.agent.uri}>")]
        headers += [("Route", route) for route in self.routes]
        if body:
            headers.append(("Content-Type", kind))
        self.agent.send(f"{method} {self.target} SIP/2.0", headers, body)

    def reply(self, request, code, body=b""):
        headers = [("Via", via) for via in request.all("Via")]
        headers += [("Record-Route", r) for r in request.all("Record-Route")]
        headers += [("From", request["From"]),
                    ("To", self.local if code > 100 else request["To"]),
                    ("Call-ID", self.call_id), ("CSeq", request["CSeq"]),
                    ("Contact", f"<{self.agent.uri}>")]
        if body:
            headers.append(("Content-Type", "application/sdp"))
        self.agent.send(f"SIP/2.0 {code} Test", headers, body)

    def established(self, ok):
        """A 200 has come for the caller's INVITE: takes the callee's tag and the
        route of it, and acknowledges."""
        self.remote = ok["To"]
        self.target = ok["Contact"].strip("<>")
        self.routes = self.routes or ok.all("Record-Route")[::-1]
        self.request("ACK", cseq=int(ok["CSeq"].split()[0]))

    def offer(self, callee, body, kind="application/sdp"):
        """Sends an INVITE, or one more, to this agent: what arrives."""
        self.request("INVITE", body, kind)
        self.invite = callee.expect("INVITE")
        self.callee = Call.of(callee, self.invite)
        if "tag=" in self.invite["To"]:
            self.callee.local = self.invite["To"]
        return self.invite.body

    def answer(self, body, code=200):
        """The callee answers the offer: what arrives."""
        self.callee.reply(self.invite, code, body)
        response = self.agent.expect(code)
        if code >= 200:
            self.established(response)
            self.callee.agent.expect("ACK")
        return response.body

    def refuse(self, code):
        """The callee refuses the offer; his ACK is the proxy's."""
        self.callee.reply(self.invite, code)
        response = self.agent.expect(code)
        self.remote = response["To"]
        self.callee.agent.expect("ACK")

    def update(self, other, offer, answer):
        """Renews the call by UPDATE (RFC 3311); `other` is the other end's
        agent. What arrives of the offer and of the answer."""
        self.request("UPDATE", offer)
        request = other.expect("UPDATE")
        Call(other, self.call_id, request["To"], request["From"],
             "").reply(request, 200, answer)
        return request.body, self.agent.expect(200).body

    def bye(self, other):
        """Ends the call; `other` is the other end's agent."""
        self.request("BYE")
        request = other.expect("BYE")
        answer = Call(other, self.call_id, request["To"], request["From"], "")
        answer.reply(request, 200)
        self.agent.expect(200)
