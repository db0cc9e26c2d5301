"""Connections of an attacker: many at a time, each with bytes made beforehand."""

import os
import resource
import selectors
import socket
import ssl
import threading
import time

# Loopback has more addresses than one: limits by source are the attacker's, not the honest merchant's.
ATTACKER = "127.0.0.2"
CONNECT_SECONDS = 30
LOW_PRIORITY = 15


def allow_descriptors(count):
    """Raises this process's soft limit of open files; fails when the hard one is lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard >= count, f"the hard limit of open files is {hard}, the attack needs {count}"
    if soft != resource.RLIM_INFINITY and soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def connect_tcp(url):
    host, port = url.split("://")[1].split("/")[0].rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS, source_address=(ATTACKER, 0))


def connect(demo, protocol="h2"):
    context = ssl.create_default_context(cafile=demo.ca_cert)
    context.set_alpn_protocols([protocol])
    return context.wrap_socket(connect_tcp(demo.base_url), server_hostname="localhost")


def pump(peer, data, end, reads=True):
    """Sends all of `data` and takes what comes, until the gateway closes or the time `end`. The bytes that came last, at most 64 KiB;
    whether the gateway closed; how many bytes it took."""
    peer.setblocking(False)
    selector = selectors.DefaultSelector()
    # Without reads nothing is left to wait for but the end.
    reading = selectors.EVENT_READ if reads else 0
    selector.register(peer, reading | selectors.EVENT_WRITE)
    rest, tail = memoryview(data), b""
    try:
        while time.monotonic() < end:
            selector.select(0.05)
            if rest:
                try:
                    rest = rest[peer.send(rest[:16_384]) :]
                except (ssl.SSLWantWriteError, ssl.SSLWantReadError, BlockingIOError):
                    pass
                if not rest and reads:
                    selector.modify(peer, selectors.EVENT_READ)
                elif not rest:
                    selector.unregister(peer)
            try:
                if reads:
                    part = peer.recv(65_536)
                    tail = (tail + part)[-65_536:]
                    if not part:
                        return tail, True, len(data) - len(rest)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
                pass
    except OSError:
        return tail, True, len(data) - len(rest)
    finally:
        selector.close()
    return tail, False, len(data) - len(rest)


class Crowd:
    """Threads that do the same over and over until `seconds` have passed."""

    def __init__(self, count, seconds, attack):
        """`attack(end)` is one round; it returns at the time `end` at the latest."""
        self.rounds = 0
        self.failures = []
        self.end = time.monotonic() + seconds
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.repeat, args=(attack,)) for _ in range(count)]

    def repeat(self, attack):
        # An attacker has machines of his own. Here his work would take the CPU from the gateway and the merchant.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW_PRIORITY)
        while time.monotonic() < self.end:
            try:
                attack(self.end)
            except OSError:
                # The gateway ended or refused the connection, which is its right.
                time.sleep(0.01)
            except Exception as error:
                self.failures.append(error)
                return
            with self.lock:
                self.rounds += 1

    def run(self):
        for thread in self.threads:
            thread.start()
        for thread in self.threads:
            thread.join()
        if self.failures:
            raise self.failures[0]
        return self.rounds
