#pragma once

#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli, RFC 3720 appendix B.4). `crc` is 0 for a new checksum, or the result so far, so that
// crc32c(crc32c(0, a), b) is the checksum of a followed by b. Uses the processor's instruction if it has one.
uint32_t millrace_crc32c(uint32_t crc, const void *bytes, size_t count);

// The two ways, for tests. `millrace_crc32c_hardware` may only be called if `millrace_crc32c_has_hardware` says 1.
uint32_t millrace_crc32c_table(uint32_t crc, const void *bytes, size_t count);
uint32_t millrace_crc32c_hardware(uint32_t crc, const void *bytes, size_t count);
int millrace_crc32c_has_hardware(void);
