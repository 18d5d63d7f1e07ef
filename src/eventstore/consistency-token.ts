/** Where a command's effects stand: in which log, and up to which position (its text form). */
export type ConsistencyPoint = { readonly logId: string; readonly position: string };

const version = '1';

/** The text a command answers and a query may bring: base64url of version, log id and position. Unsigned: it grants nothing. */
export const encodeToken = ({ logId, position }: ConsistencyPoint): string => Buffer.from(`${version}:${logId}:${position}`).toString('base64url');

/** Undefined for a text that is no token. */
export const decodeToken = (text: string): ConsistencyPoint | undefined => {
  if (text.length > 200 || !/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  const [found, logId, position, ...rest] = Buffer.from(text, 'base64url').toString('latin1').split(':');
  if (found !== version || rest.length > 0 || !logId || !/^[0-9a-f-]{36}$/.test(logId) || !position || !/^[0-9A-Za-z-]{1,64}$/.test(position))
    return undefined;
  return { logId, position };
};
