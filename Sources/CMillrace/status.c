#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "millrace_status.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

int millrace_file_status_of(const char *path, int follows, struct millrace_file_status *status) {
    struct stat found;
    if ((follows ? stat(path, &found) : lstat(path, &found)) != 0) return -errno;
    status->permissions = (uint32_t)found.st_mode & 07777;
    status->owner = (uint32_t)found.st_uid;
    status->is_regular = S_ISREG(found.st_mode);
    status->is_directory = S_ISDIR(found.st_mode);
    return 0;
}

int64_t millrace_clock_milliseconds(int clock) {
    clockid_t id = CLOCK_MONOTONIC;
#if defined(__linux__)
    if (clock == MILLRACE_CLOCK_SINCE_BOOT) id = CLOCK_BOOTTIME;
#endif
    if (clock == MILLRACE_CLOCK_WALL) id = CLOCK_REALTIME;
    struct timespec time = {0};
    clock_gettime(id, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}
