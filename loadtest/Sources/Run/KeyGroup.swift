import NIOCore

/// What was answered under one idempotency key that several requests used. Exactly-once effect
/// means: at most one answer that is not a replay, and every final answer has the same bytes.
struct KeyGroup {
    enum Judgement: Equatable {
        case fine
        /// Another status or other bytes than the first final answer.
        case differs
        /// A second answer that is not marked as a replay: executed twice.
        case executedTwice
    }

    /// Requests under the key that are not done yet.
    var members: Int32 = 0
    private var status: Int = 0
    private var body: ByteBuffer?
    private var executed = false

    /// Notes a final answer (not 202, not 409 in use).
    mutating func note(status: Int, isReplay: Bool, body: ByteBuffer) -> Judgement {
        defer { if !isReplay { executed = true } }
        guard let first = self.body else {
            self.status = status
            self.body = body
            return .fine
        }
        if self.status != status || first != body { return .differs }
        return executed && !isReplay ? .executedTwice : .fine
    }
}

/// Slots of key groups, reused.
struct KeyGroups {
    private var groups: [KeyGroup] = []
    private var free: [Int32] = []

    /// How many are in use.
    var count: Int { groups.count - free.count }

    mutating func open() -> Int32 {
        if let index = free.popLast() {
            groups[Int(index)] = KeyGroup()
            return index
        }
        groups.append(KeyGroup())
        return Int32(groups.count - 1)
    }

    mutating func join(_ group: Int32) { groups[Int(group)].members += 1 }

    mutating func note(_ group: Int32, status: Int, isReplay: Bool, body: ByteBuffer) -> KeyGroup.Judgement {
        groups[Int(group)].note(status: status, isReplay: isReplay, body: body)
    }

    /// A member is done; the last one frees the group.
    mutating func leave(_ group: Int32) {
        groups[Int(group)].members -= 1
        assert(groups[Int(group)].members >= 0, "more members left than joined")
        guard groups[Int(group)].members == 0 else { return }
        groups[Int(group)] = KeyGroup()
        free.append(group)
    }
}
