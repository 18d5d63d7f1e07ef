import {
  AdjustStockRequest,
  ChangePriceRequest,
  PublishOfferRequest,
  WithdrawOfferRequest,
  type PublishOfferResponse,
} from '../contract/generated/orders/v1/offers.ts';
import type { CommandAnswer } from '../contract/generated/orders/v1/common.ts';
import { offerStream } from '../domain/ids.ts';
import { mayActOnOffer, offer, type OfferCommand } from '../domain/offer.ts';
import { answered, refused, type Method } from '../platform/call.ts';
import { changes } from './changes.ts';
import { authorOf } from './command-id.ts';
import type { Handle } from './handle.ts';
import { merchantFor, real } from './requests.ts';

/** The offer commands as the contract names them; one implementation, served as gRPC and as REST. */
export const offerCommands = (
  handle: Handle,
): {
  readonly publishOffer: Method<PublishOfferRequest, PublishOfferResponse>;
  readonly changePrice: Method<ChangePriceRequest, CommandAnswer>;
  readonly adjustStock: Method<AdjustStockRequest, CommandAnswer>;
  readonly withdrawOffer: Method<WithdrawOfferRequest, CommandAnswer>;
} => {
  const { change } = changes(handle, { decider: offer, stream: offerStream, id: 'offerId', subject: (_, { caller }) => authorOf(caller) });

  return {
    async publishOffer(request, call) {
      const merchantId = merchantFor(request.merchantId, call.caller);
      if (typeof merchantId !== 'string') return merchantId;
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
          grade: real(request.grade),
          currency: unitPrice!.currency,
          unitPriceMinor: Number(unitPrice!.amountMinor),
          ...(purchasePrice ? { purchasePriceMinor: Number(purchasePrice.amountMinor) } : {}),
          onHand: request.quantity!,
          vatScheme: real(request.vatScheme),
          warrantyMonths: request.warrantyMonths!,
        }),
      });
      if (outcome.kind === 'refused') return outcome;
      const { id, revision, consistencyToken } = outcome.message;
      return answered({ offerId: id, revision, consistencyToken });
    },

    changePrice: change({
      method: 'ChangePrice',
      codec: ChangePriceRequest,
      may: mayActOnOffer,
      command: ({ unitPrice }) => ({ type: 'ChangePrice', unitPriceMinor: Number(unitPrice!.amountMinor), currency: unitPrice!.currency }),
    }),

    adjustStock: change({
      method: 'AdjustStock',
      codec: AdjustStockRequest,
      may: mayActOnOffer,
      command: ({ difference }) => ({ type: 'AdjustStock', difference: difference! }),
    }),

    withdrawOffer: change({ method: 'WithdrawOffer', codec: WithdrawOfferRequest, may: mayActOnOffer, command: () => ({ type: 'WithdrawOffer' }) }),
  };
};
