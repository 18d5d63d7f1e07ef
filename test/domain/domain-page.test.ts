import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { customerOrigins, offerOrigins, orderOrigins, paymentOrigins, returnOrigins } from '../../infra/contract/event-origins.ts';
import { reactionsTo } from '../../infra/contract/event-reactions.ts';
import { catalogue } from '../../src/domain/catalogue.ts';
import { commandOf, type DeadlineKind } from '../../src/domain/deadlines.ts';

const page = readFileSync(new URL('../../docs/domain.md', import.meta.url), 'utf8');
const events = new Set<string>(catalogue.map(({ type }) => type));
const commands = new Set(Object.values({ ...offerOrigins, ...orderOrigins, ...paymentOrigins, ...returnOrigins, ...customerOrigins }).flat());

/** The rows of the table of deadlines: fact, set by, standard, when it passes. */
const deadlines = page
  .split('\n')
  .filter((row) => /^\| `[a-z]\w+` \|/.test(row))
  .map((row) => row.split('|').map((cell) => cell.trim()))
  .map(([, fact, setBy, , then]) => ({ fact: wordsOf(fact!)[0]!, setBy: wordsOf(setBy!), command: wordsOf(then!)[0]! }));

function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word!);
}

test('the page about the domain names only events and commands that there are', () => {
  const diagrams = [...page.matchAll(/```mermaid\n([\s\S]*?)```/g)].map(([, diagram]) => diagram!).join('\n');
  const named = [...diagrams.matchAll(/\b([A-Z][a-z]+(?:[A-Z][a-z]+)+)\b/g), ...page.matchAll(/`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`/g)].map(
    ([, name]) => name!,
  );
  assert.ok(named.length > 60);
  assert.deepEqual(
    named.filter((name) => !events.has(name) && !commands.has(name as never)),
    [],
  );
});

test('the page about the domain names every event', () =>
  assert.deepEqual(
    [...events].filter((type) => !page.includes(type)),
    [],
  ));

test('every deadline stands on the page with the event that sets it and the command that it sends', () => {
  assert.equal(deadlines.length, 11);
  for (const { fact, setBy, command } of deadlines) {
    const setters = [...events].filter((type) => reactionsTo(type).some(([what, facts]) => what === 'Sets the deadlines' && facts.includes(fact)));
    assert.deepEqual(setBy.toSorted(), setters.toSorted(), fact);
    const sent = commandOf({ kind: fact as DeadlineKind, stream: 'order-1', subject: 'a/b', dueAt: '', eventId: '' }).command.type;
    assert.equal(command, sent);
  }
});
