package import Payments

/// A seller of a merchant.
package struct Seller: Sendable, Equatable {
    package var merchant: MerchantID
    package var name: SellerName

    package init(
        merchant: MerchantID,
        name: SellerName
    ) {
        self.merchant = merchant
        self.name = name
    }
}

/// The sellers of a shard that have money, and those that captures under way name.
///
/// The record that first books to a seller gives it the next number; the record that leaves its
/// accounts empty forgets it. A seller that gets money again has another number. No number is given
/// twice, so that an account's owner never is another seller.
package struct SellerTable: Sendable {
    private struct Key: Hashable {
        var merchant: MerchantID
        var name: SellerName
    }

    /// What is known of a name.
    private struct Place {
        /// nil for a seller without an account.
        var number: Int?
        /// Captures under way that name it.
        var claims = 0
    }

    /// By number, from 0.
    package private(set) var sellers = SparseTable<Seller>()
    private var places: [Key: Place] = [:]
    /// Of each merchant the numbers, ascending.
    private var numbersOfMerchant: [MerchantID: [Int]] = [:]
    private var countOfMerchant: [MerchantID: Int] = [:]

    package init() {}

    /// Sellers with a number, and those that captures under way name beside them.
    package var count: Int { places.count }

    /// The same of one merchant.
    package func count(of merchant: MerchantID) -> Int { countOfMerchant[merchant] ?? 0 }

    /// Whether the seller has its place in `count`.
    package func contains(_ name: SellerName, merchant: MerchantID) -> Bool {
        places[Key(merchant: merchant, name: name)] != nil
    }

    /// The seller's number, nil for one without accounts.
    package func number(of name: SellerName, merchant: MerchantID) -> Int? {
        places[Key(merchant: merchant, name: name)]?.number
    }

    /// The numbers that sellers have, or get from a record that books to them in this order.
    package func numbers(of names: [SellerName], merchant: MerchantID) -> [Int] {
        var given: [SellerName: Int] = [:]
        return names.map { name in
            if let number = number(of: name, merchant: merchant) ?? given[name] { return number }
            let number = sellers.count + given.count + 1
            given[name] = number
            return number
        }
    }

    /// The numbers of a merchant's sellers, ascending.
    package func numbers(of merchant: MerchantID) -> [Int] { numbersOfMerchant[merchant] ?? [] }

    /// The seller with a number; nil for one that has none any more.
    package func seller(_ number: Int) -> Seller? {
        sellers.contains(number - 1) ? sellers[number - 1] : nil
    }

    /// The owner of the seller's accounts, unique among all shards.
    package static func accountOwner(_ number: Int, shard: UInt16) -> UInt64 { UInt64(shard) << 48 | UInt64(number) }

    /// Only the sellers with numbers, for a snapshot. The index by name is not copied for it.
    var withoutIndexes: SellerTable {
        var table = SellerTable()
        table.sellers = sellers
        return table
    }

    // MARK: Changes

    mutating func number(_ name: SellerName, merchant: MerchantID) -> Int {
        let key = Key(merchant: merchant, name: name)
        if let number = places[key]?.number { return number }
        let number = sellers.append(Seller(merchant: merchant, name: name)) + 1
        enter(number, key)
        return number
    }

    mutating func claim(_ name: SellerName, merchant: MerchantID) {
        change(Key(merchant: merchant, name: name)) { $0.claims += 1 }
    }

    mutating func releaseClaim(_ name: SellerName, merchant: MerchantID) {
        change(Key(merchant: merchant, name: name)) { place in
            precondition(place.claims > 0, "a capture ends once")
            place.claims -= 1
        }
    }

    mutating func forget(_ number: Int) {
        guard let seller = seller(number) else { preconditionFailure("a seller is forgotten once") }
        let index = number - 1
        _ = sellers.remove(inChunk: index >> SparseTable<Seller>.chunkShift) { place, _ in place == index }
        var numbers = numbersOfMerchant[seller.merchant] ?? []
        numbers.removeAll { $0 == number }
        numbersOfMerchant[seller.merchant] = numbers.isEmpty ? nil : numbers
        change(Key(merchant: seller.merchant, name: seller.name)) { $0.number = nil }
    }

    mutating func reserveNumbers(upTo count: Int) { sellers.reserveNumbers(upTo: count) }

    mutating func restore(_ seller: Seller, number: Int) -> Bool {
        let key = Key(merchant: seller.merchant, name: seller.name)
        guard number >= 1, number <= sellers.count, !sellers.contains(number - 1), places[key]?.number == nil else {
            return false
        }
        sellers.insert(seller, at: number - 1)
        enter(number, key)
        return true
    }

    private mutating func enter(_ number: Int, _ key: Key) {
        var numbers = numbersOfMerchant[key.merchant] ?? []
        let place = numbers.firstIndex { $0 > number } ?? numbers.count
        numbers.insert(number, at: place)
        numbersOfMerchant[key.merchant] = numbers
        change(key) { $0.number = number }
    }

    /// Changes the entry of a name. A name that has no number, and that no capture under way names,
    /// is forgotten.
    private mutating func change(_ key: Key, _ body: (inout Place) -> Void) {
        let known = places[key]
        var place = known ?? Place()
        body(&place)
        let stays = place.number != nil || place.claims > 0
        places[key] = stays ? place : nil
        guard stays != (known != nil) else { return }
        let count = count(of: key.merchant) + (stays ? 1 : -1)
        countOfMerchant[key.merchant] = count == 0 ? nil : count
    }
}
