/// Which number each connector has. A number is given once, to one name, and never reused: journals
/// and ledgers refer to it for ever. A connector that leaves the configuration keeps its number,
/// and has it again when it returns.
///
/// The data directory holds the registry; this is its content. It only grows, to at most
/// `maximumConnectors` names.
package struct ConnectorRegistry: Equatable, Sendable {
    /// The most names of one registry, those included that left the configuration.
    package static let maximumConnectors = 4_096

    /// Why a name gets no number.
    package enum Problem: Error, Equatable, Sendable {
        /// The registry holds `maximumConnectors` names. An operator must reuse a name; a retry
        /// does not help.
        case full
        /// A stored registry has a gap, or a name twice: it was edited or damaged.
        case inconsistent
    }

    /// The name of number n + 1 at index n.
    package private(set) var names: [ConnectorName] = []
    private var numbers: [ConnectorName: ConnectorID] = [:]

    /// A registry as it is stored: the names in the order of their numbers, from 1.
    package init(stored names: [ConnectorName]) throws(Problem) {
        for name in names {
            guard numbers[name] == nil else { throw .inconsistent }
            _ = try number(for: name)
        }
    }

    /// A registry of these names, numbered from 1.
    /// - Precondition: they are names, and each stands once.
    package init(_ names: String...) {
        for text in names {
            guard let name = ConnectorName(text), numbers[name] == nil else {
                preconditionFailure("\(text) is no new name")
            }
            numbers[name] = ConnectorID(rawValue: UInt16(self.names.count + 1))
            self.names.append(name)
        }
    }

    /// The number of a name; `nil` for one that was never registered.
    package subscript(name: ConnectorName) -> ConnectorID? { numbers[name] }

    /// The name of a number; `nil` for one that was never given.
    package subscript(number: ConnectorID) -> ConnectorName? {
        let index = Int(number.rawValue) - 1
        return index < names.count ? names[index] : nil
    }

    /// The number of a name, which is registered if it is new. The caller stores the registry
    /// before it uses the number.
    package mutating func number(for name: ConnectorName) throws(Problem) -> ConnectorID {
        if let number = numbers[name] { return number }
        guard names.count < Self.maximumConnectors,
            let number = ConnectorID(rawValue: UInt16(names.count + 1))
        else { throw .full }
        names.append(name)
        numbers[name] = number
        return number
    }
}
