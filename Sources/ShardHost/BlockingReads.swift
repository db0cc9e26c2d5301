package import NIOPosix

/// Where a shard's host reads stored answers from the disk, off its event loop.
package protocol BlockingReads: Sendable {
    /// Runs `body` once, later or at once, on any thread.
    func run(_ body: @escaping @Sendable () -> Void)
}

extension NIOThreadPool: BlockingReads {
    package func run(_ body: @escaping @Sendable () -> Void) {
        submit { _ in body() }
    }
}
