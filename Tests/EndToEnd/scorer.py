"""A small fraud scorer over HTTP/2 in clear text: answers, delays, fails or says nothing, as it is told."""

import json
import socket
import threading
import time

import h2.config
import h2.connection
import h2.events
import h2.exceptions


class Scorer:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1/score"
        self.questions = []
        self.authorizations = []
        self.answer = {"score": 0, "reasons": []}
        self.status = 200
        # Seconds before each answer; None never answers.
        self.delay = 0.0
        self.stopping = False
        self.peers = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.stopping:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.peers.append(peer)
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        lock = threading.Lock()
        connection.initiate_connection()
        bodies, headers = {}, {}
        try:
            peer.sendall(connection.data_to_send())
            while data := peer.recv(65536):
                with lock:
                    for event in connection.receive_data(data):
                        if isinstance(event, h2.events.RequestReceived):
                            headers[event.stream_id], bodies[event.stream_id] = dict(event.headers), b""
                        elif isinstance(event, h2.events.DataReceived):
                            bodies[event.stream_id] += event.data
                            connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                        elif isinstance(event, h2.events.StreamEnded):
                            stream = event.stream_id
                            self.ask(peer, connection, lock, stream, headers.pop(stream), bodies.pop(stream))
                    peer.sendall(connection.data_to_send())
        except (OSError, h2.exceptions.ProtocolError):
            pass
        finally:
            peer.close()

    def ask(self, peer, connection, lock, stream, headers, body):
        assert headers[b":method"] == b"POST" and headers[b":path"] == b"/v1/score"
        self.authorizations.append(headers.get(b"authorization", b"").decode())
        self.questions.append(json.loads(body))
        if self.delay is None:
            return
        content = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        arguments = (peer, connection, lock, stream, self.status, content)
        threading.Thread(target=self.respond, args=(self.delay, *arguments), daemon=True).start()

    def respond(self, delay, peer, connection, lock, stream, status, content):
        time.sleep(delay)
        with lock:
            try:
                connection.send_headers(stream, [(":status", str(status)), ("content-length", str(len(content)))])
                connection.send_data(stream, content, end_stream=True)
                peer.sendall(connection.data_to_send())
            except (OSError, h2.exceptions.ProtocolError):
                pass  # The gateway gave it up.

    def asked(self, payment):
        return [question for question in self.questions if question["payment_id"] == payment]

    def stop(self):
        self.stopping = True
        try:
            # Wakes the thread that waits to accept; a close alone leaves it accepting.
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for peer in self.peers:
            try:
                peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
