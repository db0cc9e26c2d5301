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

/// The threads for each kind of read. What blocks one kind does not block another that has threads
/// of its own.
package struct ReadThreads: Sendable {
    private let storedAnswers: any BlockingReads
    private let coldPayments: any BlockingReads
    private let timelines: any BlockingReads
    private let ledgers: any BlockingReads

    package init(
        storedAnswers: any BlockingReads,
        coldPayments: any BlockingReads,
        timelines: any BlockingReads,
        ledgers: any BlockingReads
    ) {
        self.storedAnswers = storedAnswers
        self.coldPayments = coldPayments
        self.timelines = timelines
        self.ledgers = ledgers
    }

    /// The same threads for all kinds.
    package init(_ all: any BlockingReads) {
        self.init(storedAnswers: all, coldPayments: all, timelines: all, ledgers: all)
    }

    subscript(kind: ReadKind) -> any BlockingReads {
        switch kind {
        case .storedAnswer: storedAnswers
        case .coldPayment: coldPayments
        case .timeline: timelines
        case .ledger: ledgers
        }
    }
}
