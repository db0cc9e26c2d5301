/// The text of a `Date` field: IMF-fixdate (RFC 9110 section 5.6.7), as
/// `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    /// 1 January 1970 was a Thursday.
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    /// The end of the year 9999.
    private static let latest: Int64 = 253_402_300_799

    /// - Parameter unixSeconds: since 1970. Times before 1970 and after the year 9999 become the
    ///   nearest allowed one.
    static func text(unixSeconds: Int64) -> String {
        let (days, time) = min(max(0, unixSeconds), latest).quotientAndRemainder(dividingBy: 86_400)
        let date = CivilDate(daysSince1970: UInt32(days))
        let day = "\(weekdays[Int(days % 7)]), \(pair(Int64(date.day))) \(months[Int(date.month) - 1])"
        return "\(day) \(date.year) \(pair(time / 3_600)):\(pair(time / 60 % 60)):\(pair(time % 60)) GMT"
    }

    private static func pair(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
