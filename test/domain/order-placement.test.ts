import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accepted, rejected } from '../../src/domain/decider.ts';
import { maxAmountMinor } from '../../src/domain/money.ts';
import { order } from '../../src/domain/order.ts';
import type { OrderCommand } from '../../src/domain/order-commands.ts';
import { given } from '../support/given.ts';
import {
  at,
  cancelled,
  confirmed,
  confirmedOrder,
  expired,
  held,
  lineId,
  lineReserved,
  offerAfter,
  otherLineId,
  otherOfferId,
  paymentId,
  placed,
  placedLine,
  placeOrder,
  priceChanged,
  published,
  requestedLine,
  sealed,
  stockAdjusted,
  taskId,
  timed,
  withdrawn,
} from './examples.ts';

describe('placing an order', () => {
  test('freezes prices, merchants and terms from the offers', () => given(order).when(placeOrder()).expect(accepted(placed())));

  test('keeps no purchase price where VAT is on the whole price', () => {
    const { purchasePriceMinor: _, ...line } = placedLine({ vatScheme: 'STANDARD' });
    const offer = offerAfter(published({ vatScheme: 'STANDARD' }));
    given(order)
      .when(placeOrder({ lines: [requestedLine({ offer })] }))
      .expect(accepted(placed({ lines: [line] })));
  });

  test('takes the VAT rate of the country that the goods go to', () => {
    const shippingAddress = { address: sealed('shipping_address'), countryCode: 'AT' };
    given(order)
      .when(placeOrder({ shippingAddress }))
      .expect(accepted(placed({ shippingAddress, lines: [placedLine({ vatRateBasisPoints: 2_000 })] })));
  });

  test('takes the VAT rate of the day', () => {
    const shippingAddress = { address: sealed('shipping_address'), countryCode: 'EE' };
    const rateOn = (day: string, vatRateBasisPoints: number): void =>
      given(order)
        .when(placeOrder({ now: `${day}T10:00:00.000Z`, shippingAddress }))
        .expect(
          accepted(
            placed({
              shippingAddress,
              reserveBy: `${day}T10:20:00.000Z`,
              payBy: `${day}T10:15:00.000Z`,
              lines: [placedLine({ vatRateBasisPoints })],
            }),
          ),
        );
    rateOn('2025-06-30', 2_200);
    rateOn('2025-07-01', 2_400);
  });

  test('takes lines of several offers', () => {
    const second = { lineId: otherLineId, offerId: otherOfferId };
    given(order)
      .when(placeOrder({ lines: [requestedLine(), requestedLine({ ...second, quantity: 3 })] }))
      .expect(accepted(placed({ lines: [placedLine(), placedLine({ ...second, quantity: 3 })] })));
  });

  test('takes two lines of one offer that are in stock together', () =>
    given(order)
      .when(placeOrder({ lines: [requestedLine({ quantity: 1 }), requestedLine({ lineId: otherLineId, quantity: 2 })] }))
      .expect(accepted(placed({ lines: [placedLine({ quantity: 1 }), placedLine({ lineId: otherLineId, quantity: 2 })] }))));

  test('is refused for two lines of one offer that are not in stock together', () =>
    given(order)
      .when(placeOrder({ lines: [requestedLine({ quantity: 2 }), requestedLine({ lineId: otherLineId, quantity: 2 })] }))
      .expect(rejected('OUT_OF_STOCK', 'lines[1]: 3 left, 4 asked for.')));

  test('is refused beyond what is in stock', () =>
    given(order)
      .when(placeOrder({ lines: [requestedLine({ offer: offerAfter(published(), stockAdjusted(-3, 0)) })] }))
      .expect(rejected('OUT_OF_STOCK', 'lines[0]: 0 left, 1 asked for.')));

  test('is refused at another price than the one shown', () =>
    given(order)
      .when(placeOrder({ lines: [requestedLine({ offer: offerAfter(published(), priceChanged(34_900)) })] }))
      .expect(rejected('PRICE_CHANGED', 'lines[0]: the price is 349.00 EUR now.')));

  test('is refused in another currency than the offer has', () =>
    given(order)
      .when(placeOrder({ lines: [requestedLine({ shownCurrency: 'CHF' })] }))
      .expect(rejected('CURRENCY_MISMATCH', 'lines[0]: the offer is in EUR.')));

  test('is refused for lines in two currencies', () =>
    given(order)
      .when(
        placeOrder({
          lines: [requestedLine(), requestedLine({ offerId: otherOfferId, shownCurrency: 'CHF', offer: offerAfter(published({ currency: 'CHF' })) })],
        }),
      )
      .expect(rejected('CURRENCY_MISMATCH', 'lines[1]: an order has one currency, and this one began in EUR.')));

  test('is refused for an offer that does not exist', () =>
    given(order)
      .when(placeOrder({ lines: [requestedLine({ offer: offerAfter() })] }))
      .expect(rejected('OFFER_NOT_FOUND', 'lines[0]: no such offer has been published.')));

  test('is refused for an offer that was withdrawn', () =>
    given(order)
      .when(placeOrder({ lines: [requestedLine({ offer: offerAfter(published(), withdrawn) })] }))
      .expect(rejected('OFFER_WITHDRAWN', 'lines[0]: the offer has been withdrawn.')));

  test('is refused to a country that we do not deliver to', () =>
    given(order)
      .when(placeOrder({ shippingAddress: { address: sealed('shipping_address'), countryCode: 'US' } }))
      .expect(rejected('COUNTRY_NOT_SERVED', 'We do not deliver to US.')));

  test('takes the highest total', () => {
    const dear = requestedLine({ shownPriceMinor: maxAmountMinor, offer: offerAfter(published({ unitPriceMinor: maxAmountMinor })) });
    given(order)
      .when(placeOrder({ lines: [dear] }))
      .expect(accepted(placed({ lines: [placedLine({ unitPriceMinor: maxAmountMinor })] })));
  });

  test('is refused above the highest total', () => {
    const dear = requestedLine({
      shownPriceMinor: maxAmountMinor / 2 + 1,
      quantity: 2,
      offer: offerAfter(published({ unitPriceMinor: maxAmountMinor / 2 + 1 })),
    });
    given(order)
      .when(placeOrder({ lines: [dear] }))
      .expect(rejected('TOTAL_TOO_HIGH', `lines[0]: an order's total is at most 10000000000.00 EUR.`));
  });

  test('is refused, and is no bug, at a total beyond every safe integer', () => {
    const dearest = requestedLine({
      shownPriceMinor: maxAmountMinor,
      quantity: 1_000,
      offer: offerAfter(published({ unitPriceMinor: maxAmountMinor, onHand: 1_000_000 })),
    });
    given(order)
      .when(placeOrder({ lines: Array.from({ length: 100 }, () => dearest) }))
      .expect(rejected('TOTAL_TOO_HIGH', `lines[0]: an order's total is at most 10000000000.00 EUR.`));
  });

  test('is refused for an order that is placed already', () =>
    given(order, placed()).when(placeOrder()).expect(rejected('ORDER_ALREADY_PLACED', 'This order has been placed before.')));

  test('is refused for an order that was cancelled', () =>
    given(order, placed(), cancelled()).when(placeOrder()).expect(rejected('ORDER_ALREADY_PLACED', 'This order has been placed before.')));
});

const second = placedLine({ lineId: otherLineId, offerId: otherOfferId });
const twoLines = placed({ lines: [placedLine(), second] });

describe('a line whose stock is kept', () => {
  const mark: OrderCommand = { type: 'MarkLineReserved', lineId, ...timed() };

  test('is reserved', () => given(order, placed()).when(mark).expect(accepted(lineReserved())));

  test('is reserved once', () => given(order, twoLines, lineReserved()).when(mark).expect(accepted()));

  test('changes nothing once the order is confirmed', () =>
    given(order, ...confirmedOrder())
      .when(mark)
      .expect(accepted()));

  test('is refused by a cancelled order, so that the stock is given back', () =>
    given(order, placed(), cancelled('PAYMENT_DECLINED')).when(mark).expect(rejected('ORDER_CANCELLED', 'The order has been cancelled.')));

  test('is refused by an expired order', () =>
    given(order, placed(), expired).when(mark).expect(rejected('ORDER_ENDED', 'The order was not paid for in time.')));

  test('is refused when it is not of the order', () =>
    given(order, placed())
      .when({ ...mark, lineId: otherLineId })
      .expect(rejected('LINE_NOT_FOUND', 'The order has no such line.')));
});

describe('a line whose stock cannot be kept', () => {
  const mark: OrderCommand = { type: 'MarkLineRefused', lineId: otherLineId, code: 'OUT_OF_STOCK', ...timed() };

  test('cancels the order', () =>
    given(order, twoLines, lineReserved())
      .when(mark)
      .expect(
        accepted({ type: 'LineRefused', data: { lineId: otherLineId, offerId: otherOfferId, code: 'OUT_OF_STOCK' } }, cancelled('OUT_OF_STOCK')),
      ));

  test('cancels the order as expired when the stock was asked for too late', () =>
    given(order, twoLines)
      .when({ ...mark, code: 'RESERVATION_EXPIRED' })
      .expect(
        accepted(
          { type: 'LineRefused', data: { lineId: otherLineId, offerId: otherOfferId, code: 'RESERVATION_EXPIRED' } },
          cancelled('RESERVATION_EXPIRED'),
        ),
      ));

  test('changes nothing when it was reserved before: the first of the two decides', () =>
    given(order, twoLines, lineReserved(second)).when(mark).expect(accepted()));

  test('changes nothing once the order is cancelled', () => given(order, twoLines, cancelled()).when(mark).expect(accepted()));

  test('is refused when it is not of the order', () =>
    given(order, placed()).when(mark).expect(rejected('LINE_NOT_FOUND', 'The order has no such line.')));
});

describe('confirming an order', () => {
  const confirm: OrderCommand = { type: 'ConfirmOrder', paymentId, ...timed() };

  test('says what was authorised and by when the merchants accept', () =>
    given(order, twoLines, lineReserved(), lineReserved(second))
      .when(confirm)
      .expect(accepted(confirmed(79_800))));

  test('again changes nothing', () =>
    given(order, ...confirmedOrder())
      .when(confirm)
      .expect(accepted()));

  test('again changes nothing when it was cancelled since', () =>
    given(order, ...confirmedOrder(), cancelled())
      .when(confirm)
      .expect(accepted()));

  test('is refused with another payment', () =>
    given(order, ...confirmedOrder())
      .when({ ...confirm, paymentId: taskId })
      .expect(rejected('ORDER_ALREADY_CONFIRMED', 'The order was confirmed with another payment.')));

  test('is refused before every line is reserved', () =>
    given(order, twoLines, lineReserved()).when(confirm).expect(rejected('LINE_NOT_RESERVED', 'A line of the order is not reserved.')));

  test('is refused for a cancelled order', () =>
    given(order, placed(), cancelled()).when(confirm).expect(rejected('ORDER_CANCELLED', 'The order has been cancelled.')));

  test('is refused for an expired order', () =>
    given(order, placed(), expired).when(confirm).expect(rejected('ORDER_ENDED', 'The order was not paid for in time.')));

  test('is refused for an order that does not exist', () =>
    given(order).when(confirm).expect(rejected('ORDER_NOT_FOUND', 'No such order has been placed.')));
});

describe('the time to pay', () => {
  const expire: OrderCommand = { type: 'ExpireOrder', payBy: at('15 min'), ...timed('31 min') };

  test('ends an order that is not confirmed', () => given(order, placed(), lineReserved()).when(expire).expect(accepted(expired)));

  test('ends it on hold, too: stock and authorisation wait for nobody', () => given(order, placed(), held()).when(expire).expect(accepted(expired)));

  test('is nothing to a confirmed order', () =>
    given(order, ...confirmedOrder())
      .when(expire)
      .expect(accepted()));

  test('is nothing to a cancelled order', () => given(order, placed(), cancelled()).when(expire).expect(accepted()));

  test('is nothing once it ended the order', () => given(order, placed(), expired).when(expire).expect(accepted()));

  test('is nothing when another time stands there', () =>
    given(order, placed({ payBy: at('60 min') }))
      .when(expire)
      .expect(accepted()));
});

test('nothing can happen to an order before it is placed', () =>
  assert.throws(() => order.evolve(order.initial, cancelled()), /OrderCancelled before OrderPlaced/));
