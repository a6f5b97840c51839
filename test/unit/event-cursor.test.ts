import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { eventCursors } from '../../src/app/event-cursor.ts';

it('a cursor comes back as the position it was made of', () => {
  const cursors = eventCursors(randomUUID());
  for (const position of [0n, 1n, 12_345_678_901n, 2n ** 63n - 1n])
    expect(cursors.decode(cursors.encode(position))).toBe(position);
});

it('a cursor of another database, or none at all, is refused', () => {
  const cursors = eventCursors(randomUUID());
  const foreign = eventCursors(randomUUID()).encode(1n);
  for (const cursor of [foreign, '', '1', 'x'.repeat(32), `${cursors.encode(1n)}=`, cursors.encode(1n).slice(1)])
    expect(cursors.decode(cursor)).toBeNull();
});
