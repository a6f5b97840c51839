import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventCursors } from '../../src/app/event-cursor.ts';

describe('eventCursors', () => {
  it('decodes a cursor to the position that it was made of', () => {
    const cursors = eventCursors(randomUUID());
    for (const position of [0n, 1n, 12_345_678_901n, 2n ** 63n - 1n])
      expect(cursors.decode(cursors.encode(position))).toBe(position);
  });

  it('decodes a cursor of another database, or any other text, to null', () => {
    const cursors = eventCursors(randomUUID());
    const foreign = eventCursors(randomUUID()).encode(1n);
    for (const cursor of [foreign, '', '1', 'x'.repeat(32), `${cursors.encode(1n)}=`, cursors.encode(1n).slice(1)])
      expect(cursors.decode(cursor)).toBeNull();
  });
});
