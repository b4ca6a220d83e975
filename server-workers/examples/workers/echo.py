#!/usr/bin/env python3
"""An echo worker in Python: the standard library is all it needs (Python 3.8 or later).

The server starts it as one of its workers, sends it a frame for each event, and does what the
answer says:

    command: python3 echo.py            # `answers: barrier`, the default: an event may have no answer
    command: python3 echo.py --strict   # `answers: strict`: every event has one

What a client says comes back to it. "quit" is answered with a goodbye and the end of the
connection, "fail" with an error, and "die" not at all: it ends the worker.
"""

import json
import os
import socket
import struct
import sys
import zlib


class Goridge:
    """Frames to and from the server: a header of 12 bytes, options, payload; little-endian.

    The one option of an event or an answer is how much of the payload is its context; the rest is
    its body. Commands and errors have no option: they are all body.
    """

    CONTROL, JSON, ERROR = 0x01, 0x08, 0x40  # the flags that matter here

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer

    @classmethod
    def connect(cls, relay):
        """The way that the server has chosen: "pipes", "tcp://host:port" or "unix://path"."""
        if relay == "pipes":
            frames = cls(sys.stdin.buffer, sys.stdout.buffer)
            sys.stdout = sys.stderr  # what is printed goes to the log, not between two frames
            return frames
        scheme, _, address = relay.partition("://")
        if scheme == "tcp":
            host, _, port = address.rpartition(":")
            connection = socket.create_connection((host.strip("[]"), int(port)))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        elif scheme == "unix":
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(address)
        else:
            raise ValueError(f"RR_RELAY is {relay!r}: pipes, tcp://host:port and unix://path work")
        stream = connection.makefile("rwb")
        return cls(stream, stream)

    def read(self):
        """The next frame as (flags, context, body); EOFError if the server has gone."""
        header = self._read_exactly(12)
        first, flags, length, checksum = struct.unpack("<BBII2x", header)
        version, words = first >> 4, first & 0x0F
        if version != 1 or words < 3 or checksum != zlib.crc32(header[:6]):
            raise ValueError(f"no frame begins with {header.hex(' ')}")
        options = struct.unpack(f"<{words - 3}I", self._read_exactly(4 * (words - 3)))
        payload = self._read_exactly(length)
        context = options[0] if options else 0
        return flags, payload[:context], payload[context:]

    def answer(self, context, body=b""):
        """Says how the connection goes on, and what is written to it."""
        context = context.encode()
        self._write(0, context + body, len(context))

    def control(self, command):
        """Says something about this worker."""
        self._write(self.CONTROL | self.JSON, json.dumps(command).encode())

    def error(self, text):
        """Says that there is no answer, and why. The worker lives on."""
        self._write(self.ERROR, text.encode())

    def _write(self, flags, payload, *options):
        # In one write: the server may then read a frame as a whole.
        header = struct.pack("<BBI", 0x13 + len(options), flags, len(payload))
        checksum = struct.pack("<I2x", zlib.crc32(header))
        self._writer.write(header + checksum + struct.pack(f"<{len(options)}I", *options) + payload)
        self._writer.flush()

    def _read_exactly(self, count):
        read = self._reader.read(count)
        if len(read) < count:
            raise EOFError("the server has gone")
        return read


def answer(event, message):
    """How the connection goes on and what is written to it; None if there is nothing to say."""
    if event["event"] == "CONNECTED":
        return "WRITE", f"hello {event['server']}\r\n".encode()
    if event["event"] != "DATA":
        return None  # CLOSE: nobody is there any more
    if message == b"quit\r\n":
        return "WRITECLOSE", b"goodbye\r\n"
    if message == b"fail\r\n":
        raise RuntimeError("a client has asked for a failure")
    if message == b"die\r\n":
        os._exit(1)
    return "WRITE", message


def serve(server, strict):
    """Answers event after event, until the server says stop."""
    while True:
        flags, context, body = server.read()
        if flags & server.CONTROL:
            command = json.loads(body)
            if command.get("stop"):
                return
            # Asked once at the beginning, and after events, to learn that no answer is to come.
            server.control({"pid": os.getpid()})
            continue
        try:
            told = answer(json.loads(context), body)
            if told:
                server.answer(*told)
            elif strict:
                server.answer("CLOSE")
        except Exception as error:
            server.error(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    try:
        serve(Goridge.connect(os.environ.get("RR_RELAY", "pipes")), "--strict" in sys.argv[1:])
    except (EOFError, OSError, ValueError) as error:
        sys.exit(f"echo.py: {error}")
