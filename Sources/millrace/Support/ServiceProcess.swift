import ArgumentParser
import Foundation
import Gateway
import Glibc
import Logging

/// What `serve` and `psp` have in common as children of a launcher.
struct ServiceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Write the process's id and ports here once it accepts connections.", visibility: .hidden)
    )
    var readyFile: String?

    @Flag(help: ArgumentHelp("Stop when standard input ends.", visibility: .hidden))
    var stopWithStdin = false
}

/// The content of a ready file.
struct ReadyFile: Codable, Equatable {
    var pid: Int32
    var port: Int
    var adminPort: Int?
}

/// Runs a server until it is told to stop or cannot go on.
enum ServiceProcess {
    private enum Event: Sendable {
        case stop(signal: Int32)
        case failed(any Error)
    }

    /// Returns after `drain`. Throws the server's failure, be it before, during or at the end of
    /// `drain`. A second signal during `drain` ends the process at once. `failure` returns nil when
    /// the server has stopped without one.
    static func run(
        options: ServiceOptions,
        ready: ReadyFile,
        logger: Logger,
        drain: @escaping @Sendable () async -> Void,
        failure: (@Sendable () async -> (any Error)?)? = nil
    ) async throws {
        if let path = options.readyFile { try JSONFile.write(ready, to: path, permissions: 0o644) }
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let signals = Signals.stops()
        if options.stopWithStdin { Signals.stopWithStandardInput() }
        Task {
            for await number in signals { continuation.yield(.stop(signal: number)) }
        }
        if let failure {
            Task {
                if let error = await failure() { continuation.yield(.failed(error)) }
            }
        }
        var iterator = events.makeAsyncIterator()
        switch await iterator.next() {
        case .failed(let error):
            throw error
        case .stop(let number):
            logger.notice("Draining", metadata: ["signal": "\(number)"])
        case nil:
            return
        }
        Task {
            for await case .stop(let number) in events {
                Console.error("millrace: stopped at once by a second signal")
                Glibc._exit(128 + number)
            }
        }
        await drain()
        if let failure, let error = await failure() { throw error }
        logger.notice("Stopped")
    }

    /// Sends the process's log lines to stderr.
    static func logger(level: GatewayConfiguration.LogLevel) -> Logger {
        let level = Logger.Level(rawValue: level.rawValue) ?? .info
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        return Logger(label: "millrace")
    }
}
