#!/bin/sh
# Installs what is missing on a Debian or Ubuntu machine, and nothing when nothing is.
# Usage: setup.sh run|check|test
set -eu

say() { echo "setup: $*" >&2; }
missing=""
need() { # COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

if ! command -v swift >/dev/null 2>&1; then
    say "the Swift 6.3 toolchain is needed: https://www.swift.org/install/linux/"
    exit 69
fi

need git git
need curl curl
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
[ -e /usr/include/zstd.h ] || missing="$missing libzstd-dev"
if [ "${1:-run}" != run ]; then
    need shellcheck shellcheck
    need python3 python3
    # Debian's python3 comes without what `python3 -m venv` needs.
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
fi
if [ "${1:-run}" = test ]; then
    need h2load nghttp2-client
    need hledger hledger
    need nginx nginx
    need haproxy haproxy
    # For the faults of Tests/EndToEnd: what a kernel and a disk can do to a journal.
    need cc gcc
    need readelf binutils
    need strace strace
    need mkfs.ext4 e2fsprogs
    need mkfs.xfs xfsprogs
fi
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    say "these packages are missing, and there is no apt-get to install them:$missing"
    exit 69
fi
sudo=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || { say "run as root or install:$missing"; exit 69; }
    sudo="sudo"
fi
say "installing$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of packages
$sudo apt-get install -y -q --no-install-recommends $missing >/dev/null 2>&1 || {
    $sudo apt-get update -q >/dev/null
    $sudo apt-get install -y -q --no-install-recommends $missing >/dev/null
}
