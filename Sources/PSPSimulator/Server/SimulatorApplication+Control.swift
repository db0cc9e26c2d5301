import HTTPTransport
import NIOCore
import WireJSON

extension SimulatorApplication {
    /// `GET /control/profile`
    func readProfile(_ token: HTTPStreamToken) {
        var body = ByteBuffer()
        ProfileWriter.write(core.profile, into: &body)
        reply(token, json(200, body))
    }

    /// `PUT /control/profile`
    func writeProfile(_ request: HTTPServerRequest) {
        do throws(PSPSimulatorError) {
            try core.setProfile(try ProfileReader.read(request.body.readableBytesUInt8Span))
            readProfile(request.token)
        } catch {
            var body = ByteBuffer()
            AnswerWriter.write(error: "invalid_profile", message: error.description, request: requestCount, into: &body)
            reply(request.token, json(400, body))
        }
    }

    /// `POST /control/reset`
    func reset(_ token: HTTPStreamToken) {
        core.reset(epoch: Self.freshEpoch(after: core.store.epoch))
        reply(token, json(200, ByteBuffer(string: "{}")))
    }

    /// `GET /control/statistics`
    func readStatistics(_ token: HTTPStreamToken) {
        var body = ByteBuffer()
        var writer = JSONWriter()
        writer.beginObject(into: &body)
        writer.name("requests", into: &body)
        writer.integer(Int64(requestCount), into: &body)
        writer.name("operations", into: &body)
        writer.integer(Int64(core.store.operations.count), into: &body)
        writer.name("charges", into: &body)
        writer.integer(Int64(core.store.charges.count), into: &body)
        writer.endObject(into: &body)
        reply(token, json(200, body))
    }

    /// Random, because two runs with one seed must not share identifiers.
    static func freshEpoch(after previous: UInt32?) -> UInt32 {
        // Its last hexadecimal digit is a letter, so that no identifier is a row of digits that a
        // card number could be.
        let epoch = UInt32.random(in: 0 ... .max) & ~0xf | UInt32.random(in: 0xa...0xf)
        return epoch == previous ? epoch ^ 1 : epoch
    }
}
