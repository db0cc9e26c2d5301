#!/bin/bash
# Every test, or (check) those that need no other process. The first step that fails ends the run. The last line says what passed;
# the lines before it say again what failed (a log that is cut to its end still tells); the exit status says whether all did.
# Usage: test.sh all|check
#   E2E_BUILD=debug     end-to-end tests on the debug build instead of the release that users run
#   E2E_PARTS=3         how many parts of the end-to-end tests run side by side
#   PYTEST_ARGS='-k x'  more arguments for pytest
#   FUZZ_SECONDS=20     how long each fuzz target runs
#   WORKLOAD_STEPS=1586000  random steps against the naive model of payments
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
mode=${1:-all}
logs=.build/test-logs
summary=()
took=()
# The processes of the workload and of the fuzzers while they run beside other steps.
workload=""
fuzzers=""
# At most so many lines are said again of a step that failed.
REPEATED=200

# Seconds of CPU that the processes took which have ended.
cpu() { # no subshell: `times` speaks of the children of its own shell
    times >"$logs/times"
    awk 'NR == 2 {split($1, u, /[ms]/); split($2, s, /[ms]/); printf "%d", u[1] * 60 + u[2] + s[1] * 60 + s[2]}' "$logs/times" \
        >"$logs/cpu"
    read -r "$1" <"$logs/cpu" || true
}

# Runs a step and notes how long it took, and how many seconds of CPU; a step that fails is the last. The CPU of the workload counts
# for the step during which it ends.
step() { # NAME COMMAND...
    local name=$1 begun=$SECONDS status=0 before=0 after=0
    shift
    echo "== $name"
    cpu before
    "$@" || status=1
    cpu after
    took+=("$(printf '%-20s %5d s %6d s of CPU' "$name" $((SECONDS - begun)) $((after - before)))")
    [ "$status" = 0 ] || {
        summary+=("$name: FAILED")
        finish 1
    }
    summary+=("$name: ok")
}

finish() { # STATUS
    local line
    [ -z "$workload" ] || kill "$workload" 2>/dev/null || true
    [ -z "$fuzzers" ] || kill -- "-$fuzzers" 2>/dev/null || true
    line=$(printf '%s; ' "${summary[@]}")
    printf '%s\n' "" "== what each step took" "${took[@]}" "$(printf '%-20s %5d s' all "$SECONDS")" ""
    if [ "$1" = 0 ]; then echo "PASSED: ${line%; }"; else
        [ ! -s "$logs/failures" ] || { echo "== what failed"; head -n "$REPEATED" "$logs/failures"; echo; }
        echo "FAILED: ${line%; }"
    fi
    exit "$1"
}

# The tests that failed and what they said, from a log of Swift Testing or XCTest: lines that begin with the sign of a failure, the
# lines of values and comments that follow them, compiler errors, and crashes.
failures_of() { # LOG
    awk '/^(✘|􀢄)/ || /(error|Fatal error|Precondition failed):/ || /unexpected signal/ {on = 1; print; next}
        on && /^(↳|􀄵|  )/ {print; next}
        {on = 0}' "$1" | awk '!seen[$0]++'
}

format() {
    swift format lint --strict -r --configuration .swift-format Package.swift Sources Tests Fuzz Benchmarks loadtest/Sources
}

# Shell and Python. ruff is in an environment of its own, so that `make check` installs nothing else.
lint() {
    # SC2317: functions that `step` calls look unreachable.
    git ls-files -z '*.sh' | xargs -0 shellcheck -e SC2317 || return 1
    [ -x .build/lint/bin/python ] || python3 -m venv .build/lint || return 1
    if ! cmp -s scripts/requirements.txt .build/lint/requirements.installed; then
        .build/lint/bin/pip install --quiet --disable-pip-version-check -r scripts/requirements.txt || return 1
        cp scripts/requirements.txt .build/lint/requirements.installed
    fi
    .build/lint/bin/ruff check --quiet . || return 1
    # The bugs that `make mutants` plants still stand in the sources.
    python3 scripts/mutants.py --check
}

# Builds the unit tests. `make test` optimizes them and keeps the assertions: they run many times as fast as in a debug build.
# `make check` builds for debugging: a small change is compiled sooner.
build_unit() {
    # Tests of the command line run `millrace` itself.
    {
        MILLRACE_CHECKED=1 swift build -c "$configuration" --product millracePackageTests \
            && MILLRACE_CHECKED=1 swift build -c "$configuration" --product millrace
    } 2>&1 | tee "$logs/build.log"
    [ "${PIPESTATUS[0]}" = 0 ] && return 0
    failures_of "$logs/build.log" >"$logs/failures"
    return 1
}

unit() {
    local status
    MILLRACE_CHECKED=1 swift test -c "$configuration" --skip-build 2>&1 | tee "$logs/unit.log" | grep -vE '^(◇|✔|􀟈|􁁛)'
    status=${PIPESTATUS[0]}
    counted=$(sed -nE 's/.*Test run with ([0-9]+) tests?.*/\1/p' "$logs/unit.log" | awk '{sum += $1} END {print sum + 0}')
    summary+=("$counted unit tests")
    # A run that found no tests has not passed.
    if [ "$status" = 0 ] && [ "$counted" -gt 0 ]; then return 0; fi
    failures_of "$logs/unit.log" >"$logs/failures"
    # A test process that died says nothing of its tests: those that had begun and not ended are the suspects.
    if ! grep -qE '^(✔|✘|􁁛|􀢄) Test run ' "$logs/unit.log"; then
        awk '/^(◇|􀟈) Test .* started\.$/ && !/^[^ ]+ Test (run|case) / {sub(/^[^ ]+ Test /, ""); sub(/ started\.$/, ""); running[$0] = 1}
            /^(✔|✘|􁁛|􀢄) Test .* (passed|failed) after / {
                sub(/^[^ ]+ Test /, ""); sub(/( with [0-9]+ test cases?)? (passed|failed) after .*/, ""); delete running[$0]
            }
            END {for (name in running) print "had begun and not ended: " name}' "$logs/unit.log" | sort >>"$logs/failures"
    fi
    [ -s "$logs/failures" ] || tail -n 40 "$logs/unit.log" >"$logs/failures"
    return 1
}

environment() {
    [ -x .venv/bin/python ] || python3 -m venv .venv || return 1
    local wanted=Tests/EndToEnd/requirements.txt
    if ! cmp -s "$wanted" .venv/requirements.installed; then
        .venv/bin/pip install --quiet --disable-pip-version-check -r "$wanted" || return 1
        cp "$wanted" .venv/requirements.installed
    fi
}

# A million random steps of the life of payments against a naive model, optimized and with assertions.
build_workload() {
    MILLRACE_CHECKED=1 swift build -c release --product shard-workload
}

# It takes one core, and runs beside builds.
begin_workload() {
    local binary
    binary=$(swift build -c release --show-bin-path)/shard-workload
    "$binary" "${WORKLOAD_STEPS:-1586000}" 8 >"$logs/workload.log" 2>&1 &
    workload=$!
}

workload() {
    local status=0
    wait "$workload" || status=1
    workload=""
    cat "$logs/workload.log"
    summary+=("$(sed -n 's/^shard-workload: \(.*\) in [0-9]* seeds.*/\1/p' "$logs/workload.log")")
    [ "$status" = 0 ] || cp "$logs/workload.log" "$logs/failures"
    return "$status"
}

# The release that users run, and the program that counts its allocations.
build_release() {
    swift build -c release --product millrace && swift build -c release --product allocation-budget || return 1
    [ "${E2E_BUILD:-release}" = release ] || swift build --product millrace
}

# The heap allocations of one payment, counted in the release build, against the committed budget.
allocations() {
    local directory
    directory=$(mktemp -d)
    "$(swift build -c release --show-bin-path)/allocation-budget" "$directory" Tests/AllocationBudget/budget.txt
    local status=$?
    rm -rf "$directory"
    return "$status"
}

# One part of the end-to-end tests (Tests/EndToEnd/conftest.py).
end_to_end_part() { # K/N LOG
    # shellcheck disable=SC2086 # arguments
    .venv/bin/python -m pytest -q Tests/EndToEnd --part "$1" --durations=0 ${PYTEST_ARGS:-} >"$2" 2>&1
}

end_to_end() {
    local count=${E2E_PARTS:-3} number status=0 processes=()
    MILLRACE_BINARY="$(swift build -c "${E2E_BUILD:-release}" --show-bin-path)/millrace"
    export MILLRACE_BINARY
    for number in $(seq "$count"); do
        end_to_end_part "$number/$count" "$logs/end-to-end-$number.log" &
        processes+=($!)
    done
    for number in $(seq "$count"); do wait "${processes[number - 1]}" || status=1; done
    for number in $(seq "$count"); do
        echo "-- part $number of $count"
        grep -vE '^[0-9.]+s (call|setup|teardown) ' "$logs/end-to-end-$number.log"
        summary+=("$(tail -n 1 "$logs/end-to-end-$number.log" | tr -d '=' | sed 's/^ *//; s/ *$//')")
    done
    [ "$status" = 0 ] || grep -hE '^(FAILED|ERROR|E  )' "$logs"/end-to-end-*.log >"$logs/failures"
    return "$status"
}

# A second build of everything, instrumented.
build_fuzz() {
    RUN=0 scripts/fuzz.sh
}

# libFuzzer on every parser and on recovery, for a short time each (Fuzz/README.md). By a fixed seed, so that a change is not refused
# for what chance finds in older code: `make fuzz` explores.
# The end-to-end tests wait most of their time. The fuzzers take the CPU that these leave over.
begin_fuzz() { # a process group of its own, so that all of it can be ended
    BUILD=0 FUZZ_JOBS=1 FUZZ_SEED=${FUZZ_SEED:-1} setsid nice -n 10 scripts/fuzz.sh "${FUZZ_SECONDS:-20}" >"$logs/fuzz.log" 2>&1 &
    fuzzers=$!
}

fuzz() {
    local status=0
    wait "$fuzzers" || status=1
    fuzzers=""
    grep -vE '^\[[0-9]+/[0-9]+\]' "$logs/fuzz.log"
    summary+=("$(awk '/^fuzz: .* executions/ {sum += $3; targets += 1} END {printf "%d fuzz targets, %d executions", targets, sum}' "$logs/fuzz.log")")
    return "$status"
}

# As the Makefile does, so that both build the same.
MILLRACE_COMMIT=$(scripts/commit.sh)
if [ -n "$MILLRACE_COMMIT" ]; then export MILLRACE_COMMIT; else unset MILLRACE_COMMIT; fi
mkdir -p "$logs"
rm -f "$logs/failures" "$logs"/end-to-end-*.log
configuration=debug
if [ "$mode" = all ]; then
    configuration=release
    scripts/setup.sh test || { echo "FAILED: setup"; exit 1; }
    [ -f Tests/EndToEnd/requirements.txt ] || { echo "FAILED: there are no end-to-end tests"; exit 1; }
    step "python environment" environment
else
    scripts/setup.sh check || { echo "FAILED: setup"; exit 1; }
fi
step "format" format
step "tidy" python3 scripts/tidy.py
step "lint" lint
step "build of unit tests" build_unit
if [ "$mode" = all ]; then step "build of workload" build_workload; fi
step "unit" unit
if [ "$mode" = all ]; then
    begin_workload
    # One build folder: dependencies are compiled once, our modules twice, with assertions and as users run them.
    step "build of release" build_release
    step "build of fuzz" build_fuzz
    step "workload" workload
    step "allocations" allocations
    begin_fuzz
    step "end-to-end" end_to_end
    step "fuzz" fuzz
fi
finish 0
