import ArgumentParser
import Gateway
import Journal

extension JournalCommand {
    /// `millrace journal cursors`
    struct Cursors: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cursors",
            abstract: "List and drop the durable cursors of shards' consumers.",
            discussion: """
                A cursor is a consumer's place in a shard's records. The log keeps every record after it. A consumer that never \
                comes back holds records back until its cursor is dropped.
                """,
            subcommands: [List.self, Drop.self]
        )
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Print every cursor of each shard, and the last record that its consumer has taken.",
            discussion: "The gateway may run. Its metrics millrace_journal_cursor_lag_* say how far a cursor is behind."
        )

        @Argument(help: "A data directory or a shard's directory.")
        var directory: String

        func run() throws {
            for journal in try JournalPaths.shards(directory) {
                let found: JournalCursors.Listing
                do throws(JournalProblem) { found = try JournalCursors.list(directory: journal) } catch {
                    throw Failure(JournalError(error.code, "").exitStatus, error.description)
                }
                if found.cursors.isEmpty { Console.line("\(journal): no cursors") }
                for cursor in found.cursors { Console.line("\(journal): \(cursor.name) at record \(cursor.position)") }
                if found.damaged > 0 { Console.error("millrace: \(journal): \(found.damaged) cursors are damaged") }
            }
        }
    }

    struct Drop: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "drop",
            abstract: "Drop a cursor of one shard. Its consumer loses its place.",
            discussion: """
                Records that the consumer has not taken may be deleted from the archive afterwards. If a gateway has the \
                shard open, it drops the cursor within 10 seconds; `list` shows when it is gone.
                """
        )

        @Argument(help: "One shard's directory (data/shard-000).")
        var directory: String
        @Argument(help: "The cursor's name.")
        var cursor: String

        func run() throws {
            guard let name = JournalCursorName(cursor) else {
                throw Failure(ExitStatus.configuration, "\(cursor): no cursor can have this name")
            }
            do throws(JournalProblem) {
                switch try JournalCursors.drop(name, directory: directory) {
                case .done: Console.line("\(directory): cursor \(name) is dropped")
                case .requested(let detail):
                    Console.line("\(directory): \(detail); it drops cursor \(name) within 10 seconds")
                }
            } catch {
                throw Failure(JournalError(error.code, "").exitStatus, error.description)
            }
        }
    }
}
