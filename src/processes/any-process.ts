/** A process manager of any memory, events and commands, as the runner sees it; see `Process` of the domain. */
export type AnyProcess = {
  readonly name: string;
  /** Another one than that of a stored memory: the memory is folded again from the log. */
  readonly version: number;
  readonly on: readonly string[];
  key(event: never): string | undefined;
  readonly initial: unknown;
  react(memory: never, event: never): { readonly memory: unknown; readonly commands: readonly object[] };
  refused(command: never, code: string): readonly object[];
};
