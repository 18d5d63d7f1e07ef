/** The later of two consistency tokens; where they cannot be compared, the one that was learnt last. */
export const laterToken = (known: string, learnt: string): string => {
  const [ours, theirs] = [pointOf(known), pointOf(learnt)];
  if (ours === undefined || theirs === undefined || ours.log !== theirs.log) return learnt;
  return theirs.position > ours.position ? learnt : known;
};

/** Answers of commands that ran side by side come in any order: version 1 of the token says which log it is about, and where in it, in text that sorts. */
const pointOf = (token: string): { readonly log: string; readonly position: string } | undefined => {
  try {
    const [version, log, position, ...rest] = atob(token.replaceAll('-', '+').replaceAll('_', '/')).split(':');
    return version === '1' && log !== undefined && position !== undefined && rest.length === 0 ? { log, position } : undefined;
  } catch {
    return undefined;
  }
};
