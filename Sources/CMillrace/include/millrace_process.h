#pragma once

// Forbids that this process leaves a core file, and that other processes of its user read its memory. Both hold keys. Root still
// may attach a debugger. Returns 0 when that is so, else errno.
int millrace_forbid_core_dumps(void);
