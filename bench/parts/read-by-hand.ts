// GetOrder as one would write it for this one case: the same read model, keys and answer, and nothing around them. No check of the
// request, no tenants, no deadline, no consistency token, no limits, no metrics of calls, no stale orders, no other caller than this one.
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { times, vatInside } from '../../src/domain/money.ts';
import type { OrderLine } from '../../src/domain/order-state.ts';
import { openPool } from '../../src/platform/database.ts';
import { gather } from '../../src/platform/gather.ts';
import { silent } from '../../src/platform/logging.ts';
import { opener, type Opened } from '../../src/privacy/sealing.ts';
import type { OrderRow } from '../../src/projections/order-row.ts';
import { openByHand } from '../by-hand.ts';
import { answerQuestions } from '../part.ts';

const { url, authenticate, keys, close } = await openByHand();
const open = opener(keys);
const pool = openPool({ url, name: 'bench', max: 2, logger: silent });

type Row = Pick<OrderRow, 'order_id' | 'revision' | 'state' | 'placed_at' | 'updated_at'>;
const read = gather<string, Row | undefined>(
  async (ids) => {
    const { rows } = await pool.query<Row>({
      name: 'orders',
      text: 'select order_id, revision, state, placed_at, updated_at from read_models.orders where order_id = any($1)',
      values: [ids],
    });
    const found = new Map(rows.map((row) => [row.order_id, row]));
    return ids.map((id) => found.get(id));
  },
  { maxBatch: 500, inFlight: 2 },
);

const text = (opened: Opened | undefined): string => (opened?.kind === 'open' ? opened.text : '');

/** The answer to an order that was just placed. */
const answerOf = async ({ order_id, revision, state, placed_at, updated_at }: Row): Promise<object> => {
  const { contact, shippingAddress, currency } = state;
  const [address, name, email] = await open([shippingAddress.address, contact.name, contact.email]);
  const money = (amount: number): object => ({ amount_minor: String(amount), currency });
  const { recipient, line1, line2, postalCode, city } = JSON.parse(text(address)) as Record<string, string>;
  return {
    order_id,
    status: state.status.toUpperCase(),
    on_hold: false,
    revision: String(revision),
    customer_id: state.customerId,
    lines: state.lines.map((line) => lineOf(line, money)),
    total: money(state.lines.reduce((sum, line) => sum + line.unitPriceMinor * line.quantity, 0)),
    placed_at,
    updated_at,
    contact: { availability: 'AVAILABLE', name: text(name), email: text(email), language: contact.language },
    shipping_address: {
      availability: 'AVAILABLE',
      recipient,
      line1,
      line2,
      postal_code: postalCode,
      city,
      country_code: shippingAddress.countryCode,
    },
    payment_method: state.paymentMethod,
    stale: false,
    payment_id: '',
    shipments: [],
    tasks: [],
    return_ids: [],
    ...(state.status === 'placed' ? { reserve_by: state.reserveBy, pay_by: state.payBy } : {}),
    cancel_cause: 'CANCEL_CAUSE_UNSPECIFIED',
  };
};

const lineOf = (line: OrderLine, money: (amount: number) => object): object => ({
  line_id: line.lineId,
  offer_id: line.offerId,
  merchant_id: line.merchantId,
  sku: line.sku,
  title: line.title,
  grade: line.grade,
  quantity: line.quantity,
  unit_price: money(line.unitPriceMinor),
  status: line.status.toUpperCase(),
  vat_scheme: line.vatScheme,
  vat_rate_basis_points: line.vatRateBasisPoints,
  ...(line.vatScheme === 'STANDARD' ? { vat: money(vatInside(times(line.unitPriceMinor, line.quantity), line.vatRateBasisPoints)) } : {}),
  warranty_months: line.warrantyMonths,
  open_quantity: line.open,
  cancelled_quantity: line.cancelled,
  shipped_quantity: line.shipped,
  delivered_quantity: line.delivered,
  lost_quantity: line.lost,
  returning_quantity: line.returning,
});

const http = fastify();
http.get<{ Params: { readonly order_id: string } }>('/v1/orders/:order_id', async (request, reply) => {
  const caller = await authenticate(request.headers.authorization);
  if ('kind' in caller || !caller.scopes.has('orders:read')) return reply.code(403).send();
  const row = await read(request.params.order_id);
  if (!row) return reply.code(404).send();
  return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(await answerOf(row)));
});
await http.listen({ host: '127.0.0.1', port: 0 });
const { port } = http.server.address() as AddressInfo;

answerQuestions({ address: () => ({ host: '127.0.0.1', port }) }, async () => {
  await http.close();
  await pool.end();
  await close();
});
