#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""docs/examples/kamailio.cfg with a real Kamailio and a real rtpengine: calls of
clients that have their own relay. Audio goes through rtpengine, the section for
messages passes untouched, whatever is in its c=.

usage: beside.py DOCS"""

import os
import sys

import programs
import sdp
from agent import Agent, Call

PATH = "msrps://relay.example.com:2855/Xk3p;tcp msrps://a8bc.invalid:9/s7;tcp"
faults = 0


def check(what, is_right):
    global faults
    print("ok  " if is_right else "FAIL", what, flush=True)
    faults += not is_right


def message_section(c=""):
    return (f"m=message 2855 TCP/TLS/MSRP *\r\n{c}a=accept-types:*\r\n"
            f"a=path:{PATH}\r\na=setup:actpass\r\n").encode()


def lines_of(section):
    return [x for x in section.lines if not x.startswith("c=")]


class Users:
    """Alice and Bob, who have the same kind of client."""

    def __init__(self, scene, rtpengine, proxy):
        self.rtpengine = rtpengine
        self.alice = Agent("alice", scene.address(4), proxy)
        self.bob = Agent("bob", scene.address(5), proxy)

    def call(self):
        return Call.to(self.alice, self.bob.uri)

    def call_with_both(self, what, c, seen):
        """Audio and messages: with this c= in the section for messages, of
        which `seen` is to arrive; without, the address of the session."""
        call = self.call()
        ends = sdp.Rtp(self.alice.host), sdp.Rtp(self.bob.host)
        sent = [sdp.session(agent.host, sdp.audio(end.port), message_section(c))
                for agent, end in zip((self.alice, self.bob), ends)]
        arrived = call.offer(self.bob, sent[0]), call.answer(sent[1])
        at = []
        for agent, body in zip((self.alice, self.bob), arrived):
            before, audio, message = sdp.sections(body)
            at.append((audio.host(before), audio.port()))
            check(f"{what}: audio leads to rtpengine",
                  at[-1][0] == self.rtpengine.host)
            check(f"{what}: the section for messages is as it was",
                  lines_of(message) ==
                  lines_of(sdp.sections(message_section(c))[1]))
            check(f"{what}: but for c=", message.value("c=") ==
                  (seen or f"IN IP4 {agent.host}"))
        check(f"{what}: audio passes",
              sdp.audio_passes(ends[0], at[1], ends[1], at[0]))
        check(f"{what}: rtpengine knows the call", self.rtpengine.has_calls())
        call.bye(self.bob)
        check(f"{what}: BYE ends it there", not self.rtpengine.has_calls())

    def call_renewed(self):
        """A re-INVITE that is refused ends nothing; UPDATE is managed, too."""
        call = self.call()
        sent = [sdp.session(agent.host, sdp.audio(sdp.Rtp(agent.host).port),
                            message_section())
                for agent in (self.alice, self.bob)]
        call.offer(self.bob, sent[0])
        call.answer(sent[1])
        call.offer(self.bob, sent[0])
        call.refuse(491)
        check("491 to a re-INVITE: rtpengine knows the call",
              self.rtpengine.has_calls())
        for body in call.update(self.bob, *sent):
            before, audio, _ = sdp.sections(body)
            check("UPDATE: audio leads to rtpengine",
                  audio.host(before) == self.rtpengine.host)
        call.bye(self.bob)
        check("after UPDATE: BYE ends it there", not self.rtpengine.has_calls())

    def call_refused(self):
        call = self.call()
        call.offer(self.bob, sdp.session(
            self.alice.host, sdp.audio(sdp.Rtp(self.alice.host).port)))
        check("busy: rtpengine knows the call", self.rtpengine.has_calls())
        call.refuse(486)
        check("busy: rtpengine has forgotten it",
              not self.rtpengine.has_calls())

    def call_with_messages(self):
        call = self.call()
        alone = sdp.session(self.alice.host,
                            message_section("c=IN IP4 relay.example.com\r\n"))
        check("messages alone: untouched offer",
              call.offer(self.bob, alone) == alone)
        check("messages alone: untouched answer", call.answer(alone) == alone)
        check("messages alone: nothing for rtpengine",
              not self.rtpengine.has_calls())
        call.bye(self.bob)


def main():
    programs.require()
    docs, = sys.argv[1:]
    with programs.Scene() as scene:
        rtpengine = scene.rtpengine()
        proxy = scene.kamailio(os.path.join(docs, "kamailio.cfg"),
                               ("127.0.0.1:2223", f"{rtpengine.host}:2223"))
        users = Users(scene, rtpengine, proxy)
        users.call_with_both("no c= of its own", "", None)
        for kind, c, seen in [
                ("an address", "IN IP4 192.0.2.7", "IN IP4 192.0.2.7"),
                ("IPv6", "IN IP6 fe80::c", "IN IP6 fe80::c"),
                ("a host name", "IN IP4 relay.example.com",
                 "IN IP4 192.0.2.10"),
                ("a short name", "IN IP6 7a", "IN IP4 192.0.2.10")]:
            users.call_with_both(kind, f"c={c}\r\n", seen)
        users.call_with_messages()
        users.call_renewed()
        users.call_refused()
    sys.exit(faults > 0)


main()
