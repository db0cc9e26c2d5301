"""One attack beside an honest merchant, and what it did: figures, and the least that must hold."""

from pathlib import Path

from attacks.bystander import Bystander

# What the gateway may grow by during an attack of seconds. Without bounds each attack on memory takes many times that.
GROWTH_MIB = 192
# Nothing about speed: a slow machine passes. A bystander who is held up waits for the attack's end.
LONGEST_P99_SECONDS = 2.0
# One line an attack; conftest.py prints them at the end.
FIGURES = []


def resident_mib(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"process {pid} has no VmRSS")


class Siege:
    """`with Siege(demo, name) as siege: attack`; then `siege.grown(metric)` says by how much a counter grew."""

    def __init__(self, demo, name, **bystander):
        self.demo, self.name = demo, name
        self.bystander = Bystander(demo, **bystander)

    def __enter__(self):
        self.metrics_before = self.demo.metrics()
        self.pid = self.demo.gateway_pid
        self.before = resident_mib(self.pid)
        self.bystander.__enter__()
        return self

    def __exit__(self, kind, *_):
        # While the attackers' connections may still be open.
        after = resident_mib(self.pid)
        self.bystander.__exit__()
        if kind:
            return
        figures = self.bystander.figures
        self.metrics_after = self.demo.metrics()
        line = (
            f"{self.name:<40} p50 {figures['p50'] * 1000:6.1f} ms  p99 {figures['p99'] * 1000:7.1f} ms  "
            f"{len(figures['errors'])} errors of {figures['payments']:4}  RSS {self.before:4.0f} to {after:4.0f} MiB"
        )
        FIGURES.append(line)
        print(line)
        assert not figures["errors"], figures["errors"][:5]
        assert figures["payments"] > 0
        assert figures["p99"] < LONGEST_P99_SECONDS, line
        assert after - self.before < GROWTH_MIB, line
        assert self.metrics_after["millrace_connections_refused_total"] == self.metrics_before["millrace_connections_refused_total"]

    def grown(self, metric):
        return self.metrics_after[metric] - self.metrics_before[metric]
