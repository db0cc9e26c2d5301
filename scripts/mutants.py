#!/usr/bin/env python3
"""Plants the bugs of Tests/Mutants/mutants.toml one by one in a copy of the sources, builds, runs the unit tests that are to find
each, and says which were not found. Results are kept, so a run that was interrupted goes on where it was.

Usage: mutants.py [--check | --list] [--only REGEX] [--again] [--bar SHARE] [--timeout SECONDS]
  --check    compares the list with the sources and builds nothing: each text stands exactly once in its file. `make check` does it
  --list     prints name, module and sentence of each
  --only     those whose name or file the expression finds
  --again    tries also what has a result for the same texts and sources
  --bar      exits with 1 when a smaller share was found (0.95)
  --timeout  a run of tests that takes longer has found its mutant (1200 s)
Exit status: 0 the bar is met; 1 it is not; 2 the list is wrong, or the tests do not pass without a bug.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "Tests/Mutants/mutants.toml"
WORK = ROOT / ".build-mutants"
TREE = WORK / "tree"
RESULTS = WORK / "results.json"
MEMBERS = {"name", "file", "old", "new", "breaks", "tests"}
# Fewer would not say much about the tests.
LEAST = 40
MAX_WORDS = 25


def load():
    return tomllib.loads(LIST.read_text())["mutant"]


def test_targets():
    """The test targets of the package, by name."""
    text = (ROOT / "Package.swift").read_text()
    return set(re.findall(r'"(\w+Tests)"', text))


def faults(mutants):
    """What is wrong with the list, a line each."""
    targets = test_targets()
    names = set()
    if len(mutants) < LEAST:
        yield f"{len(mutants)} mutants, at least {LEAST}"
    for number, mutant in enumerate(mutants, 1):
        if set(mutant) != MEMBERS:
            yield f"mutant {number}: its members are {sorted(mutant)}, not {sorted(MEMBERS)}"
            continue
        name = mutant["name"]
        if name in names:
            yield f"{name}: two have this name"
        names.add(name)
        path = ROOT / mutant["file"]
        if not path.is_file():
            yield f"{name}: there is no {mutant['file']}"
            continue
        count = path.read_text().count(mutant["old"])
        if count != 1:
            yield f"{name}: the old text stands {count} times in {mutant['file']}; change it with the source, and keep the bug"
        if mutant["old"] == mutant["new"]:
            yield f"{name}: the new text is the old one"
        if not mutant["tests"] or set(mutant["tests"]) - targets:
            yield f"{name}: no such test targets: {sorted(set(mutant['tests']) - targets)}"
        if not mutant["breaks"].endswith(".") or len(mutant["breaks"].split()) > MAX_WORDS:
            yield f"{name}: what it breaks is one sentence of at most {MAX_WORDS} words"


def module(mutant):
    parts = mutant["file"].split("/")
    return "LoadTest" if parts[0] == "loadtest" else parts[1]


def copy_tree():
    """Brings the copy up to date with the sources; unchanged files keep their times, so that a build is incremental."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    wanted = {name for name in listing.stdout.decode().split("\0") if name and (ROOT / name).exists()}
    for name in wanted:
        source, target = ROOT / name, TREE / name
        if source.is_symlink():
            if not target.is_symlink():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(os.readlink(source))
            continue
        content = source.read_bytes()
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            shutil.copymode(source, target)
    for path in sorted(TREE.rglob("*"), reverse=True):
        name = str(path.relative_to(TREE))
        if not name.startswith(".build") and (path.is_file() or path.is_symlink()) and name not in wanted:
            path.unlink()
    if (ROOT / "Package.resolved").is_file():
        shutil.copy2(ROOT / "Package.resolved", TREE / "Package.resolved")


def state_of_tree():
    """A digest of everything that a test can depend on."""
    digest = hashlib.sha256()
    for folder in ("Sources", "Tests", "loadtest", "Fuzz"):
        for path in sorted((TREE / folder).rglob("*")):
            if path.is_file() and "EndToEnd" not in path.parts and "Mutants" not in path.parts:
                digest.update(str(path.relative_to(TREE)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    digest.update((TREE / "Package.swift").read_bytes())
    return digest.hexdigest()


def command(arguments, log, timeout=None):
    """Runs a command in the copy; its status, or None when it took too long."""
    environment = {**os.environ, "MILLRACE_CHECKED": "1"}
    with open(log, "ab") as output:
        # A process group of its own: tests start processes that must end with them.
        process = subprocess.Popen(
            arguments, cwd=TREE, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
        )
        try:
            return process.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            return None
        except BaseException:
            os.killpg(process.pid, 9)
            raise


def build(log):
    # Tests of the command line run `millrace` itself.
    products = ("millracePackageTests", "millrace")
    return all(command(["swift", "build", "-c", "release", "--product", product], log) == 0 for product in products)


def run_tests(tests, log, timeout):
    """Whether they pass; None when they take too long."""
    pattern = "^(" + "|".join(sorted(tests)) + r")\."
    status = command(["swift", "test", "-c", "release", "--skip-build", "--filter", pattern], log, timeout)
    return None if status is None else status == 0


def first_failure(log):
    for line in log.read_text(errors="replace").splitlines():
        if re.match(r"^(✘|􀢄)", line) or re.search(r"Fatal error|Precondition failed|unexpected signal", line):
            return line.strip()[:200]
    return ""


def attempt(mutant, timeout):
    """Plants one bug and takes it back. What became of it."""
    path = TREE / mutant["file"]
    original = path.read_text()
    log = WORK / "logs" / f"{mutant['name']}.log"
    log.unlink(missing_ok=True)
    begun = time.monotonic()
    try:
        path.write_text(original.replace(mutant["old"], mutant["new"]))
        if not build(log):
            outcome, detail = "does not compile", str(log)
        else:
            passed = run_tests(mutant["tests"], log, timeout)
            outcome = "not found" if passed else "found"
            detail = "" if passed else f"no end within {timeout} s" if passed is None else first_failure(log)
    finally:
        path.write_text(original)
    return {"outcome": outcome, "detail": detail, "seconds": round(time.monotonic() - begun)}


def identity(mutant, state):
    texts = json.dumps({name: mutant[name] for name in ("file", "old", "new", "tests")}, sort_keys=True)
    return hashlib.sha256((texts + state).encode()).hexdigest()


def try_all(mutants, options):
    (WORK / "logs").mkdir(parents=True, exist_ok=True)
    TREE.mkdir(exist_ok=True)
    copy_tree()
    state = state_of_tree()
    known = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    left = [mutant for mutant in mutants if options.again or known.get(mutant["name"], {}).get("identity") != identity(mutant, state)]
    if left:
        # Otherwise every mutant would seem to be found.
        print("mutants: building and testing without a bug", flush=True)
        log = WORK / "logs/without.log"
        log.unlink(missing_ok=True)
        tests = {test for mutant in left for test in mutant["tests"]}
        if not build(log) or not run_tests(tests, log, None):
            print(f"mutants: the tests do not pass without a bug; see {log}: {first_failure(log)}")
            return 2
    for number, mutant in enumerate(left, 1):
        print(f"[{number}/{len(left)}] {mutant['name']}: ", end="", flush=True)
        result = attempt(mutant, options.timeout)
        known[mutant["name"]] = {**result, "identity": identity(mutant, state)}
        scratch = RESULTS.with_suffix(".tmp")
        scratch.write_text(json.dumps(known, indent=1))
        scratch.replace(RESULTS)
        print(f"{result['outcome']} in {result['seconds']} s  {result['detail']}", flush=True)
    return report(mutants, known, options.bar)


def report(mutants, known, bar):
    by_outcome = {"found": [], "not found": [], "does not compile": []}
    for mutant in mutants:
        by_outcome[known[mutant["name"]]["outcome"]].append(mutant)
    for mutant in by_outcome["not found"]:
        print(f"NOT FOUND {mutant['name']} ({mutant['file']}): {mutant['breaks']}")
    for mutant in by_outcome["does not compile"]:
        print(f"DOES NOT COMPILE {mutant['name']}: {known[mutant['name']]['detail']}")
    tried = len(by_outcome["found"]) + len(by_outcome["not found"])
    share = len(by_outcome["found"]) / tried if tried else 0
    print(f"mutants: {len(by_outcome['found'])} of {tried} found, {100 * share:.1f} %; the bar is {100 * bar:.0f} %")
    if by_outcome["does not compile"]:
        return 2
    return 0 if share >= bar else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--bar", type=float, default=0.95)
    parser.add_argument("--timeout", type=int, default=1_200)
    options = parser.parse_args()
    mutants = load()
    wrong = list(faults(mutants))
    for line in wrong:
        print(f"mutants: {line}")
    if wrong:
        return 2
    chosen = [m for m in mutants if re.search(options.only, m["name"]) or re.search(options.only, m["file"])]
    if options.list:
        for mutant in chosen:
            print(f"{mutant['name']:40} {module(mutant):14} {mutant['breaks']}")
    elif options.check:
        print(f"mutants: {len(mutants)} in {len({module(m) for m in mutants})} modules, each text stands once")
    else:
        return try_all(chosen, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
