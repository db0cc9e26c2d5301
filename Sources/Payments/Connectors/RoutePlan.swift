/// The connectors that an authorization may try, in order. The shard chooses the plan when it
/// accepts a payment, and journals it. So a replay never decides again. 8 bytes: four numbers of 16
/// bits, the first in the lowest.
package struct RoutePlan: Hashable, Sendable {
    /// The most connectors of one plan.
    package static let maximumConnectors = 4

    /// The numbers of the connectors, 0 behind the last.
    package let packed: UInt64

    /// A plan of one connector.
    package init(_ connector: ConnectorID) {
        packed = UInt64(connector.rawValue)
    }

    /// `nil` for no connector, more than `maximumConnectors`, or one that occurs twice.
    package init?(_ connectors: [ConnectorID]) {
        guard (1...Self.maximumConnectors).contains(connectors.count), Set(connectors).count == connectors.count else {
            return nil
        }
        var packed: UInt64 = 0
        for (index, connector) in connectors.enumerated() {
            packed |= UInt64(connector.rawValue) << UInt64(16 * index)
        }
        self.packed = packed
    }

    /// A plan as a record holds it; `nil` for a number that no plan packs to.
    package init?(packed: UInt64) {
        let numbers = (0..<Self.maximumConnectors).map { UInt16(truncatingIfNeeded: packed >> UInt64(16 * $0)) }
        guard let plan = Self(numbers.compactMap(ConnectorID.init(rawValue:))), plan.packed == packed else {
            return nil
        }
        self = plan
    }

    /// 1...`maximumConnectors`
    package var count: Int {
        let highest = UInt64.bitWidth - packed.leadingZeroBitCount
        return (highest + 15) / 16
    }

    /// The connector that tries first.
    package var first: ConnectorID {
        guard let first = self[0] else { preconditionFailure("a plan has a connector") }
        return first
    }

    /// The connector at `position`, from 0; `nil` behind the last.
    package subscript(position: Int) -> ConnectorID? {
        precondition(position >= 0, "positions of a route plan count from 0")
        guard position < Self.maximumConnectors else { return nil }
        return ConnectorID(rawValue: UInt16(truncatingIfNeeded: packed >> UInt64(16 * position)))
    }

    /// All connectors, in order.
    package var connectors: [ConnectorID] { (0..<Self.maximumConnectors).compactMap { self[$0] } }
}

extension RoutePlan: CustomStringConvertible {
    package var description: String {
        "route " + connectors.map { "\($0.rawValue)" }.joined(separator: ", ")
    }
}
