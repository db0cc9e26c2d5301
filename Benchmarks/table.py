#!/usr/bin/env python3
"""Prints the medians of a directory of load reports, side by side, as ratios to the bare-frame proxy."""
import json
import pathlib
import statistics
import sys

BASELINE = "bare-frame-proxy"
TARGETS = [BASELINE, "per-stream-proxy", "gateway"]


def cpu(report, *names):
    for entry in report["cpu"]:
        if entry["process"] in names:
            return entry["microseconds_per_request"]
    return float("nan")


def row(reports):
    def median(pick):
        return statistics.median(pick(report) for report in reports)

    return {
        "server": median(lambda r: cpu(r, "server", "gateway")),
        "simulator": median(lambda r: cpu(r, "simulator")),
        "harness": median(lambda r: cpu(r, "harness")),
        "rate": median(lambda r: r["total"]["completed_per_second"]),
        "p50": median(lambda r: r["total"]["final"]["percentiles"]["p50"]),
        "p99": median(lambda r: r["total"]["final"]["percentiles"]["p99"]),
        "p99.9": median(lambda r: r["total"]["final"]["percentiles"]["p99.9"]),
        "errors": sum(r["total"]["errors"] for r in reports),
        "servers": [cpu(r, "server", "gateway") for r in reports],
    }


def main():
    directory = pathlib.Path(sys.argv[1])
    rows = {}
    for target in TARGETS:
        reports = [json.loads(p.read_text()) for p in sorted(directory.glob(f"{target}-*/report.json"))]
        if reports:
            rows[target] = row(reports)
    if BASELINE not in rows:
        sys.exit("no report of the bare-frame proxy")
    base = rows[BASELINE]["server"]
    print("CPU in us per request (user + system, from the OS); latencies in ms from the due time; medians of the rounds")
    head = f"{'':18}{'server':>8}{'ratio':>7}{'simulator':>11}{'harness':>9}"
    print(f"{head}{'done/s':>9}{'p50':>8}{'p99':>8}{'p99.9':>8}{'errors':>8}  rounds")
    for target, r in rows.items():
        rounds = " ".join(f"{value:.1f}" for value in r["servers"])
        print(
            f"{target:18}{r['server']:8.1f}{r['server'] / base:7.2f}{r['simulator']:11.1f}{r['harness']:9.1f}"
            f"{r['rate']:9.0f}{r['p50']:8.2f}{r['p99']:8.2f}{r['p99.9']:8.2f}{r['errors']:8}  {rounds}"
        )
    if "gateway" in rows:
        ratio = rows["gateway"]["server"] / base
        print(f"gateway / bare-frame proxy: {ratio:.2f} (bar: at most 2.0)")


main()
