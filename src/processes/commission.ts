import { createHash } from 'node:crypto';
import type { Execute } from '../commands/execute.ts';
import type { At } from '../commands/judge.ts';
import { offerStream, orderStream, paymentStream, returnStream } from '../domain/ids.ts';
import { offer, type OfferCommand } from '../domain/offer.ts';
import type { OrderCommand } from '../domain/order-commands.ts';
import { order } from '../domain/order.ts';
import type { PaymentCommand } from '../domain/payment-commands.ts';
import { payment } from '../domain/payment.ts';
import type { ProcessCommand } from '../domain/processes/process.ts';
import type { ReturnCommand } from '../domain/return-commands.ts';
import { returns } from '../domain/return.ts';
import type { Terms, Timed } from '../domain/terms.ts';
import type { Refusal } from '../platform/call.ts';

/** A command of a process or a deadline, on its way to the aggregate that it names. */
export type Commission = {
  /** `process:placement`, `deadline:payBy`. */
  readonly actor: string;
  readonly commandId: string;
  /** JSON of a {@link ProcessCommand}, as it is stored; hashed as it is. */
  readonly command: string;
  readonly causationId: string;
  readonly correlationId: string;
  readonly traceparent: string | null;
};

export type Commissioner = (commission: Commission, signal: AbortSignal) => Promise<{ readonly kind: 'settled' } | Refusal>;

/** How long a command may take, its place in its stream's line included; then it is tried again. */
const patienceMs = 10_000;

/**
 * Takes commands to their aggregates. A stored command knows neither clock nor terms, nor the ids that are its own: what it makes
 * (a capture, a refund, a task, or the aggregate itself) has the command's id.
 */
export const commissioner =
  ({ execute, terms }: { readonly execute: Execute; readonly terms: Terms }): Commissioner =>
  (commission, signal) => {
    const { commandId, command: text, traceparent } = commission;
    const asked = JSON.parse(text) as ProcessCommand;
    const creates = asked.id === '';
    const id = creates ? commandId : asked.id;
    const own = ownIds[asked.command.type];
    const command = own === undefined ? asked.command : { ...asked.command, [own]: commandId };
    const timed = ({ now }: Pick<At, 'now'>): object => ({ ...command, ...({ now: now.toISOString(), terms } satisfies Timed) });
    const now = isTimed(asked) ? timed : (): object => command;
    const instruction = {
      name: command.type,
      creates,
      meta: {
        commandId,
        commandHash: createHash('sha256').update(text).digest('base64url'),
        correlationId: commission.correlationId,
        causationId: commission.causationId,
        actor: commission.actor,
        ...(traceparent === null ? {} : { traceparent }),
      },
      deadline: performance.now() + patienceMs,
      signal,
    };
    switch (asked.to) {
      case 'offer':
        return execute(offer, { ...instruction, stream: offerStream(id), command: (at) => now(at) as OfferCommand });
      case 'order':
        return execute(order, { ...instruction, stream: orderStream(id), command: (at) => now(at) as OrderCommand });
      case 'payment':
        return execute(payment, { ...instruction, stream: paymentStream(id), command: (at) => now(at) as PaymentCommand });
      case 'return':
        return execute(returns, { ...instruction, stream: returnStream(id), command: (at) => now(at) as ReturnCommand });
    }
  };

/** The fields that a command fills with its own id. */
const ownIds: Readonly<Record<string, string>> = { RequestCapture: 'captureId', RequestRefund: 'refundId', RaiseTask: 'taskId' };

/** Commands that set or check a time: all of orders, and these of the others. */
const timedCommands: readonly string[] = ['ReserveStock', 'AdmitReturn', 'ApproveUndecided'];

const isTimed = ({ to, command }: ProcessCommand): boolean => to === 'order' || timedCommands.includes(command.type);
