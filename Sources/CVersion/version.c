#include "version.h"

// `git archive` puts the commit here (.gitattributes): a build from a tarball has no repository to ask.
static const char archived[] = "$Format:%h$";

const char *millrace_commit(void) {
#ifdef MILLRACE_COMMIT
    return MILLRACE_COMMIT;
#else
    return archived[0] == '$' ? "unknown" : archived;
#endif
}
