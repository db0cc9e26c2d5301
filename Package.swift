// swift-tools-version: 6.3
import PackageDescription

/// Set by `scripts/fuzz.sh` only: the libFuzzer runtime to link (`Fuzz/README.md`).
let fuzzRuntime = Context.environment["MILLRACE_FUZZ"]

/// Set by `scripts/test.sh` only: our own modules keep their assertions and can be imported by
/// tests; dependencies do not change.
let isChecked = Context.environment["MILLRACE_CHECKED"] == "1"

let strict: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
    // Tests and fuzzers run optimized code with the assertions of debug builds. The binary that
    // users run has a section for each function, so that the linker can order them.
    + (fuzzRuntime == nil && !isChecked
        ? [.unsafeFlags(["-Xfrontend", "-function-sections"], .when(configuration: .release))]
        : [.unsafeFlags(["-assert-config", "Debug", "-enable-testing"], .when(configuration: .release))])

/// Tests themselves are not optimized: to optimize them takes longer than they run. What they test
/// is. A large test module is compiled in two batches, so that no core waits for the other.
let plain: [SwiftSetting] =
    strict
    + (isChecked
        ? [
            .unsafeFlags(
                ["-Onone", "-no-whole-module-optimization", "-enable-batch-mode", "-j2"],
                .when(configuration: .release)
            )
        ] : [])

/// Links Swift's libraries into a release executable, so that it runs where there is no toolchain.
/// By the linker alone (`--static-swift-stdlib` would compile everything a second time, beside the
/// build of the tests).
let staticRuntime: [LinkerSetting] =
    [.unsafeFlags(["-static-stdlib"], .when(configuration: .release))]
    + [
        "FoundationInternationalization", "FoundationEssentials", "CoreFoundation", "_FoundationICU",
        "_FoundationCShims",
        "_FoundationCollections", "swiftSynchronization",
    ].map { .linkedLibrary($0, .when(configuration: .release)) }

/// The toolchain's own linker: one second for the binary, where the system's takes three.
let quickLinker: [LinkerSetting] = [.unsafeFlags(["-use-ld=lld"], .when(platforms: [.linux]))]

/// Puts the functions that a payment calls side by side, in the order of `functions.order`
/// (`Benchmarks/order.sh` writes it). Code that runs after each wake of a loop is cold: fewer pages
/// and cache lines are fetched then (docs/performance.md). A name that is not there is ignored.
let orderedFunctions: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-Xlinker", "--symbol-ordering-file=\(Context.packageDirectory)/Sources/millrace/functions.order",
            "-Xlinker", "--no-warn-symbol-ordering",
        ],
        .when(platforms: [.linux], configuration: .release)
    )
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTP2: Target.Dependency = .product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK: Target.Dependency = .product(name: "NIOHPACK", package: "swift-nio-http2")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")

/// A module: it imports only targets listed above it (see docs/architecture.md).
func module(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    path: String? = nil,
    embedding resources: [String] = [],
    linking: [LinkerSetting] = []
) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        path: path,
        resources: resources.isEmpty ? nil : resources.map { .embedInCode($0) },
        swiftSettings: strict,
        linkerSettings: linking
    )
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: plain, linkerSettings: quickLinker)
}

let package = Package(
    name: "millrace",
    products: [.executable(name: "millrace", targets: ["millrace"])],
    // Exact versions: who builds the same commit gets the same binary. An update is a commit of its
    // own.
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        // Used by the packages above alone; named here so that their versions are exact, too.
        .package(url: "https://github.com/apple/swift-atomics", exact: "1.3.0"),
        .package(url: "https://github.com/apple/swift-numerics", exact: "1.1.1"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    ],
    targets: [
        // C: checksums and constants that Swift cannot name; an allocation counter for tests and
        // benchmarks only.
        .target(name: "CMillrace"),
        // The commit that the binary is built from, as the Makefile says it.
        .target(
            name: "CVersion",
            cSettings: Context.environment["MILLRACE_COMMIT"].map { [.define("MILLRACE_COMMIT", to: "\"\($0)\"")] }
                ?? []
        ),
        .target(name: "CAllocationCounter"),
        // Debian's libzstd-dev: archived segments. Its archive is linked, so that the binary needs
        // no library more.
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
        // Pure modules: no I/O, no clock, no event loop.
        module("Time"),
        module("Money"),
        module("Ledger", ["Money"]),
        module("Payments", ["Time", "Money", "Ledger"]),
        module("Risk", ["Time", "Money", "Payments"]),
        module("WireJSON", [nioCore]),
        module("Timers"),
        // Durability.
        module(
            "Journal",
            ["CMillrace", "CZstd", crypto],
            linking: [
                .linkedLibrary(":libzstd.a", .when(platforms: [.linux])),
                .linkedLibrary("zstd", .when(platforms: [.macOS])),
            ]
        ),
        // Idempotency keys that left memory: sorted runs on disk, each with a filter.
        module("KeyRuns", ["Journal"]),
        // Wire.
        module("HTTPTransport", ["Timers", nioCore, nioPosix, nioTLS, nioHTTP1, nioHTTP2, nioHPACK]),
        module("TransportTLS", ["HTTPTransport", nioCore, nioSSL]),
        module("Telemetry", [histogram]),
        // Asks an external fraud scorer.
        module(
            "Scoring",
            ["Time", "Money", "Payments", "Risk", "HTTPTransport", "WireJSON", "Telemetry", nioCore, nioHPACK]
        ),
        // A shard, from its records up to its event loop.
        module("ShardRecords", ["Time", "Money", "Ledger", "Payments", "Risk", "Journal", nioCore]),
        module(
            "ShardState",
            ["Time", "Money", "Ledger", "Payments", "Risk", "Timers", "Journal", "KeyRuns", "ShardRecords", nioCore]
        ),
        module(
            "ShardCore",
            [
                "Time", "Money", "Ledger", "Payments", "Risk", "Journal", "KeyRuns", "ShardRecords", "ShardState",
                deque, nioCore,
            ]
        ),
        // It imports no `Risk`, but holds a shard, whose layout depends on it: an incremental build
        // knows only of the modules that are named.
        module(
            "ShardStorage",
            ["Time", "Ledger", "Payments", "Risk", "Journal", "KeyRuns", "ShardRecords", "ShardState", "ShardCore"]
        ),
        module(
            "ShardHost",
            [
                "Time", "Ledger", "Payments", "Risk", "Journal", "KeyRuns", "ShardRecords", "ShardState", "ShardCore",
                "ShardStorage", deque, nioCore, nioPosix,
            ]
        ),
        // What auditors and accountants read, made from the journal alone.
        module(
            "LedgerAudit",
            ["Time", "Money", "Ledger", "Payments", "Risk", "Journal", "ShardRecords", "WireJSON", nioCore]
        ),
        module(
            "Providers",
            ["Time", "Money", "Payments", "HTTPTransport", "WireJSON", nioCore, nioHPACK]
        ),
        module(
            "API",
            [
                "Time", "Money", "Ledger", "Payments", "Risk", "ShardRecords", "ShardState", "ShardCore",
                "HTTPTransport",
                "WireJSON", crypto, nioCore, nioHPACK,
            ],
            embedding: ["OpenAPI/openapi.yaml"]
        ),
        // The built-in payment service provider: a process of its own that shares no code with the
        // gateway's domain.
        module(
            "PSPSimulator",
            ["HTTPTransport", "TransportTLS", "WireJSON", logging, nioCore, nioPosix, nioHPACK, nioSSL]
        ),
        // The load harness.
        module(
            "LoadTest",
            [
                "HTTPTransport", "TransportTLS", "WireJSON", "Telemetry", histogram, yams, nioCore, nioPosix, nioHTTP1,
                nioHPACK, nioSSL,
            ],
            path: "loadtest/Sources"
        ),
        module(
            "Gateway",
            [
                "CMillrace", "Time", "Money", "Ledger", "Payments", "Risk", "WireJSON", "Timers", "Journal", "KeyRuns",
                "HTTPTransport", "TransportTLS",
                "Telemetry", "Scoring", "ShardRecords", "ShardState", "ShardCore", "ShardStorage", "ShardHost",
                "Providers", "API",
                crypto, logging, x509, asn1, yams, nioCore, nioPosix, nioHTTP1,
                nioHPACK, nioSSL,
            ]
        ),
        // The deterministic world: the real shard, journal and provider codec on a fake disk,
        // network, clock and PSP.
        module(
            "Simulation",
            [
                "Time", "Money", "Ledger", "Payments", "Risk", "Journal", "KeyRuns", "ShardRecords", "ShardState",
                "ShardCore",
                "ShardStorage", "ShardHost", "LedgerAudit", "Providers", "PSPSimulator",
                "HTTPTransport", heap, nioCore, nioHPACK,
            ]
        ),
        .executableTarget(
            name: "millrace",
            dependencies: [
                "CVersion", "CMillrace", "Simulation",
                "Gateway", "API", "HTTPTransport", "Payments", "ShardRecords", "ShardCore", "Journal", "Ledger",
                "KeyRuns", "LedgerAudit", "Money", "PSPSimulator", "LoadTest", arguments, logging, nioCore, nioPosix,
            ],
            exclude: ["functions.order"],
            swiftSettings: strict,
            linkerSettings: quickLinker + staticRuntime + orderedFunctions
        ),
        // Not a test target because it measures the release build; `make test` runs it against the
        // committed budget.
        .executableTarget(
            name: "allocation-budget",
            dependencies: [
                "Gateway", "API", "PSPSimulator", "HTTPTransport", "TransportTLS", "CAllocationCounter", logging,
                nioCore, nioPosix,
                nioHPACK, nioSSL,
            ],
            path: "Tests/AllocationBudget",
            exclude: ["budget.txt"],
            swiftSettings: strict
        ),
        // docs/capacity.md: measures a shard of millions of payments; `Benchmarks/capacity.sh` runs
        // it.
        .executableTarget(
            name: "snapshot-benchmark",
            dependencies: [
                "Time", "ShardRecords", "ShardState", "ShardCore", "ShardStorage", "Journal", "Payments", "Ledger",
                "Money",
                nioCore,
            ],
            path: "Benchmarks/Snapshots",
            swiftSettings: strict
        ),
        // docs/capacity.md: idempotency keys in runs, by the hundred million; `Benchmarks/keys.sh`
        // runs it.
        .executableTarget(
            name: "key-benchmark",
            dependencies: ["KeyRuns", "Journal", "CMillrace"],
            path: "Benchmarks/Keys",
            swiftSettings: strict
        ),
        // What the journal costs, for `make bench`.
        .executableTarget(
            name: "journal-benchmark",
            dependencies: [
                "Time", "Journal", "ShardRecords", "ShardState", "ShardCore", "API", "Payments", "Money", "CMillrace",
                crypto,
                nioCore, nioPosix,
            ],
            path: "Benchmarks/journal",
            swiftSettings: strict
        ),
        tests("TimeTests", ["Time"]),
        tests("MoneyTests", ["Money"]),
        tests("LedgerTests", ["Ledger", "Money"]),
        tests(
            "LedgerAuditTests",
            ["Time", "LedgerAudit", "Money", "Ledger", "Payments", "Risk", "Journal", "ShardRecords", nioCore]
        ),
        tests("PaymentsTests", ["Time", "Payments", "Ledger", "Money"]),
        tests("ShardRecordsTests", ["Time", "ShardRecords", "Payments", "Risk", "Ledger", "Money", nioCore]),
        tests("RiskTests", ["Time", "Risk", "Payments", "Money"]),
        tests(
            "ScoringTests",
            [
                "Scoring", "Risk", "Payments", "Money", "HTTPTransport", "WireJSON", "Telemetry", nioCore, nioPosix,
                nioHPACK,
            ]
        ),
        tests("WireJSONTests", ["WireJSON", nioCore]),
        tests("TimersTests", ["Timers"]),
        // What every engine of a journal owes, as functions over its protocols, and an engine in
        // memory.
        module("JournalConformance", ["Journal"], path: "Tests/JournalConformance"),
        tests("JournalTests", ["Journal", "JournalConformance", "CMillrace"]),
        tests(
            "HTTPTransportTests",
            [
                "HTTPTransport", "TransportTLS", "CAllocationCounter", nioCore, nioPosix, nioEmbedded, nioTLS, nioHTTP1,
                nioHTTP2,
                nioHPACK, nioSSL, x509, asn1, crypto,
            ]
        ),
        tests("TelemetryTests", ["Telemetry", histogram]),
        // A shard that takes steps, a naive second model of payments, and random steps: for the
        // tests of the shard and `shard-workload`.
        module(
            "ShardModel",
            [
                "Time", "Money", "Ledger", "Payments", "Risk", "Journal", "KeyRuns", "ShardRecords", "ShardState",
                "ShardCore",
                "ShardStorage", nioCore,
            ],
            path: "Tests/ShardModel"
        ),
        // Not a test target because a million steps take an optimized build; `make test` runs it.
        .executableTarget(
            name: "shard-workload",
            dependencies: ["ShardModel"],
            path: "Tests/ShardWorkload",
            swiftSettings: strict,
            linkerSettings: quickLinker
        ),
        .testTarget(
            name: "ShardTests",
            dependencies: [
                "Time", "ShardModel", "API", "ShardRecords", "ShardState", "ShardCore", "ShardStorage", "ShardHost",
                "Payments",
                "Risk", "Journal", "JournalConformance", "KeyRuns", "Ledger", "LedgerAudit", "Money", nioCore,
                nioEmbedded,
                nioPosix,
            ],
            exclude: ["Scenarios"],
            swiftSettings: plain
        ),
        tests("KeyRunsTests", ["KeyRuns", "Journal", "ShardModel"]),
        tests(
            "ProvidersTests",
            [
                "Time", "Providers", "Payments", "HTTPTransport", "Money", "PSPSimulator", logging, nioCore, nioPosix,
                nioEmbedded, nioHPACK,
            ]
        ),
        tests(
            "APITests",
            [
                "Time", "API", "ShardRecords", "ShardState", "ShardCore", "Payments", "Risk", "Ledger", "Journal",
                "HTTPTransport", "WireJSON", "Money", "CAllocationCounter", nioCore, nioEmbedded, nioHPACK, yams,
            ]
        ),
        tests("PSPSimulatorTests", ["PSPSimulator", "HTTPTransport", logging, nioCore, nioPosix, nioHPACK]),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "Time", "Simulation", "Journal", "JournalConformance", "Payments", "Providers", "PSPSimulator", "Money",
                "HTTPTransport", nioCore, nioHPACK,
            ],
            exclude: ["regression-seeds.txt"],
            swiftSettings: plain
        ),
        tests("LoadTestTests", ["LoadTest", "HTTPTransport", nioCore, nioHPACK]),
        tests(
            "GatewayTests",
            [
                "Time", "Gateway", "API", "Payments", "Risk", "Money", "ShardRecords", "ShardCore", "ShardHost",
                "Journal",
                "HTTPTransport", "PSPSimulator", "Telemetry", logging, x509, asn1, yams, nioCore, nioPosix, nioHPACK,
                nioSSL,
            ]
        ),
    ]
)

// The fuzz targets: an executable for libFuzzer when asked for, else the test that runs the
// committed corpus.
let fuzzDependencies: [Target.Dependency] = [
    "Time", "Journal", "KeyRuns", "ShardRecords", "ShardState", "ShardCore", "Payments", "Ledger", "Money", "WireJSON",
    "API",
    "Providers",
    "HTTPTransport", "CMillrace", nioCore, nioEmbedded, nioHPACK,
]
if let fuzzRuntime {
    package.targets.append(
        .executableTarget(
            name: "millrace-fuzz",
            dependencies: fuzzDependencies,
            path: "Fuzz",
            exclude: ["Corpus", "README.md"],
            sources: ["Targets", "Main"],
            swiftSettings: strict,
            linkerSettings: [
                .unsafeFlags([fuzzRuntime, "-sanitize=address", "-use-ld=lld"]), .linkedLibrary("stdc++"),
            ]
        )
    )
} else {
    package.targets.append(
        .testTarget(
            name: "FuzzTests",
            dependencies: fuzzDependencies,
            path: "Fuzz",
            exclude: ["Corpus", "README.md", "Main"],
            sources: ["Targets", "Tests"],
            swiftSettings: plain
        )
    )
}

// A part of the tests: `MILLRACE_TESTS=JournalTests,LedgerTests swift test` builds and runs only
// these test targets.
if let only = Context.environment["MILLRACE_TESTS"] {
    let named = Set(only.split(separator: ",").map(String.init))
    package.targets.removeAll { $0.type == .test && !named.contains($0.name) }
}
