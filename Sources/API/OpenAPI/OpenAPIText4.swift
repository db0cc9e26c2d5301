// Made from docs/openapi.yaml by docs/embed-openapi.sh; a test holds the two equal.
// swift-format-ignore-file
extension OpenAPIDocument {
    static let part4 = #"""
      required: [amount]
      additionalProperties: false
      properties:
        amount: {$ref: '#/components/schemas/Amount', description: The new total}
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    Confirm:
      type: object
      additionalProperties: false
      properties:
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    NextAction:
      type: object
      description: What the shopper must do; only while the status is requires_action
      additionalProperties: false
      required: [type, url]
      properties:
        type: {enum: [redirect, three_d_secure]}
        url: {type: string, description: Send the shopper there}
    CreateRefund:
      type: object
      additionalProperties: false
      properties:
        amount: {$ref: '#/components/schemas/Amount'}
        reason: {enum: [duplicate, fraudulent, requested_by_customer]}
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    Review:
      type: object
      additionalProperties: false
      properties:
        idempotency_key: {$ref: '#/components/schemas/IdempotencyKey'}
    RiskOutcome:
      enum: [allow, review, block]
    RiskScore: {type: integer, minimum: 0, maximum: 100}
    Risk:
      type: object
      description: What rules, lists and the scorer said; absent when they said nothing
      additionalProperties: false
      required: [outcome, score, reasons]
      properties:
        outcome: {$ref: '#/components/schemas/RiskOutcome'}
        score: {$ref: '#/components/schemas/RiskScore'}
        reasons: {type: array, items: {type: string, example: card_burst}}
    PaymentStatus:
      enum: [processing, requires_action, review, authorized, expired, partially_captured, captured, partially_refunded, refunded,
             cancelled, failed, conflicted]
    Payment:
      type: object
      additionalProperties: false
      required:
        - id
        - payment_id
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
        - customer
        - statement_descriptor
        - metadata
        - decline
        - failure
        - created_at
        - updated_at
      properties:
        id: {$ref: '#/components/schemas/PaymentID'}
        payment_id: {$ref: '#/components/schemas/PaymentID', description: The same as id}
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
        amount_disputed: {$ref: '#/components/schemas/Total', description: 'Taken by disputes that are open or lost; absent for none'}
        amount_settled: {$ref: '#/components/schemas/Total', description: Settled by the provider; absent for nothing}
        settled: {type: boolean, description: Whether all that was captured is settled; absent while nothing is}
        payment_method: {type: [string, 'null']}
        description: {type: [string, 'null']}
        reference: {type: [string, 'null']}
        customer: {type: [string, 'null']}
        risk: {$ref: '#/components/schemas/Risk'}
        statement_descriptor: {type: [string, 'null']}
        metadata: {$ref: '#/components/schemas/Metadata'}
        decline: {oneOf: [{$ref: '#/components/schemas/Decline'}, {type: 'null'}]}
        failure: {oneOf: [{$ref: '#/components/schemas/Failure'}, {type: 'null'}]}
        wallet_id: {$ref: '#/components/schemas/WalletID', description: The wallet that a top-up fills; absent otherwise}
        splits:
          type: array
          description: What sellers have of it; absent without any
          items:
            type: object
            required: [seller, amount, settled]
            additionalProperties: false
            properties:
              seller: {$ref: '#/components/schemas/Seller'}
              amount: {$ref: '#/components/schemas/Total'}
              settled: {$ref: '#/components/schemas/Total', description: Of the amount, what is available}
        split_residue: {$ref: '#/components/schemas/Total', description: What rounding of the splits left to the platform}
        manual_capture: {$ref: '#/components/schemas/ManualCapture'}
        next_action: {$ref: '#/components/schemas/NextAction'}
        expires_at:
          $ref: '#/components/schemas/Timestamp'
          description: When the authorization, the shopper's time or the review ends by itself; absent where nothing does
        created_at: {$ref: '#/components/schemas/Timestamp'}
        updated_at: {$ref: '#/components/schemas/Timestamp'}
    Dispute:
      type: object
      additionalProperties: false
      required: [id, object, payment_id, status, amount, currency, fee, amount_reserved, chargebacks, is_charge_refundable,
                 psp_reference, reason, evidence_due_at, evidence, created_at, updated_at]
      properties:
        id: {$ref: '#/components/schemas/DisputeID'}
        object: {const: dispute}
        payment_id: {$ref: '#/components/schemas/PaymentID'}
        status: {enum: [warning, open, under_review, won, lost, warning_closed]}
        amount: {$ref: '#/components/schemas/Amount'}
        currency: {$ref: '#/components/schemas/Currency'}
        fee: {type: integer, minimum: 0, description: What the provider took for its chargebacks}
        amount_reserved: {$ref: '#/components/schemas/Total'}
        chargebacks: {type: integer, minimum: 0}
        is_charge_refundable: {type: boolean}
        psp_reference: {type: string}
        reason: {type: [string, 'null']}
        evidence_due_at: {oneOf: [{$ref: '#/components/schemas/Timestamp'}, {type: 'null'}]}
        evidence:
          oneOf:
            - type: 'null'
            - type: object
              additionalProperties: false
              required: [upload, text]
              properties:
                upload: {type: [string, 'null']}
                text: {type: [string, 'null']}
        created_at: {$ref: '#/components/schemas/Timestamp'}
        updated_at: {$ref: '#/components/schemas/Timestamp'}
    EventType:
      enum: [settlement.matched, authorization.succeeded, authorization.failed, authorization.expired, capture.succeeded,
                     capture.failed, cancel.succeeded, refund.succeeded, refund.failed, dispute.warning,
                     dispute.warning_closed, dispute.opened, dispute.under_review, dispute.won, dispute.lost,
                     money.unexplained, money.reclassified, balance.written_off]
    NewProviderEvent:
      type: object
      description: |
        Members that the type does not take are refused (`parameter_unknown`). All take `psp_reference` and `reason`; all but
        authorization.failed, authorization.expired, cancel.succeeded, dispute.warning_closed and dispute.under_review take `amount` and
        `currency`; what else is taken is said at each member.
      additionalProperties: false
      required: [id, provider, type, payment_id]
      properties:
        id: {type: string, pattern: '^[!-~]{1,128}$', description: The provider's identifier of the event}
        provider: {type: string, pattern: '^[!-~]{1,128}$'}
        type: {$ref: '#/components/schemas/EventType'}
        payment_id: {$ref: '#/components/schemas/PaymentID'}
        refund_id: {$ref: '#/components/schemas/RefundID', description: 'Of refund.*, which need it'}
        amount:
          $ref: '#/components/schemas/Sum'
          description: Needed for settlement.matched, authorization.succeeded, capture.succeeded, dispute.warning, .opened, money.*, balance.*
        currency: {$ref: '#/components/schemas/Currency', description: 'The payment''s, unless given'}
        fee:
          type: integer
          minimum: 0
          maximum: 1000000000000
          description: What the provider keeps of a settlement (needed; not above its amount), or takes for a chargeback
        psp_reference: {type: string, pattern: '^[!-~]{1,128}$', description: 'The dispute''s, or the charge''s; needed for dispute.*, authorization.succeeded and capture.succeeded'}
        reason: {type: string, maxLength: 512}
        evidence_due_at: {$ref: '#/components/schemas/Timestamp', description: Of dispute.warning and dispute.opened}
        is_charge_refundable: {type: boolean, description: 'Of dispute.opened: what is not disputed may be refunded still'}
        fee_returned: {type: boolean, description: 'Of dispute.won: the fee came back'}
        includes_refunded: {type: boolean, description: 'Of dispute.warning, .opened and .lost: takes what was refunded, too'}
        taken: {type: boolean, description: 'Of money.*: the provider took it'}
        to: {enum: ['merchant:available', 'platform:fees', 'platform:losses', 'psp:receivable'], description: 'Of money.reclassified, which needs it'}
    ProviderEvent:
      type: object
      additionalProperties: false
      required: [id, object, provider, type, payment_id, payment_status, effect, amount, currency, dispute_id,
                 ended_operation, available_negative, applied_at]
      properties:
        id: {type: string}
        object: {const: provider_event}
        provider: {type: string}
        type: {$ref: '#/components/schemas/EventType'}
        payment_id: {$ref: '#/components/schemas/PaymentID'}
        payment_status: {$ref: '#/components/schemas/PaymentStatus'}
        effect:
          description: What it did; none for what was known, or ended an operation
          enum: [none, settled, refund_bounced, capture_reversed, authorization_expired, authorized, authorized_late,
                       captured_late, authorization_failed, conflicted, dispute_warned, dispute_opened,
                       dispute_under_review, dispute_won, dispute_lost, dispute_lost_after_all, dispute_warning_closed,
                       unexplained, reclassified, written_off, dispute_overdue, dispute_won_after_all,
                       refund_confirmed, refund_reversed]
        amount: {type: integer, description: 'Minor units; negative for money that was taken'}
        currency: {$ref: '#/components/schemas/Currency'}
        dispute_id: {oneOf: [{$ref: '#/components/schemas/DisputeID'}, {type: 'null'}]}
        ended_operation: {oneOf: [{enum: [authorize, capture, cancel, refund, increment, confirm]}, {type: 'null'}]}
        available_negative: {type: boolean, description: The merchant owes in this currency}
        applied_at: {$ref: '#/components/schemas/Timestamp'}
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
        allowed:
          type: array
          description: With 409 and a payment, what its state permits now
          items: {enum: [capture, cancel, increment, confirm, refund, approve, reject]}
        payment_id: {$ref: '#/components/schemas/PaymentID'}
        payment: {$ref: '#/components/schemas/Payment'}
        refund: {$ref: '#/components/schemas/Refund'}
        dispute: {$ref: '#/components/schemas/Dispute'}
        allowed_events: {type: array, items: {$ref: '#/components/schemas/EventType'}, description: What the payment takes now}
        request_id: {type: string, pattern: '^req_[0-7][0-9a-hjkmnp-tv-z]{25}$'}
  examples:
    CapturedPayment:
      value: {"id":"pay_01m7yky91v000g00000000001a","payment_id":"pay_01m7yky91v000g00000000001a","object":"payment","status":"captured","amount":1250,"currency":"EUR","capture":true,"amount_authorized":1250,"amount_capturable":0,"amount_captured":1250,"amount_refunded":0,"amount_refund_pending":0,"payment_method":"pm_sim_success","description":"Two books","reference":"order-1042","customer":null,"statement_descriptor":"MILLRACE BOOKS","metadata":{"cart":"c-77"},"decline":null,"failure":null,"created_at":"2026-11-21T08:35:36.123Z","updated_at":"2026-11-21T08:35:36.170Z"}
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
      value: {"type":"https://millrace.dev/problems/payment_declined","title":"The payment was declined","status":402,"detail":"See decline for what may be done.","code":"payment_declined","category":"decline","retryable":true,"decline":{"class":"soft_later","standard_code":"insufficient_funds","psp_code":"51"},"payment_id":"pay_01m7yky91v000g00000000001a","payment":{"id":"pay_01m7yky91v000g00000000001a","payment_id":"pay_01m7yky91v000g00000000001a","object":"payment","status":"failed","amount":1250,"currency":"EUR","capture":true,"amount_authorized":0,"amount_capturable":0,"amount_captured":0,"amount_refunded":0,"amount_refund_pending":0,"payment_method":"pm_sim_success","description":"Two books","reference":"order-1042","customer":null,"statement_descriptor":"MILLRACE BOOKS","metadata":{"cart":"c-77"},"decline":{"class":"soft_later","standard_code":"insufficient_funds","psp_code":"51"},"failure":null,"created_at":"2026-11-21T08:35:36.123Z","updated_at":"2026-11-21T08:35:36.170Z"},"request_id":"req_014d2pf2dbsqqzxq5tk1v58cgg"}
    AmountZero:
      value: {"type":"https://millrace.dev/problems/amount_zero","title":"The amount must not be zero","status":400,"detail":"Amounts begin at 1 minor unit.","code":"amount_zero","category":"validation","retryable":false,"param":"amount","request_id":"req_014d2pf2dbsqqzxq5tk1v58cgg"}

"""#
}
