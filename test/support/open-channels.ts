import { getChannelzHandlers } from '@grpc/grpc-js';

type TopChannels = (
  call: { request: { start_channel_id: string; max_results: number } },
  answer: (error: unknown, response: { channel: readonly unknown[] } | null) => void,
) => void;

/** How many gRPC channels this process has made and not closed. */
export const openChannels = (): number => {
  let count = 0;
  const { GetTopChannels } = getChannelzHandlers() as unknown as { readonly GetTopChannels: TopChannels };
  GetTopChannels({ request: { start_channel_id: '0', max_results: 1_000 } }, (_error, response) => (count = response?.channel.length ?? 0));
  return count;
};
