import { describe, expect, it } from 'vitest';
import { newIdentity, ownRelease, readReleaseIdentity } from '../../src/compose/pungi-identity.ts';

const at = new Date('2026-11-22T23:59:59.999Z');

describe('newIdentity', () => {
  it('makes a Pungi compose id in the form of productmd', () => {
    expect(newIdentity('42', 'TEST', at)).toEqual({
      id: 'odcs-42-1-20261122.t.0',
      date: '20261122',
      respin: 0,
      releaseShort: 'odcs-42',
      releaseVersion: '1',
    });
    expect(newIdentity('42', 'PRODUCTION', at).id).toBe('odcs-42-1-20261122.0');
  });
});

describe('readReleaseIdentity', () => {
  it.each(['TEST', 'CI', 'NIGHTLY', 'DEVELOPMENT', 'PRODUCTION'] as const)(
    'reads the identity of a %s compose from its Pungi compose id',
    (type) => {
      const identity = newIdentity('7', type, at);
      expect(readReleaseIdentity(ownRelease('7'), type, identity.id)).toEqual(identity);
    },
  );
});
