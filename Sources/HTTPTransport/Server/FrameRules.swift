import NIOCore

/// Bounds frames that cost a client little and the server more, by their headers alone. What
/// `NIOHTTP2Handler` bounds itself (PING, RST_STREAM and others) passes here. Pure.
struct FrameRules {
    /// The work of one frame or request, in units of about a microsecond.
    enum Work {
        static let headerBlock = 16
        /// A pipelined request of HTTP/1.1, whose answer leaves by itself.
        static let http1Request = 32
        static let other = 4
    }

    /// A DATA frame that does not end its stream and has fewer bytes is small. With padding its
    /// length says little, so that a padded frame is small up to `paddedBytes`.
    static let smallBytes = 64
    static let paddedBytes = 320
    /// Small DATA frames that one header block earns: a client that writes its body byte by byte is
    /// slow and no attacker.
    static let smallFramesPerBlock = 512
    /// The length of one setting, in bytes.
    private static let settingBytes = 6

    private var smallData: FrameBudget
    private var settings: FrameBudget
    private var others: FrameBudget

    init(_ configuration: HTTPServerConfiguration, now: NIODeadline) {
        smallData = FrameBudget(limit: configuration.smallDataFrameLimit, now: now)
        settings = FrameBudget(limit: configuration.settingsEntryLimit, now: now)
        others = FrameBudget(limit: configuration.controlFrameLimit, now: now)
    }

    /// False when a frame is one too many.
    mutating func admit(_ header: FrameScanner.Header) -> Bool {
        switch header.kind {
        case FrameScanner.Header.data:
            let limit = header.isPadded ? Self.paddedBytes : Self.smallBytes
            return header.endsStream || header.length >= limit || smallData.spend()
        case FrameScanner.Header.headers:
            smallData.earn(Self.smallFramesPerBlock)
            return true
        case FrameScanner.Header.settings:
            return header.isAcknowledgement || settings.spend(header.length / Self.settingBytes)
        case FrameScanner.Header.priority, FrameScanner.Header.rstStream, FrameScanner.Header.ping,
            FrameScanner.Header.windowUpdate, FrameScanner.Header.continuation:
            return true
        default:
            // GOAWAY, PUSH_PROMISE, and kinds that are not known.
            return others.spend()
        }
    }

    static func work(of header: FrameScanner.Header) -> Int {
        header.kind == FrameScanner.Header.headers ? Work.headerBlock : Work.other
    }

    mutating func timePassed(now: NIODeadline) {
        smallData.timePassed(now: now)
        settings.timePassed(now: now)
        others.timePassed(now: now)
    }
}
