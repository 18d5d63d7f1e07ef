import {
  AdjustStockRequest,
  ChangePriceRequest,
  Offer_Grade,
  Offer_VatScheme,
  PublishOfferRequest,
  WithdrawOfferRequest,
  type PublishOfferResponse,
} from '../contract/generated/orders/v1/offers.ts';
import type { CommandAnswer } from '../contract/generated/orders/v1/common.ts';
import { actsForMerchant, authorityOf } from '../domain/authority.ts';
import { offerStream } from '../domain/ids.ts';
import { mayActOnOffer, offer, type OfferCommand } from '../domain/offer.ts';
import { answered, refused, type Call, type Method, type Outcome } from '../platform/call.ts';
import { authorOf } from './command-id.ts';
import type { CommandResult, Handle } from './handle.ts';
import type { Work } from './judge.ts';

/** The offer commands as the contract names them; one implementation, served as gRPC and as REST. */
export const offerCommands = (
  handle: Handle,
): {
  readonly publishOffer: Method<PublishOfferRequest, PublishOfferResponse>;
  readonly changePrice: Method<ChangePriceRequest, CommandAnswer>;
  readonly adjustStock: Method<AdjustStockRequest, CommandAnswer>;
  readonly withdrawOffer: Method<WithdrawOfferRequest, CommandAnswer>;
} => {
  /** A command to an offer that stands already. */
  const change = async (
    request: { readonly offerId: string; readonly requestId: string; readonly etag: string; readonly reason?: string },
    call: Call,
    more: Pick<Work<unknown, OfferCommand>, 'method' | 'bytes' | 'command'>,
  ): Promise<Outcome<CommandAnswer>> => {
    const outcome = await handle(offer, {
      ...more,
      call,
      requestId: request.requestId,
      etag: request.etag,
      id: request.offerId,
      creates: false,
      stream: offerStream,
      may: mayActOnOffer,
      subject: () => (request.reason ? authorOf(call.caller) : undefined),
      ...(request.reason ? { reason: request.reason } : {}),
    });
    return commandAnswer(outcome);
  };

  return {
    async publishOffer(request, call) {
      const merchantId = request.merchantId || call.caller.merchantId;
      if (!merchantId)
        return refused('invalid', 'INVALID_ARGUMENT', 'Some fields are not as they must be.', {
          fields: [{ field: 'merchant_id', description: 'is required: the token names no merchant' }],
        });
      if (!actsForMerchant(authorityOf(call.caller), merchantId))
        return refused('forbidden', 'FORBIDDEN', 'The token does not act for this merchant.');
      const { unitPrice, purchasePrice } = request;
      if (purchasePrice && purchasePrice.currency !== unitPrice!.currency) {
        return refused('precondition_failed', 'CURRENCY_MISMATCH', 'Purchase price and price are in one currency.');
      }
      const outcome = await handle(offer, {
        method: 'PublishOffer',
        call,
        requestId: request.requestId,
        bytes: PublishOfferRequest.encode({ ...request, requestId: '' }).finish(),
        id: request.offerId,
        creates: true,
        stream: offerStream,
        may: mayActOnOffer,
        subject: () => undefined,
        command: (): OfferCommand => ({
          type: 'PublishOffer',
          merchantId,
          sku: request.sku,
          title: request.title,
          grade: gradeOf(request.grade),
          currency: unitPrice!.currency,
          unitPriceMinor: Number(unitPrice!.amountMinor),
          ...(purchasePrice ? { purchasePriceMinor: Number(purchasePrice.amountMinor) } : {}),
          onHand: request.quantity!,
          vatScheme: schemeOf(request.vatScheme),
          warrantyMonths: request.warrantyMonths!,
        }),
      });
      if (outcome.kind === 'refused') return outcome;
      const { id, revision, consistencyToken } = outcome.message;
      return answered({ offerId: id, revision, consistencyToken });
    },

    changePrice: (request, call) =>
      change(request, call, {
        method: 'ChangePrice',
        bytes: ChangePriceRequest.encode({ ...request, requestId: '', etag: '' }).finish(),
        command: () => ({ type: 'ChangePrice', unitPriceMinor: Number(request.unitPrice!.amountMinor), currency: request.unitPrice!.currency }),
      }),

    adjustStock: (request, call) =>
      change(request, call, {
        method: 'AdjustStock',
        bytes: AdjustStockRequest.encode({ ...request, requestId: '', etag: '' }).finish(),
        command: () => ({ type: 'AdjustStock', difference: request.difference! }),
      }),

    withdrawOffer: (request, call) =>
      change(request, call, {
        method: 'WithdrawOffer',
        bytes: WithdrawOfferRequest.encode({ ...request, requestId: '', etag: '' }).finish(),
        command: () => ({ type: 'WithdrawOffer' }),
      }),
  };
};

/** What a command that changes something answers. */
export const commandAnswer = (outcome: Outcome<CommandResult>): Outcome<CommandAnswer> =>
  outcome.kind === 'refused' ? outcome : answered({ revision: outcome.message.revision, consistencyToken: outcome.message.consistencyToken });

/** The validator lets only real grades pass. */
const gradeOf = (grade: Offer_Grade): 'A' | 'B' | 'C' => {
  switch (grade) {
    case Offer_Grade.A:
    case Offer_Grade.B:
    case Offer_Grade.C:
      return grade;
    case Offer_Grade.GRADE_UNSPECIFIED:
    case Offer_Grade.UNRECOGNIZED:
      throw new Error(`grade ${grade} passed the validator`);
  }
};

/** The validator lets only real schemes pass. */
const schemeOf = (scheme: Offer_VatScheme): 'STANDARD' | 'MARGIN' => {
  switch (scheme) {
    case Offer_VatScheme.STANDARD:
    case Offer_VatScheme.MARGIN:
      return scheme;
    case Offer_VatScheme.VAT_SCHEME_UNSPECIFIED:
    case Offer_VatScheme.UNRECOGNIZED:
      throw new Error(`VAT scheme ${scheme} passed the validator`);
  }
};
