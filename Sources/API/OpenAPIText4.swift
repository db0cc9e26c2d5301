// Made from docs/openapi.yaml by docs/embed-openapi.sh; a test holds the two equal.
// swift-format-ignore-file
extension OpenAPIDocument {
    static let part4 = #"""
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
        allowed:
          type: array
          description: With 409 and a payment, what its state permits now
          items: {enum: [capture, cancel, increment, confirm, refund, approve, reject]}
        payment_id: {$ref: '#/components/schemas/PaymentID'}
        payment: {$ref: '#/components/schemas/Payment'}
        refund: {$ref: '#/components/schemas/Refund'}
        request_id: {type: string, pattern: '^req_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
  examples:
    CapturedPayment:
      value: {"id":"pay_01m7yky91v000g00000000001a","object":"payment","status":"captured","amount":1250,"currency":"EUR","capture":true,"amount_authorized":1250,"amount_capturable":0,"amount_captured":1250,"amount_refunded":0,"amount_refund_pending":0,"payment_method":"pm_sim_success","description":"Two books","reference":"order-1042","customer":null,"statement_descriptor":"MILLRACE BOOKS","metadata":{"cart":"c-77"},"decline":null,"failure":null,"created_at":"2026-11-21T08:35:36.123Z","updated_at":"2026-11-21T08:35:36.170Z"}
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
    LedgerAccounts:
      summary: One currency
      value:
        object: list
        data:
          - {object: ledger_account, account: 'merchant:pending', currency: EUR, debits: '250', credits: '1219', balance: '969'}
          - {object: ledger_account, account: 'memo:auth:merchant', currency: EUR, debits: '800', credits: '800', balance: '0'}
        as_of: '2026-11-21T08:35:36.170Z'
    LedgerEntries:
      summary: A capture with the platform's fee
      value:
        object: list
        data:
          - object: ledger_entry
            id: 0-91-0
            shard: 0
            position: 91
            index: 0
            recipe: capture
            payment_id: pay_01m7yky91v000g00000000001a
            refund_id: null
            payout_id: null
            conversion_id: null
            effective_at: '2026-11-21T08:35:36.170Z'
            booked_at: '2026-11-21T08:35:36.170Z'
            postings:
              - {account: 'merchant:pending', currency: EUR, amount: -1219}
              - {account: 'platform:fees', currency: EUR, amount: -31}
        next: null
        truncated: false
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
      value: {"type":"https://millrace.dev/problems/payment_declined","title":"The payment was declined","status":402,"detail":"See decline for what may be done.","code":"payment_declined","category":"decline","retryable":true,"decline":{"class":"soft_later","standard_code":"insufficient_funds","psp_code":"51"},"payment_id":"pay_01m7yky91v000g00000000001a","payment":{"id":"pay_01m7yky91v000g00000000001a","object":"payment","status":"failed","amount":1250,"currency":"EUR","capture":true,"amount_authorized":0,"amount_capturable":0,"amount_captured":0,"amount_refunded":0,"amount_refund_pending":0,"payment_method":"pm_sim_success","description":"Two books","reference":"order-1042","customer":null,"statement_descriptor":"MILLRACE BOOKS","metadata":{"cart":"c-77"},"decline":{"class":"soft_later","standard_code":"insufficient_funds","psp_code":"51"},"failure":null,"created_at":"2026-11-21T08:35:36.123Z","updated_at":"2026-11-21T08:35:36.170Z"},"request_id":"req_014d2pf2dbsqqzxq5tk1v58cgg"}
    AmountZero:
      value: {"type":"https://millrace.dev/problems/amount_zero","title":"The amount must not be zero","status":400,"detail":"Amounts run from 1 to 99999999 minor units.","code":"amount_zero","category":"validation","retryable":false,"param":"amount","request_id":"req_014d2pf2dbsqqzxq5tk1v58cgg"}

"""#
}
