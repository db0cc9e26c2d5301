#pragma once
int cmillrace_version(void);
