import { derivedId } from '../../domain/ids.ts';

/** A seller of the demo's marketplace. Ids are for ever, so that a second demo goes on with the offers of the first. */
export type Merchant = { readonly merchantId: string; readonly name: string };

/** What a merchant has for sale, as it is first published. Amounts are euro cents. */
export type Article = {
  readonly offerId: string;
  readonly merchant: Merchant;
  readonly sku: string;
  readonly title: string;
  readonly grade: 'A' | 'B' | 'C';
  readonly priceMinor: number;
  /** Set where VAT is charged on the margin. */
  readonly purchasePriceMinor?: number;
  readonly warrantyMonths: number;
  readonly quantity: number;
};

const wiederwerk: Merchant = { merchantId: 'd0c00000-0000-4000-8000-000000000001', name: 'Wiederwerk Berlin' };
const secondeVie: Merchant = { merchantId: 'd0c00000-0000-4000-8000-000000000002', name: 'Seconde Vie Lyon' };
const opnieuw: Merchant = { merchantId: 'd0c00000-0000-4000-8000-000000000003', name: 'Opnieuw Utrecht' };
const ricomincia: Merchant = { merchantId: 'd0c00000-0000-4000-8000-000000000004', name: 'Ricomincia Torino' };
const nochmal: Merchant = { merchantId: 'd0c00000-0000-4000-8000-000000000005', name: 'Nochmal Wien' };

export const merchants: readonly Merchant[] = [wiederwerk, secondeVie, opnieuw, ricomincia, nochmal];

type Row = readonly [
  merchant: Merchant,
  sku: string,
  title: string,
  grade: Article['grade'],
  euros: number,
  vat: 'STANDARD' | 'MARGIN',
  warrantyMonths: number,
  quantity: number,
];

const rows: readonly Row[] = [
  [wiederwerk, 'IP12-64', 'iPhone 12 64 GB', 'B', 239, 'MARGIN', 12, 6],
  [wiederwerk, 'IP13-128', 'iPhone 13 128 GB', 'A', 399, 'MARGIN', 24, 9],
  [wiederwerk, 'IP14P-256', 'iPhone 14 Pro 256 GB', 'A', 689, 'MARGIN', 24, 4],
  [wiederwerk, 'IPSE3-64', 'iPhone SE (2022) 64 GB', 'C', 169, 'MARGIN', 12, 3],
  [wiederwerk, 'MBA-M1-256', 'MacBook Air M1 256 GB', 'B', 619, 'STANDARD', 12, 5],
  [wiederwerk, 'MBP14-M1P', 'MacBook Pro 14 M1 Pro 512 GB', 'A', 1149, 'STANDARD', 24, 2],
  [wiederwerk, 'AWSE2-44', 'Apple Watch SE (2022) 44 mm', 'B', 159, 'MARGIN', 12, 7],
  [wiederwerk, 'AW8-45', 'Apple Watch Series 8 45 mm', 'A', 269, 'MARGIN', 12, 3],
  [wiederwerk, 'IPAD9-64', 'iPad (2021) 64 GB', 'B', 229, 'MARGIN', 12, 8],
  [secondeVie, 'PIX6A-128', 'Pixel 6a 128 GB', 'A', 199, 'STANDARD', 12, 5],
  [secondeVie, 'PIX7-128', 'Pixel 7 128 GB', 'B', 289, 'STANDARD', 12, 4],
  [secondeVie, 'PIX8P-256', 'Pixel 8 Pro 256 GB', 'A', 559, 'STANDARD', 24, 2],
  [secondeVie, 'IP13M-128', 'iPhone 13 mini 128 GB', 'B', 329, 'MARGIN', 12, 4],
  [secondeVie, 'FP4-256', 'Fairphone 4 256 GB', 'B', 299, 'STANDARD', 24, 3],
  [secondeVie, 'IPADAIR4', 'iPad Air (2020) 64 GB', 'C', 279, 'MARGIN', 12, 2],
  [secondeVie, 'SWITCH-OLED', 'Switch OLED', 'B', 219, 'MARGIN', 12, 8],
  [secondeVie, 'SWITCH-LITE', 'Switch Lite', 'C', 109, 'MARGIN', 6, 6],
  [opnieuw, 'T14-G2', 'ThinkPad T14 Gen 2, 16 GB', 'A', 549, 'STANDARD', 24, 12],
  [opnieuw, 'T480S', 'ThinkPad T480s, 16 GB', 'C', 249, 'STANDARD', 12, 10],
  [opnieuw, 'X1C9', 'ThinkPad X1 Carbon Gen 9', 'B', 699, 'STANDARD', 24, 4],
  [opnieuw, 'LAT7420', 'Latitude 7420, 16 GB', 'B', 459, 'STANDARD', 12, 9],
  [opnieuw, 'XPS13-9310', 'XPS 13 (9310), 512 GB', 'A', 679, 'STANDARD', 24, 3],
  [opnieuw, 'EB840G8', 'EliteBook 840 G8, 16 GB', 'A', 489, 'STANDARD', 24, 11],
  [opnieuw, 'SURFPRO7', 'Surface Pro 7 256 GB', 'B', 399, 'STANDARD', 12, 5],
  [opnieuw, 'FWK13-11', 'Framework Laptop 13 (11th gen)', 'A', 649, 'STANDARD', 24, 1],
  [ricomincia, 'GS21-128', 'Galaxy S21 128 GB', 'B', 219, 'MARGIN', 12, 6],
  [ricomincia, 'GS22U-256', 'Galaxy S22 Ultra 256 GB', 'A', 529, 'MARGIN', 24, 3],
  [ricomincia, 'GS23-128', 'Galaxy S23 128 GB', 'A', 449, 'MARGIN', 24, 4],
  [ricomincia, 'GA54-128', 'Galaxy A54 128 GB', 'B', 189, 'MARGIN', 12, 9],
  [ricomincia, 'TABS8-128', 'Galaxy Tab S8 128 GB', 'A', 399, 'STANDARD', 12, 3],
  [ricomincia, 'TABA8-64', 'Galaxy Tab A8 64 GB', 'C', 109, 'STANDARD', 6, 5],
  [ricomincia, 'GW5-44', 'Galaxy Watch5 44 mm', 'B', 119, 'MARGIN', 12, 6],
  [nochmal, 'PS5-DISC', 'PlayStation 5 (disc)', 'B', 349, 'MARGIN', 12, 5],
  [nochmal, 'PS4-SLIM', 'PlayStation 4 Slim 500 GB', 'C', 129, 'MARGIN', 6, 7],
  [nochmal, 'XSS-512', 'Xbox Series S 512 GB', 'B', 179, 'MARGIN', 12, 6],
  [nochmal, 'XSX-1T', 'Xbox Series X 1 TB', 'A', 369, 'MARGIN', 12, 2],
  [nochmal, 'DECK-256', 'Steam Deck 256 GB', 'A', 329, 'STANDARD', 12, 3],
  [nochmal, 'QUEST2-128', 'Quest 2 128 GB', 'B', 169, 'STANDARD', 12, 4],
  [nochmal, 'GARMIN-F6', 'Garmin fenix 6 Pro', 'B', 229, 'STANDARD', 12, 2],
  [nochmal, 'KINDLE-PW5', 'Kindle Paperwhite 11th gen', 'A', 99, 'STANDARD', 12, 6],
];

/** Everything on sale in the demo's marketplace. */
export const articles: readonly Article[] = rows.map(([merchant, sku, title, grade, euros, vat, warrantyMonths, quantity]) => ({
  offerId: derivedId('demo offer', merchant.merchantId, sku),
  merchant,
  sku,
  title,
  grade,
  priceMinor: euros * 100,
  ...(vat === 'MARGIN' ? { purchasePriceMinor: Math.round(euros * 0.72) * 100 } : {}),
  warrantyMonths,
  quantity,
}));
