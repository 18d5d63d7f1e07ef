/** Does one piece of work after another. */
export type InTurn = {
  /** Does this when all that came before has ended, however that ended. */
  readonly take: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Resolves when all that was taken so far has ended. */
  readonly idle: () => Promise<void>;
};

export const inTurn = (): InTurn => {
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(work) {
      const result = last.then(work);
      last = result.catch(() => {});
      return result;
    },
    idle: async () => void (await last),
  };
};
