extension SimulatorProfile {
    /// Reads a profile from the JSON that `PUT /control/profile` takes; `invalidProfile` names what
    /// is wrong.
    package static func parse(_ json: [UInt8]) throws(PSPSimulatorError) -> SimulatorProfile {
        try ProfileReader.read(json.span)
    }
}
