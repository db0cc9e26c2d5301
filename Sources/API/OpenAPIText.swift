// Made from docs/openapi.yaml by docs/embed-openapi.sh; a test holds the two equal.
// swift-format-ignore-file
extension OpenAPIDocument {
    /// The text of docs/openapi.yaml.
    package static let text = #"""
openapi: 3.1.0
info:
  title: Millrace
  version: 1.0.0
  summary: A payment gateway with exactly-once effect
  description: |
    Amounts are integers in minor units of the currency (cents for EUR, whole yen for JPY). Every `POST` needs an
    `Idempotency-Key`: the same key with the same request is executed once, and answered byte for byte as the first
    time (`Idempotent-Replayed: true`). Problems are RFC 9457 documents; decide by `code`, which is stable
    (docs/errors.md lists them all). A request that holds a card number is refused. Unknown members and unknown query
    parameters are refused; `null` is not a value of any member. Every answer carries `request-id`.
  license: {name: Apache-2.0, identifier: Apache-2.0}
servers:
  - url: https://localhost:8443
    description: make run
security:
  - apiKey: []
tags:
  - name: payments
  - name: refunds
  - name: ledger
  - name: meta
paths:
  /v1/payments:
    post:
      operationId: createPayment
      tags: [payments]
      summary: Authorize a payment, and capture it at once unless capture is false
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/CreatePayment'}
            examples:
              sale:
                value: {amount: 1250, currency: EUR, payment_method: pm_sim_success}
              authorization:
                value:
                  amount: 1250
                  currency: EUR
                  payment_method: pm_sim_success
                  capture: false
                  description: Two books
                  reference: order-1042
                  statement_descriptor: MILLRACE BOOKS
                  metadata: {cart: c-77}
      responses:
        '201':
          description: Authorized, or captured.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Payment'}
              examples:
                captured: {$ref: '#/components/examples/CapturedPayment'}
        '202': {$ref: '#/components/responses/PaymentProcessing'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '402': {$ref: '#/components/responses/PaymentDeclined'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        '502': {$ref: '#/components/responses/NotExecuted'}
        '503': {$ref: '#/components/responses/Unavailable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/payments/{id}:
    parameters:
      - $ref: '#/components/parameters/PaymentID'
    get:
      operationId: getPayment
      tags: [payments]
      summary: Read a payment
      responses:
        '200': {$ref: '#/components/responses/Payment'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/payments/{id}/capture:
    parameters:
      - $ref: '#/components/parameters/PaymentID'
    post:
      operationId: capturePayment
      tags: [payments]
      summary: Capture an authorized payment, in full or in part; the rest is released
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
      requestBody:
        required: false
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Capture'}
            examples:
              part: {value: {amount: 1000}}
              full: {value: {}}
      responses: &operationResponses
        '200': {$ref: '#/components/responses/Payment'}
        '202': {$ref: '#/components/responses/PaymentProcessing'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '402': {$ref: '#/components/responses/PaymentDeclined'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        '502': {$ref: '#/components/responses/NotExecuted'}
        '503': {$ref: '#/components/responses/Unavailable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/payments/{id}/cancel:
    parameters:
      - $ref: '#/components/parameters/PaymentID'
    post:
      operationId: cancelPayment
      tags: [payments]
      summary: Cancel an authorized payment
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
      requestBody:
        required: false
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Cancel'}
            examples:
              abandoned: {value: {reason: abandoned}}
      responses: *operationResponses
  /v1/payments/{id}/refunds:
    parameters:
      - $ref: '#/components/parameters/PaymentID'
    post:
      operationId: refundPayment
      tags: [refunds]
      summary: Refund a captured payment, in full or in part
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
      requestBody:
        required: false
        content:
          application/json:
            schema: {$ref: '#/components/schemas/CreateRefund'}
            examples:
              part: {value: {amount: 250, reason: requested_by_customer}}
      responses:
        '201':
          description: Refunded.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Refund'}
              examples:
                succeeded: {$ref: '#/components/examples/SucceededRefund'}
        '202':
          description: The outcome is not known yet; ask for the refund again.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Refund'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '402': {$ref: '#/components/responses/RefundDeclined'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        '502': {$ref: '#/components/responses/NotExecuted'}
        '503': {$ref: '#/components/responses/Unavailable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/refunds/{id}:
    parameters:
      - name: id
        in: path
        required: true
        schema: {$ref: '#/components/schemas/RefundID'}
    get:
      operationId: getRefund
      tags: [refunds]
      summary: Read a refund
      responses:
        '200':
          description: The refund.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Refund'}
              examples:
                succeeded: {$ref: '#/components/examples/SucceededRefund'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/payments/{id}/timeline:
    parameters:
      - $ref: '#/components/parameters/PaymentID'
    get:
      operationId: getTimeline
      tags: [payments]
      summary: Read what happened to a payment, in order
      description: |
        Every request, call to the provider that did not end its operation, outcome and posting, as the journal holds them:
        nothing is left out but calls that were never made. At most the newest 1,000 entries; `truncated` says when there
        are more.
      responses:
        '200':
          description: The timeline, oldest entry first.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Timeline'}
              examples:
                captured: {$ref: '#/components/examples/Timeline'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/balance:
    get:
      operationId: getBalance
      tags: [ledger]
      summary: Read what the ledger owes you
      description: |
        The merchant's accounts of the double-entry ledger, in the state that the newest durable record left. `pending`
        is captured money less fees and refunds that the provider has not settled; `available` is settled; `reserve` is
        withheld against disputes. A negative amount is owed by the merchant.
      responses:
        '200':
          description: The balance.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Balance'}
              examples:
                balance: {$ref: '#/components/examples/Balance'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        default: {$ref: '#/components/responses/Problem'}
  /openapi.yaml:
    get:
      operationId: getOpenAPI
      tags: [meta]
      summary: This document
      security: []
      responses:
        '200':
          description: This document.
          content:
            application/yaml:
              schema: {type: string}
components:
  securitySchemes:
    apiKey:
      type: http
      scheme: bearer
      description: An API key, `mk_` and 43 characters, made by `millrace keys new`.
  parameters:
    PaymentID:
      name: id
      in: path
      required: true
      schema: {$ref: '#/components/schemas/PaymentID'}
    IdempotencyKey:
      name: Idempotency-Key
      in: header
      required: true
      description: |
        1 to 255 visible ASCII characters, bare or as a structured-field string (in quotes). `X-Idempotency-Key` and
        the body's member `idempotency_key` mean the same; two different values are refused.
      schema: {type: string, minLength: 1, maxLength: 255}
      example: 8e03978e-40d5-43dd-bc93-6894a57f9324
  headers:
    RequestID:
      description: Names this request in the gateway's logs.
      schema: {type: string, pattern: '^req_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
    RetryAfter:
      description: Seconds to wait.
      schema: {type: integer, minimum: 1}
  responses:
    Payment:
      description: The payment.
      headers: {request-id: {$ref: '#/components/headers/RequestID'}}
      content:
        application/json:
          schema: {$ref: '#/components/schemas/Payment'}
          examples:
            captured: {$ref: '#/components/examples/CapturedPayment'}
    PaymentProcessing:
      description: The outcome is not known yet; ask for the payment again. It never changes back.
      headers: {request-id: {$ref: '#/components/headers/RequestID'}}
      content:
        application/json:
          schema: {$ref: '#/components/schemas/Payment'}
    PaymentDeclined:
      description: Declined; the payment is inside.
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
          examples:
            declined: {$ref: '#/components/examples/DeclinedPayment'}
    RefundDeclined:
      description: Declined; the refund is inside.
      content: &problem
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
    Invalid:
      description: The request is not valid; `param` names the parameter where there is one.
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
          examples:
            zero: {$ref: '#/components/examples/AmountZero'}
    Unauthenticated:
      description: No API key, or not a valid one.
      headers: {www-authenticate: {schema: {type: string}}}
      content: *problem
    NotFound:
      description: No such payment or refund of this merchant.
      content: *problem
    Conflict:
      description: The first request with this key is still running, or the payment's status does not allow it.
      headers: {retry-after: {$ref: '#/components/headers/RetryAfter'}}
      content: *problem
    Unprocessable:
      description: The key belongs to another request, or the amount is more than there is.
      content: *problem
    NotExecuted:
      description: Certainly not executed; no money moved.
      content: *problem
    Unavailable:
      description: Nothing was executed; try again with the same key.
      headers: {retry-after: {$ref: '#/components/headers/RetryAfter'}}
      content: *problem
    Problem:
      description: Any other problem.
      content: *problem
  schemas:
    PaymentID: {type: string, pattern: '^pay_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
    RefundID: {type: string, pattern: '^ref_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
    Amount: {type: integer, minimum: 1, maximum: 99999999, description: Minor units}
    Total: {type: integer, minimum: 0, description: Minor units}
    Currency: {type: string, pattern: '^[A-Z]{3}$', description: ISO 4217, example: EUR}
    Timestamp: {type: string, format: date-time, description: 'RFC 3339, UTC, milliseconds'}
    IdempotencyKey: {type: string, pattern: '^[!-~]{1,255}$', description: Alias of the header}
    Metadata:
      type: object
      maxProperties: 50
      propertyNames: {minLength: 1, maxLength: 40}
      additionalProperties: {type: string, maxLength: 500}
    Balance:
      type: object
      required: [object, pending, available, reserve, as_of]
      additionalProperties: false
      properties:
        object: {const: balance}
        pending: {$ref: '#/components/schemas/BalanceLines'}
        available: {$ref: '#/components/schemas/BalanceLines'}
        reserve: {$ref: '#/components/schemas/BalanceLines'}
        as_of: {$ref: '#/components/schemas/Timestamp'}
    Timeline:
      type: object
      required: [object, payment_id, truncated, entries]
      additionalProperties: false
      properties:
        object: {const: timeline}
        payment_id: {$ref: '#/components/schemas/PaymentID'}
        truncated: {type: boolean, description: Whether older entries were left out}
        entries: {type: array, items: {$ref: '#/components/schemas/TimelineEntry'}}
    TimelineEntry:
      type: object
      required: [type, at, position, status]
      additionalProperties: false
      properties:
        type:
          enum: [payment.created, operation.requested, operation.attempted, operation.unresolved, operation.finished,
                 refund.bounced]
        at: {$ref: '#/components/schemas/Timestamp'}
        position: {type: integer, minimum: 1, description: 'Number of the record in its journal'}
        status:
          description: The payment's status after it; null when the timeline is truncated
          oneOf: [{$ref: '#/components/schemas/PaymentStatus'}, {type: 'null'}]
        request_id: {type: string, description: The request that asked for it}
        operation: {enum: [authorize, capture, cancel, refund]}
        number: {type: integer, minimum: 1, description: Which capture or refund of the payment}
        amount: {$ref: '#/components/schemas/Total'}
        amount_executed: {type: integer, minimum: 0, description: What the provider says it executed}
        currency: {$ref: '#/components/schemas/Currency'}
        capture: {type: boolean}
        call: {enum: [execute, query], description: What the provider was asked}
        answer: {enum: [not_executed, unknown, not_found, pending]}
        result: {enum: [succeeded, declined, not_executed, conflicted]}
        reason: {type: string}
        decline: {$ref: '#/components/schemas/Decline'}
        psp_reference: {type: [string, 'null']}
        refund_id: {$ref: '#/components/schemas/RefundID'}
        http_status: {type: integer, description: The status that the request was answered with}
        transfers: {type: array, items: {$ref: '#/components/schemas/Transfer'}}
    Transfer:
      type: object
      description: A balanced set of postings
      required: [recipe, postings]
      additionalProperties: false
      properties:
        recipe: {enum: [hold, release, capture, refund_requested, refund_confirmed, refund_failed, refund_bounced]}
        postings:
          type: array
          minItems: 2
          items:
            type: object
            required: [account, currency, amount]
            additionalProperties: false
            properties:
              account: {type: string, example: 'merchant:pending'}
              currency: {$ref: '#/components/schemas/Currency'}
              amount: {type: integer, description: 'Minor units; debits are positive, credits negative'}
    BalanceLines:
      type: array
      description: By currency code; every currency that the merchant has had money in
      items:
        type: object
        required: [currency, amount]
        additionalProperties: false
        properties:
          currency: {$ref: '#/components/schemas/Currency'}
          amount: {type: integer, description: 'Minor units, negative when owed by the merchant'}
    CreatePayment:
      type: object
      required: [amount, currency, payment_method]
      additionalProperties: false
      properties:
        amount: {$ref: '#/components/schemas/Amount'}
        currency:
          type: string
          pattern: '^[A-Za-z]{3}$'
          description: ISO 4217 code of a currency with minor units
        payment_method:
          type: string
          pattern: '^[!-~]{1,128}$'
          description: A token of the payment service provider; never a card number
        capture: {type: boolean, default: true, description: False only authorizes}
        description: {type: string, maxLength: 1000}
        reference: {type: string, maxLength: 80, description: 'Your own, for example an order number'}
        statement_descriptor:
          type: string
          minLength: 5
          maxLength: 22
          pattern: '^(?=.*[A-Za-z])[^<>\\''"*]+$'
        metadata: {$ref: '#/components/schemas/Metadata'}
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    Capture:
      type: object
      additionalProperties: false
      properties:
        amount: {$ref: '#/components/schemas/Amount'}
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    Cancel:
      type: object
      additionalProperties: false
      properties:
        reason: {enum: [duplicate, fraudulent, requested_by_customer, abandoned]}
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    CreateRefund:
      type: object
      additionalProperties: false
      properties:
        amount: {$ref: '#/components/schemas/Amount'}
        reason: {enum: [duplicate, fraudulent, requested_by_customer]}
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    PaymentStatus:
      enum: [processing, authorized, captured, partially_refunded, refunded, cancelled, failed, conflicted]
    Payment:
      type: object
      additionalProperties: false
      required:
        - id
        - object
        - status
        - amount
        - currency
        - capture
        - amount_authorized
        - amount_capturable
        - amount_captured
        - amount_refunded
        - amount_refund_pending
        - payment_method
        - description
        - reference
        - statement_descriptor
        - metadata
        - decline
        - failure
        - created_at
        - updated_at
      properties:
        id: {$ref: '#/components/schemas/PaymentID'}
        object: {const: payment}
        status: {$ref: '#/components/schemas/PaymentStatus'}
        amount: {$ref: '#/components/schemas/Amount'}
        currency: {$ref: '#/components/schemas/Currency'}
        capture: {type: boolean}
        amount_authorized: {$ref: '#/components/schemas/Total'}
        amount_capturable: {$ref: '#/components/schemas/Total'}
        amount_captured: {$ref: '#/components/schemas/Total'}
        amount_refunded: {$ref: '#/components/schemas/Total'}
        amount_refund_pending: {$ref: '#/components/schemas/Total'}
        payment_method: {type: [string, 'null']}
        description: {type: [string, 'null']}
        reference: {type: [string, 'null']}
        statement_descriptor: {type: [string, 'null']}
        metadata: {$ref: '#/components/schemas/Metadata'}
        decline: {oneOf: [{$ref: '#/components/schemas/Decline'}, {type: 'null'}]}
        failure: {oneOf: [{$ref: '#/components/schemas/Failure'}, {type: 'null'}]}
        created_at: {$ref: '#/components/schemas/Timestamp'}
        updated_at: {$ref: '#/components/schemas/Timestamp'}
    Refund:
      type: object
      additionalProperties: false
      required: [id, object, payment_id, status, amount, currency, decline, created_at, updated_at]
      properties:
        id: {$ref: '#/components/schemas/RefundID'}
        object: {const: refund}
        payment_id: {$ref: '#/components/schemas/PaymentID'}
        status: {enum: [pending, succeeded, failed]}
        amount: {$ref: '#/components/schemas/Amount'}
        currency: {$ref: '#/components/schemas/Currency'}
        decline: {oneOf: [{$ref: '#/components/schemas/Decline'}, {type: 'null'}]}
        created_at: {$ref: '#/components/schemas/Timestamp'}
        updated_at: {$ref: '#/components/schemas/Timestamp'}
    Decline:
      type: object
      additionalProperties: false
      required: [class, standard_code, psp_code]
      properties:
        class: {enum: [hard, soft_later, soft_technical, authentication, fix_data, configuration]}
        standard_code: {type: string, description: Independent of the provider, example: insufficient_funds}
        psp_code: {type: string, description: As the provider put it}
    Failure:
      type: object
      additionalProperties: false
      required: [reason]
      properties:
        reason: {type: string, example: connection_failed}
    Problem:
      type: object
      description: RFC 9457
      additionalProperties: false
      required: [type, title, status, detail, code, category, retryable, request_id]
      properties:
        type: {type: string, format: uri}
        title: {type: string}
        status: {type: integer, minimum: 400, maximum: 599}
        detail: {type: string, description: Never repeats a value of the request}
        code: {type: string, pattern: '^[a-z_]+$', description: Stable; see docs/errors.md}
        category: {enum: [validation, auth, rate_limit, conflict, decline, psp, internal]}
        retryable: {type: boolean}
        retry_after_ms: {type: integer, minimum: 1}
        param: {type: string}
        decline: {$ref: '#/components/schemas/Decline'}
        reason: {type: string}
        payment_id: {$ref: '#/components/schemas/PaymentID'}
        payment: {$ref: '#/components/schemas/Payment'}
        refund: {$ref: '#/components/schemas/Refund'}
        request_id: {type: string, pattern: '^req_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
  examples:
    CapturedPayment:
      value: {"id":"pay_01m7yky91v000g00000000001a","object":"payment","status":"captured","amount":1250,"currency":"EUR","capture":true,"amount_authorized":1250,"amount_capturable":0,"amount_captured":1250,"amount_refunded":0,"amount_refund_pending":0,"payment_method":"pm_sim_success","description":"Two books","reference":"order-1042","statement_descriptor":"MILLRACE BOOKS","metadata":{"cart":"c-77"},"decline":null,"failure":null,"created_at":"2026-11-21T08:35:36.123Z","updated_at":"2026-11-21T08:35:36.170Z"}
    Timeline:
      summary: A payment captured at once
      value:
        object: timeline
        payment_id: pay_01m7yky91v000g00000000001a
        truncated: false
        entries:
          - type: payment.created
            at: '2026-11-21T08:35:36.123Z'
            position: 83
            status: processing
            request_id: req_01m7yky91tk4qg9a4a3ze5v6mh
            amount: 1250
            currency: EUR
            capture: true
          - type: operation.finished
            at: '2026-11-21T08:35:36.170Z'
            position: 91
            status: captured
            operation: authorize
            number: 1
            result: succeeded
            amount: 1250
            amount_executed: 1250
            psp_reference: ch_sim_1
            http_status: 201
            transfers:
              - recipe: capture
                postings:
                  - {account: 'psp:receivable', currency: EUR, amount: 1250}
                  - {account: 'merchant:pending', currency: EUR, amount: -1219}
                  - {account: 'platform:fees', currency: EUR, amount: -31}
    Balance:
      summary: Two currencies
      value:
        object: balance
        pending: [{currency: EUR, amount: 96250}, {currency: USD, amount: -1200}]
        available: [{currency: EUR, amount: 0}, {currency: USD, amount: 0}]
        reserve: [{currency: EUR, amount: 0}, {currency: USD, amount: 0}]
        as_of: '2026-11-21T08:35:36.123Z'
    SucceededRefund:
      value: {"id":"ref_01m7ykycv0000g00000002m001","object":"refund","payment_id":"pay_01m7yky91v000g00000000001a","status":"succeeded","amount":250,"currency":"EUR","decline":null,"created_at":"2026-11-21T08:35:40.000Z","updated_at":"2026-11-21T08:35:40.035Z"}
    DeclinedPayment:
      value: {"type":"https://millrace.dev/problems/payment_declined","title":"The payment was declined","status":402,"detail":"See decline for what may be done.","code":"payment_declined","category":"decline","retryable":true,"decline":{"class":"soft_later","standard_code":"insufficient_funds","psp_code":"51"},"payment_id":"pay_01m7yky91v000g00000000001a","payment":{"id":"pay_01m7yky91v000g00000000001a","object":"payment","status":"failed","amount":1250,"currency":"EUR","capture":true,"amount_authorized":0,"amount_capturable":0,"amount_captured":0,"amount_refunded":0,"amount_refund_pending":0,"payment_method":"pm_sim_success","description":"Two books","reference":"order-1042","statement_descriptor":"MILLRACE BOOKS","metadata":{"cart":"c-77"},"decline":{"class":"soft_later","standard_code":"insufficient_funds","psp_code":"51"},"failure":null,"created_at":"2026-11-21T08:35:36.123Z","updated_at":"2026-11-21T08:35:36.170Z"},"request_id":"req_014d2pf2dbsqqzxq5tk1v58cgg"}
    AmountZero:
      value: {"type":"https://millrace.dev/problems/amount_zero","title":"The amount must not be zero","status":400,"detail":"Amounts run from 1 to 99999999 minor units.","code":"amount_zero","category":"validation","retryable":false,"param":"amount","request_id":"req_014d2pf2dbsqqzxq5tk1v58cgg"}

"""#
}
