#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Pairs of users who chat at a steady pace, in a process of their own: how long
messages take from one to the other. Each line that it is given is answered with
the figures since the last one; it ends with its input.

usage: chat.py DIRECTORY PAIRS PER_SECOND FROM_HOST:PORT TO_HOST:PORT"""
import asyncio
import collections
import json
import sys
import time

from rig import Client, percentile

Place = collections.namedtuple("Place", "host port scratch")


class Scratch:
    """What others have written there."""

    def __init__(self, directory):
        self.directory = directory

    def path(self, name):
        return f"{self.directory}/{name}"


class Figures:
    def __init__(self):
        self.took = []
        self.sent = self.errors = self.closed = 0

    def show(self):
        took = self.took or [0]
        print(json.dumps({
            "sent": self.sent, "received": len(self.took),
            "errors": self.errors, "closed": self.closed,
            "p50_ms": round(1000 * percentile(took, 0.5), 1),
            "p99_ms": round(1000 * percentile(took, 0.99), 1),
            "max_ms": round(1000 * max(took), 1)}), flush=True)
        self.__init__()


class Chatter(Client):
    def __init__(self, figures, *who):
        super().__init__(*who)
        self.figures = figures

    def connection_lost(self, exc):
        super().connection_lost(exc)
        self.figures.closed += 1

    def on_frame(self, frame):
        if frame.what == "SEND":
            self.figures.took.append(time.monotonic() - float(frame.body))
            self.answer(frame, 200)
        elif frame.what != "200":
            self.figures.errors += 1


async def talk(figures, pair, period_s, offset_s):
    await asyncio.sleep(offset_s)
    for number in range(10**9):
        by, to = pair if number % 2 else pair[::-1]
        if by.is_open:
            figures.sent += 1
            by.send(to, f"c{by.user}-{number}",
                    f"{time.monotonic():.6f}".encode())
        await asyncio.sleep(period_s)


async def chat(directory, pairs, per_second, near, far):
    places = [Place(*p.rsplit(":", 1), Scratch(directory)) for p in (near, far)]
    figures = Figures()
    tasks = []
    for n in range(pairs):
        pair = [await Chatter(figures, f"chat{n}{side}", place).login()
                for side, place in zip("ab", places)]
        tasks.append(asyncio.create_task(
            talk(figures, pair, pairs / per_second, n / per_second)))
    loop = asyncio.get_running_loop()
    print("ready", flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        figures.show()


if __name__ == "__main__":
    asyncio.run(chat(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]),
                     *sys.argv[4:]))
