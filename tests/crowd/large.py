#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs that are too large for every day: what many share holds nobody up, and
nothing is lost in silence (docs/decisions.md, 5.2). Each prints figures, and
fails where a promise is broken; delays are for whoever reads them to judge.

usage: large.py MSRPRELAYD RUN [--size N] [--seconds N] [--memory]

    failures  --size messages (10,000) fail at one moment, because their
              receiver dies, says nothing or refuses them, and are reported to
              one who reads at once and to one who reads 20 kB/s
    slow      over one link between relays: a file of --size octets (10 MB) at
              64 kbit/s, one who takes an octet in 19 s, one who takes nothing
    steady    over one link between relays: a file of --size octets (200 kB) at
              1,000 octets/s
    dials     one user has --size hosts (24) dialled that do not answer
    deaf      --size receivers (1,500) that read nothing, with
              limits.memory = 384M under a kernel limit of 512 MB

`slow` and `dials` make networks of their own, `deaf` a control group: for
root."""
import argparse
import asyncio
import collections
import contextlib
import hashlib
import json
import os
import random
import signal
import socket
import sys
import time

from rig import (Client, Names, Network, NEAR, Relay, Scratch, Throttle,
                 byte_range)

CHAT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "chat.py")


def prefer(process):
    """What else the machine has to do is no delay of the relay's."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(process.pid, os.SCHED_RR, os.sched_param(1))


class Chat:
    """chat.py between two relays; what it says for a while."""

    def __init__(self, relays, pairs=100, per_second=200):
        self.words = [relays[0].scratch.directory, str(pairs), str(per_second),
                      *(f"{r.host}:{r.port}" for r in (relays[0],
                                                        relays[-1]))]
        self.process = None

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, CHAT, *self.words, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE)
        prefer(self.process)
        if await self.process.stdout.readline() != b"ready\n":
            sys.exit("nobody chats")
        return self

    async def figures(self):
        """Since the last time."""
        self.process.stdin.write(b"\n")
        return json.loads(await self.process.stdout.readline())

    async def quiet(self, seconds):
        """What it is like undisturbed."""
        await self.figures()
        await asyncio.sleep(seconds)
        say("undisturbed", **await self.figures())


def say(what, **figures):
    print(f"{what:36} " + " ".join(f"{k}={v}" for k, v in figures.items()),
          flush=True)


async def pressure(relay):
    """How often it stopped reading from somebody, and its long turns."""
    rows = [json.loads(r) for r in await relay.control("stats")]
    value = {row["name"].removeprefix("msrprelayd_"): row["value"]
             for row in rows}
    say(relay.host, peak_kib=relay.peak_kib(),
        pauses=value["backpressure_waits_total"],
        seconds=value["backpressure_wait_seconds_total"],
        turns=value["loop_turn_seconds_count"],
        over_50_ms=value["loop_turn_seconds_count"] -
        value['loop_turn_seconds_bucket{le="0.05"}'])


failed = []


def expect(what, is_right):
    if not is_right:
        failed.append(what)
        print("FAIL " + what, flush=True)


class Crowd:
    """Relays, a name server, and clean-up."""

    def __init__(self, options, relays, groups, cgroup=None):
        self.options = options
        self.n, self.groups, self.cgroup = relays, groups, cgroup
        self.scratch = Scratch()
        self.relays = []

    async def __aenter__(self):
        names, _ = await Names.start("127.0.0.1")
        port = names.get_extra_info("sockname")[1]
        users = [f"{who}{n}" for who in ("alice", "bob")
                 for n in range(self.options.size if self.options.run == "deaf"
                                else 10)]
        users += [f"chat{n}{side}" for n in range(100) for side in "ab"]
        for n in range(self.n):
            relay = Relay(self.scratch, self.options.relay, f"r{n + 1}.test",
                          port, self.groups, self.cgroup if n == 0 else None)
            self.scratch.users(relay.host, users)
            relay.start()
            prefer(relay.process)
            await relay.ready()
            self.relays.append(relay)
        return self.relays

    async def __aexit__(self, *what):
        for relay in self.relays:
            await pressure(relay)
            code = await relay.stop(signal.SIGTERM)
            expect(f"{relay.host} ends well, not with {code}", code == 0)
            expect(f"{relay.host} writes no errors: {relay.errors()}",
                   not relay.errors())
        self.scratch.remove()


# --- failures -------------------------------------------------------------------

class Receiver(Client):
    """Keeps what it gets, and says nothing."""

    def __init__(self, *who):
        super().__init__(*who)
        self.kept = []

    def on_frame(self, frame):
        if frame.what == "SEND":
            self.kept.append(frame)


class Sender(Client):
    def __init__(self, *who):
        super().__init__(*who)
        self.codes = collections.Counter()
        self.told = []

    def on_frame(self, frame):
        if frame.what == "REPORT":
            self.told.append(frame.headers["Message-ID"])
            self.codes["REPORT " + frame.headers["Status"][4:7]] += 1
        elif frame.what.isdigit():
            self.codes[frame.what] += 1


async def until(what, seconds, happens):
    end = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > end:
            expect(what + " in time", False)
            return
        await asyncio.sleep(0.02)


async def fail(relay, number, fate, octets_per_s, size):
    """How long until the sender of all these messages has heard of each."""
    path = Throttle(relay.port)
    port = await path.start()
    alice, bob = Sender(f"alice{number}", relay), Receiver(f"bob{number}",
                                                           relay)
    await alice.login(to=("127.0.0.1", port))
    await bob.login()
    for n in range(size):
        alice.send(bob, f"m{n}", b"x")
        if n % 100 == 0:
            await asyncio.sleep(0)
    await until("all messages are there", 60,
                lambda: len(bob.kept) == size and alice.codes["200"] == size)
    if octets_per_s:
        path.take(octets_per_s // 10, 0.1)
    began = time.monotonic()
    if fate == "dies":
        bob.reset()
    elif fate == "refuses":
        for frame in bob.kept:
            bob.answer(frame, 415)
    await until(f"{fate}: all are told", 600,
                lambda: len(alice.told) >= size or not alice.is_open)
    await asyncio.sleep(1)
    expect(f"{fate}: the sender stays connected", alice.is_open)
    expect(f"{fate}: each is told once: {len(alice.told)}, "
           f"{len(set(alice.told))} different",
           len(alice.told) == len(set(alice.told)) == size)
    say(f"{fate}, " + (f"{octets_per_s} octets/s" if octets_per_s else "reads"),
        told=len(set(alice.told)),
        in_order=alice.told == [f"m{n}" for n in range(size)],
        seconds=round(time.monotonic() - began - 1, 1))
    alice.reset()
    bob.reset()
    path.close()


async def run_failures(options):
    # Long enough for all of them to be on their way.
    timers = f"timers: {{ transaction = {5 + options.size // 400}; }};"
    async with Crowd(options, 1, timers) as relays:
        chat = await Chat(relays).start()
        await chat.quiet(10)
        for n, fate in enumerate(("dies", "refuses", "is silent")):
            await fail(relays[0], n, fate, 0, options.size)
            say("chat meanwhile", **await chat.figures())
        await asyncio.gather(*(
            fail(relays[0], 3 + n, fate, 20000, options.size)
            for n, fate in enumerate(("dies", "refuses", "is silent"))))
        say("chat meanwhile", **await chat.figures())


# --- slow receivers ---------------------------------------------------------------

class FileReceiver(Client):
    def __init__(self, *who):
        super().__init__(*who)
        self.octets = 0
        self.hash = hashlib.sha256()
        self.is_whole = False

    def on_frame(self, frame):
        if frame.what != "SEND":
            return
        first, _, _ = byte_range(frame)
        expect(f"the file goes on at {self.octets + 1}, not at {first}",
               first == self.octets + 1)
        self.octets += len(frame.body)
        self.hash.update(frame.body)
        self.is_whole |= frame.end == "$"
        expect(f"the file ends with {frame.end}", frame.end != "#")
        self.answer(frame, 200)


async def pour(near, far, number, octets, pause_s):
    """From one at the near relay to one at the far one who takes so much, and
    comes back when what is for him fails as his session has ended."""
    alice = await Sender(f"alice{number}", near).login()
    lives = sent = 0
    try:
        while True:
            path = Throttle(far.port)
            bob = Client(f"bob{number}", far)
            await bob.login(to=("127.0.0.1", await path.start()))
            path.take(octets, pause_s)
            lives += 1
            alice.codes["481"] = alice.codes["REPORT 481"] = 0
            while not alice.codes["481"] + alice.codes["REPORT 481"]:
                await asyncio.sleep(0.05)
                if alice.transport.get_write_buffer_size() < 65536:
                    alice.send(bob, f"p{sent}", bytes(20000))
                    sent += 1
            path.close()
    finally:
        say(f"took {octets} in {pause_s} s", lives=lives, sent=sent,
            codes=dict(alice.codes), told=len(alice.told))


async def run_slow(options):
    network = Network("64kbit")
    async with Crowd(options, 2, "") as relays:
        near, far = relays
        chat = await Chat(relays).start()
        await chat.quiet(20)
        with network.at_far_end():
            sock = socket.socket()
        bob = FileReceiver("bob0", far)
        await bob.login(sock=sock, to=(NEAR, far.port))
        alice = await Sender("alice0", near).login()
        octets = random.Random(1).randbytes(options.size)
        others = [asyncio.create_task(pour(near, far, 1, 1, 19)),
                  asyncio.create_task(pour(near, far, 2, None, 0))]
        began = time.monotonic()
        alice.send(bob, "file", octets)
        while not bob.is_whole and bob.is_open and not alice.told:
            await asyncio.sleep(10)
            say("chat", at_s=round(time.monotonic() - began), file=bob.octets,
                **await chat.figures())
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        say("file", seconds=round(time.monotonic() - began, 1),
            octets=bob.octets, codes=dict(alice.codes))
        expect("the file arrives whole", bob.is_whole and bob.hash.digest() ==
               hashlib.sha256(octets).digest())
        for relay in relays:
            say(f"links of {relay.host}", links=relay.links())
            expect("the link is never closed", relay.links() == 1)


async def run_steady(options):
    async with Crowd(options, 2, "") as (near, far):
        path = Throttle(far.port)
        bob = FileReceiver("bob0", far)
        await bob.login(to=("127.0.0.1", await path.start()))
        alice = await Sender("alice0", near).login()
        octets = random.Random(1).randbytes(options.size)
        path.take(100, 0.1)
        began = time.monotonic()
        alice.send(bob, "file", octets)
        while not bob.is_whole and bob.is_open and not alice.told:
            await asyncio.sleep(1)
        say("file", seconds=round(time.monotonic() - began, 1),
            octets=bob.octets, codes=dict(alice.codes))
        expect("the file arrives whole", bob.is_whole and bob.hash.digest() ==
               hashlib.sha256(octets).digest())
        path.close()


# --- dials ------------------------------------------------------------------------

async def run_dials(options):
    Network("1gbit")
    async with Crowd(options, 2, "") as relays:
        near, far = relays
        chat = await Chat(relays).start()
        await chat.quiet(20)
        alice = await Sender("alice0", near).login()
        expect("alice has a way through both", await alice.auth(beyond=far))
        end = time.monotonic() + options.seconds
        sent = 0
        while time.monotonic() < end:
            for n in range(options.size):
                host = (f"198.51.100.{n + 1}" if n % 2 else
                        f"n{sent + n}.silent")
                alice.say("SEND", f"{alice.path} msrps://{host}:7000/x;tcp",
                          body=b"x", headers=f"Message-ID: d{sent + n}\r\n"
                          "Byte-Range: 1-1/1\r\n")
            sent += options.size
            await asyncio.sleep(5)
            say("chat", dialled=sent, **await chat.figures())
        await asyncio.sleep(40)
        say("alice", sent=sent, codes=dict(alice.codes))
        expect("each is told",
               sent - alice.codes["200"] + len(alice.told) == sent)
        for relay in relays:
            expect("the link is never closed", relay.links() == 1)


# --- memory -----------------------------------------------------------------------

def limited(octets):
    """A control group whose members have so much memory, of either version."""
    root = "/sys/fs/cgroup"
    is_old = os.path.isdir(root + "/memory")
    group = f"{root}{'/memory' if is_old else ''}/crowd-{os.getpid()}"
    os.mkdir(group)
    with open(group + ("/memory.limit_in_bytes" if is_old else "/memory.max"),
              "w", encoding="ascii") as file:
        file.write(str(octets))
    return group


async def run_deaf(options):
    cgroup = limited(512 << 20)
    groups = """
limits: { memory = "384M"; };
timers: { stall = 300.0; transaction = 300.0; };
"""
    try:
        async with Crowd(options, 1, groups, cgroup) as relays:
            chat = await Chat(relays).start()
            await chat.quiet(10)
            await fill(relays[0], chat, options)
    finally:
        os.rmdir(cgroup)


LARGE = 640 << 10  # more than the kernel and the relay keep for one


async def fill(relay, chat, options):
    senders = []
    for n in range(options.size):
        bob = Client(f"bob{n}", relay)
        alice = Sender(f"alice{n}", relay)
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        try:
            await asyncio.wait_for(bob.login(sock=sock), 10)
            await asyncio.wait_for(alice.login(), 10)
        except (OSError, asyncio.TimeoutError):
            say("nobody new is let in", pairs=n)
            break
        bob.transport.pause_reading()
        alice.send(bob, "large", bytes(LARGE))
        senders.append((alice, bob))
        if n % 100 == 99:
            say("chat", pairs=n + 1, rss_kib=relay.peak_kib(),
                **await chat.figures())
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        await asyncio.sleep(5)
        say("chat", open=sum(a.is_open for a, _ in senders),
            rss_kib=relay.peak_kib(), **await chat.figures())
    for alice, bob in senders:
        alice.reset()
        bob.reset()
    await asyncio.sleep(2)
    say("afterwards", **await chat.figures())


RUNS = {"failures": (run_failures, 10000), "slow": (run_slow, 10 << 20),
        "steady": (run_steady, 200000), "dials": (run_dials, 24),
        "deaf": (run_deaf, 1500)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("relay")
    parser.add_argument("run", choices=RUNS)
    parser.add_argument("--size", type=int)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    run, size = RUNS[options.run]
    options.size = options.size or size
    asyncio.run(run(options))
    print(f"{len(failed)} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
