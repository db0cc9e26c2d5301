#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "millrace_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/random.h>
#endif

const int millrace_error_no_space = ENOSPC;
const int millrace_error_quota = EDQUOT;
const int millrace_error_would_block = EWOULDBLOCK;
const int millrace_error_exists = EEXIST;
const int millrace_error_access = EACCES;
const int millrace_error_not_found = ENOENT;
const int millrace_error_invalid = EINVAL;

static int open_retrying(const char *path, int flags) {
    int fd;
    do fd = open(path, flags | O_CLOEXEC, 0600);
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

#if defined(O_DIRECT)
// Some file systems accept O_DIRECT at open and refuse it at the first transfer, so one block is read to find out.
static int direct_reads_work(int fd) {
    void *block = NULL;
    if (posix_memalign(&block, 4096, 4096) != 0) return 0;
    ssize_t got = pread(fd, block, 4096, 0);
    int refused = got < 0 && errno == EINVAL;
    free(block);
    return !refused;
}
#endif

static int open_durable(const char *path) {
#if defined(O_DIRECT)
    int fd = open_retrying(path, O_RDWR | O_DIRECT | O_DSYNC);
    if (fd >= 0 && !direct_reads_work(fd)) {
        close(fd);
        fd = -EINVAL;
    }
    if (fd != -EINVAL) return fd;
#endif
    return open_retrying(path, O_RDWR | O_DSYNC);
}

#if defined(O_DIRECT)
// As above, for a new file: a block of zeros is written, which is what the file is going to hold.
static int direct_writes_work(int fd) {
    void *block = NULL;
    if (posix_memalign(&block, 4096, 4096) != 0) return 0;
    memset(block, 0, 4096);
    ssize_t written = pwrite(fd, block, 4096, 0);
    int refused = written < 0 && errno == EINVAL;
    free(block);
    return !refused;
}
#endif

static int open_prepare(const char *path) {
#if defined(O_DIRECT)
    int fd = open_retrying(path, O_RDWR | O_CREAT | O_TRUNC | O_DIRECT);
    if (fd >= 0 && !direct_writes_work(fd)) {
        close(fd);
        fd = -EINVAL;
    }
    if (fd != -EINVAL) return fd;
#endif
    return open_retrying(path, O_RDWR | O_CREAT | O_TRUNC);
}

int millrace_open(const char *path, int mode) {
    switch (mode) {
    case MILLRACE_OPEN_CREATE: return open_retrying(path, O_RDWR | O_CREAT | O_TRUNC);
    case MILLRACE_OPEN_UPDATE: return open_retrying(path, O_RDWR);
    case MILLRACE_OPEN_READ: return open_retrying(path, O_RDONLY);
    case MILLRACE_OPEN_DURABLE: return open_durable(path);
    case MILLRACE_OPEN_PREPARE: return open_prepare(path);
    case MILLRACE_OPEN_LOCK: return open_retrying(path, O_RDWR | O_CREAT);
    default: return -EINVAL;
    }
}

int millrace_close(int fd) { return close(fd) < 0 ? -errno : 0; }

int64_t millrace_pwrite(int fd, const void *bytes, size_t count, int64_t offset) {
    ssize_t written = pwrite(fd, bytes, count, offset);
    return written < 0 ? -errno : written;
}

int64_t millrace_pwrite_durable(int fd, const void *bytes, size_t count, int64_t offset) {
    int64_t written = millrace_pwrite(fd, bytes, count, offset);
#if defined(__APPLE__)
    if (written >= 0 && fcntl(fd, F_FULLFSYNC) < 0) return -errno;
#endif
    return written;
}

int64_t millrace_pread(int fd, void *bytes, size_t count, int64_t offset) {
    size_t done = 0;
    while (done < count) {
        ssize_t got = pread(fd, (char *)bytes + done, count - done, offset + (int64_t)done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -errno;
        if (got == 0) break;
        done += (size_t)got;
    }
    return (int64_t)done;
}

int millrace_sync(int fd) {
#if defined(__APPLE__)
    return fcntl(fd, F_FULLFSYNC) < 0 ? -errno : 0;
#else
    return fdatasync(fd) < 0 ? -errno : 0;
#endif
}

int64_t millrace_file_size(int fd) {
    struct stat info;
    return fstat(fd, &info) < 0 ? -errno : info.st_size;
}

int millrace_truncate(int fd, int64_t size) { return ftruncate(fd, size) < 0 ? -errno : 0; }

int millrace_lock_exclusive(int fd) {
    int result;
    do result = flock(fd, LOCK_EX | LOCK_NB);
    while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : 0;
}

int millrace_mkdir(const char *path) { return mkdir(path, 0700) < 0 ? -errno : 0; }

int millrace_rename(const char *from, const char *to) { return rename(from, to) < 0 ? -errno : 0; }

int millrace_unlink(const char *path) { return unlink(path) < 0 ? -errno : 0; }

int millrace_sync_directory(const char *path) {
    int fd = open_retrying(path, O_RDONLY | O_DIRECTORY);
    if (fd < 0) return fd;
    int result = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return result;
}

int millrace_list(const char *path, void *context, void (*each)(void *context, const char *name)) {
    DIR *directory = opendir(path);
    if (directory == NULL) return -errno;
    int result = 0;
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(directory);
        if (entry == NULL) {
            result = -errno;
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) each(context, entry->d_name);
    }
    closedir(directory);
    return result;
}

int millrace_pid(void) { return (int)getpid(); }

int millrace_random(void *bytes, size_t count) {
#if defined(__linux__)
    char *next = bytes;
    while (count > 0) {
        ssize_t got = getrandom(next, count, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -errno;
        next += got;
        count -= (size_t)got;
    }
    return 0;
#else
    arc4random_buf(bytes, count);
    return 0;
#endif
}

int millrace_is_zero(const void *bytes, size_t count) {
    const char *first = bytes;
    return count == 0 || (first[0] == 0 && memcmp(first, first + 1, count - 1) == 0);
}

int millrace_error_is_shortage(int error) {
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == EINTR || error == EAGAIN;
}

void millrace_error_text(int error, char *buffer, size_t count) {
#if defined(__GLIBC__)
    // The GNU variant returns the text, perhaps not in the buffer.
    char *text = strerror_r(error, buffer, count);
    if (text != buffer) snprintf(buffer, count, "%s", text);
#else
    if (strerror_r(error, buffer, count) != 0) snprintf(buffer, count, "error %d", error);
#endif
}
