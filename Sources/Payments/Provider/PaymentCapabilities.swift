/// What a provider can do beyond authorize, capture, cancel and refund. What it does not declare is
/// refused before anything is sent (`OperationRefusal.notSupported`).
package struct PaymentCapabilities: Sendable, Equatable {
    /// Several captures of one authorization (Adyen, Stripe with `capture_method` multi-capture).
    package var capturesSeveralTimes: Bool
    /// Raising an open authorization.
    package var increments: Bool
    /// How far captures may exceed the authorization, in basis points of it; 0 for not at all.
    package var overCaptureBasisPoints: UInt16
    /// How long an authorization lasts where the PSP does not say, in milliseconds. Cards: 7 days
    /// (Visa, merchant-initiated 5).
    package var authorizationLifetime: Int64

    package init(
        capturesSeveralTimes: Bool = true,
        increments: Bool = true,
        overCaptureBasisPoints: UInt16 = 0,
        authorizationLifetime: Int64 = 7 * 86_400_000
    ) {
        precondition(overCaptureBasisPoints <= 10_000 && authorizationLifetime > 0)
        self.capturesSeveralTimes = capturesSeveralTimes
        self.increments = increments
        self.overCaptureBasisPoints = overCaptureBasisPoints
        self.authorizationLifetime = authorizationLifetime
    }
}
