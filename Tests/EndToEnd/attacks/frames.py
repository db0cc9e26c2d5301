"""What attackers send over HTTP/2, as bytes."""

import struct
import uuid

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
ENHANCE_YOUR_CALM = 11
GREATEST_WINDOW = 2**31 - 1


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def setting(identifier, value):
    return struct.pack(">HI", identifier, value)


def greeting(*settings):
    """The preface, the settings, and the acknowledgement of the gateway's."""
    return PREFACE + frame(SETTINGS, 0, 0, b"".join(settings)) + frame(SETTINGS, ACK, 0)


def goaway_codes(data):
    """The error codes of GOAWAY frames in what the gateway sent. The bytes may begin within a frame: then it finds none."""
    codes = []
    position = 0
    while position + 9 <= len(data):
        length = int.from_bytes(data[position : position + 3], "big")
        if data[position + 3] == GOAWAY:
            codes.append(int.from_bytes(data[position + 13 : position + 17], "big"))
        position += 9 + length
    return codes


class Requests:
    """Header blocks of one connection."""

    def __init__(self, key=None):
        self.encoder = hpack.Encoder()
        self.key = key
        self.stream = -1

    def next_stream(self):
        self.stream += 2
        return self.stream

    def get(self, path="/openapi.yaml"):
        block = self.encoder.encode([(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", path)])
        return frame(HEADERS, END_HEADERS | END_STREAM, self.next_stream(), block)

    def post(self):
        """The headers of a payment whose body is to follow."""
        fields = [(":method", "POST"), (":scheme", "https"), (":authority", "localhost"), (":path", "/v1/payments")]
        fields += [("content-type", "application/json"), ("idempotency-key", str(uuid.uuid4()))]
        if self.key:
            fields.append(("authorization", f"Bearer {self.key}"))
        return frame(HEADERS, END_HEADERS, self.next_stream(), self.encoder.encode(fields))


def tiny_data_frames(key, count):
    """A body that comes byte by byte."""
    requests = Requests(key)
    return greeting() + requests.post() + frame(DATA, 0, requests.stream, b" ") * count


def large_settings(count):
    """SETTINGS as long as a frame may be: 2,730 entries."""
    return greeting() + frame(SETTINGS, 0, 0, setting(4, 65_535) * 2_730) * count


def goaways(count):
    return greeting() + frame(GOAWAY, 0, 0, struct.pack(">II", GREATEST_WINDOW, 0)) * count


def unknown_frames(count):
    return greeting() + frame(0xBB, 0, 0) * count


def header_bombs(count):
    """Requests of 26 bytes each, whose header lists are of 12 KB: three times an entry of the compression table."""
    value = b"a" * 4_000
    # A literal that enters the table as its first entry, 62: name "x", and a length in seven bits with two bytes more.
    length = 4_000 - 127
    literal = b"\x40\x01x" + bytes([127, length % 128 | 128, length // 128]) + value
    pseudo = b"\x82\x87\x84" + b"\x01\x09localhost"
    first = frame(HEADERS, END_HEADERS | END_STREAM, 1, pseudo + literal)
    bombs = (frame(HEADERS, END_HEADERS | END_STREAM, 2 * n + 3, pseudo + b"\xbe" * 3) for n in range(count))
    return greeting() + first + b"".join(bombs)
