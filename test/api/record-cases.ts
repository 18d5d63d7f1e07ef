import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@bufbuild/protobuf';
import { paymentStream } from '../../src/domain/ids.ts';
import type { ChangeCase, Prepared } from './change-case.ts';
import type { CommandApi } from './command-api.ts';

const ofWorker: Pick<Prepared, 'who' | 'strangers'> = {
  who: { role: 'worker' },
  strangers: [{ scopes: ['internal:record'] }, { scopes: ['internal:record'], customerId: randomUUID() }],
};

const record = (
  name: string,
  event: string,
  arrange: (api: CommandApi) => Promise<{ readonly paymentId: string; readonly more?: JsonObject }>,
): ChangeCase => ({
  method: `PaymentRecordService/${name}`,
  async prepare(api) {
    const { paymentId, more = {} } = await arrange(api);
    return { request: { payment_id: paymentId, ...more }, stream: paymentStream(paymentId), ...ofWorker };
  },
  events: [event],
  unknown: ['payment_id', 'PAYMENT_NOT_FOUND'],
});
const captured = async ({ lives }: CommandApi, more: JsonObject) => {
  const life = await lives.accepted();
  const { captureId } = await lives.dispatch(life);
  return { paymentId: life.paymentId, more: { capture_id: captureId, ...more } };
};
const refunded = async ({ lives }: CommandApi, more: JsonObject) => {
  const life = await lives.delivered();
  return { paymentId: life.paymentId, more: { refund_id: await lives.askRefund(life), ...more } };
};
const reference = { provider_reference: 'ref-1' };
const failure = { code: 'insufficient_funds' };

/** What workers record, each on a payment that waits for it. */
export const recordCases: readonly ChangeCase[] = [
  record('RecordAuthorised', 'PaymentAuthorised', async ({ lives }) => ({
    paymentId: (await lives.requested()).paymentId,
    more: { ...reference, capture_before: '2031-01-01T00:00:00Z' },
  })),
  record('RecordDeclined', 'PaymentDeclined', async ({ lives }) => ({ paymentId: (await lives.requested()).paymentId, more: failure })),
  record('RecordCaptured', 'PaymentCaptured', (api) => captured(api, reference)),
  record('RecordCaptureFailed', 'CaptureFailed', (api) => captured(api, failure)),
  record('RecordVoided', 'PaymentVoided', async ({ lives }) => ({ paymentId: (await lives.confirmed()).paymentId })),
  record('RecordRefunded', 'PaymentRefunded', (api) => refunded(api, reference)),
  record('RecordRefundFailed', 'RefundFailed', (api) => refunded(api, failure)),
  record('RecordOutcomeUnknown', 'OutcomeUnknown', async (api) => {
    const { paymentId, more } = await captured(api, {});
    return { paymentId, more: { operation: 'CAPTURE', operation_id: more['capture_id']! } };
  }),
];
