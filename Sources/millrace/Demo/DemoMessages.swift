import Gateway

/// What the launcher tells a person.
enum DemoMessages {
    /// What there is to tell.
    struct Facts {
        var file: DemoFile
        var directory: DemoDirectory
        var gateway: ReadyFile?
        var simulator: ReadyFile?

        init(directory: DemoDirectory, gateway: ReadyFile?, simulator: ReadyFile?) throws {
            self.file =
                try JSONFile.read(directory.demoFile, as: DemoFile.self)
                ?? DemoFile(caCertificate: directory.certificates.authorityFile, apiKeys: directory.state.apiKeys)
            self.directory = directory
            self.gateway = gateway
            self.simulator = simulator
        }
    }

    static func ready(_ facts: Facts) {
        Console.line("Millrace is ready.")
        if let gateway = facts.gateway, let base = facts.file.baseURL, let admin = facts.file.adminURL {
            Console.line("  payments   \(base)  (HTTP/2 and HTTP/1.1 over TLS 1.3; pid \(gateway.pid))")
            Console.line("  metrics    \(admin)/metrics")
            Console.line("  health     \(admin)/healthz  \(admin)/readyz")
            Console.line("  log        \(facts.directory.logFile("gateway"))")
        }
        if let simulator = facts.simulator, let url = facts.file.pspURL {
            Console.line("  simulator  \(url)  (pid \(simulator.pid); log \(facts.directory.logFile("psp")))")
        }
        if facts.simulator != nil, let url = facts.file.secondPSPURL {
            let log = facts.directory.logFile(DemoPlan.secondSimulator)
            Console.line("  the second \(url)  (log \(log))")
        }
        Console.line("  for tools  \(facts.directory.demoFile)")
        if facts.gateway != nil, let base = facts.file.baseURL, let key = facts.file.apiKeys.first {
            Console.line("\nA first payment, to paste:\n")
            Console.line(firstPayment(base: base, certificate: facts.file.caCertificate, key: key))
        }
        Console.line("\nCtrl-C drains and stops.")
    }

    /// One pasteable command, on one line.
    static func firstPayment(base: String, certificate: String, key: String) -> String {
        "curl --http2 --cacert '\(certificate)' \(base)/v1/payments"
            + " -H 'Authorization: Bearer \(key)' -H 'Content-Type: application/json'"
            + " -H \"Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)\""
            + " -d '{\"amount\":1999,\"currency\":\"EUR\",\"payment_method\":\"tok_visa\",\"capture\":true,"
            + "\"description\":\"A first payment\"}'"
    }

    /// The last lines of a child's log.
    static func tail(of path: String, lines: Int = 10) -> String {
        guard let bytes = try? Files.read(path, limit: 64 << 20) else { return "" }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.split(separator: "\n").suffix(lines).joined(separator: "\n")
    }
}
