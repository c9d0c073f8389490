# SPDX-License-Identifier: BSD-2-Clause
"""Session descriptions of test calls: made of sections, and taken apart."""

import socket


def session(address, *sections, version=1):
    return (f"v=0\r\no=- 1 {version} IN IP4 {address}\r\ns=-\r\n"
            f"c=IN IP4 {address}\r\nt=0 0\r\n").encode() + b"".join(sections)


def audio(port):
    return (f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
            "a=sendrecv\r\n").encode()


BOUNDARY = "here-it-ends"
LOCATION = (b"Content-Type: application/pidf+xml\r\nContent-ID: <me@test>\r\n"
            b"\r\n<presence><note>m=message 1 TCP/MSRP *</note></presence>")


def with_location(body):
    """A body of two parts, as emergency calls have it, and its type."""
    end = f"\r\n--{BOUNDARY}".encode()
    return (end[2:] + b"\r\nContent-Type: application/sdp\r\n\r\n" + body + end +
            b"\r\n" + LOCATION + end + b"--\r\n",
            f"multipart/mixed;boundary={BOUNDARY}")


def parts(message):
    """The parts of such a body by their type."""
    found = {}
    boundary = message["Content-Type"].partition("boundary=")[2].strip('"')
    for part in message.body.split(f"--{boundary}".encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        kind = next(line.split(b":")[1].strip().decode()
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-type"))
        found[kind] = content[:-2] if content.endswith(b"\r\n") else content
    return found


class Section:
    """One section of an SDP, or the lines before the first."""

    def __init__(self, lines):
        self.lines = lines

    def value(self, prefix, default=""):
        return next((line[len(prefix):] for line in self.lines
                     if line.startswith(prefix)), default)

    def port(self):
        return int(self.lines[0].split()[1])

    def host(self, before):
        """The address in c=, of the section or of the session."""
        line = self.value("c=") or before.value("c=")
        return line.split()[2]


def sections(body):
    """The session's lines and each section."""
    parts = [[]]
    for line in body.decode().replace("\r\n", "\n").rstrip("\n").split("\n"):
        if line.startswith("m="):
            parts.append([])
        parts[-1].append(line)
    return [Section(lines) for lines in parts]


class Rtp:
    """One end of an audio stream."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.socket.settimeout(0.2)
        self.port = self.socket.getsockname()[1]

    def send(self, to, number):
        head = b"\x80\x00" + number.to_bytes(2, "big") + b"\0\0\0\0" + b"test"
        self.socket.sendto(head + b"\xff" * 160, to)

    def hears(self):
        """Where a packet came from; None if nothing comes for a while."""
        try:
            return self.socket.recvfrom(2000)[1]
        except socket.timeout:
            return None


def audio_passes(one, to_one, other, to_other):
    """Does what each end sends to where its SDP said arrive at the other, from
    there? rtpengine may want some packets to learn from."""
    heard = [None, None]
    for number in range(50):
        one.send(to_one, number)
        other.send(to_other, number)
        heard[0] = heard[0] or one.hears()
        heard[1] = heard[1] or other.hears()
        if all(heard):
            break
    return heard == [to_one, to_other]
