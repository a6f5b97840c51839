import { describe, expect, it } from 'vitest';
import { directoryName, idOfDirectory, isComposeId } from '../../src/compose/compose-id.ts';

describe('isComposeId', () => {
  it.each(['1', '42', '9223372036854775807'])('accepts %s', (id) => {
    expect(isComposeId(id)).toBe(true);
  });

  it.each(['', '0', '-1', '01', '1.0', ' 1', '1\n', '１', '9223372036854775808', '1'.repeat(400)])(
    'refuses %j, which no bigint key can be',
    (id) => {
      expect(isComposeId(id)).toBe(false);
    },
  );
});

describe('idOfDirectory', () => {
  it('is the inverse of directoryName', () => {
    expect(idOfDirectory(directoryName('42'))).toBe('42');
  });

  it.each(['odcs-', 'odcs-0', 'odcs-x', 'odcs-1/', '../odcs-1', 'odcs-9223372036854775808'])(
    'is null for %s, so that nothing else is taken for a compose',
    (name) => {
      expect(idOfDirectory(name)).toBeNull();
    },
  );
});
