import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import streamsPb, { type ReadReq, type ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Position } from '../event-store.ts';
import { positionOf } from './events.ts';
import { partsOf, start } from './position.ts';

type Options = InstanceType<typeof streamsPb.ReadReq.Options>;

/** Where in the whole log to begin. */
export type From = Position | 'end';

/** Events of one stream: `from` inclusive, the newest first when backwards. */
export const streamRequest = (
  stream: string,
  range: { readonly from: number | 'end'; readonly backwards: boolean; readonly count: number },
): ReadReq => {
  const place = new streamsPb.ReadReq.Options.StreamOptions();
  place.setStreamIdentifier(identifierOf(stream));
  if (range.from === 'end') place.setEnd(new sharedPb.Empty());
  else place.setRevision(String(range.from));
  const options = newOptions(range.backwards);
  options.setStream(place);
  options.setCount(String(range.count));
  options.setNoFilter(new sharedPb.Empty());
  return requestOf(options);
};

/** Events of the whole log: forwards from a position inclusive, backwards before it. */
export const logRequest = (from: From, range: { readonly backwards: boolean; readonly count: number; readonly systemEvents: boolean }): ReadReq => {
  const options = newOptions(range.backwards);
  options.setAll(placeOf(from));
  options.setCount(String(range.count));
  if (range.systemEvents) options.setNoFilter(new sharedPb.Empty());
  else options.setFilter(noSystemEvents());
  return requestOf(options);
};

/** The newest event that is not the system's. */
export const headRequest = (): ReadReq => logRequest('end', { backwards: true, count: 1, systemEvents: false });

/** Everything that is not the system's, from after a position on and for ever. */
export const subscriptionRequest = (after: Position): ReadReq => {
  const options = newOptions(false);
  options.setAll(placeOf(after));
  options.setSubscription(new streamsPb.ReadReq.Options.SubscriptionOptions());
  options.setFilter(noSystemEvents());
  return requestOf(options);
};

/** The position of the event that a message brings, if it brings one. */
export const positionIn = (message: ReadResp): Position | undefined => {
  const event = message.getEvent()?.getEvent();
  return event && positionOf(event);
};

export const identifierOf = (stream: string): InstanceType<typeof sharedPb.StreamIdentifier> => {
  const identifier = new sharedPb.StreamIdentifier();
  identifier.setStreamName(Buffer.from(stream));
  return identifier;
};

const placeOf = (from: From): InstanceType<typeof streamsPb.ReadReq.Options.AllOptions> => {
  const all = new streamsPb.ReadReq.Options.AllOptions();
  if (from === 'end') all.setEnd(new sharedPb.Empty());
  else if (from === start) all.setStart(new sharedPb.Empty());
  else {
    const { commit, prepare } = partsOf(from);
    const position = new streamsPb.ReadReq.Options.Position();
    position.setCommitPosition(commit);
    position.setPreparePosition(prepare);
    all.setPosition(position);
  }
  return all;
};

const newOptions = (backwards: boolean): Options => {
  const uuids = new streamsPb.ReadReq.Options.UUIDOption();
  uuids.setString(new sharedPb.Empty());
  const options = new streamsPb.ReadReq.Options();
  options.setUuidOption(uuids);
  options.setResolveLinks(false);
  options.setReadDirection(backwards ? 1 : 0);
  return options;
};

/** System events are those whose type begins with `$`. */
const noSystemEvents = (): InstanceType<typeof streamsPb.ReadReq.Options.FilterOptions> => {
  const expression = new streamsPb.ReadReq.Options.FilterOptions.Expression();
  expression.setRegex('^[^$].*');
  const filter = new streamsPb.ReadReq.Options.FilterOptions();
  filter.setEventType(expression);
  filter.setCount(new sharedPb.Empty());
  filter.setCheckpointintervalmultiplier(1);
  return filter;
};

const requestOf = (options: Options): ReadReq => {
  const request = new streamsPb.ReadReq();
  request.setOptions(options);
  return request;
};
