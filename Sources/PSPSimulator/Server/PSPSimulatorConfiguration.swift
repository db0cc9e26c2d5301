/// How to run the simulator: where it listens and how it behaves at the start.
package struct PSPSimulatorConfiguration: Sendable {
    /// The address to listen on; loopback unless told otherwise, because the control and oracle
    /// routes need no secret.
    package var host: String
    /// The port to listen on; 0 lets the system choose (`PSPSimulatorServer.port` tells which).
    package var port: Int
    /// A PEM file with the certificate chain. Cleartext HTTP/2 when nil.
    package var certificatePath: String?
    /// A PEM file with the private key of `certificatePath`.
    package var privateKeyPath: String?
    /// How it behaves until `PUT /control/profile` says otherwise.
    package var profile: SimulatorProfile
    /// Which operations can be asked for by their keys.
    package var interface: SimulatorInterface
    /// What every random decision is drawn from, together with the request's idempotency key.
    package var seed: UInt64
    /// Event loops. Only 1 is supported: all state belongs to one loop, because a charge made on
    /// one connection may be captured on another. `start` refuses anything else.
    package var loops: Int
    /// The number of operations kept before new ones are refused with 503 `not_executed`.
    package var maximumOperations: Int

    package init(
        host: String = "127.0.0.1",
        port: Int = 0,
        certificatePath: String? = nil,
        privateKeyPath: String? = nil,
        profile: SimulatorProfile = .clean,
        interface: SimulatorInterface = .full,
        seed: UInt64 = 1,
        loops: Int = 1,
        maximumOperations: Int = 20_000_000
    ) {
        self.host = host
        self.port = port
        self.certificatePath = certificatePath
        self.privateKeyPath = privateKeyPath
        self.profile = profile
        self.interface = interface
        self.seed = seed
        self.loops = loops
        self.maximumOperations = maximumOperations
    }
}

/// Which operations can be asked for (`GET /v1/operations`).
package enum SimulatorInterface: String, Sendable, CaseIterable {
    /// All.
    case full
    /// Authorizations and confirmations alone, as with PSPs that report modifications by webhook.
    case limited

    func tells(_ kind: OperationKind) -> Bool {
        switch kind {
        case .authorize, .confirm: true
        case .capture, .cancel, .refund, .increment: self == .full
        }
    }
}

/// Why the simulator did not start.
package enum PSPSimulatorError: Error, Equatable, CustomStringConvertible {
    /// `loops` is not 1.
    case unsupportedLoops(Int)
    /// One of the certificate and the private key is given without the other.
    case incompleteTLS
    /// The profile contradicts itself or is out of range.
    case invalidProfile(String)

    package var description: String {
        switch self {
        case .unsupportedLoops(let loops):
            "the simulator runs on exactly one event loop, not \(loops)"
        case .incompleteTLS:
            "TLS needs both a certificate and a private key"
        case .invalidProfile(let reason):
            "invalid profile: \(reason)"
        }
    }
}
