// Made from docs/openapi.yaml by docs/embed-openapi.sh; a test holds the two equal.
// swift-format-ignore-file
extension OpenAPIDocument {
    static let part2 = #"""
        - $ref: '#/components/parameters/IdempotencyKey'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/CreateWallet'}
            example: {currency: EUR, reference: customer-77}
      responses:
        '201':
          description: The wallet, empty.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Wallet'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        '503': {$ref: '#/components/responses/Unavailable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/wallets/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {$ref: '#/components/schemas/WalletID'}}
    get:
      operationId: getWallet
      tags: [money]
      summary: Read a wallet with its balance
      responses:
        '200':
          description: As it is now.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Wallet'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/wallets/{id}/top_ups:
    parameters:
      - {name: id, in: path, required: true, schema: {$ref: '#/components/schemas/WalletID'}}
    post:
      operationId: topUpWallet
      tags: [money]
      summary: Fill a wallet by a payment through the provider
      description: |
        A payment like any other (`GET /v1/payments/{id}` reads it, refunds take back what is still in the wallet), whose capture
        credits the wallet and not the merchant. It is captured at once, in the wallet's currency, and costs no fee.
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/Prefer'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/CreatePayment'}
            example: {amount: 5000, currency: EUR, payment_method: pm_sim_success}
      responses:
        '201':
          description: Captured; the wallet holds it.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Payment'}
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
  /v1/fx/quotes:
    post:
      operationId: createQuote
      tags: [money]
      summary: Ask what an exchange of available money gives
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/CreateQuote'}
            example: {sell_currency: EUR, sell_amount: 10000, buy_currency: USD}
      responses:
        '201':
          description: What it gives until it expires.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Quote'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        '503': {$ref: '#/components/responses/Unavailable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/fx/conversions:
    post:
      operationId: convertQuote
      tags: [money]
      summary: Use a quote, once
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/CreateConversion'}
            example: {quote: fxq_01m7yky91v000g00000000001a}
      responses:
        '201':
          description: Exchanged.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Conversion'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        '404': {$ref: '#/components/responses/NotFound'}
        '409': {$ref: '#/components/responses/Conflict'}
        '422': {$ref: '#/components/responses/Unprocessable'}
        '503': {$ref: '#/components/responses/Unavailable'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/ledger/accounts:
    get:
      operationId: listLedgerAccounts
      tags: [ledger]
      summary: Read the sums of your accounts
      description: |
        Every account of the merchant that anything was ever booked on, by currency code, then by account: debits and credits since the
        beginning, and `balance`, credits less debits: what the ledger owes the merchant. `memo:auth:merchant` counts open
        authorizations, which nobody owes yet.
      responses:
        '200':
          description: The accounts.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/LedgerAccounts'}
              examples:
                accounts: {$ref: '#/components/examples/LedgerAccounts'}
        '401': {$ref: '#/components/responses/Unauthenticated'}
        default: {$ref: '#/components/responses/Problem'}
  /v1/ledger/entries:
    get:
      operationId: listLedgerEntries
      tags: [ledger]
      summary: List what was booked for you, newest first
      description: |
        The transfers that moved the merchant's own money, each with its postings on the merchant's accounts and what the platform took
        of it. Entries never change and new ones come in front, so a list that is read page by page neither repeats nor misses one that
        was there when it began. A page may hold fewer entries than `limit`, or none, and still have a `next`: filters look at a thousand
        records at a time.
      parameters:
        - {name: cursor, in: query, description: '`next` of the page before, with the same filters', schema: {type: string, maxLength: 128}}
        - {name: limit, in: query, description: Entries of a page, schema: {type: integer, minimum: 1, maximum: 100, default: 20}}
        - name: account
          in: query
          description: Only entries with a posting on this account
          schema: {type: string, example: 'merchant:pending'}
        - {name: currency, in: query, description: Only entries with a posting in this currency, schema: {$ref: '#/components/schemas/Currency'}}
      responses:
        '200':
          description: A page of entries.
          headers: {request-id: {$ref: '#/components/headers/RequestID'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/LedgerEntries'}
              examples:
                entries: {$ref: '#/components/examples/LedgerEntries'}
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
    Prefer:
      name: Prefer
      in: header
      description: |
        `respond-async` (RFC 7240) answers 202 as soon as the request is durable, without waiting for the provider. The
        outcome is found by reading the payment, or under the same idempotency key. Other preferences are ignored.
      schema: {type: string}
      example: respond-async
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
    PayoutID: {type: string, pattern: '^pyo_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
    WalletID: {type: string, pattern: '^wal_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
    QuoteID: {type: string, pattern: '^fxq_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
    Seller: {type: string, pattern: '^[A-Za-z0-9._-]{1,64}$', description: Your own name of a seller}
    Splits:
      type: array
      maxItems: 4
      description: |
        Sellers' parts of the capture: an amount, or basis points of what the platform's fee leaves, rounded down. What rounding
        leaves over is the platform's, all else yours. A payment can have 4 sellers in all its captures.
      items:
        type: object
        required: [seller]
        additionalProperties: false
        properties:
          seller: {$ref: '#/components/schemas/Seller'}
          amount: {$ref: '#/components/schemas/Amount'}
          basis_points: {type: integer, minimum: 1, maximum: 10000}
        oneOf:
          - {required: [amount]}
          - {required: [basis_points]}
    ManualCapture:
      type: object
      required: [method, reason]
      additionalProperties: false
      properties:
        method:
          enum: [cash, external]
          description: |
            cash: the platform has the money; it is available at once and refunded in cash. external: it was captured at the
            provider by other means; the provider owes it.
        reason: {type: string, minLength: 1, maxLength: 128, description: Journaled and shown in the timeline}
    CreatePayout:
      type: object
      required: [currency, destination]
      additionalProperties: false
      properties:
        amount:
          $ref: '#/components/schemas/Amount'
          description: All that is available, if absent
        currency: {$ref: '#/components/schemas/Currency'}
        destination:
          type: string
          pattern: '^[!-~]{1,128}$'
          description: Your reference of the bank account; never its number
        seller:
          $ref: '#/components/schemas/Seller'
          description: Pays out of this seller's available balance
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    Payout:
      type: object
      required: [id, object, status, amount, currency, destination, seller, reason, created_at, updated_at]
      additionalProperties: false
      properties:
        id: {$ref: '#/components/schemas/PayoutID'}
        object: {const: payout}
        status: {enum: [requested, in_transit, paid, failed, returned]}
        amount: {$ref: '#/components/schemas/Total'}
        currency: {$ref: '#/components/schemas/Currency'}
        destination: {type: string}
        seller: {type: [string, 'null']}
        reason: {type: [string, 'null'], description: Why it failed or came back}
        created_at: {$ref: '#/components/schemas/Timestamp'}
        updated_at: {$ref: '#/components/schemas/Timestamp'}
    PayoutEvent:
      type: object
      required: [event]
      additionalProperties: false
      properties:
        event: {enum: [sent, paid, failed, returned]}
        reason: {type: string, maxLength: 128, description: 'As the bank said it, without control characters'}
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    CreateWallet:
      type: object
      required: [currency]
      additionalProperties: false
      properties:
        currency: {$ref: '#/components/schemas/Currency'}
        reference: {type: string, pattern: '^[!-~]{0,80}$', description: 'Your own, for example a customer number'}
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    Wallet:
      type: object
      required: [id, object, currency, reference, balance, held, available, created_at]
      additionalProperties: false
      properties:
        id: {$ref: '#/components/schemas/WalletID'}
        object: {const: wallet}
        currency: {$ref: '#/components/schemas/Currency'}
        reference: {type: [string, 'null']}
        balance: {$ref: '#/components/schemas/Total'}
        held: {$ref: '#/components/schemas/Total', description: Of the balance, what authorizations hold}
        available: {$ref: '#/components/schemas/Total', description: Of the balance, what can be spent}
        created_at: {$ref: '#/components/schemas/Timestamp'}
    CreateQuote:
      type: object
      required: [sell_currency, sell_amount, buy_currency]
      additionalProperties: false
      properties:
        sell_currency: {$ref: '#/components/schemas/Currency'}
        sell_amount: {$ref: '#/components/schemas/Amount'}
        buy_currency: {$ref: '#/components/schemas/Currency'}
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    Quote:
      type: object

"""#
}
