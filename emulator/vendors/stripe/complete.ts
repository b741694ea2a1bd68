type Body = Record<string, unknown>;

const NO_TAX = { enabled: false, disabled_reason: null, liability: null, provider: null, status: null };
const NOBODY = {
  address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
  ...{ email: null, name: null, phone: null, tax_id: null },
};
const listAt = (url: string) => ({ object: 'list', data: [], has_more: false, url });

/** What each object carries in every answer besides what is kept of it. */
const further: Record<string, (id: string, body: Body, made: number) => Body> = {
  payment_intent: () => ({
    ...{ amount_capturable: 0, capture_method: 'automatic', confirmation_method: 'automatic' },
    payment_method_types: ['card'],
  }),
  charge: (_id, { amount }) => ({
    ...{ amount_captured: amount, captured: true, disputed: false, billing_details: NOBODY },
  }),
  invoice: (id, { amount_due: due, amount_paid: paid, total }, made) => ({
    ...{ amount_remaining: Number(due) - Number(paid), amount_shipping: 0, subtotal: total, total_taxes: [] },
    ...{ attempt_count: 0, attempted: false, collection_method: 'charge_automatically', automatic_tax: NO_TAX },
    ...{ default_tax_rates: [], lines: listAt(`/v1/invoices/${id}/lines`), starting_balance: 0 },
    ...{ period_start: made, period_end: made },
    ...{ pre_payment_credit_notes_amount: 0, post_payment_credit_notes_amount: 0 },
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
  }),
  subscription: (_id, _body, made) => ({
    ...{ automatic_tax: NO_TAX, collection_method: 'charge_automatically', billing_cycle_anchor: made },
    start_date: made,
  }),
};

/** An object as every answer has it; `made` is when, in epoch seconds. */
export const complete = (object: string, id: string, body: Body, made: number): Body => ({
  ...further[object]?.(id, body, made),
  ...body,
  ...(object === 'subscription' && { items: itemsOf(id, body['items'] as { data: Body[] }, made) }),
});

function itemsOf(subscription: string, { data, ...list }: { data: Body[] }, made: number): Body {
  const price = { active: true, billing_scheme: 'per_unit', created: made, livemode: false, metadata: {} };
  return {
    ...list,
    url: `/v1/subscription_items?subscription=${subscription}`,
    data: data.map((item) => ({
      ...{ ...item, created: made, current_period_start: made, metadata: {}, subscription },
      price: { ...(item['price'] as Body), ...price, product: 'prod_bread', type: 'recurring' },
    })),
  };
}
