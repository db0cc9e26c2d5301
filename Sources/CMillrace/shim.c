int cmillrace_version(void) { return 1; }
