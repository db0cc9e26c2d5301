/// A dispute's identifier: `dsp_` + 26 characters.
package struct DisputeID: PaymentPartIdentifier {
    package static let prefix: StaticString = "dsp_"
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
