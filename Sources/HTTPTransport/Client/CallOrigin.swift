/// Who made a call through a client that several share: the client returns it with the call's
/// outcome.
///
/// A caller's number may pass to another owner while a call is under way. The ownership tells them
/// apart, so that no owner gets an answer to a former one's call.
package struct CallOrigin: Sendable, Hashable {
    /// From 0, below the client's `sharing.callers`.
    package var caller: UInt16
    /// Counts the owners of the caller's number.
    package var ownership: UInt32

    package init(caller: UInt16, ownership: UInt32) {
        self.caller = caller
        self.ownership = ownership
    }
}
