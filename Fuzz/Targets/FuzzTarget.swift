/// A program that takes any bytes. It traps when a promise is broken, and returns otherwise.
struct FuzzTarget: Sendable {
    let name: String
    /// Longest input worth trying.
    let maximumBytes: Int
    let run: @Sendable (UnsafeRawBufferPointer) -> Void

    static let all: [FuzzTarget] = [
        records, journal, json, request, provider, keys, snapshot, keyRuns, shardState, http2, http1,
    ]

    static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}
