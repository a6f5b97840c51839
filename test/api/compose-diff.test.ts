import { describe, expect } from 'vitest';
import { apiTest as it } from '../support/fixtures.ts';
import type { TestServer } from '../support/http.ts';
import { longestTurn } from '../support/longest-turn.ts';
import { aPackage } from '../support/packages.ts';

const DIFF = `query ($from: ID!, $to: ID!) { composeDiff(from: $from, to: $to) {
  added { nevra name arch sourceNevra sigkey path sizeBytes } removed { nevra } upgraded { name arch from to } downgraded { name arch from to } } }`;

async function diff(http: TestServer, from: string, to: string) {
  const { data, errors } = await http.query(DIFF, { from, to });
  return { diff: data?.['composeDiff'], error: errors?.[0] };
}

describe('composeDiff', () => {
  it('tells what was added, removed, upgraded and downgraded, by rpm’s order of versions', async ({ odcs, http }) => {
    const from = await odcs.done(
      [
        'same-0:1-1.noarch',
        'gone-0:1-1.x86_64',
        'up-0:1.9-1.x86_64',
        'down-0:2.0-1.x86_64',
        'epoch-0:9-1.x86_64',
        'tilde-0:1.0~rc1-1.x86_64',
        'caret-0:1.0^git1-1.x86_64',
      ].map((nevra) => aPackage(nevra)),
    );
    const to = await odcs.done(
      [
        'same-0:1-1.noarch',
        'new-0:1-1.x86_64',
        'up-0:1.10-1.x86_64',
        'down-0:1.5-1.x86_64',
        'epoch-1:1-1.x86_64',
        'tilde-0:1.0-1.x86_64',
        'caret-0:1.0-1.x86_64',
      ].map((nevra) => aPackage(nevra)),
    );
    expect((await diff(http, from, to)).diff).toEqual({
      added: [
        {
          nevra: 'new-0:1-1.x86_64',
          name: 'new',
          arch: 'x86_64',
          sourceNevra: null,
          sigkey: null,
          path: 'Temporary/x86_64/binary/new-0:1-1.x86_64.rpm',
          sizeBytes: 1,
        },
      ],
      removed: [{ nevra: 'gone-0:1-1.x86_64' }],
      upgraded: [
        { name: 'epoch', arch: 'x86_64', from: '9-1', to: '1:1-1' },
        { name: 'tilde', arch: 'x86_64', from: '1.0~rc1-1', to: '1.0-1' },
        { name: 'up', arch: 'x86_64', from: '1.9-1', to: '1.10-1' },
      ],
      downgraded: [
        { name: 'caret', arch: 'x86_64', from: '1.0^git1-1', to: '1.0-1' },
        { name: 'down', arch: 'x86_64', from: '2.0-1', to: '1.5-1' },
      ],
    });
    expect((await diff(http, from, from)).diff).toEqual({ added: [], removed: [], upgraded: [], downgraded: [] });
  });

  it('keeps arches apart, counts a noarch package of several trees once, and leaves source and debug packages out', async ({
    odcs,
    http,
  }) => {
    const from = await odcs.done([
      aPackage('a-0:1-1.x86_64'),
      aPackage('n-0:1-1.noarch'),
      aPackage('s-0:1-1.src', { treeArch: 'src', category: 'source' }),
      aPackage('a-debuginfo-0:1-1.x86_64', { treeArch: 'x86_64', category: 'debug' }),
    ]);
    const to = await odcs.done([
      aPackage('a-0:1-1.x86_64'),
      aPackage('a-0:1-1.aarch64', { treeArch: 'aarch64' }),
      aPackage('n-0:2-1.noarch'),
      aPackage('n-0:2-1.noarch', { treeArch: 'aarch64' }),
      aPackage('s-0:2-1.src', { treeArch: 'src', category: 'source' }),
    ]);
    const { diff: told } = await diff(http, from, to);
    expect(told).toMatchObject({
      added: [{ nevra: 'a-0:1-1.aarch64' }],
      removed: [],
      upgraded: [{ name: 'n', from: '1-1', to: '2-1' }],
      downgraded: [],
    });
  });

  it('compares the newest where there are several versions, and loses none of the others', async ({ odcs, http }) => {
    const from = await odcs.done(
      ['kernel-0:5-1.x86_64', 'kernel-0:6-1.x86_64', 'even-0:1.0-1.x86_64'].map((nevra) => aPackage(nevra)),
    );
    const to = await odcs.done(
      ['kernel-0:6-1.x86_64', 'kernel-0:7-1.x86_64', 'kernel-0:7-2.x86_64', 'even-0:1.00-1.x86_64'].map((nevra) =>
        aPackage(nevra),
      ),
    );
    const { diff: told } = await diff(http, from, to);
    expect(told).toMatchObject({
      added: [{ nevra: 'even-0:1.00-1.x86_64' }, { nevra: 'kernel-0:7-1.x86_64' }],
      removed: [{ nevra: 'even-0:1.0-1.x86_64' }],
      upgraded: [{ name: 'kernel', from: '5-1', to: '7-2' }],
    });
  });

  it('of a compose that shares takes the packages of its root', async ({ odcs, http, server }) => {
    const root = await odcs.done([aPackage('a-0:1-1.x86_64')]);
    const other = await odcs.done([aPackage('a-0:2-1.x86_64')]);
    const sharer = await odcs.done([]);
    await server.query('update compose set reuses = $1 where id = $2', [root, sharer]);
    expect((await diff(http, sharer, other)).diff).toMatchObject({ upgraded: [{ name: 'a', from: '1-1', to: '2-1' }] });
    expect((await diff(http, root, sharer)).diff).toEqual({ added: [], removed: [], upgraded: [], downgraded: [] });
  });

  it('refuses what is not there with NOT_FOUND and what is not DONE with CONFLICT', async ({ odcs, http, server }) => {
    const there = await odcs.done([]);
    const waiting = (await odcs.insert()).id;
    for (const missing of ['999999', 'nonsense', '-1', '1; drop table compose', '9'.repeat(40)]) {
      expect((await diff(http, there, missing)).error?.extensions.code, missing).toBe('NOT_FOUND');
    }
    const { error } = await diff(http, waiting, there);
    expect(error).toMatchObject({
      message: `Compose ${waiting} is WAIT; only DONE composes can be compared`,
      extensions: { code: 'CONFLICT' },
    });
    const going = await odcs.done([]);
    await server.query('update compose set removing_at = now() where id = $1', [going]);
    expect((await diff(http, there, going)).error?.extensions.code).toBe('CONFLICT');
  });

  it('compares 60,000 packages without holding up others, and says so where there are too many differences', async ({
    odcs,
    http,
  }) => {
    const many = (name: string, changed: number) =>
      Array.from({ length: 60_000 }, (_, index) =>
        aPackage(`${index < changed ? name : 'package'}-${index}-0:1-1.x86_64`),
      );
    const from = await odcs.done(many('old', 2_500));
    const close = await odcs.done(many('new', 2_500));
    const far = await odcs.done(many('new', 2_501));
    const everything = DIFF.replaceAll(
      /(added|removed) \{[^}]*\}/g,
      '$1 { nevra name arch sourceNevra sigkey path sizeBytes }',
    );
    const ask = async () => {
      const answer = await fetch(`${http.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: everything, variables: { from, to: close } }),
      });
      return answer.arrayBuffer();
    };
    await ask();
    const begun = performance.now();
    const { value, ms } = await longestTurn(ask);
    const took = performance.now() - begun;
    const { data } = JSON.parse(Buffer.from(value).toString()) as {
      readonly data: { readonly composeDiff: Record<string, readonly { readonly nevra: string }[]> };
    };
    const names = (list: string) => data.composeDiff[list]?.map(({ nevra }) => nevra);
    expect(names('added')).toEqual(
      many('new', 2_500)
        .slice(0, 2_500)
        .map(({ nevra }) => nevra)
        .toSorted(),
    );
    expect(names('removed')).toEqual(
      many('old', 2_500)
        .slice(0, 2_500)
        .map(({ nevra }) => nevra)
        .toSorted(),
    );
    expect(took).toBeLessThan(5_000);
    expect(ms).toBeLessThan(50);
    const { error } = await diff(http, from, far);
    expect(error).toMatchObject({
      message: expect.stringContaining('more than 5000 packages'),
      extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'to' }] },
    });
    if (process.env['ODCS_SHOW_FIGURES'])
      console.error(`composeDiff of 60,000 packages: ${took.toFixed(0)} ms, longest turn ${ms.toFixed(0)} ms of CPU`);
  }, 60_000);
});
