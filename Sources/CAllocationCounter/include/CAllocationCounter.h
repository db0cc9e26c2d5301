#pragma once
#include <stdint.h>
/// Number of heap allocations (malloc family) made by the calling thread since it started.
uint64_t millrace_thread_allocations(void);
