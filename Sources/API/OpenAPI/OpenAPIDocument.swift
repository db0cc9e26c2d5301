import HTTPTransport
import NIOCore
import Payments

/// The description of this API that `GET /openapi.yaml` answers with: `openapi.yaml` beside this
/// file, embedded by the build.
package enum OpenAPIDocument {
    private static let body = ByteBuffer(bytes: PackageResources.openapi_yaml)

    static func response(_ headers: ResponseHeaders, requestID: RequestID) -> HTTPServerResponse {
        HTTPServerResponse(
            headers: headers.openAPI(requestID: requestID, bodyBytes: body.readableBytes),
            body: body
        )
    }
}
