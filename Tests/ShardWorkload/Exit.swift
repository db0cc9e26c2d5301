#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

func exitFailed() -> Never { exit(1) }
