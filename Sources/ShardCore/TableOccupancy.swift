/// How full a table beside payments is.
package struct TableOccupancy: Sendable, Equatable {
    package var name: String
    package var count: Int
    package var capacity: Int
}
