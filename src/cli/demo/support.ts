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
    tell({
      label: 'task',
      what: `${short(orderId)}  ${kind}${textOf(task, 'code') === '' ? '' : `: ${textOf(task, 'code')}`}`,
      tail: 'for support',
    });
    if (!(await think(1_000, 3_000))) return;
    // With its task resolved a capture is tried again. What fails twice stays with support, and the goods go on.
    if (kind !== 'CAPTURE_FAILED' || (failures += 1) < 2)
      await act({ type: 'ResolveTask', as: 'support', orderId, taskId, reason: 'Spoke to everybody concerned' });
    else await act({ type: 'ReleaseOrder', as: 'support', orderId, reason: 'The customer pays by transfer' });
  }
};
