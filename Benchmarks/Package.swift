// swift-tools-version: 6.3 The baselines that `make bench` compares Millrace with. A package of its
// own, so that users never build them.
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTP2: Target.Dependency = .product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK: Target.Dependency = .product(name: "NIOHPACK", package: "swift-nio-http2")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")

let package = Package(
    name: "millrace-benchmarks",
    dependencies: [
        // The same versions as Millrace itself, so that a ratio compares designs and not releases.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    ],
    targets: [
        .target(name: "ProxySupport", dependencies: [nioCore, nioPosix, nioHTTP2, nioSSL], swiftSettings: strict),
        .executableTarget(
            name: "bare-frame-proxy",
            dependencies: ["ProxySupport", nioCore, nioPosix, nioHTTP2, nioHPACK, nioSSL],
            path: "Sources/BareFrameProxy",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "per-stream-proxy",
            dependencies: ["ProxySupport", nioCore, nioPosix, nioHTTP1, nioHTTP2, nioSSL],
            path: "Sources/PerStreamProxy",
            swiftSettings: strict
        ),
    ]
)
