import Journal
package import Ledger
package import Money
package import Payments
package import Time

// MARK: Numbers

extension RecordField where Self: FixedWidthInteger & BitwiseCopyable {
    @inline(__always)
    package func write(into bytes: inout [UInt8]) { bytes.appendInteger(self) }

    @inline(__always)
    package init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        self = try reader.integer(Self.self, bytes)
    }
}

extension UInt8: RecordField { package static var layout: StaticString { "u8" } }
extension UInt16: RecordField { package static var layout: StaticString { "u16" } }
extension UInt64: RecordField { package static var layout: StaticString { "u64" } }
extension Int64: RecordField { package static var layout: StaticString { "i64" } }

extension Timestamp: RecordField {
    package static var layout: StaticString { "timestamp" }

    @inline(__always)
    package func write(into bytes: inout [UInt8]) { bytes.appendInteger(milliseconds) }

    @inline(__always)
    package init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        self.init(milliseconds: try reader.integer(Int64.self, bytes))
    }
}

extension Bool: RecordField {
    package static var layout: StaticString { "bool" }

    package func write(into bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }

    package init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        switch try reader.integer(UInt8.self, bytes) {
        case 0: self = false
        case 1: self = true
        default: throw .invalidValue
        }
    }
}

// MARK: Values with a number

extension RecordField where Self: RawRepresentable, RawValue: RecordField {
    package static var layout: StaticString { RawValue.layout }

    @inline(__always)
    package func write(into bytes: inout [UInt8]) { rawValue.write(into: &bytes) }

    @inline(__always)
    package init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        guard let value = Self(rawValue: try RawValue(reading: &reader, bytes)) else { throw .invalidValue }
        self = value
    }
}

// No raw value of these is 0.
extension OptionalRecordField where Self: RawRepresentable, RawValue: RecordField & FixedWidthInteger {
    @inline(__always)
    package static func optional(
        _ reader: inout RecordReader,
        _ bytes: Span<UInt8>
    ) throws(RecordDecodingError) -> Self? {
        let raw = try RawValue(reading: &reader, bytes)
        if raw == 0 { return nil }
        guard let value = Self(rawValue: raw) else { throw .invalidValue }
        return value
    }

    @inline(__always)
    package static func writeNothing(into bytes: inout [UInt8]) { RawValue(0).write(into: &bytes) }
}

extension CallFailure: OptionalRecordField {}
extension DeclineAdvice: RecordField {}
extension PaymentChange: RecordField {}
extension PaymentEffect: RecordField {}
extension PaymentEventType: RecordField {}
extension PaymentFlags: RecordField {}
extension PayoutEvent: OptionalRecordField {}
extension ProviderCall.Mode: RecordField {}
extension ProviderOperation: OptionalRecordField {}
extension ReversalReason: OptionalRecordField {}
extension SuspenseTarget: OptionalRecordField {}

extension PaymentTraits: RecordField {
    package init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        self.init(rawValue: try reader.integer(UInt8.self, bytes))
        guard isSubset(of: .all) else { throw .invalidValue }
    }
}

// No connector has the number 0.
extension ConnectorID: OptionalRecordField {
    package static var layout: StaticString { "u16" }

    package func write(into bytes: inout [UInt8]) { bytes.appendInteger(rawValue) }

    package init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        guard let connector = try Self.optional(&reader, bytes) else { throw .invalidValue }
        self = connector
    }

    package static func optional(
        _ reader: inout RecordReader,
        _ bytes: Span<UInt8>
    ) throws(RecordDecodingError) -> ConnectorID? {
        ConnectorID(rawValue: try reader.integer(UInt16.self, bytes))
    }

    package static func writeNothing(into bytes: inout [UInt8]) { bytes.appendInteger(UInt16(0)) }
}

extension RoutePlan: RecordField {
    package static var layout: StaticString { "u64" }

    package func write(into bytes: inout [UInt8]) { bytes.appendInteger(packed) }

    package init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        guard let plan = RoutePlan(packed: try reader.integer(UInt64.self, bytes)) else { throw .invalidValue }
        self = plan
    }
}

// MARK: Money

extension Currency: RecordField {
    package static var layout: StaticString { "u16" }

    package func write(into bytes: inout [UInt8]) { bytes.appendInteger(numericCode) }

    package init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        guard let currency = Currency(numericCode: try reader.integer(UInt16.self, bytes)) else { throw .invalidValue }
        self = currency
    }
}

extension Transfers: RecordField {
    package static var layout: StaticString { "transfers" }

    package func write(into bytes: inout [UInt8]) {
        bytes.append(UInt8(count))
        if let first { first.encode(into: &bytes) }
        if let second { second.encode(into: &bytes) }
    }

    package init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        switch try reader.integer(UInt8.self, bytes) {
        case 0: self.init()
        case 1: self.init(try reader.transfer(bytes))
        case 2: self.init(try reader.transfer(bytes), try reader.transfer(bytes))
        default: throw .invalidValue
        }
    }
}

extension RecordReader {
    fileprivate mutating func transfer(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> Transfer {
        do throws(LedgerDecodingError) {
            return try Transfer.decode(from: bytes, at: &offset)
        } catch {
            throw .ledger(error)
        }
    }
}

extension ExchangeTerms: RecordField {
    package static var layout: StaticString { "terms" }

    package func write(into bytes: inout [UInt8]) {
        sold.write(into: &bytes)
        bytes.appendInteger(soldMinor)
        bought.write(into: &bytes)
        bytes.appendInteger(grossMinor)
        bytes.appendInteger(spreadMinor)
        bytes.appendInteger(rate.mantissa)
        bytes.append(rate.scale)
    }

    package init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        let sold = try Currency(reading: &reader, bytes)
        let soldMinor = try reader.integer(Int64.self, bytes)
        let bought = try Currency(reading: &reader, bytes)
        let grossMinor = try reader.integer(Int64.self, bytes)
        let spreadMinor = try reader.integer(Int64.self, bytes)
        let mantissa = try reader.integer(Int64.self, bytes)
        guard let rate = ExchangeRate(mantissa: mantissa, scale: try reader.integer(UInt8.self, bytes)),
            let terms = ExchangeTerms(
                sold: sold,
                soldMinor: soldMinor,
                bought: bought,
                grossMinor: grossMinor,
                spreadMinor: spreadMinor,
                rate: rate
            )
        else { throw .invalidValue }
        self = terms
    }
}

// MARK: Texts and identifiers

extension String: RecordField {
    package static var layout: StaticString { "text" }

    package func write(into bytes: inout [UInt8]) { bytes.appendText(self) }

    package init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        self = try reader.text(count: Int(try reader.integer(UInt32.self, bytes)), bytes)
    }
}

extension SellerName: OptionalRecordField {
    package static var layout: StaticString { "text" }

    package func write(into bytes: inout [UInt8]) { bytes.appendText(text) }

    package init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        guard let name = SellerName(try String(reading: &reader, bytes)) else { throw .invalidValue }
        self = name
    }

    package static func optional(
        _ reader: inout RecordReader,
        _ bytes: Span<UInt8>
    ) throws(RecordDecodingError) -> SellerName? {
        let text = try String(reading: &reader, bytes)
        if text.isEmpty { return nil }
        guard let name = SellerName(text) else { throw .invalidValue }
        return name
    }

    package static func writeNothing(into bytes: inout [UInt8]) { bytes.appendText("") }
}

extension RefundID: RecordField {
    package static var layout: StaticString { "identifier" }

    package func write(into bytes: inout [UInt8]) {
        bytes.appendInteger(high)
        bytes.appendInteger(low)
    }

    package init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        self.init(high: try reader.integer(UInt64.self, bytes), low: try reader.integer(UInt64.self, bytes))
    }
}

extension RequestKey: OptionalRecordField {
    package static var layout: StaticString { "key" }

    package func write(into bytes: inout [UInt8]) {
        let words: InlineArray<6, UInt64> = [
            digest.high.littleEndian, digest.low.littleEndian,
            fingerprint.high.littleEndian, fingerprint.low.littleEndian,
            requestID.high.littleEndian, requestID.low.littleEndian,
        ]
        Swift.withUnsafeBytes(of: words) { bytes.append(contentsOf: $0) }
    }

    package init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        self.init(
            digest: KeyDigest(
                high: try reader.integer(UInt64.self, bytes),
                low: try reader.integer(UInt64.self, bytes)
            ),
            fingerprint: Fingerprint(
                high: try reader.integer(UInt64.self, bytes),
                low: try reader.integer(UInt64.self, bytes)
            ),
            requestID: RequestID(
                high: try reader.integer(UInt64.self, bytes),
                low: try reader.integer(UInt64.self, bytes)
            )
        )
    }

    package static func optional(
        _ reader: inout RecordReader,
        _ bytes: Span<UInt8>
    ) throws(RecordDecodingError) -> RequestKey? {
        let key = try RequestKey(reading: &reader, bytes)
        return key == RequestKey.none ? nil : key
    }

    package static func writeNothing(into bytes: inout [UInt8]) { RequestKey.none.write(into: &bytes) }
}
