import { describe, expect, it } from 'vitest';
import { failure } from '../../src/compose/failure.ts';

describe('failure', () => {
  it('shortens details and replaces characters that PostgreSQL or clients cannot take', () => {
    const { message, details } = failure('ENGINE_FAILED', 'bad\0 name \ud83d', `${'x'.repeat(1_999)}\u{1f4a5}\n`);
    expect(message).toBe('bad\ufffd name \ufffd');
    expect(details).toHaveLength(2_000);
    expect(details?.isWellFormed()).toBe(true);
  });
});
