/// Why a PSP call has no definite success or decline. The raw value is journaled, and shares its
/// range with `FailureReason`.
package enum CallFailure: UInt8, Sendable, CaseIterable {
    /// No answer came before the deadline.
    case timeout = 1
    /// No connection could be made.
    case connectionFailed = 2
    /// The connection ended before the answer.
    case connectionLost = 3
    /// The PSP reset the HTTP/2 stream.
    case streamReset = 4
    /// The PSP answered with a status of 5xx.
    case serverError = 5
    /// The PSP, or the gateway's own connection pool, takes no more calls at present.
    case overloaded = 6
    /// The PSP's rate limit.
    case rateLimited = 7
    /// The answer could not be read, or was not about this call.
    case badResponse = 8
    /// The PSP refused the credential or the request's form. A retry does not help before the
    /// configuration is corrected.
    case misconfigured = 9
    /// The PSP is executing, or has executed, another request under the same PSP key.
    case conflict = 10
    /// The PSP accepted the operation and ends it later (an asynchronous payment method).
    case pendingAtProvider = 12

    /// Whether the same call may succeed soon, when the PSP certainly did not execute it.
    package var isTransient: Bool {
        switch self {
        case .connectionFailed, .overloaded, .rateLimited, .connectionLost, .streamReset, .timeout, .conflict: true
        case .serverError, .badResponse, .misconfigured, .pendingAtProvider: false
        }
    }
}
