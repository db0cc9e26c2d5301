#pragma once
#include <stdint.h>

/// Number of heap allocations (malloc family) made by the calling thread since it started.
uint64_t millrace_thread_allocations(void);

/// The threads that ever allocated, with their counts so far: at most `room`, in the order of their first allocation.
/// Returns how many there are.
int millrace_all_allocations(int *threads, uint64_t *allocations, int room);
