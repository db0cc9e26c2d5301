import API
import ArgumentParser
import Gateway
import Glibc
import HTTPTransport
import Journal
import NIOCore
import PSPSimulator

/// A command's failure with the status that the process exits with.
struct Failure: Error, CustomStringConvertible {
    var status: Int32
    var description: String

    init(_ status: Int32, _ description: String) {
        self.status = status
        self.description = description
    }

    /// The failure behind an error of this program; `nil` for errors that the argument parser words
    /// itself.
    init?(_ error: any Error) {
        switch error {
        case let error as Failure: self = error
        case let error as KeyTextError: self.init(ExitStatus.configuration, error.description)
        case let error as APIConfigurationError: self.init(ExitStatus.configuration, error.description)
        case let error as ConfigurationError: self.init(ExitStatus.configuration, error.description)
        case let error as DataDirectoryError: self.init(error.exitStatus, error.description)
        case let error as JournalError: self.init(error.exitStatus, error.description)
        case let error as FileError: self.init(ExitStatus.io, error.description)
        case let error as PSPSimulatorError: self.init(ExitStatus.configuration, error.description)
        case let error as ListenError:
            self.init(error.isTaken ? ExitStatus.unavailable : ExitStatus.configuration, error.description)
        case let error as IOError: self.init(ExitStatus.unavailable, error.description)
        default: return nil
        }
    }

    /// Says it on stderr and ends the process.
    static func exit(with error: any Error) -> Never {
        guard let failure = Failure(error) else { Millrace.exit(withError: error) }
        Console.error("millrace: \(failure.description)")
        Glibc.exit(failure.status)
    }
}

extension JournalError {
    /// What the process exits with.
    var exitStatus: Int32 {
        switch code {
        case .io, .diskFull, .backlog, .notFound, .limit: ExitStatus.io
        case .corrupt, .format: ExitStatus.damaged
        case .key, .exists: ExitStatus.configuration
        case .fenced: ExitStatus.held
        }
    }
}
