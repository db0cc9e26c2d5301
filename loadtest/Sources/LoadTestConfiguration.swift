/// Everything that one invocation of the load harness (`millrace load`) is told. The command line
/// fills it; scenario files hold what belongs to the load itself (`Scenario`).
package struct LoadTestConfiguration: Sendable {
    /// What is put under load.
    package enum Target: Sendable, Equatable {
        /// A demonstration's `demo.json`: addresses, API keys, process identifiers. Enables the
        /// audit.
        case demo(path: String)
        /// Any HTTP/2 server, `https://host:port/path` or `http://host:port/path` (prior
        /// knowledge). The path, if any, comes before those of the requests. No audit.
        case url(String)
    }

    /// How the target's certificate is checked.
    package enum Trust: Sendable, Equatable {
        /// The system's roots.
        case system
        /// The PEM file with the certificate authority.
        case certificateAuthority(path: String)
        /// Not at all (`--insecure`).
        case none
    }

    /// A scenario file's path, or the bare name of one in `loadtest/scenarios`.
    package var scenario: String
    package var target: Target
    /// Ignored with a demo, whose `ca_cert` counts.
    package var trust: Trust = .system
    /// API keys for a `url` target; one merchant each.
    package var apiKeys: [String] = []
    /// Event loops that make load, 1 to 256. One is enough for some 40,000 requests a second.
    package var loops: Int = 1
    /// HTTP/2 connections per loop, 1 to 1,000; `nil`: what the scenario says.
    package var connections: Int?
    /// What all randomness is derived from. `nil` draws one and reports it. The same seed makes the
    /// same idempotency keys, so a repeated seed against the same data directory replays.
    package var seed: UInt64?
    /// Replaces the rate of every phase (ramps and steps become constant), in requests a second:
    /// above 0, at most 1,000,000.
    package var rate: Double?
    /// Replaces the duration of every phase that is not a warm-up, in seconds: 0.001 to 1,000,000.
    package var durationSeconds: Double?
    /// Overrides the scenario's `retries`.
    package var retries: Bool?
    /// Where `report.json`, `report.txt` and the `.hgrm` files go; `nil` writes no files.
    package var outputDirectory: String?
    /// Appends intents and results to this file, for a later `audit`.
    package var journalPath: String?
    /// Whether a demo target is audited after the run.
    package var audits: Bool = true
    /// Processes whose CPU time is reported beside what `demo.json` names.
    package var processes: [ProcessName] = []

    /// A process to account for.
    package struct ProcessName: Sendable, Equatable {
        package var name: String
        package var pid: Int

        package init(name: String, pid: Int) {
            self.name = name
            self.pid = pid
        }
    }

    package init(scenario: String, target: Target) {
        self.scenario = scenario
        self.target = target
    }
}

/// `millrace load audit`: compares journals of earlier runs with what gateway, simulator and ledger
/// say now.
package struct LoadAuditConfiguration: Sendable {
    /// All journals of all runs against the data directory, in any order.
    package var journals: [String]
    /// The path of `demo.json`.
    package var demo: String
    /// How many seconds payments may stay `processing` before that is a failure: 0 to 86,400.
    package var settleSeconds: Double = 60

    package init(journals: [String], demo: String) {
        self.journals = journals
        self.demo = demo
    }
}

/// How a run ended; `exitStatus` is the process's.
package struct LoadVerdict: Sendable, Equatable {
    /// Why it failed, one sentence each; empty when it passed.
    package var failures: [String]

    package init(failures: [String] = []) {
        self.failures = failures
    }

    package var passed: Bool { failures.isEmpty }
    /// 0 passed, 1 failed. (2 is for usage errors, which are thrown as `LoadUsageError`.)
    package var exitStatus: Int32 { passed ? 0 : 1 }
}

/// The invocation, a scenario file or `demo.json` cannot be used; one clear line, exit status 2.
package struct LoadUsageError: Error, Equatable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}
