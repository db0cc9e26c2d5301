// Preloaded into the gateway by test_faults_syscalls.py and test_faults_power.py.
//   SHIM_WRITE_AT=N   the N-th pwrite of the process (of all threads) is the one to harm
//   SHIM_WRITE_MODE   short: half of it is written, and said so; tear: 1,536 bytes of it are written, then the process ends
//   SHIM_BUFFERED=1   files are opened without O_DIRECT and O_DSYNC: a journal that does not sync what it acknowledges
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
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
