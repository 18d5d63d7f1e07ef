import { chance, oneOf } from './chance.ts';
import { short, type Living } from './living.ts';
import { textOf } from './messages.ts';
import { isEnd } from './tales.ts';

/** Longer than any life of a demo with brief terms. */
const patienceMs = 180_000;

/** Support holds the order, looks at it and lets it go on. */
export const hold = async ({ orderId, act, tell, think }: Living): Promise<void> => {
  const reason = oneOf(['Address looks like a forwarder', 'Customer asked to wait', 'Card of another name']);
  const reply = await act({ type: 'HoldOrder', as: 'support', orderId, reason });
  if (reply.kind !== 'answered') return;
  tell({ label: 'support', what: `${short(orderId)}  held: “${reason}”`, tail: 'support' });
  // Now and then nobody remembers, and the hold lapses.
  if (!(await think(2_000, 5_000)) || chance(0.1)) return;
  await act({ type: 'ReleaseOrder', as: 'support', orderId, reason: 'Looked into it, all is well' });
  tell({ label: 'support', what: `${short(orderId)}  released`, tail: 'support' });
};

/** Support looks at each task about the order, once, until the order has ended. */
export const help = async ({ orderId, tale, act, tell, think }: Living): Promise<void> => {
  const done = new Set<unknown>();
  let failures = 0;
  for (;;) {
    const task = await tale.until(
      (message) => (message.name === 'support-task-raised' && !done.has(message.data['task_id'])) || isEnd(message),
      patienceMs,
    );
    if (task?.name !== 'support-task-raised') return;
    const taskId = textOf(task, 'task_id');
    const kind = textOf(task, 'kind');
    done.add(taskId);
    if (kind !== 'CAPTURE_FAILED' || failures === 0)
      tell({
        label: 'task',
        what: `${short(orderId)}  ${[kind, textOf(task, 'code')].filter((text) => text !== '').join(': ')}`,
        tail: 'for support',
      });
    if (kind !== 'CAPTURE_FAILED') {
      if (!(await think(1_000, 3_000))) return;
      await act({ type: 'ResolveTask', as: 'support', orderId, taskId, reason: 'Spoke to everybody concerned' });
      continue;
    }
    // A capture that failed is tried again when its task is resolved, and with every release; the goods go on meanwhile.
    failures += 1;
    if (!(await think(3_000 * failures, 5_000 * failures))) return;
    if (failures === 1) await act({ type: 'ResolveTask', as: 'support', orderId, taskId, reason: 'The customer has looked after the card' });
    else await act({ type: 'ReleaseOrder', as: 'support', orderId, reason: 'The customer pays by transfer' });
  }
};
