import Payments
import Testing

@Suite("Numbers of merchants")
struct MerchantPlacesTests {
    @Test("A merchant keeps its number, whatever the identifiers are, and others have none")
    func numbers() {
        let identifiers: [[UInt64]] = [
            Array(1...500), (0..<500).map { $0 << 32 }, (0..<500).map { .max - $0 * 16 }, [0, .max, 1 << 63],
        ]
        for values in identifiers {
            var places = MerchantPlaces()
            #expect(places.place(of: MerchantID(rawValue: values[0])) == nil)
            for (number, value) in values.enumerated() {
                #expect(places.add(MerchantID(rawValue: value)) == UInt32(number))
                #expect(places.add(MerchantID(rawValue: values[0])) == 0)
            }
            for (number, value) in values.enumerated() {
                #expect(places.place(of: MerchantID(rawValue: value)) == UInt32(number))
            }
            #expect(places.merchants.map(\.rawValue) == values)
            #expect(places.place(of: MerchantID(rawValue: 0x1234_5678_9ABC)) == nil)
        }
    }
}
