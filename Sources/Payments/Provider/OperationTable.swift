/// A value for each operation that a provider executes.
@frozen @usableFromInline
package struct OperationTable<Value: Sendable>: Sendable {
    @usableFromInline package var authorize: Value
    @usableFromInline package var capture: Value
    @usableFromInline package var cancel: Value
    @usableFromInline package var refund: Value
    @usableFromInline package var increment: Value
    @usableFromInline package var confirm: Value

    /// The same value for all operations.
    @inlinable
    package init(_ all: Value) {
        authorize = all
        capture = all
        cancel = all
        refund = all
        increment = all
        confirm = all
    }

    /// What `value` says of each operation.
    @inlinable
    package init<Failure: Error>(_ value: (ProviderOperation) throws(Failure) -> Value) throws(Failure) {
        authorize = try value(.authorize)
        capture = try value(.capture)
        cancel = try value(.cancel)
        refund = try value(.refund)
        increment = try value(.increment)
        confirm = try value(.confirm)
    }

    /// Yields the value where it stands: settings hold arrays, and a call to a provider reads them.
    @inlinable
    package subscript(operation: ProviderOperation) -> Value {
        @inline(__always) _read {
            switch operation {
            case .authorize: yield authorize
            case .capture: yield capture
            case .cancel: yield cancel
            case .refund: yield refund
            case .increment: yield increment
            case .confirm: yield confirm
            }
        }
        @inline(__always) _modify {
            switch operation {
            case .authorize: yield &authorize
            case .capture: yield &capture
            case .cancel: yield &cancel
            case .refund: yield &refund
            case .increment: yield &increment
            case .confirm: yield &confirm
            }
        }
    }
}

extension OperationTable: Equatable where Value: Equatable {}
