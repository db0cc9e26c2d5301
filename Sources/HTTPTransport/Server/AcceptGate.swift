package import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Stops accepting when the system has no descriptor or memory for another connection, and begins
/// again after a pause. NIO keeps a listener readable after such an error, so its loop would try
/// again without end. The handler belongs into the pipeline of a listening channel.
package final class AcceptGate: ChannelInboundHandler {
    package typealias InboundIn = Channel
    package typealias InboundOut = Channel

    private let pause: TimeAmount
    private let onShortage: (IOError) -> Void
    private var isPaused = false

    /// - Parameters:
    ///   - pause: how long nothing is accepted after a shortage.
    ///   - onShortage: called on the listener's loop, once for each pause.
    package init(pause: TimeAmount = .milliseconds(100), onShortage: @escaping (IOError) -> Void = { _ in }) {
        self.pause = pause
        self.onShortage = onShortage
    }

    /// Whether an error of `accept` passes when others release what they hold.
    package static func isShortage(_ error: IOError) -> Bool {
        [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Everything else is the bootstrap's to handle. Forwarded, a shortage would make it wait a
        // second.
        guard let error = error as? IOError, Self.isShortage(error) else { return context.fireErrorCaught(error) }
        guard !isPaused else { return }
        isPaused = true
        onShortage(error)
        let channel = context.channel
        setAutoRead(false, channel)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: pause) {
            bound.value.isPaused = false
            bound.value.setAutoRead(true, channel)
        }
    }

    private func setAutoRead(_ isOn: Bool, _ channel: any Channel) {
        // Fails only when the listener has been closed; then there is nothing to stop.
        do { try channel.syncOptions?.setOption(.autoRead, value: isOn) } catch { return }
    }
}
