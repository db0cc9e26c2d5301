#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "millrace_thread.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

enum { CONDITIONS = 4 };

struct millrace_monitor {
    pthread_mutex_t mutex;
    pthread_cond_t conditions[CONDITIONS];
};

// A mutex that cannot be made, locked or waited on means broken memory: nothing after it could be trusted.
static void check(int result) {
    if (result != 0) abort();
}

millrace_monitor *millrace_monitor_create(void) {
    millrace_monitor *monitor = malloc(sizeof(millrace_monitor));
    if (monitor == NULL) abort();
    check(pthread_mutex_init(&monitor->mutex, NULL));
    pthread_condattr_t attributes;
    check(pthread_condattr_init(&attributes));
#if !defined(__APPLE__)
    check(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
#endif
    for (int i = 0; i < CONDITIONS; i++) check(pthread_cond_init(&monitor->conditions[i], &attributes));
    check(pthread_condattr_destroy(&attributes));
    return monitor;
}

void millrace_monitor_destroy(millrace_monitor *monitor) {
    for (int i = 0; i < CONDITIONS; i++) check(pthread_cond_destroy(&monitor->conditions[i]));
    check(pthread_mutex_destroy(&monitor->mutex));
    free(monitor);
}

void millrace_monitor_lock(millrace_monitor *monitor) { check(pthread_mutex_lock(&monitor->mutex)); }

void millrace_monitor_unlock(millrace_monitor *monitor) { check(pthread_mutex_unlock(&monitor->mutex)); }

void millrace_monitor_wait(millrace_monitor *monitor, int condition) {
    check(pthread_cond_wait(&monitor->conditions[condition], &monitor->mutex));
}

void millrace_monitor_wait_until(millrace_monitor *monitor, int condition, uint64_t deadline) {
#if defined(__APPLE__)
    uint64_t now = millrace_monotonic_nanoseconds();
    if (deadline <= now) return;
    uint64_t rest = deadline - now;
    struct timespec time = {.tv_sec = (time_t)(rest / 1000000000u), .tv_nsec = (long)(rest % 1000000000u)};
    pthread_cond_timedwait_relative_np(&monitor->conditions[condition], &monitor->mutex, &time);
#else
    struct timespec time = {.tv_sec = (time_t)(deadline / 1000000000u), .tv_nsec = (long)(deadline % 1000000000u)};
    pthread_cond_timedwait(&monitor->conditions[condition], &monitor->mutex, &time);
#endif
}

void millrace_monitor_signal(millrace_monitor *monitor, int condition) {
    check(pthread_cond_signal(&monitor->conditions[condition]));
}

void millrace_monitor_broadcast(millrace_monitor *monitor, int condition) {
    check(pthread_cond_broadcast(&monitor->conditions[condition]));
}

struct millrace_thread {
    pthread_t id;
    void *context;
    void (*body)(void *context);
    char name[16];
};

static void *run(void *argument) {
    millrace_thread *thread = argument;
#if defined(__APPLE__)
    pthread_setname_np(thread->name);
#else
    pthread_setname_np(pthread_self(), thread->name);
#endif
    thread->body(thread->context);
    return NULL;
}

millrace_thread *millrace_thread_start(const char *name, void *context, void (*body)(void *context)) {
    millrace_thread *thread = malloc(sizeof(millrace_thread));
    if (thread == NULL) return NULL;
    thread->context = context;
    thread->body = body;
    snprintf(thread->name, sizeof(thread->name), "%s", name);
    if (pthread_create(&thread->id, NULL, run, thread) == 0) return thread;
    free(thread);
    return NULL;
}

void millrace_thread_join(millrace_thread *thread) {
    check(pthread_join(thread->id, NULL));
    free(thread);
}

int millrace_thread_is_current(millrace_thread *thread) { return pthread_equal(thread->id, pthread_self()) != 0; }

uint64_t millrace_monotonic_nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int64_t millrace_wall_milliseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

uint64_t millrace_thread_cpu_nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void millrace_sleep_nanoseconds(uint64_t nanoseconds) {
    struct timespec rest = {.tv_sec = (time_t)(nanoseconds / 1000000000u), .tv_nsec = (long)(nanoseconds % 1000000000u)};
    // A signal may cut it short; a pace need not be exact.
    nanosleep(&rest, NULL);
}

void millrace_return_large_memory(void) {
#if defined(__GLIBC__)
    // Above 64 KiB, the size of buffers that sockets are read into; below 512 payments.
    mallopt(M_MMAP_THRESHOLD, 68 << 10);
#endif
}
