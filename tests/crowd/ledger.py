# SPDX-License-Identifier: BSD-2-Clause
"""What was sent, what arrived and who was told: each message that wants to hear
of failures (Failure-Report: yes) is delivered, or its sender is told, and of no
octet twice."""
import collections
import random
import time

BLOB = random.Random(1).randbytes(1 << 20)


class Message:
    """What became of it, as both ends saw it."""

    def __init__(self, number, sender, receiver, report, total):
        self.number, self.report, self.total = number, report, total
        self.sender, self.receiver = sender, receiver
        self.began = time.monotonic()
        self.chunks = {}     # tid: first, last
        self.answers = {}    # tid: code
        self.told = []       # first, last, how
        self.got = []        # first, last
        self.has_end = False  # the `$` has come
        self.gave_up = self.is_sent = False
        self.conduct = None  # of its receiver
        self.breaks = 0      # of links, since it began
        self.kills = 0       # of relays that it goes through

    @property
    def wants_all(self):
        return self.report in ("yes", None)

    @property
    def is_whole(self):
        return (self.has_end and self.conduct != "refuses" and
                sum(last - first + 1 for first, last, *_ in self.got) ==
                self.total)

    def body(self, first, last):
        at = self.number * 7919 % (len(BLOB) // 2)
        return BLOB[at + first - 1:at + last]

    def is_settled(self):
        return self.is_sent and (not self.wants_all or (
            (self.is_whole or self.gave_up or bool(self.told)) and
            len(self.answers) == len(self.chunks)))

    def __str__(self):
        return (f"m{self.number} {self.sender.user}@{self.sender.relay.host} > "
                f"{self.receiver.user}@{self.receiver.relay.host} "
                f"report={self.report} total={self.total} "
                f"chunks={list(self.chunks.values())} answers="
                f"{list(self.answers.values())} told={self.told} "
                f"got={self.got[:4]}{'...' if len(self.got) > 4 else ''} "
                f"whole={self.is_whole} conduct={self.conduct} "
                f"breaks={self.breaks} kills={self.kills} "
                f"age={time.monotonic() - self.began:.1f}")


def overlap(ranges):
    ordered = sorted(r[:2] for r in ranges)
    return any(b[0] <= a[1] for a, b in zip(ordered, ordered[1:]))


class Ledger:
    """The messages that are not judged yet, and what is wrong."""

    def __init__(self):
        self.messages = {}
        self.by_tid = {}
        self.count = collections.Counter()
        self.faults = collections.Counter()

    def fault(self, what, about):
        self.faults[what] += 1
        if self.faults[what] <= 10:
            print(f"FAULT {what}: {about}", flush=True)

    def new(self, *parts):
        m = Message(self.count["sent"], *parts)
        self.count["sent"] += 1
        self.messages[m.number] = m
        return m

    def chunk(self, m, tid, first, last):
        m.chunks[tid] = first, last
        self.by_tid[tid] = m

    def of(self, frame):
        return self.messages.get(int(frame.headers["Message-ID"][1:]))

    # --- what came

    def received(self, user, m, first, last, frame):
        if m.receiver is not user:
            self.fault("received by somebody else", m)
        if frame.body:
            if m.body(first, last) != frame.body:
                self.fault("other octets", f"{first}-{last} of {m}")
            m.got.append((first, last))
        m.has_end |= frame.end == "$"

    def answered(self, user, tid, code):
        m = self.by_tid.get(tid)
        if not m:
            return
        if m.sender is not user:
            self.fault("answered to somebody else", m)
        if tid in m.answers:
            self.fault("answered twice", m)
        m.answers[tid] = code
        if code != 200:
            m.told.append((*m.chunks[tid], code))

    def reported(self, user, m, first, last, status):
        if m.sender is not user:
            self.fault("told to somebody else", m)
        if status != "200":
            m.told.append((first, last, "REPORT " + status))

    def broke(self, relays, kills):
        """Something on the way of all that goes through these relays."""
        for m in self.messages.values():
            way = {m.sender.relay, m.receiver.relay}
            if kills:
                m.kills += bool(way & relays)
            if len(way) == 2:
                m.breaks += 1

    # --- the verdict

    def judge_told(self, m):
        """Where a relay has reported what another one then answers with the
        error (P-21), the first telling counts."""
        reports = [t for t in m.told if isinstance(t[2], str)]
        if m.breaks or not overlap(m.told):
            return
        if overlap(reports) or (len(m.chunks) == 1 and
                                m.sender.relay is m.receiver.relay):
            self.fault("told twice", m)
        else:
            self.count["told by REPORT and by response"] += 1

    def judge(self, m):
        del self.messages[m.number]
        for tid in m.chunks:
            self.by_tid.pop(tid, None)
        if not m.sender.is_open:
            self.count["not judged: sender gone"] += 1
            return
        self.judge_told(m)
        if overlap(m.got):
            self.fault("delivered twice", m)
        if not m.wants_all:
            self.count["not judged: Failure-Report"] += 1
            return
        if len(m.answers) < len(m.chunks):
            self.fault("not answered", m)
        self.count["delivered"] += m.is_whole
        self.count["told"] += bool(m.told)
        self.count["told in parts"] += len(m.told) > 1
        self.count["delivered and told"] += m.is_whole and bool(m.told)
        if m.is_whole or m.told or m.gave_up:
            return
        if m.kills:
            self.count["lost with a relay that was killed"] += 1
        elif m.breaks:
            self.count["lost with a link that was kicked"] += 1
        else:
            self.fault("lost", m)
