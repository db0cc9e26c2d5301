package import ShardCore

/// Everything about a problem code, in one row. The rows are in `ProblemRule+Request`, `+Bodies`,
/// `+State` and `+Treasury`; `docs/errors.md` lists them.
package struct ProblemRule: Sendable {
    /// Whether the same request may succeed later.
    package enum Retry: Sendable, Equatable {
        /// Not before the caller changes something.
        case never
        /// Yes, at a time of the caller's choice.
        case later
        /// Yes, after so many seconds (`Retry-After`, `retry_after_ms`).
        case after(seconds: UInt16)
        /// A decline: its class decides.
        case byDeclineClass
    }

    let code: ProblemCode
    /// The `code` member, and the last part of the `type` URI. Stable.
    package let name: StaticString
    /// The HTTP status of the answer.
    package let status: UInt16
    package let category: ProblemCategory
    package let retry: Retry
    /// The refusal of a shard that becomes this problem; nil where the API or a provider is the
    /// origin.
    package let refusal: Refusal?
    /// The same for every occurrence of a code. Never holds anything of the request.
    package let title: StaticString
    /// What to do about it. Never holds anything of the request, so that no card number or secret
    /// can come back in an answer or end up in a log.
    package let detail: StaticString

    /// A problem whose origin is the API or a provider.
    init(
        code: ProblemCode,
        name: StaticString,
        status: UInt16,
        category: ProblemCategory,
        retry: Retry,
        title: StaticString,
        detail: StaticString
    ) {
        self.code = code
        self.name = name
        self.status = status
        self.category = category
        self.retry = retry
        self.refusal = nil
        self.title = title
        self.detail = detail
    }

    /// A problem that a refusal of a shard becomes: status and retry are the refusal's.
    init(
        code: ProblemCode,
        name: StaticString,
        refusal: Refusal,
        category: ProblemCategory,
        title: StaticString,
        detail: StaticString
    ) {
        self.code = code
        self.name = name
        self.status = refusal.rule.status
        self.category = category
        self.retry = refusal.rule.retryAfterSeconds > 0 ? .after(seconds: refusal.rule.retryAfterSeconds) : .never
        self.refusal = refusal
        self.title = title
        self.detail = detail
    }

    /// Every code's row, by its raw value.
    static let all: [Self] = {
        let rows = http + credentials + bodies + state + treasury + provider
        precondition(
            rows.map(\.code) == ProblemCode.allCases,
            "one row for each problem code, in the order of the codes"
        )
        return rows
    }()

    /// The problem of each refusal, by the refusal's raw value.
    static let byRefusal: [ProblemCode?] = {
        var codes = [ProblemCode?](repeating: nil, count: 256)
        for rule in all {
            guard let refusal = rule.refusal else { continue }
            precondition(codes[Int(refusal.rawValue)] == nil, "\(refusal) becomes two problems")
            codes[Int(refusal.rawValue)] = rule.code
        }
        return codes
    }()
}

extension ProblemCode {
    package var rule: ProblemRule { ProblemRule.all[Int(rawValue)] }

    package var name: StaticString { rule.name }
    package var title: StaticString { rule.title }
    package var detail: StaticString { rule.detail }
    package var status: UInt16 { rule.status }
    package var category: ProblemCategory { rule.category }

    /// Whether the same request may succeed later. A decline decides by its class instead
    /// (`isRetryable(after:)`).
    package var isRetryable: Bool {
        switch rule.retry {
        case .later, .after: true
        case .never, .byDeclineClass: false
        }
    }

    /// Seconds for `Retry-After` and `retry_after_ms`; 0 for none.
    package var retryAfterSeconds: UInt16 {
        if case .after(let seconds) = rule.retry { seconds } else { 0 }
    }

    /// The problem that a refusal of the shard becomes.
    package init(_ refusal: Refusal) {
        guard let code = ProblemRule.byRefusal[Int(refusal.rawValue)] else {
            preconditionFailure("\(refusal) has no row in the table of problems")
        }
        self = code
    }
}
