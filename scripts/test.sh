#!/bin/bash
# Every test, or (check) those that need no other process. The first step that fails ends the run. The last line says what passed;
# the lines before it say again what failed (a log that is cut to its end still tells); the exit status says whether all did.
# Usage: test.sh all|check
#   E2E_BUILD=debug     end-to-end tests on the debug build instead of the release that users run
#   PYTEST_ARGS='-k x'  more arguments for pytest
#   FUZZ_SECONDS=20     how long each fuzz target runs
#   WORKLOAD_STEPS=1300000  random steps against the naive model of payments
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
mode=${1:-all}
logs=.build/test-logs
summary=()
# At most so many lines are said again of a step that failed.
REPEATED=200

# Runs a step; a step that fails is the last.
step() { # NAME COMMAND...
    local name=$1
    shift
    echo "== $name"
    if "$@"; then summary+=("$name: ok"); else
        summary+=("$name: FAILED")
        finish 1
    fi
}

finish() { # STATUS
    local line
    line=$(printf '%s; ' "${summary[@]}")
    echo
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
    swift format lint --strict -r --configuration .swift-format Package.swift Sources Tests Fuzz Benchmarks/journal loadtest/Sources
}

unit() {
    swift build --build-tests 2>&1 | tee "$logs/build.log"
    if [ "${PIPESTATUS[0]}" != 0 ]; then
        failures_of "$logs/build.log" >"$logs/failures"
        return 1
    fi
    # Those on sockets by themselves: beside tests that compute for minutes, their timeouts would pass before they got a turn.
    local sockets='^(GatewayTests|HTTPTransportTests|LoadTestTests|PSPSimulatorTests|ProvidersTests|ScoringTests)\.'
    local status=0 part
    : >"$logs/unit.log"
    for part in --filter --skip; do
        swift test --skip-build "$part" "$sockets" 2>&1 | tee -a "$logs/unit.log" | grep -vE '^(◇|✔|􀟈|􁁛)'
        status=${PIPESTATUS[0]}
        [ "$status" = 0 ] || break
    done
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

# The heap allocations of one payment, counted in the release build, against the committed budget.
allocations() {
    local flags=(-c release --static-swift-stdlib --product allocation-budget) directory
    swift build "${flags[@]}" || return 1
    directory=$(mktemp -d)
    "$(swift build "${flags[@]}" --show-bin-path)/allocation-budget" "$directory" Tests/AllocationBudget/budget.txt
    local status=$?
    rm -rf "$directory"
    return "$status"
}

# A million random steps of the life of payments against a naive model, in the release build.
workload() {
    local flags=(-c release --static-swift-stdlib --product shard-workload)
    swift build "${flags[@]}" || return 1
    "$(swift build "${flags[@]}" --show-bin-path)/shard-workload" "${WORKLOAD_STEPS:-1300000}" 8 2>&1 | tee "$logs/workload.log"
    local status=${PIPESTATUS[0]}
    summary+=("$(sed -n 's/^shard-workload: \(.*\) in [0-9]* seeds.*/\1/p' "$logs/workload.log")")
    [ "$status" = 0 ] || cp "$logs/workload.log" "$logs/failures"
    return "$status"
}

end_to_end() {
    environment || return 1
    local flags=(--product millrace)
    [ "${E2E_BUILD:-release}" = debug ] || flags+=(-c release --static-swift-stdlib)
    swift build "${flags[@]}" || return 1
    MILLRACE_BINARY="$(swift build "${flags[@]}" --show-bin-path)/millrace"
    export MILLRACE_BINARY
    # shellcheck disable=SC2086 # arguments
    .venv/bin/python -m pytest -q Tests/EndToEnd ${PYTEST_ARGS:-} 2>&1 | tee "$logs/end-to-end.log"
    local status=${PIPESTATUS[0]}
    [ "$status" = 0 ] || grep -E '^(FAILED|ERROR|E  )' "$logs/end-to-end.log" >"$logs/failures"
    summary+=("$(tail -n 1 "$logs/end-to-end.log" | tr -d '=' | sed 's/^ *//; s/ *$//')")
    return "$status"
}

# libFuzzer on every parser and on recovery, for a short time each (Fuzz/README.md); a second build of everything. By a fixed seed, so
# that a change is not refused for what chance finds in older code: `make fuzz` explores.
fuzz() {
    FUZZ_SEED=${FUZZ_SEED:-1} scripts/fuzz.sh "${FUZZ_SECONDS:-20}" 2>&1 | tee "$logs/fuzz.log" | grep -vE '^\[[0-9]+/[0-9]+\]'
    local status=${PIPESTATUS[0]}
    summary+=("$(awk '/^fuzz: .* executions/ {sum += $3; targets += 1} END {printf "%d fuzz targets, %d executions", targets, sum}' "$logs/fuzz.log")")
    return "$status"
}

mkdir -p "$logs"
rm -f "$logs/failures"
if [ "$mode" = all ]; then
    scripts/setup.sh test || { echo "FAILED: setup"; exit 1; }
fi
step "format" format
step "tidy" python3 scripts/tidy.py
step "unit" unit
if [ "$mode" = all ]; then
    step "allocations" allocations
    step "workload" workload
    step "fuzz" fuzz
    if [ -f Tests/EndToEnd/requirements.txt ]; then step "end-to-end" end_to_end; else
        summary+=("end-to-end: FAILED, there are none")
        finish 1
    fi
fi
finish 0
