import NIOCore

/// Turns of connections that have more to do than others should wait for. Each does a part of its
/// work and goes to the end of the queue.
extension HTTPServerLoop {
    /// The work of one connection in one turn, in units of about a microsecond. It is more than the
    /// requests of a connection that may be open at once, 100 by default: a client that keeps to
    /// that is not held back.
    static let connectionTurnWork = 2_400
    /// The work of all connections in a row; then the loop looks at its sockets.
    static let turnWork = 2_400
    /// The time between two rows, for others. The event loop runs tasks that are due until none is
    /// left, and looks at its sockets then. So the next row must not be due before that. A longer
    /// pause costs a busy loop a part of what it can carry.
    static let turnPause = TimeAmount.microseconds(100)

    /// Gives a connection a turn after those that wait already.
    func enlistForTurn(_ key: ConnectionTable.Key) {
        turns.append(key)
        guard !areTurnsScheduled, let turnTask else { return }
        areTurnsScheduled = true
        eventLoop.execute(turnTask)
    }

    func runTurns() {
        guard !turns.isEmpty, let turnTask else {
            areTurnsScheduled = false
            return
        }
        var work = 0
        while work < Self.turnWork, let key = turns.popFirst() {
            switch connections.entry(key) {
            case .http2(let connection): work += connection.takeTurn()
            case .http1(let connection): work += connection.takeTurn()
            case .selecting, .free, nil: break
            }
        }
        eventLoop.scheduleTask(in: Self.turnPause, turnTask)
    }
}
