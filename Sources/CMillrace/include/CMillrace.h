// What Swift cannot name or should not spell per platform: checksums, direct file I/O, one lock with two conditions, threads.
#pragma once

#include "millrace_crc32c.h"
#include "millrace_file.h"
#include "millrace_process.h"
#include "millrace_status.h"
#include "millrace_thread.h"
