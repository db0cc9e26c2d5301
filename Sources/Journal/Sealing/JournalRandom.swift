import CMillrace

/// The kernel's random source.
enum JournalRandom {
    static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            precondition(millrace_random(buffer.baseAddress, count) == 0, "the kernel gives no random bytes")
            initialized = count
        }
    }
}
