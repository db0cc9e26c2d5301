import HTTPTransport
import NIOHPACK

extension SimulatorApplication {
    private static let keyHeader = "idempotency-key"

    /// `POST /v1/charges`
    func createCharge(_ request: HTTPServerRequest) {
        let key = request.headers.first(name: Self.keyHeader)
        carryOut(core.authorize(key: key, body: request.body, now: now), request.token)
    }

    /// `POST /v1/charges/{id}/capture`, `/cancel`, `/refunds`
    func followUp(_ kind: OperationKind, _ charge: UInt32?, _ request: HTTPServerRequest) {
        let key = request.headers.first(name: Self.keyHeader)
        carryOut(core.followUp(kind, charge: charge, key: key, body: request.body, now: now), request.token)
    }
}
