/** One server-sent event, as its fields stand in the stream; a comment is told as such. */
export type ServerSentEvent = {
  readonly event?: string;
  readonly id?: string;
  readonly retry?: string;
  readonly data?: string;
  readonly comment?: string;
};

/** The events of a response's body as they come (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export const eventsOf = async function* (response: Response): AsyncGenerator<ServerSentEvent, void, undefined> {
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) yield Object.fromEntries(block.split('\n').map(fieldOf));
  }
};

const fieldOf = (line: string): readonly [string, string] => {
  const colon = line.indexOf(':');
  return [line.slice(0, colon) || 'comment', line.slice(colon + 1).replace(/^ /, '')];
};
