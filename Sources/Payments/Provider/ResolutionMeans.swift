/// How the outcome of an operation can be found out at a provider, for one kind of operation. The
/// adapter declares it for each kind (`ProviderCapabilities.resolution`). Times in milliseconds.
package struct ResolutionMeans: Sendable, Equatable {
    /// How a provider is asked for the outcome of an operation.
    package enum Lookup: UInt8, Sendable, CaseIterable {
        /// By the provider's own identifier of the payment. An authorization has none before its
        /// answer.
        case byID
        /// By the gateway's own reference or key.
        case byReference
        /// By a list of what the provider holds.
        case byList
    }

    /// One way to ask, and what its "not found" is worth.
    package struct Query: Sendable, Equatable {
        package var lookup: Lookup
        /// How long after it was executed the provider may still deny knowing the operation: until
        /// then "not found" proves nothing.
        package var lag: Int64

        package init(lookup: Lookup, lag: Int64) {
            self.lookup = lookup
            self.lag = lag
        }
    }

    /// The lag of a query by the provider's own identifier; nil where it cannot be asked so.
    package var queryByID: Int64?
    /// The lag of a query by the gateway's own reference or key; nil where it cannot be asked so.
    package var queryByReference: Int64?
    /// The lag of a list; nil where there is none.
    package var queryByList: Int64?
    /// How long the provider honours its idempotency key, counted from the first call; 0 for never.
    /// Within it, the same call under the same key is safe: it executes at most once.
    package var replayWindow: Int64
    /// The provider voids by the gateway's reference, whatever the outcome is. It is useful for
    /// authorizations and confirmations only.
    package var voidByReference: Bool

    /// - Precondition: no time is negative.
    package init(
        queryByID: Int64? = nil,
        queryByReference: Int64? = nil,
        queryByList: Int64? = nil,
        replayWindow: Int64 = 0,
        voidByReference: Bool = false
    ) {
        precondition([queryByID, queryByReference, queryByList, replayWindow].allSatisfy { ($0 ?? 0) >= 0 })
        self.queryByID = queryByID
        self.queryByReference = queryByReference
        self.queryByList = queryByList
        self.replayWindow = replayWindow
        self.voidByReference = voidByReference
    }

    /// The way to ask whose "not found" proves soonest; of equal ones by identifier, then by
    /// reference. nil where the provider cannot be asked. It depends only on the declaration, never
    /// on what is known of a payment. So the lag of an answer is that of its question.
    package var query: Query? {
        var best: Query?
        for lookup in Lookup.allCases {
            guard let lag = lag(of: lookup), lag < best?.lag ?? .max else { continue }
            best = Query(lookup: lookup, lag: lag)
        }
        return best
    }

    private func lag(of lookup: Lookup) -> Int64? {
        switch lookup {
        case .byID: queryByID
        case .byReference: queryByReference
        case .byList: queryByList
        }
    }

    /// The provider cannot be asked.
    package mutating func removeQueries() {
        queryByID = nil
        queryByReference = nil
        queryByList = nil
    }

    /// Raises the lag of every way to ask to at least `lag`.
    package mutating func raiseLags(to lag: Int64) {
        queryByID = queryByID.map { max($0, lag) }
        queryByReference = queryByReference.map { max($0, lag) }
        queryByList = queryByList.map { max($0, lag) }
    }
}
