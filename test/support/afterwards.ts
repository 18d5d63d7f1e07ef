import { after } from 'node:test';

const stack = new AsyncDisposableStack();
after(() => stack.disposeAsync());

/** Has something undone when the tests of the file are over: what was begun last goes first. */
export const afterwards = (undo: () => unknown): void => {
  stack.defer(async () => {
    await undo();
  });
};
