// Answers of a hub that are read in a thread: the values are those of small answers, and the event loop goes on.

import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KojiHub } from '../../src/upstreams/koji/koji-hub.ts';
import { readAnswer } from '../../src/upstreams/koji/read-answer.ts';
import { taggedRpms } from '../../src/upstreams/koji/tagged-packages.ts';
import type { XmlRpcValue } from '../../src/upstreams/xml-rpc/value.ts';
import { startFakeKoji, type FakeKoji } from '../support/fake-koji/index.ts';
import { response } from '../support/fake-koji/wire.ts';
import { longestTurn } from '../support/longest-turn.ts';

const never = new AbortController().signal;
const LARGE = 300_000;

let koji: FakeKoji;
let hub: KojiHub;

beforeEach(async () => {
  koji = await startFakeKoji();
  hub = new KojiHub(koji.profile({ timeoutMs: 60_000 }));
});
afterEach(async () => {
  await hub.close();
  await koji.stop();
});

function read(text: string, signal = never) {
  const bytes = Buffer.from(text);
  return readAnswer([bytes.subarray(0, 100_001), bytes.subarray(100_001)], signal);
}

describe('A large answer', () => {
  const scalar = fc.oneof(
    fc.integer(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).filter((number) => !Number.isSafeInteger(Number(number))),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
  );
  const { value: any } = fc.letrec<{ value: XmlRpcValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      scalar,
      fc.array(tie('value'), { maxLength: 6 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 6, noNullPrototype: true }),
    ),
  }));

  it('has the values of a small one, whatever lists it holds', async () => {
    const filler = 'x'.repeat(LARGE);
    await fc.assert(
      fc.asyncProperty(any, async (value) => {
        const rows = Array.from({ length: 1_500 }, (_, id) => ({ id, name: `p${id}`, tags: ['a', 'b'] }));
        const nested = [
          filler,
          value,
          rows,
          [[rows], { rows, value }, []],
          Array.from({ length: 5_000 }, (_, index) => [index]),
        ];
        const message = await read(response(nested));
        expect(message).toEqual({ kind: 'response', value: nested });
      }),
      { numRuns: 6 },
    );
  }, 60_000);

  it('may be a fault', async () => {
    const text = response({ faultCode: 1000, faultString: 'x'.repeat(LARGE) })
      .replace('<params>\n<param>', '<fault>')
      .replace('</param>\n</params>', '</fault>');
    expect(await read(text)).toMatchObject({ kind: 'fault', fault: { faultCode: 1000 } });
  });

  it.each<[string, string]>([
    ['cut off', response('x'.repeat(LARGE)).slice(0, -30)],
    ['of a wrong number', response(['x'.repeat(LARGE), 1]).replace('<int>1</int>', '<int>one</int>')],
  ])('is malformed if it is %s, like a small one', async (_, text) => {
    await expect(read(text)).rejects.toThrow(expect.objectContaining({ name: 'MalformedMessage' }) as Error);
  });

  it('is malformed if it is not UTF-8, like a small one', async () => {
    for (const size of [10, LARGE]) {
      await expect(readAnswer([Buffer.from(response('x'.repeat(size))), Buffer.from([0xff])], never)).rejects.toThrow(
        'is not UTF-8',
      );
    }
  });

  it('is not read further after an abort', async () => {
    const aborting = new AbortController();
    const reading = read(response(Array.from({ length: 50_000 }, (_, id) => ({ id }))), aborting.signal);
    aborting.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });
});

describe('A tag of 25,000 builds', () => {
  it('is read without blocking the event loop', async () => {
    const row = (id: number) => ({
      id,
      build_id: id,
      nvr: `package-${id}-1.0-1.fc43`,
      name: `package-${id}`,
      version: '1.0',
      release: '1.fc43',
      epoch: null,
      tag_id: 5,
      tag_name: 'f43',
      package_id: id,
      package_name: `package-${id}`,
      state: 1,
      owner_id: 4,
      owner_name: 'someone',
      task_id: id,
      creation_event_id: id,
      volume_id: 0,
      volume_name: 'DEFAULT',
    });
    const body = response([[], Array.from({ length: 25_000 }, (_, id) => row(id))]);
    koji.breakNext({ kind: 'body', body, contentType: 'text/xml' });
    // The time that the fake needs does not count.
    const asking = taggedRpms(hub, { tag: 'f43', event: 1, inheritance: true, arches: ['x86_64'] }, never);
    while (koji.requests.length === 0) await turn();
    const { value, ms } = await longestTurn(() => asking);
    expect('value' in value && value.value.builds.length).toBe(25_000);
    expect('value' in value && value.value.builds[24_999]).toMatchObject({
      id: 24_999,
      nvr: 'package-24999-1.0-1.fc43',
    });
    expect(ms).toBeLessThan(50);
  }, 60_000);
});
