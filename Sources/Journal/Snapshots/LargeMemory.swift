import CMillrace

/// How the process deals with large blocks of memory.
package enum LargeMemory {
    /// From now on blocks of 68 KiB and more (chunks of the payment table and of its details) go
    /// back to the system when they are freed. The GNU allocator by itself keeps more and more of
    /// them. Call once, at the start of a process that holds many.
    package static func returnWhenFreed() { millrace_return_large_memory() }
}
