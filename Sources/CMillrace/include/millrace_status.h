#pragma once

#include <stdint.h>

// Types of the C library whose members Swift reads belong to whichever module names them first, and that changes with the
// imports of a target. So their values are read here.

struct millrace_file_status {
    // Permission bits, 07777 at most.
    uint32_t permissions;
    // The user id of the owner.
    uint32_t owner;
    int32_t is_regular;
    int32_t is_directory;
};

// What a path names. `follows` is 0 for a symbolic link itself, 1 for what it leads to. Returns 0, or the negative errno.
int millrace_file_status_of(const char *path, int follows, struct millrace_file_status *status);

enum millrace_clock {
    // Never goes back, and stands still while the machine sleeps.
    MILLRACE_CLOCK_MONOTONIC = 0,
    // The same, and goes on while the machine sleeps.
    MILLRACE_CLOCK_SINCE_BOOT = 1,
    // The time of day since 1970, which anybody may set.
    MILLRACE_CLOCK_WALL = 2,
};

// Milliseconds of a clock.
int64_t millrace_clock_milliseconds(int clock);
