/// `event` as a `T`, when it is exactly a `T`.
///
/// Compares the types before it casts. A cast that fails costs about as much as finding a header.
/// Each request brings several user events, of which a handler wants one or two.
@inline(__always)
func exactly<T>(_ event: Any, _: T.Type) -> T? {
    type(of: event) == T.self ? event as? T : nil
}
