"""Peers that may break the rules of HTTP."""

import socket
import ssl
import struct
import time
import uuid

import h2.config
import h2.connection
import h2.events
import h2.exceptions

BODY = b'{"amount":5,"currency":"EUR","payment_method":"tok_visa"}'
NO_ERROR, PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM = 0, 1, 3, 5, 6, 7
CANCEL, COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 8, 9, 11


def connect_tcp(demo):
    host, port = demo.base_url.removeprefix("https://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def connect(demo, protocol="h2"):
    """TLS with that protocol agreed upon, and nothing said yet."""
    context = ssl.create_default_context(cafile=demo.ca_cert)
    context.set_alpn_protocols([protocol])
    return context.wrap_socket(connect_tcp(demo), server_hostname="localhost")


def abort(tls):
    """Ends a connection with a TCP RST instead of a FIN, and without TLS's farewell."""
    tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    tls.close()


def read_to_end(peer):
    """All that comes until the peer closes or resets."""
    parts = []
    try:
        while part := peer.recv(65_536):
            parts.append(part)
    except (ConnectionError, ssl.SSLError):
        pass
    return b"".join(parts)


class Raw:
    """An HTTP/2 peer that may break the rules."""

    def __init__(self, demo):
        self.socket = connect(demo)
        config = h2.config.H2Configuration(
            client_side=True, validate_outbound_headers=False, normalize_outbound_headers=False, header_encoding="utf-8"
        )
        self.h2 = h2.connection.H2Connection(config)
        self.h2.initiate_connection()
        self.key = demo.api_keys[0]
        self.closed = False
        self.events = []
        self.flush()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def headers(self, extra=(), path="/v1/payments"):
        return [
            (":method", "POST"), (":scheme", "https"), (":authority", "localhost"), (":path", path),
            ("authorization", f"Bearer {self.key}"), ("content-type", "application/json"),
            ("idempotency-key", str(uuid.uuid4())), *extra,
        ]  # fmt: skip

    def open(self, extra=(), end=False, **options):
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, self.headers(extra, **options), end_stream=end)
        return stream

    def read(self, until, seconds=30):
        """Collects events until `until(events)`; also ends when the peer closes."""
        end = time.monotonic() + seconds
        while not until(self.events):
            self.socket.settimeout(max(0.05, end - time.monotonic()))
            assert time.monotonic() < end, f"not in time; saw {self.events}"
            if not self.read_once():
                break
        return self.events

    def read_once(self):
        """Whether anything came before the end."""
        try:
            data = self.socket.recv(65_536)
        except (ConnectionError, ssl.SSLError):
            data = b""
        self.closed = not data
        self.events += self.h2.receive_data(data) if data else []
        try:
            self.flush()
        except OSError:
            pass
        return not self.closed

    def seen(self, kind, stream):
        """The first event of that kind for the stream, or None."""
        return next((e for e in self.events if isinstance(e, kind) and e.stream_id == stream), None)

    def status(self, stream):
        """The status of an answer that has come completely."""
        self.read(lambda _: self.seen(h2.events.StreamEnded, stream))
        response = self.seen(h2.events.ResponseReceived, stream)
        return response and int(dict(response.headers)[":status"])

    def statuses(self, streams, seconds, meanwhile):
        """The statuses of answers that begin while `meanwhile` is done over and over."""
        end = time.monotonic() + seconds
        while not all(self.seen(h2.events.ResponseReceived, stream) for stream in streams):
            assert time.monotonic() < end and not self.closed, f"not in time; saw {self.events}"
            try:
                meanwhile()
            except h2.exceptions.StreamClosedError:
                pass  # Answered and reset.
            self.socket.settimeout(0.05)
            try:
                self.read_once()
            except TimeoutError:
                pass
        responses = {stream: self.seen(h2.events.ResponseReceived, stream) for stream in streams}
        return {stream: int(dict(response.headers)[":status"]) for stream, response in responses.items()}

    def reset_of(self, stream):
        """The error code with which the peer reset a stream."""
        self.read(lambda _: self.seen(h2.events.StreamReset, stream))
        reset = self.seen(h2.events.StreamReset, stream)
        return reset and int(reset.error_code)

    def goaway(self):
        """The error code with which the peer ended the connection; None when it only closed."""
        self.read(lambda events: any(isinstance(event, h2.events.ConnectionTerminated) for event in events))
        ends = [event for event in self.events if isinstance(event, h2.events.ConnectionTerminated)]
        return int(ends[0].error_code) if ends else None
