import fc from 'fast-check';
import { describe, expect } from 'vitest';
import type { ComposeOrderField } from '../../src/app/ports.ts';
import type { TestApi } from '../support/api.ts';
import { T0 } from '../support/composes.ts';
import { apiTest } from '../support/fixtures.ts';
import type { TestServer } from '../support/http.ts';

const COUNT = 37;

/** `http` in front of composes with few distinct times, so that ties are common, and some without a time. */
const it = apiTest.extend('paged', { scope: 'file' }, async ({ odcs, http }) => {
  await fill(odcs);
  return http;
});

async function fill(odcs: TestApi): Promise<void> {
  const time = (index: number, step: number) => new Date(T0.getTime() + ((index * step) % 5) * 1_000);
  const composes = await odcs.insertMany(COUNT, (index) => ({
    submittedAt: time(index, 3),
    expiresAt: time(index, 7),
    owner: index % 2 === 0 ? 'even' : 'odd',
  }));
  for (const [index, { id }] of composes.entries()) {
    if (index % 3 === 0) continue;
    await odcs.begin(id);
    await odcs.advance(id, { type: 'SUCCEED', at: time(index, 11), attempt: 1 });
  }
}

const PAGE = `query ($field: ComposeOrderField!, $direction: OrderDirection!, $filter: ComposeFilter, $first: Int, $after: String, $last: Int, $before: String) {
  composes(orderBy: { field: $field, direction: $direction }, filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
  }
}`;

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount: number;
}

async function page(http: TestServer, variables: Record<string, unknown>): Promise<Page> {
  const { data, errors } = await http.query(PAGE, { direction: 'ASC', ...variables });
  expect(errors).toBeUndefined();
  return data?.['composes'] as Page;
}

async function walk(
  http: TestServer,
  variables: Record<string, unknown>,
  size: number,
  backwards: boolean,
): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = null; ;) {
    const shown: Page = await page(http, {
      ...variables,
      ...(backwards ? { last: size, before: cursor } : { first: size, after: cursor }),
    });
    const found = shown.edges.map(({ node }) => node.id);
    if (backwards) ids.unshift(...found);
    else ids.push(...found);
    expect(shown.edges.length).toBeLessThanOrEqual(size);
    cursor = backwards ? shown.pageInfo.startCursor : shown.pageInfo.endCursor;
    if (!(backwards ? shown.pageInfo.hasPreviousPage : shown.pageInfo.hasNextPage)) return ids;
  }
}

const order = fc.constantFrom<ComposeOrderField>('ID', 'SUBMITTED_AT', 'DONE_AT', 'EXPIRES_AT', 'REMOVED_AT');
const direction = fc.constantFrom('ASC', 'DESC');

describe('Query.composes', () => {
  it('yields each compose exactly once, in the same order forwards and backwards', async ({ paged }) => {
    await fc.assert(
      fc.asyncProperty(
        order,
        direction,
        fc.integer({ min: 3, max: 100 }),
        fc.constantFrom(null, { owners: ['odd'] }),
        async (field, way, size, filter) => {
          const variables = { field, direction: way, filter };
          const forwards = await walk(paged, variables, size, false);
          expect(new Set(forwards).size).toBe(filter ? Math.floor(COUNT / 2) : COUNT);
          expect(forwards).toHaveLength(new Set(forwards).size);
          expect(await walk(paged, variables, size, true)).toEqual(forwards);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('refuses a cursor of a list in another order', async ({ paged }) => {
    const { edges } = await page(paged, { field: 'EXPIRES_AT', first: 3 });
    const { errors } = await paged.query(PAGE, { field: 'ID', direction: 'ASC', first: 3, after: edges[0]?.cursor });
    expect(errors).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT', retryable: false, fields: [{ path: 'after' }] } },
    ]);
  });

  it('refuses text that is not one of its cursors', async ({ paged }) => {
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forged = fc.oneof(
      fc.string(),
      fc.jsonValue().map(encode),
      fc.constantFrom(
        encode(['ID', '1', '2']),
        encode(['ID', '1; drop table compose', '1; drop table compose']),
        encode(['ID', null, '1']),
        encode(['SUBMITTED_AT', 'yesterday', '1']),
        encode(['SUBMITTED_AT', null, '1']),
        encode(['ID', '99999999999999999999', '99999999999999999999']),
        encode(['ID', 1, 1]),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        forged,
        fc.constantFrom('after', 'before'),
        fc.constantFrom('ID', 'SUBMITTED_AT'),
        async (cursor, side, field) => {
          const { errors, status } = await paged.query(PAGE, { field, direction: 'ASC', [side]: cursor });
          expect(status).toBe(200);
          expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', fields: [{ path: side }] } }]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.for([
    [{ first: 100_000 }, ['first']],
    [{ first: 0 }, ['first']],
    [{ first: -1 }, ['first']],
    [{ last: 101 }, ['last']],
    [{ first: 5, last: 5 }, ['last']],
    [{ first: 1_000, last: -5 }, ['last', 'first', 'last']],
  ] as const)('refuses the sizes %j', async ([ends, paths], { paged }) => {
    const { errors, data } = await paged.query(PAGE, { field: 'ID', direction: 'ASC', ...ends });
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', fields: paths.map((path) => ({ path })) } }]);
  });
});
