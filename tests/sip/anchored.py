#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""docs/examples/kamailio-anchor.cfg and anchor.conf with a real Kamailio,
a real rtpengine and the relay: calls of two msrpcat that know no relay, with
audio and messages, or either alone.

usage: anchored.py DOCS MSRPRELAYD MSRPCAT"""

import os
import sys

import programs
import sdp
from agent import Agent, Call

MEGABYTES_10 = 10_000_000
faults = 0


def check(what, is_right):
    global faults
    print("ok  " if is_right else "FAIL", what, flush=True)
    faults += not is_right


class User:
    """Somebody with a SIP client, an address for audio and one for messages."""

    def __init__(self, name, scene, host, proxy):
        self.name = name
        self.scene = scene
        self.agent = Agent(name, scene.address(host), proxy)
        self.rtp = sdp.Rtp(self.agent.host)
        self.listens = ["-l", f"{scene.address(host)}:0"]
        self.file = scene.path(f"{name}.bin")
        self.version = 0

    def session(self, *sections):
        self.version += 1
        return sdp.session(self.agent.host, *sections, version=self.version)

    def audio(self):
        return sdp.audio(self.rtp.port)

    def cat(self, program, *options):
        return programs.Cat(self.scene, program, *options)

    def write_file(self):
        with open(self.file, "wb") as file:
            file.write(os.urandom(MEGABYTES_10))


class Calls:
    def __init__(self, scene, docs, msrprelayd, msrpcat):
        self.scene, self.docs, self.msrpcat = scene, docs, msrpcat
        self.rtpengine = scene.rtpengine()
        self.outside = scene.address(12)
        self.relay = scene.relay(
            msrprelayd, os.path.join(docs, "anchor.conf"),
            ("listen = (\n", "listen = (\n    { transport = \"tcp\"; "
             f"address = \"{self.outside}\"; port = 2855; }},\n"),
            ("\"tls\"; }\n    );\n}", "\"tls\"; },\n        { name = "
             f"\"outside\"; address = \"{self.outside}\"; "
             "transport = \"tcp\"; }\n    );\n}"))
        self.at_relay = {"alice": self.relay.host, "bob": self.relay.host}
        self.use_proxy(3)

    def use_proxy(self, host, *changes):
        proxy = self.scene.kamailio(
            os.path.join(self.docs, "kamailio-anchor.cfg"),
            ("127.0.0.1:2223", f"{self.rtpengine.host}:2223"),
            ("127.0.0.1:2226", f"{self.relay.host}:2226"), *changes, host=host)
        self.alice = User("alice", self.scene, 4, proxy)
        self.bob = User("bob", self.scene, 5, proxy)

    def call(self):
        return Call.to(self.alice.agent, self.bob.agent.uri)

    # --- what a call begins with ---

    def connect(self, what, of_alice, of_bob, audio=()):
        """Alice calls Bob, with these options of msrpcat, and with audio if
        there are its sections: (call, Alice's msrpcat, Bob's)."""
        call = self.call()
        a = self.alice.cat(self.msrpcat, *of_alice)
        self.own = {"alice": a.sdp()}
        self.offered = self.alice.session(*audio[:1], self.own["alice"])
        self.at_bob = call.offer(self.bob.agent, self.offered)
        b = self.bob.cat(self.msrpcat, "-a", *of_bob)
        b.tell(self.at_bob)
        self.own["bob"] = b.sdp()
        self.answered = self.bob.session(*audio[1:], self.own["bob"])
        self.at_alice = call.answer(self.answered)
        a.tell(self.at_alice)
        self.check_section(what, "bob", self.at_bob, self.own["alice"])
        self.check_section(what, "alice", self.at_alice, self.own["bob"])
        return call, a, b

    def check_section(self, what, to, body, other):
        """It leads to the relay and shows nothing of the other side."""
        what = f"{what}: to {to}"
        host = self.at_relay[to]
        section = sdp.sections(body)[-1]
        path = section.value("a=path:")
        other_path = sdp.sections(other)[-1].value("a=path:")
        check(f"{what}: the path is the relay's, and one URI",
              f"://{host}:{section.port()}/" in path and
              " " not in path)
        check(f"{what}: so is c=",
              section.value("c=") == f"IN IP4 {host}")
        check(f"{what}: nothing of the other path is seen",
              other_path.encode() not in body)

    def check_audio(self, what, *arrived):
        at = []
        for body in arrived:
            before, section = sdp.sections(body)[:2]
            at.append((section.host(before), section.port()))
            check(f"{what}: audio leads to rtpengine",
                  at[-1][0] == self.rtpengine.host)
        check(f"{what}: audio passes", sdp.audio_passes(
            self.alice.rtp, at[1], self.bob.rtp, at[0]))

    def ended(self, what, *cats):
        for name, cat in zip(("alice", "bob"), cats):
            code, complaint = cat.finish()
            check(f"{what}: {name}'s end is content {complaint}", code == 0)

    def bye(self, what, call):
        check(f"{what}: the relay knows the call", self.relay.has_calls())
        ends = self.alice.agent, self.bob.agent
        call.bye(ends[call.agent is ends[0]])
        check(f"{what}: BYE ends it at the relay", not self.relay.has_calls())
        check(f"{what}: ... and at rtpengine", not self.rtpengine.has_calls())

    # --- calls ---

    def audio_and_messages(self):
        """A file of 10 MB and a text each way while the call is renewed."""
        what = "audio and messages"
        for user in self.alice, self.bob:
            user.write_file()
        a, b = ([*user.listens, "-m", f"from {user.name}", "-f", user.file,
                 "--report", "-n", "2", "-O"] for user in (self.alice, self.bob))
        a.append(self.scene.path("inbox1"))
        b.append(self.scene.path("inbox2"))
        audio = self.alice.audio(), self.bob.audio()
        call, a, b = self.connect(what, a, b, audio)
        self.check_audio(what, self.at_bob, self.at_alice)

        # Bob stands still, so the file is under way for sure.
        b.pause()
        self.reinvite(what, call)
        b.resume()
        self.ended(what, a, b)
        for cat, other in (a, self.bob), (b, self.alice):
            with open(other.file, "rb") as file:
                sent = file.read()
            got = cat.received()
            check(f"{what}: {other.name}'s file arrives",
                  got.pop(f"{other.name}.bin", b"") == sent)
            check(f"{what}: ... and the text", list(got.values()) ==
                  [f"from {other.name}".encode()])
        self.bye(what, call)

    def reinvite(self, what, call, by_bob=False):
        """The same again leads to the same, whoever begins."""
        if by_bob:
            at_alice = call.callee.offer(self.alice.agent, self.answered)
            at_bob = call.callee.answer(self.offered)
        else:
            at_bob = call.offer(self.bob.agent, self.offered)
            at_alice = call.answer(self.answered)
        for name, body, before in (("bob", at_bob, self.at_bob),
                                   ("alice", at_alice, self.at_alice)):
            # What was an answer is an offer now.
            now, then = ([line for line in sdp.sections(text)[-1].lines
                          if not line.startswith("a=setup:")]
                         for text in (body, before))
            check(f"{what}: re-INVITE by {'bob' if by_bob else 'alice'}: "
                  f"{name} sees the same section", now == then)

    def refused(self, what, call):
        """A re-INVITE that crosses another one is refused; the call is not."""
        call.offer(self.bob.agent, self.offered)
        call.refuse(491)
        check(f"{what}: 491 leaves the call alone", self.relay.has_calls())

    def update(self, what, call):
        at_bob, at_alice = call.update(self.bob.agent, self.offered,
                                       self.answered)
        self.check_section(f"{what}: UPDATE", "bob", at_bob, self.own["alice"])
        self.check_section(f"{what}: UPDATE", "alice", at_alice,
                           self.own["bob"])

    def chat(self):
        """Texts before and after re-INVITEs of both, one that is refused and
        an UPDATE; no audio. Bob hangs up."""
        what = "messages alone"
        call, a, b = self.connect(what, self.alice.listens, self.bob.listens)
        check(f"{what}: nothing for rtpengine", not self.rtpengine.has_calls())
        for text in "one", "two", "three":
            a.say(text)
            check(f"{what}: bob hears {text}", b.hear() == text)
            b.say(text)
            check(f"{what}: alice hears {text}", a.hear() == text)
            if text != "three":
                self.reinvite(what, call, by_bob=text == "two")
        self.refused(what, call)
        self.update(what, call)
        a.say("four")
        check(f"{what}: bob hears more", b.hear() == "four")
        self.ended(what, a, b)
        self.bye(what, call.callee)

    def texts(self, what, of_alice, of_bob, audio=()):
        """A text each way, however the two connect."""
        call, a, b = self.connect(
            what, [*of_alice, "-m", "from alice", "-n", "1"],
            [*of_bob, "-m", "from bob", "-n", "1"], audio)
        if audio:
            self.check_audio(what, self.at_bob, self.at_alice)
        check(f"{what}: alice hears bob", a.hear() == "from bob")
        check(f"{what}: bob hears alice", b.hear() == "from alice")
        self.ended(what, a, b)
        self.bye(what, call)

    def emergency(self):
        """The SDP is one part of the body; the location stays as it is. A name
        in c= is no trouble to rtpengine."""
        what = "two parts"
        call = self.call()
        a = self.alice.cat(self.msrpcat, *self.alice.listens, "-m",
                           "from alice")
        own = a.sdp().replace(f"c=IN IP4 {self.alice.agent.host}".encode(),
                              b"c=IN IP4 alice.example.com")
        body, kind = sdp.with_location(
            self.alice.session(self.alice.audio(), own))
        call.offer(self.bob.agent, body, kind)
        parts = sdp.parts(call.invite)
        check(f"{what}: the location arrives as it was", parts.get(
            "application/pidf+xml") == sdp.LOCATION.partition(b"\r\n\r\n")[2])
        at_bob = parts.get("application/sdp", b"")
        self.check_section(what, "bob", at_bob, own)
        b = self.bob.cat(self.msrpcat, "-a", *self.bob.listens, "-n", "1")
        b.tell(at_bob)
        a.tell(call.answer(self.bob.session(self.bob.audio(), b.sdp())))
        check(f"{what}: bob hears alice", b.hear() == "from alice")
        check(f"{what}: rtpengine knows the call", self.rtpengine.has_calls())
        self.ended(what, a, b)
        self.bye(what, call)

    def audio_alone(self):
        """The relay lets it pass."""
        what = "audio alone"
        call = self.call()
        at_bob = call.offer(self.bob.agent,
                            self.alice.session(self.alice.audio()))
        at_alice = call.answer(self.bob.session(self.bob.audio()))
        self.check_audio(what, at_bob, at_alice)
        check(f"{what}: nothing for the relay", not self.relay.has_calls())
        call.bye(self.bob.agent)

    def busy(self):
        what = "busy"
        call = self.call()
        a = self.alice.cat(self.msrpcat, *self.alice.listens, "-m", "hello")
        call.offer(self.bob.agent, self.alice.session(self.alice.audio(),
                                                      a.sdp()))
        check(f"{what}: the relay knows the call", self.relay.has_calls())
        call.refuse(486)
        check(f"{what}: both have forgotten it",
              not self.relay.has_calls() and not self.rtpengine.has_calls())
        a.tell(b"m=message 0 TCP/MSRP *\r\n")
        check(f"{what}: alice is told", a.finish()[0] == 2)

    def run(self):
        self.audio_and_messages()
        self.chat()
        self.emergency()
        self.audio_alone()
        self.busy()
        listens = self.alice.listens, self.bob.listens
        self.texts("TLS", [*listens[0], "--tls"], listens[1])
        self.texts("active, passive", [], listens[1])
        self.texts("actpass, active", listens[0], [])
        self.texts("active, active", [], ["--setup", "active"])
        self.texts("nobody says", [*listens[0], "--setup", "none"],
                   [*listens[1], "--setup", "none"])
        self.texts("passive, active", [*listens[0], "--setup", "passive"], [])
        # The flag goes to rtpengine, too, which does not mind.
        self.use_proxy(8, ("rtpengine_manage()", "rtpengine_manage("
                           '"transport-protocol=TCP/TLS/MSRP")'))
        listens = self.alice.listens, self.bob.listens
        self.texts("TCP to TLS", listens[0], [*listens[1], "--tls"],
                   (self.alice.audio(), self.bob.audio()))
        self.use_proxy(10, ("rtpengine_manage()", "rtpengine_manage("
                            '"direction=default direction=outside")'))
        self.at_relay["bob"] = self.outside
        self.texts("two networks", self.alice.listens, self.bob.listens,
                   (self.alice.audio(), self.bob.audio()))


def main():
    programs.require()
    with programs.Scene() as scene:
        Calls(scene, *sys.argv[1:]).run()
    sys.exit(faults > 0)


if __name__ == "__main__":
    main()
