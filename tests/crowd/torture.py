#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Two relays, many users who send to each other all the time, and all that may
befall them: receivers that are silent, refuse, stall or reset; users and links
that are kicked; reloads; relays that end and come back. ledger.py says what has
to hold; who lost the connection over which it sent need not be told.

usage: torture.py MSRPRELAYD [--seconds N] [--users N] [--seed N] [--keep]"""
import argparse
import asyncio
import contextlib
import json
import logging
import random
import signal
import sys
import time

from ledger import Ledger
from rig import Client, Names, Relay, Scratch, byte_range

# After which nothing more comes: P-23 makes a transaction 4 times as long.
GRACE_S = 45
WINDOW = 200

SETTINGS = ["""
send: { high_water = 65536; low_water = 16384; max_chunk_size = 16384; };
limits: { memory = "1G"; transactions_per_connection = 2000; };
timers: { transaction = 4.0; hold = 2.0; stall = 3.0; connect = 3.0;
          probation = 5.0; drain = 2.0; };
""", """
limits: { memory = "1G"; transactions_per_connection = 300; };
timers: { transaction = 3.0; hold = 1.0; stall = 2.0; connect = 2.0;
          probation = 5.0; drain = 2.0; };
"""]


class User(Client):
    """One life of a user: from login to the end of the connection."""

    def __init__(self, storm, user, relay):
        super().__init__(user, relay)
        self.storm = storm
        self.unanswered = 0
        self.read_at = 0.0  # when a pause ended
        self.is_paused = False

    def on_frame(self, frame):
        self.storm.on_frame(self, frame)

    async def pause(self, seconds):
        if self.is_paused:
            return
        self.is_paused = True
        with contextlib.suppress(RuntimeError):
            self.transport.pause_reading()
            await asyncio.sleep(seconds)
            self.transport.resume_reading()
        self.is_paused = False
        self.read_at = time.monotonic()


class Storm:
    def __init__(self, options, relays):
        self.random = random.Random(options.seed)
        self.relays = relays
        self.ledger = Ledger()
        self.online = {}
        self.is_over = False
        # Most users live long enough for their messages to be judged.
        self.pace = 3 if options.seconds > 60 else 1
        self.tasks = set()
        for number in range(options.users):
            self.spawn(self.live(number))
        self.spawn(self.make_trouble())
        self.spawn(self.judge())

    def spawn(self, coroutine):
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.on_done)

    def on_done(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception():
            task.print_stack()
            self.ledger.fault("in the test", repr(task.exception()))

    # --- users

    async def live(self, number):
        """One life after the other."""
        name = f"user{number}"
        while not self.is_over:
            user = User(self, name, self.relays[number % len(self.relays)])
            try:
                await asyncio.wait_for(user.login(), 20)
            except (OSError, asyncio.TimeoutError):
                self.ledger.count["logins refused"] += 1
                user.reset()
                await asyncio.sleep(self.random.uniform(0.2, 1))
                continue
            self.ledger.count["logins"] += 1
            self.online[name] = user
            self.spawn(self.chat(user))
            await user.closed
            del self.online[name]
            await asyncio.sleep(self.random.uniform(0, 2))

    def anybody(self, but=None):
        users = [u for u in self.online.values() if u.is_open and u is not but]
        return self.random.choice(users) if users else None

    async def chat(self, user):
        while user.is_open and not self.is_over:
            await asyncio.sleep(self.random.expovariate(6))
            to = self.anybody(user)
            if to and user.unanswered < WINDOW:
                self.spawn(self.send(user, to, self.random.choice(
                    [200] * 6 + [5000] * 3 + [200000])))

    async def send(self, user, to, most):
        """In a few chunks, sometimes not to the end."""
        r = self.random
        total = r.randint(1, most)
        m = self.ledger.new(user, to, r.choice(
            ["yes"] * 7 + [None] * 2 + ["no", "partial"]), total)
        cuts = r.choice([0, 0, 0, 1, 3]) if most > 100 else 0
        cuts = {r.randint(1, total) for _ in range(cuts)} - {total}
        is_rude = r.random() < 0.3
        first = 1
        for last in [*sorted(cuts), total]:
            m.gave_up |= (not user.is_open or (bool(m.told) and not is_rude))
            if m.gave_up:
                break
            m.gave_up = last != total and r.random() < 0.03
            end = "#" if m.gave_up else "$" if last == total else "+"
            tid = user.send(to, f"m{m.number}", m.body(first, last), (
                f"Failure-Report: {m.report}\r\n" if m.report else ""), first,
                            total, end)
            self.ledger.chunk(m, tid, first, last)
            user.unanswered += m.wants_all
            first = last + 1
            if last != total:
                await asyncio.sleep(r.uniform(0, 0.3))
        m.is_sent = True

    # --- what comes in

    def on_frame(self, user, frame):
        if frame.what == "SEND":
            m = self.ledger.of(frame)
            if m:
                self.on_send(user, m, frame)
        elif frame.what == "REPORT":
            m = self.ledger.of(frame)
            if m:
                first, last, _ = byte_range(frame)
                self.ledger.reported(user, m, first, last,
                                     frame.headers["Status"][4:7])
        else:
            user.unanswered -= 1
            self.ledger.answered(user, frame.tid, int(frame.what))

    def on_send(self, user, m, frame):
        r = self.random
        first, last, _ = byte_range(frame)
        self.ledger.received(user, m, first, last, frame)
        m.conduct = m.conduct or r.choices(
            ["good", "silent", "refuses", "late"], [90, 3, 4, 3])[0]
        if frame.headers.get("Failure-Report") == "no":
            return
        if m.conduct == "refuses":
            user.answer(frame, r.choice([413, 415]))
        elif m.conduct == "good":
            user.answer(frame, 200)
        elif m.conduct == "late":
            asyncio.get_running_loop().call_later(r.uniform(0, 6), user.answer,
                                                  frame, 200)

    # --- trouble

    async def make_trouble(self):
        r = self.random
        troubles = [self.stall, self.reset, self.close, self.kick_user,
                    self.burst, self.reload, self.kick_link, self.drain,
                    self.restart, self.kill]
        weights = [40, 20, 10, 10, 10, 5, 4, 3, 2, 1]
        while not self.is_over:
            await asyncio.sleep(r.uniform(0.2, 2) * self.pace)
            trouble = r.choices(troubles, weights)[0]
            self.ledger.count["trouble: " + trouble.__name__] += 1
            user = self.anybody()
            if trouble in troubles[:5]:
                if user:
                    self.spawn(trouble(user))
            else:
                await trouble(r.choice(self.relays))

    async def stall(self, user):
        await user.pause(self.random.uniform(0.3, 6))

    @staticmethod
    async def reset(user):
        user.reset()

    @staticmethod
    async def close(user):
        user.transport.close()

    async def kick_user(self, user):
        with contextlib.suppress(OSError):
            await user.relay.control("kick", f"user={user.user}")

    async def burst(self, user):
        """Many at once, to somebody who perhaps does not live to see it."""
        to = self.anybody(user)
        for _ in range(self.random.randint(200, 1500)):
            if not to or not user.is_open:
                return
            await self.send(user, to, 100)
        if self.random.random() < 0.7:
            to.reset()

    async def reload(self, relay):
        relay.reload(self.random.choice(SETTINGS))

    async def kick_link(self, relay):
        rows = [json.loads(r) for r in await relay.control("connections")]
        for number in [r["connection"] for r in rows if r["is_relay"]]:
            self.ledger.broke({relay}, kills=False)
            await relay.control("kick", f"connection={number}")

    async def drain(self, relay):
        await relay.control("drain", "on")
        await asyncio.sleep(self.random.uniform(0, 2))
        await relay.control("drain", "off")

    async def restart(self, relay):
        code = await relay.stop(signal.SIGTERM)
        self.ledger.broke({relay}, kills=False)
        if code != 0:
            self.ledger.fault("exit code", f"{code} of {relay.host}")
        relay.start()
        await relay.ready()

    async def kill(self, relay):
        await relay.stop(signal.SIGKILL)
        self.ledger.broke({relay}, kills=True)
        relay.start()
        await relay.ready()

    # --- the verdict

    def is_due(self, m):
        read = max(m.began, m.sender.read_at)
        return not m.sender.is_open or (not m.sender.is_paused and
                                        time.monotonic() - read > GRACE_S)

    async def judge(self):
        while True:
            await asyncio.sleep(1)
            for m in [m for m in self.ledger.messages.values()
                      if self.is_due(m)]:
                self.ledger.judge(m)

    async def end(self):
        """What is under way may come to its end."""
        self.is_over = True
        end = time.monotonic() + GRACE_S
        while time.monotonic() < end and not all(
                m.is_settled() or not m.sender.is_open
                for m in self.ledger.messages.values()):
            await asyncio.sleep(0.2)
        for m in list(self.ledger.messages.values()):
            self.ledger.judge(m)
        for task in self.tasks:
            task.cancel()
        for user in self.online.values():
            user.reset()


async def watch(storm, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await asyncio.sleep(min(60, max(0, end - time.monotonic())))
        print(f"{end - time.monotonic():.0f} s left: "
              f"{dict(storm.ledger.count)}", flush=True)


async def torture(options, scratch):
    names, stub = await Names.start("127.0.0.1")
    port = names.get_extra_info("sockname")[1]
    relays = [Relay(scratch, options.relay, host, port, SETTINGS[0])
              for host in ("r1.test", "r2.test")]
    for relay in relays:
        scratch.users(relay.host, [f"user{n}" for n in range(options.users)])
        relay.start()
        await relay.ready()
    storm = Storm(options, relays)
    await watch(storm, options.seconds)
    await storm.end()
    for relay in relays:
        code = await relay.stop(signal.SIGTERM)
        if code != 0:
            storm.ledger.fault("exit code", f"{code} of {relay.host}")
        if relay.errors():
            storm.ledger.fault("standard error", relay.errors())
    print(json.dumps(storm.ledger.count, indent=1))
    print(f"{sum(storm.ledger.faults.values())} faults, seed {options.seed}")
    return storm.ledger


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("relay")
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--users", type=int, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # resets
    scratch = Scratch()
    try:
        ledger = asyncio.run(torture(options, scratch))
    finally:
        if options.keep:
            print(scratch.directory)
        else:
            scratch.remove()
    sys.exit(bool(ledger.faults) or not ledger.count["delivered"])


if __name__ == "__main__":
    main()
