import HTTPTransport
import NIOHPACK

extension SimulatorApplication {
    private static let keyHeader = "idempotency-key"

    /// `POST /v1/charges`
    func createCharge(_ request: HTTPServerRequest) {
        if core.store.actionBase.isEmpty { core.store.actionBase = Self.base(of: request.headers) }
        let key = request.headers.first(name: Self.keyHeader)
        carryOut(core.authorize(key: key, body: request.body, now: now), request.token)
    }

    /// `POST /v1/cancellations`
    func voidReference(_ request: HTTPServerRequest) {
        let key = request.headers.first(name: Self.keyHeader)
        carryOut(core.voidReference(key: key, body: request.body, now: now), request.token)
    }

    /// Shoppers come back to where the first merchant found the simulator.
    private static func base(of headers: HPACKHeaders) -> String {
        let authority = headers.first(name: ":authority") ?? headers.first(name: "host") ?? "localhost"
        return "\(headers.first(name: ":scheme") ?? "http")://\(authority)"
    }

    /// `POST /v1/charges/{id}/capture`, `/cancel`, `/refunds`, `/increment`, `/confirm`
    func followUp(_ kind: OperationKind, charge: UInt32?, request: HTTPServerRequest) {
        let key = request.headers.first(name: Self.keyHeader)
        carryOut(core.followUp(kind, charge: charge, key: key, body: request.body, now: now), request.token)
    }
}
