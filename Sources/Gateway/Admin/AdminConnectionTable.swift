import NIOCore
import Synchronization

/// Which connections the admin server has. When it has as many as it may, a newcomer replaces the
/// one that has waited longest without a request under way. So silent connections keep nobody out.
struct AdminConnectionTable<ID: Hashable> {
    private struct Entry {
        /// Ascending by when the connection was accepted or its last answer ended.
        var order: UInt64
        var isAnswering = false
    }

    enum Admission: Equatable {
        case admitted
        case admittedInPlaceOf(ID)
        /// All connections are being answered.
        case refused
    }

    let maximum: Int
    private var entries: [ID: Entry] = [:]
    private var nextOrder: UInt64 = 0

    init(maximum: Int) { self.maximum = maximum }

    var count: Int { entries.count }

    mutating func admit(_ id: ID) -> Admission {
        var admission = Admission.admitted
        if entries.count >= maximum {
            let waiting = entries.lazy.filter { !$0.value.isAnswering }
            guard let oldest = waiting.min(by: { $0.value.order < $1.value.order })?.key else { return .refused }
            entries[oldest] = nil
            admission = .admittedInPlaceOf(oldest)
        }
        entries[id] = Entry(order: takeOrder())
        return admission
    }

    mutating func answering(_ id: ID) { entries[id]?.isAnswering = true }

    mutating func answered(_ id: ID) {
        guard entries[id] != nil else { return }
        entries[id] = Entry(order: takeOrder())
    }

    mutating func remove(_ id: ID) { entries[id] = nil }

    private mutating func takeOrder() -> UInt64 {
        defer { nextOrder += 1 }
        return nextOrder
    }
}

/// The open connections of the admin server; none after `closeAll`.
final class AdminConnections: Sendable {
    private struct State {
        var table: AdminConnectionTable<ObjectIdentifier>
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isClosed = false
    }

    private let state: Mutex<State>

    init(maximum: Int) {
        state = Mutex(State(table: AdminConnectionTable(maximum: maximum)))
    }

    /// Whether the connection may stay.
    func admit(_ channel: any Channel) -> Bool {
        let (isAdmitted, replaced) = state.withLock { state -> (Bool, (any Channel)?) in
            guard !state.isClosed else { return (false, nil) }
            let id = ObjectIdentifier(channel)
            switch state.table.admit(id) {
            case .refused: return (false, nil)
            case .admitted:
                state.channels[id] = channel
                return (true, nil)
            case .admittedInPlaceOf(let other):
                state.channels[id] = channel
                return (true, state.channels.removeValue(forKey: other))
            }
        }
        replaced?.close(promise: nil)
        return isAdmitted
    }

    func answering(_ channel: any Channel) { state.withLock { $0.table.answering(ObjectIdentifier(channel)) } }

    func answered(_ channel: any Channel) { state.withLock { $0.table.answered(ObjectIdentifier(channel)) } }

    func remove(_ channel: any Channel) {
        state.withLock { state in
            state.table.remove(ObjectIdentifier(channel))
            state.channels[ObjectIdentifier(channel)] = nil
        }
    }

    func closeAll() {
        let channels = state.withLock { state in
            state.isClosed = true
            return Array(state.channels.values)
        }
        for channel in channels { channel.close(promise: nil) }
    }
}
