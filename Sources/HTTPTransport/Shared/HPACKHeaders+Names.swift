import NIOHPACK

extension HPACKHeaders {
    /// The same fields, all but those that are never to be indexed entered into the peer's table
    /// (RFC 7541 section 2.3.2). For the first block of a connection: later blocks then name their
    /// fields by a number, also those whose values are sent without indexing.
    var enteringNames: HPACKHeaders {
        var entered = HPACKHeaders()
        entered.reserveCapacity(count)
        for (name, value, indexing) in self {
            entered.add(name: name, value: value, indexing: indexing == .neverIndexed ? .neverIndexed : .indexable)
        }
        return entered
    }
}
