/**
 * Gathers single loads into batches: a lone load goes out at once, and while loads are under way the next ones collect
 * into the batch that follows. The busier the process, the larger the batches; nobody waits for company.
 */
export const gather = <Key, Value>(
  load: (keys: readonly Key[]) => Promise<readonly Value[]>,
  options: { readonly maxBatch: number; readonly inFlight: number },
): ((key: Key) => Promise<Value>) => {
  type Waiter = { readonly key: Key; readonly resolve: (value: Value) => void; readonly reject: (error: unknown) => void };
  let waiting: Waiter[] = [];
  let running = 0;
  let scheduled = false;

  const flush = (): void => {
    scheduled = false;
    while (running < options.inFlight && waiting.length > 0) {
      const batch = waiting.slice(0, options.maxBatch);
      waiting = waiting.slice(options.maxBatch);
      running += 1;
      void send(batch);
    }
  };
  const send = async (batch: readonly Waiter[]): Promise<void> => {
    try {
      const values = await load(batch.map(({ key }) => key));
      batch.forEach(({ resolve }, index) => resolve(values[index]!));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      running -= 1;
      flush();
    }
  };

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject });
      if (scheduled || running >= options.inFlight) return;
      scheduled = true;
      setImmediate(flush);
    });
};
