/** What is known about a method before it is called. */
export type Method = {
  /** `orders.v1.OrderService/PlaceOrder` */
  readonly name: string;
  /** With one message, or with message after message until there is nothing more to say. */
  readonly answers: 'once' | 'stream';
  readonly verb: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/v1/orders/{order_id}:cancel`: where it is in REST; what the path does not take goes into the body, or with GET into the query. */
  readonly path: string;
  readonly request: Codec;
  readonly response: Codec;
};

/** The generated code of a message. */
export type Codec = {
  encode(message: never): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
  /** From proto3 JSON. */
  fromJSON(json: unknown): object;
  fromPartial(fields: never): object;
};

/** A message, when its type no longer matters. */
export type Message = Record<string, unknown>;
