// Preloaded into the gateway by the tests of faults.
//   SHIM_WRITE_AT=N   the N-th pwrite of the process (of all threads) is the one to harm
//   SHIM_WRITE_MODE   short: half of it is written, and said so; tear: 1,536 bytes of it are written, then the process ends
//   SHIM_BUFFERED=1   files are opened without O_DIRECT and O_DSYNC: a journal that does not sync what it acknowledges
//   SHIM_CLOCK=PATH   the wall clock is off by as many seconds as the 64-bit integer in this file says at the moment. (libfaketime
//                     cannot be used: it replaces the environment, next to which Swift finds its arguments.)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static atomic_long writes;

static ssize_t harmed(int fd, const void *bytes, size_t count, off_t offset) {
    ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite64");
    const char *at = getenv("SHIM_WRITE_AT"), *mode = getenv("SHIM_WRITE_MODE");
    if (at != NULL && mode != NULL && atomic_fetch_add(&writes, 1) + 1 == atol(at)) {
        if (strcmp(mode, "short") == 0) return real(fd, bytes, count / 2 / 512 * 512, offset);
        real(fd, bytes, count < 1536 ? count : 1536, offset);
        _exit(137);
    }
    return real(fd, bytes, count, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return harmed(fd, bytes, count, offset); }

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) { return harmed(fd, bytes, count, offset); }

static int weakened(const char *path, int flags, mode_t mode) {
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
    if (getenv("SHIM_BUFFERED") != NULL) flags &= ~(O_DIRECT | O_DSYNC);
    return real(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return weakened(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return weakened(path, flags, mode);
}

static const volatile int64_t *offset;

__attribute__((constructor)) static void map_clock(void) {
    const char *path = getenv("SHIM_CLOCK");
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
    int fd = path == NULL ? -1 : real(path, O_RDONLY);
    if (fd < 0) return;
    void *memory = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);
    if (memory != MAP_FAILED) offset = memory;
    close(fd);
}

static int64_t seconds_off(void) { return offset == NULL ? 0 : *offset; }

int clock_gettime(clockid_t clock, struct timespec *time) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += seconds_off();
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    int (*real)(struct timeval *, void *) = dlsym(RTLD_NEXT, "gettimeofday");
    int result = real(time, zone);
    if (result == 0) time->tv_sec += seconds_off();
    return result;
}

time_t time(time_t *into) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (into != NULL) *into = now.tv_sec;
    return now.tv_sec;
}
