import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { LegalHold_Kind } from '../../src/contract/generated/orders/v1/customers.ts';
import { Return_Kind } from '../../src/contract/generated/orders/v1/returns.ts';
import type { DomainEvent } from '../../src/domain/catalogue.ts';
import type { Decider } from '../../src/domain/decider.ts';
import { orderStream, paymentStream, returnStream } from '../../src/domain/ids.ts';
import type { TaskKind } from '../../src/domain/order-events.ts';
import { order } from '../../src/domain/order.ts';
import { payment } from '../../src/domain/payment.ts';
import { returns } from '../../src/domain/return.ts';
import { standardTerms } from '../../src/domain/terms.ts';
import { callAs } from './calls.ts';
import { answerOf, offerOf, type CommandProcess } from './command-process.ts';
import { placeOrderRequest, euros } from './requests.ts';

/** An order of several merchants, a line each of two pieces at 399.00 EUR. */
export type Life = {
  readonly orderId: string;
  readonly customerId: string;
  readonly paymentId: string;
  readonly lines: readonly { readonly lineId: string; readonly offerId: string; readonly merchantId: string }[];
};

/** Brings orders as far as a test wants them. What processes would do is done here, one instruction after another. */
export const livesIn = (process: CommandProcess, now: () => Date = () => new Date()) => {
  const instruct = async <State, Command extends { readonly type: string }, Event extends DomainEvent, Code extends string>(
    decider: Decider<State, Command, Event, Code>,
    stream: string,
    command: Command,
    creates = false,
  ): Promise<void> => {
    const outcome = await process.execute(decider, {
      name: command.type,
      stream,
      creates,
      meta: { commandId: randomUUID(), commandHash: 'hash', correlationId: randomUUID(), actor: 'process:test' },
      deadline: performance.now() + 20_000,
      signal: AbortSignal.timeout(20_000),
      command: () => command,
    });
    assert.equal(outcome.kind, 'settled', `${command.type}: ${JSON.stringify(outcome)}`);
  };
  const timed = () => ({ now: now().toISOString(), terms: standardTerms });
  const nothing = { requestId: '', etag: '' };

  const placed = async (merchants = 2): Promise<Life> => {
    const offers = await Promise.all(Array.from({ length: merchants }, () => offerOf(process)));
    const customerId = randomUUID();
    const request = placeOrderRequest(
      offers.map(({ offerId }) => offerId),
      { customerId },
    );
    const lines = request.lines.map((line) => ({ ...line, quantity: 2 }));
    const { orderId } = answerOf(await process.placeOrder({ ...request, lines }, callAs('checkout')));
    const [event] = await process.eventsOf(orderStream(orderId));
    const data = event!.data as { readonly lines: readonly { readonly lineId: string }[] };
    return {
      orderId,
      customerId,
      paymentId: randomUUID(),
      lines: data.lines.map(({ lineId }, index) => ({ lineId, offerId: offers[index]!.offerId, merchantId: offers[index]!.merchantId })),
    };
  };

  /** The payment is asked for. */
  const requested = async (merchants = 2): Promise<Life> => {
    const life = await placed(merchants);
    const { orderId, customerId, paymentId, lines } = life;
    for (const { lineId } of lines) await instruct(order, orderStream(orderId), { type: 'MarkLineReserved', lineId, ...timed() });
    await instruct(
      payment,
      paymentStream(paymentId),
      {
        type: 'RequestPayment',
        orderId,
        customerId,
        amountMinor: lines.length * 2 * 39_900,
        currency: 'EUR',
        paymentMethod: 'pm_card',
        payBy: new Date(now().getTime() + standardTerms.payMs).toISOString(),
      },
      true,
    );
    return life;
  };

  const authorise = async ({ paymentId }: Life): Promise<void> => {
    const captureBefore = new Date(now().getTime() + 7 * 86_400_000);
    answerOf(await process.recordAuthorised({ paymentId, providerReference: `ref-${paymentId}`, captureBefore, requestId: '' }, callAs('worker')));
  };

  const confirmed = async (merchants = 2): Promise<Life> => {
    const life = await requested(merchants);
    await authorise(life);
    await instruct(order, orderStream(life.orderId), { type: 'ConfirmOrder', paymentId: life.paymentId, ...timed() });
    return life;
  };

  const accepted = async (merchants = 2): Promise<Life> => {
    const life = await confirmed(merchants);
    for (const { lineId, merchantId } of life.lines)
      answerOf(await process.acceptLine({ orderId: life.orderId, lineId, ...nothing }, callAs('merchant', { merchantId })));
    return life;
  };

  /** Pieces of one line leave and are to be captured. */
  const dispatch = async ({ orderId, paymentId, lines }: Life, index = 0, quantity = 2): Promise<{ shipmentId: string; captureId: string }> => {
    const { lineId, merchantId } = lines[index]!;
    const request = { orderId, shipmentId: '', merchantId: '', carrier: 'DHL', trackingNumber: '0034', lines: [{ lineId, quantity }], ...nothing };
    const { shipmentId } = answerOf(await process.dispatchShipment(request, callAs('merchant', { merchantId })));
    const captureId = randomUUID();
    const amountMinor = quantity * 39_900;
    await instruct(payment, paymentStream(paymentId), { type: 'RequestCapture', orderId, captureId, shipmentId, amountMinor });
    return { shipmentId, captureId };
  };

  const deliver = async ({ orderId, lines }: Life, shipmentId: string, index = 0): Promise<void> => {
    const { merchantId } = lines[index]!;
    answerOf(await process.confirmDelivery({ orderId, shipmentId, ...nothing }, callAs('merchant', { merchantId })));
  };

  const capture = async ({ paymentId }: Life, captureId: string): Promise<void> => {
    answerOf(await process.recordCaptured({ paymentId, captureId, providerReference: `ref-${captureId}`, requestId: '' }, callAs('worker')));
  };

  /** Everything has arrived and is paid. */
  const delivered = async (merchants = 2): Promise<Life> => {
    const life = await accepted(merchants);
    for (const index of life.lines.keys()) {
      const { shipmentId, captureId } = await dispatch(life, index);
      await capture(life, captureId);
      await deliver(life, shipmentId, index);
    }
    return life;
  };

  const askBack = async ({ orderId, customerId, lines }: Life, kind: 'WITHDRAWAL' | 'WARRANTY', quantity = 2): Promise<string> => {
    const asked = { returnId: '', orderId, kind: Return_Kind[kind], lines: [{ lineId: lines[0]!.lineId, quantity }], reason: '', requestId: '' };
    return answerOf(await process.requestReturn(asked, callAs('customer', { customerId }))).returnId;
  };

  /** The order registers the return, which admits it: a withdrawal is approved with that. */
  const admit = async ({ orderId, lines }: Life, returnId: string, quantity = 2): Promise<void> => {
    await instruct(order, orderStream(orderId), {
      type: 'RegisterReturn',
      returnId,
      lines: [{ lineId: lines[0]!.lineId, quantity }],
      ...timed(),
    });
    await instruct(returns, returnStream(returnId), { type: 'AdmitReturn', ...timed() });
  };

  /** A withdrawal whose goods are back. */
  const received = async (life: Life): Promise<string> => {
    const returnId = await askBack(life, 'WITHDRAWAL');
    await admit(life, returnId);
    answerOf(await process.receiveReturn({ returnId, ...nothing }, callAs('merchant', { merchantId: life.lines[0]!.merchantId })));
    return returnId;
  };

  const raiseTask = async ({ orderId }: Life, kind: TaskKind = 'CAPTURE_FAILED'): Promise<string> => {
    const taskId = randomUUID();
    await instruct(order, orderStream(orderId), { type: 'RaiseTask', taskId, kind, ...timed() });
    return taskId;
  };

  const cancel = async ({ orderId, customerId }: Life): Promise<void> => {
    answerOf(await process.cancelOrder({ orderId, reason: '', ...nothing }, callAs('customer', { customerId })));
  };

  const cancelLine = async ({ orderId, customerId, lines }: Life): Promise<void> => {
    answerOf(await process.cancelLine({ orderId, lineId: lines[0]!.lineId, reason: '', ...nothing }, callAs('customer', { customerId })));
  };

  const lose = async ({ orderId }: Life, shipmentId: string): Promise<void> => {
    answerOf(await process.reportShipmentLost({ orderId, shipmentId, reason: '', ...nothing }, callAs('support')));
  };

  /** The fact that an event of an order set. */
  const factOf = async ({ orderId }: Life, type: string, fact: string): Promise<string> => {
    const event = (await process.eventsOf(orderStream(orderId))).find((each) => each.type === type);
    return String((event!.data as Readonly<Record<string, unknown>>)[fact]);
  };

  const expire = async (life: Life): Promise<void> =>
    instruct(order, orderStream(life.orderId), { type: 'ExpireOrder', payBy: await factOf(life, 'OrderPlaced', 'payBy'), ...timed() });

  const complete = async (life: Life): Promise<void> => {
    const withdrawalEnds = await factOf(life, 'OrderDelivered', 'withdrawalEnds');
    await instruct(order, orderStream(life.orderId), { type: 'CompleteOrder', withdrawalEnds, ...timed() });
  };

  const approveReturn = async ({ lines }: Life, returnId: string): Promise<void> => {
    answerOf(await process.approveReturn({ returnId, ...nothing }, callAs('merchant', { merchantId: lines[0]!.merchantId })));
  };

  const rejectReturn = async ({ lines }: Life, returnId: string): Promise<void> => {
    answerOf(await process.rejectReturn({ returnId, reason: 'no', ...nothing }, callAs('merchant', { merchantId: lines[0]!.merchantId })));
  };

  const hold = async (orderId: string): Promise<void> => {
    answerOf(await process.holdOrder({ orderId, reason: 'looks like fraud', ...nothing }, callAs('support')));
  };

  const placeLegalHold = async (customerId: string): Promise<string> => {
    const asked = { customerId, holdId: '', kind: LegalHold_Kind.CLAIM, reason: 'in court', ...nothing };
    return answerOf(await process.placeLegalHold(asked, callAs('support'))).holdId;
  };

  /** Support gives some of the money back. */
  const askRefund = async ({ paymentId }: Life, amountMinor = 1_000): Promise<string> =>
    answerOf(await process.refundPayment({ paymentId, amount: euros(amountMinor), reason: 'goodwill', ...nothing }, callAs('support'))).refundId;

  return {
    instruct,
    timed,
    placed,
    requested,
    authorise,
    confirmed,
    accepted,
    dispatch,
    deliver,
    capture,
    delivered,
    askBack,
    admit,
    received,
    raiseTask,
    hold,
    cancel,
    cancelLine,
    lose,
    expire,
    complete,
    approveReturn,
    rejectReturn,
    placeLegalHold,
    askRefund,
  };
};

export type Lives = ReturnType<typeof livesIn>;
