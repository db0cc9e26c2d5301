/// Kinds of numbers that merchants send and that are no card numbers.
enum OtherNumber: CaseIterable {
    case germanMobile, telephone, fraction, coordinates, imei, productCode, iban, amazonOrder, uuid, digest, time
    case invoice, tracking

    func text(using random: inout SeededGenerator) -> String {
        switch self {
        case .germanMobile: Self.germanMobile(using: &random)
        case .telephone: Self.telephone(using: &random)
        case .fraction: Self.fraction(using: &random)
        case .coordinates:
            "\(Double.random(in: -90...90, using: &random)), \(Double.random(in: -180...180, using: &random))"
        case .imei: Self.imei(using: &random)
        case .productCode: Self.productCode(using: &random)
        case .iban: Self.iban(using: &random)
        case .amazonOrder: Self.amazonOrder(using: &random)
        case .uuid: Self.uuid(using: &random)
        case .digest: Self.hexadecimal(64, using: &random)
        case .time: Self.time(using: &random)
        case .invoice: Self.invoice(using: &random)
        case .tracking: Self.tracking(using: &random)
        }
    }

    private static func digits(_ count: Int, using random: inout SeededGenerator) -> String {
        (0..<count).map { _ in String(Int.random(in: 0...9, using: &random)) }.joined()
    }

    private static func hexadecimal(_ count: Int, using random: inout SeededGenerator) -> String {
        (0..<count).map { _ in String(Int.random(in: 0..<16, using: &random), radix: 16) }.joined()
    }

    private static func one(of texts: [String], using random: inout SeededGenerator) -> String {
        texts[Int.random(in: 0..<texts.count, using: &random)]
    }

    /// With the check digit of a GTIN, or of an IMEI, which is that of Luhn.
    private static func checked(_ digits: String, isLuhn: Bool) -> String {
        var sum = 0
        for (place, character) in digits.reversed().enumerated() {
            let digit = character.wholeNumberValue ?? 0
            let weighed = place.isMultiple(of: 2) ? digit * (isLuhn ? 2 : 3) : digit
            sum += isLuhn && weighed > 9 ? weighed - 9 : weighed
        }
        return digits + String((10 - sum % 10) % 10)
    }

    private static func germanMobile(using random: inout SeededGenerator) -> String {
        let networks = ["151", "152", "157", "160", "162", "170", "171", "175", "176", "178", "179"]
        let code = one(of: networks, using: &random)
        let number = digits(Int.random(in: 7...8, using: &random), using: &random)
        let forms = [
            "+49\(code)\(number)", "0049\(code)\(number)", "49\(code)\(number)", "0\(code)\(number)",
            "+49 \(code) \(number)", "+49 (0) \(code) / \(number)", "0\(code)/\(number)", "49 \(code) \(number)",
            "+49-\(code)-\(number.prefix(4))-\(number.dropFirst(4))",
            "49 \(code) \(number.prefix(4)) \(number.dropFirst(4))",
        ]
        return one(of: forms, using: &random)
    }

    private static func telephone(using random: inout SeededGenerator) -> String {
        let countries = ["1", "33", "44", "39", "34", "48", "61", "55", "91", "86", "62", "60", "52"]
        let code = one(of: countries, using: &random)
        let rest = digits(Int.random(in: 8...11, using: &random), using: &random)
        let forms = [
            "+\(code)\(rest)", "00\(code)\(rest)", "\(code)\(rest)", "+\(code) \(rest.prefix(3)) \(rest.dropFirst(3))",
        ]
        return one(of: forms, using: &random)
    }

    private static func fraction(using random: inout SeededGenerator) -> String {
        let value = "\(Double.random(in: 0..<100, using: &random))"
        return one(of: [value, "-\(value)", value.replacing(".", with: ","), "{\"x\":\(value)}"], using: &random)
    }

    private static func imei(using random: inout SeededGenerator) -> String {
        let type = one(of: ["35", "86", "01", "99", "49", "52", "45", "44"], using: &random)
        let imei = checked(type + digits(12, using: &random), isLuhn: true)
        let middle = "\(imei.dropFirst(2).prefix(6))-\(imei.dropFirst(8).prefix(6))"
        return one(of: [imei, "\(imei.prefix(2))-\(middle)-\(imei.suffix(1))"], using: &random)
    }

    private static func productCode(using random: inout SeededGenerator) -> String {
        let countries = ["400", "404", "440", "500", "501", "509", "360", "300", "379", "691", "690", "978"]
        let code = checked(one(of: countries, using: &random) + digits(9, using: &random), isLuhn: false)
        let grouped = "\(code.prefix(1)) \(code.dropFirst().prefix(6)) \(code.suffix(6))"
        return one(of: [code, grouped], using: &random)
    }

    private static func iban(using random: inout SeededGenerator) -> String {
        let forms = [
            ("DE", 20), ("ES", 22), ("AT", 18), ("CH", 19), ("DK", 16), ("BE", 14), ("PL", 26), ("FR", 25), ("PT", 23),
        ]
        let (country, length) = forms[Int.random(in: 0..<forms.count, using: &random)]
        let account = digits(length - 2, using: &random)
        var remainder = 0
        for character in account + country + "00" {
            let value = Int(String(character), radix: 36) ?? 0
            remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
        }
        let check = 98 - remainder
        let iban = country + (check < 10 ? "0\(check)" : "\(check)") + account
        var grouped = ""
        for (place, character) in iban.enumerated() {
            if place > 0, place.isMultiple(of: 4) { grouped += " " }
            grouped.append(character)
        }
        return one(of: [iban, grouped], using: &random)
    }

    private static func amazonOrder(using random: inout SeededGenerator) -> String {
        let first = one(of: ["302", "303", "304", "305", "306", "028", "114", "404", "405"], using: &random)
        return "\(first)-\(digits(7, using: &random))-\(digits(7, using: &random))"
    }

    private static func uuid(using random: inout SeededGenerator) -> String {
        let parts = [8, 4, 3, 3, 12].map { hexadecimal($0, using: &random) }
        return "\(parts[0])-\(parts[1])-4\(parts[2])-a\(parts[3])-\(parts[4])"
    }

    private static func time(using random: inout SeededGenerator) -> String {
        let seconds = Int.random(in: 1_500_000_000...1_900_000_000, using: &random)
        let day = "2026-\(10 + seconds % 3)-\(10 + seconds % 20)"
        let forms = [
            "\(seconds)\(digits(3, using: &random))", "\(seconds)\(digits(6, using: &random))",
            "\(seconds)\(digits(9, using: &random))", "\(day) 10:50:41.123456789", "\(day)/\(day)",
            "20261129\(digits(6, using: &random))",
        ]
        return one(of: forms, using: &random)
    }

    private static func invoice(using random: inout SeededGenerator) -> String {
        let customer = digits(8, using: &random)
        let forms = [
            "RE-2026-\(digits(6, using: &random))", "\(customer)/\(digits(8, using: &random))",
            "KD \(customer) RG \(digits(10, using: &random))", "2026/\(digits(12, using: &random))",
            "\(digits(5, using: &random)).\(digits(10, using: &random))",
        ]
        return one(of: forms, using: &random)
    }

    private static func tracking(using random: inout SeededGenerator) -> String {
        let forms = [
            "1Z999AA1\(digits(10, using: &random))", "00\(digits(18, using: &random))",
            "94\(digits(20, using: &random))",
            "JJD0003\(digits(14, using: &random))", "01\(digits(12, using: &random))",
        ]
        return one(of: forms, using: &random)
    }
}
