// Counts heap allocations per thread by standing in front of glibc's allocator. Linked only into tests and benchmarks.
#define _GNU_SOURCE
#include "CAllocationCounter.h"
#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

// A thread's counter lives in a static table, so that others can read it; it is written by its thread alone. Threads
// beyond the table count in its last place, together.
enum { capacity = 1024 };
static struct { int thread; uint64_t allocations; } counters[capacity];
static int used;
static __thread int mine = -1;
// The thread's own count, for the thread itself: exact however many threads there were.
static __thread uint64_t own;

static inline void count(void) {
    own++;
    if (__builtin_expect(mine < 0, 0)) {
        int place = __atomic_fetch_add(&used, 1, __ATOMIC_RELAXED);
        mine = place < capacity ? place : capacity - 1;
        __atomic_store_n(&counters[mine].thread, (int)syscall(SYS_gettid), __ATOMIC_RELAXED);
    }
    uint64_t before = __atomic_load_n(&counters[mine].allocations, __ATOMIC_RELAXED);
    __atomic_store_n(&counters[mine].allocations, before + 1, __ATOMIC_RELAXED);
}

uint64_t millrace_thread_allocations(void) { return own; }

int millrace_all_allocations(int *threads, uint64_t *allocations, int room) {
    int total = __atomic_load_n(&used, __ATOMIC_RELAXED);
    if (total > capacity) total = capacity;
    if (total > room) total = room;
    for (int place = 0; place < total; place++) {
        threads[place] = __atomic_load_n(&counters[place].thread, __ATOMIC_RELAXED);
        allocations[place] = __atomic_load_n(&counters[place].allocations, __ATOMIC_RELAXED);
    }
    return total;
}

void *malloc(size_t size) { count(); return __libc_malloc(size); }
void *calloc(size_t number, size_t size) { count(); return __libc_calloc(number, size); }
void *realloc(void *pointer, size_t size) { count(); return __libc_realloc(pointer, size); }
void *memalign(size_t alignment, size_t size) { count(); return __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { count(); return __libc_memalign(alignment, size); }
int posix_memalign(void **result, size_t alignment, size_t size) {
    count();
    void *pointer = __libc_memalign(alignment, size);
    if (pointer == NULL) return ENOMEM;
    *result = pointer;
    return 0;
}
