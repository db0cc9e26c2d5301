import CMillrace

/// How the process deals with large blocks of memory.
package enum LargeMemory {
    /// From now on the allocator gives blocks of 68 KiB and more back to the system when they are
    /// freed. Chunks of the payment table and of its details are such blocks. The GNU allocator by
    /// itself keeps more and more of them. Call once, at the start of a process that holds many.
    package static func returnWhenFreed() { millrace_return_large_memory() }
}
