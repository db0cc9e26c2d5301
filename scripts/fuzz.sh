#!/bin/bash
# Builds the fuzz targets (libFuzzer and the address sanitizer) and runs each for a bounded time.
# Usage: fuzz.sh [SECONDS PER TARGET] [TARGET...]      (60 seconds, all targets)
# Every input that breaks a promise is kept in Fuzz/Corpus/TARGET as finding-..., where the unit tests run it from then on.
#   MERGE=1   afterwards takes from what was learned (.build-fuzz/corpus) into Fuzz/Corpus what adds coverage
#   BUILD=0   takes the build as it is; RUN=0 builds only
#   FUZZ_SCRATCH=.build  builds there, and not in .build-fuzz: C code that is built already is not built again, but the next
#             build of anything else there compiles all Swift code anew
#   FUZZ_SEED=1  the same chance in every run (0: another each time); FUZZ_JOBS=1  how many targets run at a time (2)
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
seconds=${1:-60}
[ $# -gt 0 ] && shift
machine=$(uname -m)
resources=$(swiftc -print-target-info | python3 -c 'import json, sys; print(json.load(sys.stdin)["paths"]["runtimeResourcePath"])')
runtime=$(find "$resources" "$resources/../clang" -name "libclang_rt.fuzzer_no_main-$machine.a" 2>/dev/null | head -n 1)
[ -n "$runtime" ] || { echo "fuzz: this toolchain has no libFuzzer for $machine" >&2; exit 69; }
export MILLRACE_FUZZ
MILLRACE_FUZZ=$(realpath "$runtime")
# Frontend flags instrument all Swift code, that of dependencies, too, and leave linking alone: one binary for all targets.
flags=(-c release --scratch-path "${FUZZ_SCRATCH:-.build-fuzz}" --product millrace-fuzz -Xswiftc -enable-testing)
flags+=(-Xswiftc -Xfrontend -Xswiftc "-sanitize=address,fuzzer")
if [ "${BUILD:-1}" = 1 ]; then swift build "${flags[@]}" || exit 1; fi
[ "${RUN:-1}" = 1 ] || exit 0
binary=$(swift build "${flags[@]}" --show-bin-path)/millrace-fuzz
# Swift's own crash handler would keep libFuzzer from writing the input down.
export SWIFT_BACKTRACE=enable=no
# Swift's runtime keeps what it allocates once; only memory errors count. Every allocation is bounded by the input.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=0:allocator_may_return_null=1
if [ $# -gt 0 ]; then targets=("$@"); else read -ra targets <<<"$("$binary" list)"; fi
# One target; what it says comes in one piece, for two run at a time.
run_target() { # TARGET
    local target=$1 learned=.build-fuzz/corpus/$1 log=.build-fuzz/$1.log status executed last report
    mkdir -p "$learned" "Fuzz/Corpus/$target"
    "$binary" "$target" -seed="${FUZZ_SEED:-0}" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
        -use_value_profile=1 -artifact_prefix="Fuzz/Corpus/$target/finding-" "$learned" "Fuzz/Corpus/$target" >"$log" 2>&1
    status=$?
    executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    last=$(grep -aE '^#[0-9]+' "$log" | tail -n 1 | sed -E 's/ exec.*//')
    report="fuzz: $target: ${executed:-?} executions, ${last:-no coverage}, $(find "$learned" -type f | wc -l) inputs learned"
    if [ "$status" != 0 ]; then
        report+=$'\n'"fuzz: $target FAILED (log: $log)"
        report+=$'\n'$(grep -aE 'ERROR|SUMMARY|Fatal|Precondition|Assertion|finding-' "$log" | tail -n 8)
    elif [ "${MERGE:-0}" = 1 ]; then
        "$binary" "$target" -merge=1 "Fuzz/Corpus/$target" "$learned" >>"$log" 2>&1
    fi
    echo "$report"
    return "$status"
}
export -f run_target
export binary seconds
# shellcheck disable=SC2016 # the inner shell expands it
printf '%s\n' "${targets[@]}" | xargs -P "${FUZZ_JOBS:-2}" -I '{}' bash -c 'run_target "$1" || exit 1' fuzz '{}'
