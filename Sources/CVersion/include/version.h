#ifndef MILLRACE_VERSION_H
#define MILLRACE_VERSION_H

/// The commit that this binary was built from: hexadecimal, "-dirty" behind it if files were changed; "unknown" where the build
/// was told of none.
const char *millrace_commit(void);

#endif
