"""nginx and HAProxy for tests: one process each, on a free port, with the demo's certificate."""

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import httpx
from gateway import wait_until

NGINX = """
daemon off;
worker_processes 1;
{user}
pid {directory}/nginx.pid;
error_log {directory}/nginx-error.log info;
events {{}}
http {{
    access_log {directory}/nginx-access.log;
    client_body_temp_path {directory}/t1; proxy_temp_path {directory}/t2; fastcgi_temp_path {directory}/t3;
    uwsgi_temp_path {directory}/t4; scgi_temp_path {directory}/t5;
    upstream behind {{ server 127.0.0.1:{upstream}; keepalive 8; }}
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {certs}/server.pem;
        ssl_certificate_key {certs}/server.key;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host localhost;
        proxy_read_timeout {timeout}s;
        proxy_ssl_protocols TLSv1.3;
        proxy_ssl_trusted_certificate {certs}/ca.pem;
        proxy_ssl_verify on;
        proxy_ssl_name localhost;
        proxy_ssl_server_name on;
        location / {{ proxy_pass {scheme}://behind; }}
        location /pay/ {{ proxy_pass {scheme}://behind/; }}
    }}
}}
"""
HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server {timeout}s
frontend before
    bind 127.0.0.1:{port} ssl crt {directory}/haproxy.pem alpn h2,http/1.1
    default_backend behind
backend behind
    server one 127.0.0.1:{upstream} {options}
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Proxy:
    """A proxy before `upstream`, a URL of this machine. It speaks TLS, HTTP/2 and HTTP/1.1; `version` is what it speaks to the
    upstream. nginx speaks HTTP/1.1 alone there."""

    def __init__(self, program, directory, *, upstream, certs, version="1.1", timeout=30):
        self.program = program
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.process = None
        url = httpx.URL(upstream)
        values = {
            "directory": self.directory, "certs": certs, "port": self.port, "upstream": url.port, "scheme": url.scheme,
            "timeout": timeout, "user": "user root;" if os.geteuid() == 0 else "",
        }  # fmt: skip
        if program == "haproxy":
            pem = self.directory / "haproxy.pem"
            pem.touch(0o600)
            pem.write_text((Path(certs) / "server.pem").read_text() + (Path(certs) / "server.key").read_text())
            protocol = {"1.1": "http/1.1", "2": "h2"}[version]
            if url.scheme == "https":
                verified = f"verify required ca-file {certs}/ca.pem sni str(localhost) verifyhost localhost"
                values["options"] = f"ssl {verified} alpn {protocol}"
            else:
                values["options"] = "proto h2" if version == "2" else ""
        self.configuration = self.directory / f"{program}.conf"
        self.configuration.write_text({"nginx": NGINX, "haproxy": HAPROXY}[program].format(**values))

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def start(self):
        # Debian keeps both in /usr/sbin, which is not in everybody's PATH.
        program = shutil.which(self.program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        arguments = {
            "nginx": ["-e", f"{self.directory}/nginx-error.log", "-p", str(self.directory), "-c", str(self.configuration)],
            "haproxy": ["-db", "-f", str(self.configuration)],
        }[self.program]
        with open(self.directory / "output.log", "ab") as log:
            self.process = subprocess.Popen([program, *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

        def listens():
            assert self.process.poll() is None, f"{self.program} ended: {(self.directory / 'output.log').read_text()}"
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        wait_until(listens, 20, self.program)
        return self

    def stop(self):
        """At once, connections and all."""
        if self.process is not None:
            # Both end at once when they are terminated: nginx takes its worker with it.
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=20)
            self.process = None
