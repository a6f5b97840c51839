// composeDiff of composes with 60,000 packages.

import { describe, expect } from 'vitest';
import { apiTest } from '../support/fixtures.ts';
import { longestTurn } from '../support/longest-turn.ts';
import { aPackage } from '../support/packages.ts';

const COUNT = 60_000;
const MAX_TURN_MS = 50;
const MAX_MS = 10_000;

interface Variables {
  readonly from: string;
  readonly to: string;
  readonly after?: string | null;
}

interface Diff {
  readonly counts: object;
  readonly added: readonly { readonly nevra: string }[];
  readonly removed: readonly { readonly nevra: string }[];
  readonly upgraded: readonly { readonly name: string }[];
  readonly changes: {
    readonly nodes: readonly { readonly name: string }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
    readonly totalCount: number;
  };
}

/** `base` has the packages; `rebuilt` the same in other versions, one of them older; `renamed` has other packages. */
const it = apiTest.extend('composes', { scope: 'file' }, async ({ odcs }) => {
  const compose = (nevra: (index: string, number: number) => string) =>
    odcs.done(Array.from({ length: COUNT }, (_, index) => aPackage(nevra(String(index).padStart(5, '0'), index))));
  return {
    base: await compose((index) => `package-${index}-0:1.${index}-2.fc43.x86_64`),
    rebuilt: await compose((index, number) =>
      number === COUNT - 1
        ? `package-${index}-0:0.9-1.fc43.x86_64`
        : `package-${index}-0:1.${index}.1-${number % 7}.fc43.x86_64`,
    ),
    renamed: await compose((index) => `renamed-${index}-0:1-1.x86_64`),
  };
});

/** The answer, its time and the longest time that the event loop was held. */
async function ask(url: string, fields: string, { from, to, after }: Variables) {
  const selection = after ? fields.replace('first:', `after: ${JSON.stringify(after)}, first:`) : fields;
  const request = async () => {
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: `{ composeDiff(from: "${from}", to: "${to}") { ${selection} } }` }),
    });
    return answer.arrayBuffer();
  };
  await request();
  const startedAt = performance.now();
  const { value, ms: turnMs } = await longestTurn(request);
  const ms = performance.now() - startedAt;
  const { data } = JSON.parse(Buffer.from(value).toString()) as { readonly data: { readonly composeDiff: Diff } };
  if (process.env['ODCS_SHOW_FIGURES'])
    console.error(`${selection.slice(0, 60)}: ${ms.toFixed(0)} ms, longest turn ${turnMs.toFixed(0)} ms of CPU`);
  return { diff: data.composeDiff, ms, turnMs };
}

const PACKAGE = '{ nevra name arch sourceNevra sigkey path sizeBytes }';
const CHANGE = '{ kind name arch from to }';

describe('composeDiff of 60,000 packages', { timeout: 120_000 }, () => {
  it('counts all changes exactly when every package differs', async ({ http, composes }) => {
    const { base, rebuilt, renamed } = composes;
    const upgrades = await ask(http.url, 'counts { added removed upgraded downgraded }', { from: base, to: rebuilt });
    expect(upgrades.diff.counts).toEqual({ added: 0, removed: 0, upgraded: COUNT - 1, downgraded: 1 });
    expect(upgrades.turnMs).toBeLessThan(MAX_TURN_MS);
    expect(upgrades.ms).toBeLessThan(MAX_MS);
    const others = await ask(http.url, 'counts { added removed upgraded downgraded }', { from: base, to: renamed });
    expect(others.diff.counts).toEqual({ added: COUNT, removed: COUNT, upgraded: 0, downgraded: 0 });
    expect(others.turnMs).toBeLessThan(MAX_TURN_MS);
  });

  it('cuts the four lists at 5,000 changes together', async ({ http, composes }) => {
    const { base, rebuilt, renamed } = composes;
    const lists = `added ${PACKAGE} removed ${PACKAGE} upgraded ${CHANGE} downgraded ${CHANGE}`;
    const upgrades = await ask(http.url, lists, { from: base, to: rebuilt });
    expect(upgrades.diff.upgraded.map(({ name }) => name)).toEqual(
      Array.from({ length: 5_000 }, (_, index) => `package-${String(index).padStart(5, '0')}`),
    );
    expect(upgrades.diff).toMatchObject({ added: [], removed: [], downgraded: [] });
    expect(upgrades.turnMs).toBeLessThan(MAX_TURN_MS);
    const others = await ask(http.url, lists, { from: base, to: renamed });
    expect(others.diff.removed).toHaveLength(5_000);
    expect(others.diff).toMatchObject({ added: [], upgraded: [], downgraded: [] });
    expect(others.turnMs).toBeLessThan(MAX_TURN_MS);
  });

  it('has pages of changes, also when few are of the kind that is wanted', async ({ http, composes }) => {
    const { base, rebuilt } = composes;
    const changes = (kind: string) =>
      `changes(kind: ${kind}, first: 100) { nodes ${CHANGE} pageInfo { hasNextPage endCursor } totalCount }`;
    const first = await ask(http.url, changes('UPGRADED'), { from: base, to: rebuilt });
    expect(first.diff.changes).toMatchObject({ totalCount: COUNT - 1, pageInfo: { hasNextPage: true } });
    const { endCursor } = first.diff.changes.pageInfo;
    const second = await ask(http.url, changes('UPGRADED'), { from: base, to: rebuilt, after: endCursor });
    expect(second.diff.changes.nodes[0]?.name).toBe('package-00100');
    const rare = await ask(http.url, changes('DOWNGRADED'), { from: base, to: rebuilt });
    expect(rare.diff.changes).toMatchObject({ totalCount: 1, nodes: [{ name: `package-${COUNT - 1}` }] });
    for (const { ms, turnMs } of [first, second, rare]) {
      expect(turnMs).toBeLessThan(MAX_TURN_MS);
      expect(ms).toBeLessThan(MAX_MS);
    }
  });
});
