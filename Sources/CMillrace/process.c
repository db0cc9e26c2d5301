#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "millrace_process.h"

#include <errno.h>
#include <sys/resource.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

int millrace_forbid_core_dumps(void) {
    struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0) return errno;
#if defined(__linux__)
    // A core that the kernel pipes to a program is not bound by the limit.
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return errno;
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return EPERM;
#endif
    return 0;
}
