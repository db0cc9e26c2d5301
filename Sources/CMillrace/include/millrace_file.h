#pragma once

#include <stddef.h>
#include <stdint.h>

// Every function returns a value >= 0, or the negative errno.

enum millrace_open_mode {
    // New or emptied file, read and write.
    MILLRACE_OPEN_CREATE = 0,
    // Existing file, read and write.
    MILLRACE_OPEN_UPDATE = 1,
    // Existing file, read.
    MILLRACE_OPEN_READ = 2,
    // Existing file, past the page cache and durable on return of each write. Where the file system refuses direct
    // I/O (EINVAL), each write goes through the page cache and is still durable on return.
    MILLRACE_OPEN_DURABLE = 3,
    // Lock file: made if missing, read and write, never emptied.
    MILLRACE_OPEN_LOCK = 4,
    // Created or emptied, past the page cache where the file system can; durable after millrace_sync.
    MILLRACE_OPEN_PREPARE = 5,
};

int millrace_open(const char *path, int mode);
int millrace_close(int fd);
int64_t millrace_pwrite(int fd, const void *bytes, size_t count, int64_t offset);
// As `millrace_pwrite`, for a descriptor of MILLRACE_OPEN_DURABLE.
int64_t millrace_pwrite_durable(int fd, const void *bytes, size_t count, int64_t offset);
int64_t millrace_pread(int fd, void *bytes, size_t count, int64_t offset);
// Data and what is needed to read it again (fdatasync; F_FULLFSYNC on Darwin).
int millrace_sync(int fd);
int64_t millrace_file_size(int fd);
int millrace_truncate(int fd, int64_t size);
// 0, or -EWOULDBLOCK if another open file description has the lock.
int millrace_lock_exclusive(int fd);
int millrace_mkdir(const char *path);
int millrace_rename(const char *from, const char *to);
int millrace_unlink(const char *path);
// Syncs a directory's entries.
int millrace_sync_directory(const char *path);
// Calls `each` with every name but "." and "..".
int millrace_list(const char *path, void *context, void (*each)(void *context, const char *name));
int millrace_pid(void);
// Fills the buffer from the kernel's random source.
int millrace_random(void *bytes, size_t count);
// 1 if all the bytes are zero.
int millrace_is_zero(const void *bytes, size_t count);
// Text of an errno value, written into `buffer`.
void millrace_error_text(int error, char *buffer, size_t count);

extern const int millrace_error_no_space;
extern const int millrace_error_quota;
extern const int millrace_error_would_block;
extern const int millrace_error_exists;
extern const int millrace_error_access;
extern const int millrace_error_not_found;
extern const int millrace_error_invalid;
// 1 for an errno that says nothing about the disk and passes when others release what they hold: no descriptor, no memory,
// an interrupted call.
int millrace_error_is_shortage(int error);
