/// Where an answer goes: a stream of a connection of an event loop. A plain value; an answer to a
/// stream that is gone is dropped (the merchant asks again with the same key).
package struct ReplyToken: Hashable, Sendable {
    /// The index of the event loop that owns the connection.
    package var loop: UInt16
    /// The connection's slot in its loop's table, and the generation that tells a reused slot from
    /// its predecessor.
    package var connection: UInt32
    package var generation: UInt32
    package var stream: UInt32

    package init(loop: UInt16, connection: UInt32, generation: UInt32, stream: UInt32) {
        self.loop = loop
        self.connection = connection
        self.generation = generation
        self.stream = stream
    }
}
