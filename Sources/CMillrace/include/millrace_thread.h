#pragma once

#include <stddef.h>
#include <stdint.h>

// A mutex with four conditions, at a fixed address. Deadlines are on the monotonic clock.
typedef struct millrace_monitor millrace_monitor;

millrace_monitor *millrace_monitor_create(void);
void millrace_monitor_destroy(millrace_monitor *monitor);
void millrace_monitor_lock(millrace_monitor *monitor);
void millrace_monitor_unlock(millrace_monitor *monitor);
// `condition` is 0, 1, 2 or 3. The caller holds the lock. Wake-ups may be spurious.
void millrace_monitor_wait(millrace_monitor *monitor, int condition);
void millrace_monitor_wait_until(millrace_monitor *monitor, int condition, uint64_t monotonic_nanoseconds);
void millrace_monitor_signal(millrace_monitor *monitor, int condition);
// Wakes every waiter of the condition.
void millrace_monitor_broadcast(millrace_monitor *monitor, int condition);

typedef struct millrace_thread millrace_thread;

// Starts a thread with a name of at most 15 characters; NULL if the system refuses.
millrace_thread *millrace_thread_start(const char *name, void *context, void (*body)(void *context));
// Waits for its end and frees the handle.
void millrace_thread_join(millrace_thread *thread);
int millrace_thread_is_current(millrace_thread *thread);

// Makes the allocator give blocks of 68 KiB and more back to the system when they are freed, whatever was freed before (the GNU
// allocator by itself raises that bound up to 32 MiB). Call once, at the start of the process.
void millrace_return_large_memory(void);
void millrace_sleep_nanoseconds(uint64_t nanoseconds);
uint64_t millrace_monotonic_nanoseconds(void);
int64_t millrace_wall_milliseconds(void);
// CPU time of the calling thread.
uint64_t millrace_thread_cpu_nanoseconds(void);
