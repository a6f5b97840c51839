import { describe, expect } from 'vitest';
import { apiTest as it } from '../support/fixtures.ts';
import { rootField, type TestServer } from '../support/http.ts';
import { aPackage } from '../support/packages.ts';

const DIFF = `query ($from: ID!, $to: ID!) { composeDiff(from: $from, to: $to) {
  counts { added removed upgraded downgraded }
  added { nevra name arch sourceNevra sigkey path sizeBytes } removed { nevra }
  upgraded { kind name arch from to } downgraded { kind name arch from to }
} }`;
const CHANGES = `query ($from: ID!, $to: ID!, $kind: PackageChangeKind, $name: String, $first: Int, $after: String) {
  composeDiff(from: $from, to: $to) {
    changes(kind: $kind, nameContains: $name, first: $first, after: $after) {
      nodes { kind name arch from to } pageInfo { hasNextPage hasPreviousPage endCursor } totalCount
    }
  }
}`;

interface Changes {
  readonly nodes: readonly {
    readonly kind: string;
    readonly name: string;
    readonly from: string;
    readonly to: string;
  }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly endCursor: string | null;
  };
  readonly totalCount: number;
}

const packages = (...nevras: readonly string[]) => nevras.map((nevra) => aPackage(nevra));

async function diff(http: TestServer, from: string, to: string): Promise<unknown> {
  return rootField(await http.query(DIFF, { from, to }), 'composeDiff');
}

async function refusal(http: TestServer, from: string, to: string): Promise<string | undefined> {
  return (await http.query(DIFF, { from, to })).errors?.[0]?.extensions.code;
}

async function changes(http: TestServer, variables: Record<string, unknown>): Promise<Changes> {
  const answer = await http.query(CHANGES, variables);
  return rootField<{ readonly changes: Changes }>(answer, 'composeDiff').changes;
}

describe('composeDiff', () => {
  it('has added, removed, upgraded and downgraded packages, by the order of versions of rpm', async ({
    odcs,
    http,
  }) => {
    const from = await odcs.done(
      packages(
        'same-0:1-1.noarch',
        'gone-0:1-1.x86_64',
        'up-0:1.9-1.x86_64',
        'down-0:2.0-1.x86_64',
        'epoch-0:9-1.x86_64',
        'tilde-0:1.0~rc1-1.x86_64',
        'caret-0:1.0^git1-1.x86_64',
      ),
    );
    const to = await odcs.done(
      packages(
        'same-0:1-1.noarch',
        'new-0:1-1.x86_64',
        'up-0:1.10-1.x86_64',
        'down-0:1.5-1.x86_64',
        'epoch-1:1-1.x86_64',
        'tilde-0:1.0-1.x86_64',
        'caret-0:1.0-1.x86_64',
      ),
    );
    expect(await diff(http, from, to)).toEqual({
      counts: { added: 1, removed: 1, upgraded: 3, downgraded: 2 },
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
        { kind: 'UPGRADED', name: 'epoch', arch: 'x86_64', from: '9-1', to: '1:1-1' },
        { kind: 'UPGRADED', name: 'tilde', arch: 'x86_64', from: '1.0~rc1-1', to: '1.0-1' },
        { kind: 'UPGRADED', name: 'up', arch: 'x86_64', from: '1.9-1', to: '1.10-1' },
      ],
      downgraded: [
        { kind: 'DOWNGRADED', name: 'caret', arch: 'x86_64', from: '1.0^git1-1', to: '1.0-1' },
        { kind: 'DOWNGRADED', name: 'down', arch: 'x86_64', from: '2.0-1', to: '1.5-1' },
      ],
    });
  });

  it('is empty for a compose and itself', async ({ odcs, http }) => {
    const id = await odcs.done(packages('a-0:1-1.x86_64'));
    expect(await diff(http, id, id)).toEqual({
      counts: { added: 0, removed: 0, upgraded: 0, downgraded: 0 },
      added: [],
      removed: [],
      upgraded: [],
      downgraded: [],
    });
    expect(await changes(http, { from: id, to: id })).toMatchObject({ nodes: [], totalCount: 0 });
  });

  it('compares each arch, counts a noarch package of several trees once, and ignores source and debug packages', async ({
    odcs,
    http,
  }) => {
    const from = await odcs.done([
      aPackage('a-0:1-1.x86_64'),
      aPackage('n-0:1-1.noarch'),
      aPackage('s-0:1-1.src', { treeArch: 'src', category: 'source' }),
      aPackage('a-debuginfo-0:1-1.x86_64', { category: 'debug' }),
    ]);
    const to = await odcs.done([
      aPackage('a-0:1-1.x86_64'),
      aPackage('a-0:1-1.aarch64', { treeArch: 'aarch64' }),
      aPackage('n-0:2-1.noarch'),
      aPackage('n-0:2-1.noarch', { treeArch: 'aarch64' }),
      aPackage('s-0:2-1.src', { treeArch: 'src', category: 'source' }),
    ]);
    expect(await diff(http, from, to)).toMatchObject({
      counts: { added: 1, removed: 0, upgraded: 1, downgraded: 0 },
      added: [{ nevra: 'a-0:1-1.aarch64' }],
      upgraded: [{ name: 'n', from: '1-1', to: '2-1' }],
    });
  });

  it('compares the newest of several versions, and counts the others as added or removed', async ({ odcs, http }) => {
    const from = await odcs.done(packages('kernel-0:5-1.x86_64', 'kernel-0:6-1.x86_64', 'even-0:1.0-1.x86_64'));
    const to = await odcs.done(
      packages('kernel-0:6-1.x86_64', 'kernel-0:7-1.x86_64', 'kernel-0:7-2.x86_64', 'even-0:1.00-1.x86_64'),
    );
    expect(await diff(http, from, to)).toMatchObject({
      counts: { added: 2, removed: 1, upgraded: 1, downgraded: 0 },
      added: [{ nevra: 'even-0:1.00-1.x86_64' }, { nevra: 'kernel-0:7-1.x86_64' }],
      removed: [{ nevra: 'even-0:1.0-1.x86_64' }],
      upgraded: [{ name: 'kernel', from: '5-1', to: '7-2' }],
    });
  });

  it('uses the packages of the shared compose for a compose that shares', async ({ odcs, http, server }) => {
    const shared = await odcs.done(packages('a-0:1-1.x86_64'));
    const other = await odcs.done(packages('a-0:2-1.x86_64'));
    const reuser = await odcs.done([]);
    await server.query('update compose set reuses = $1 where id = $2', [shared, reuser]);
    expect(await diff(http, reuser, other)).toMatchObject({ upgraded: [{ name: 'a', from: '1-1', to: '2-1' }] });
    expect(await diff(http, shared, reuser)).toMatchObject({ counts: { added: 0, removed: 0, upgraded: 0 } });
  });

  it('refuses unknown composes with NOT_FOUND', async ({ odcs, http }) => {
    const id = await odcs.done([]);
    for (const missing of ['999999', 'nonsense', '-1', '1; drop table compose', '9'.repeat(40)]) {
      expect(await refusal(http, id, missing), missing).toBe('NOT_FOUND');
      expect(await refusal(http, missing, id), missing).toBe('NOT_FOUND');
    }
  });

  it('refuses composes that are not DONE, or are being removed, with CONFLICT', async ({ odcs, http, server }) => {
    const id = await odcs.done([]);
    const { id: waiting } = await odcs.insert();
    const removing = await odcs.done([]);
    await server.query('update compose set removing_at = now() where id = $1', [removing]);
    expect(await refusal(http, waiting, id)).toBe('CONFLICT');
    expect(await refusal(http, id, removing)).toBe('CONFLICT');
  });
});

describe('composeDiff.changes', () => {
  it('pages through all changes in the order of name and arch, filtered by kind and name', async ({ odcs, http }) => {
    const from = await odcs.done(
      packages('a-0:1-1.x86_64', 'a-0:1-1.aarch64', 'b-0:3-1.x86_64', 'ab-0:1-1.noarch', 'kernel-0:5-1.x86_64'),
    );
    const to = await odcs.done(
      packages('a-0:2-1.x86_64', 'a-0:2-1.aarch64', 'b-0:2-1.x86_64', 'c-0:1-1.noarch', 'kernel-0:7-1.x86_64').concat(
        packages('kernel-0:8-1.x86_64', 'kernel-0:6-1.x86_64'),
      ),
    );
    const all: string[] = [];
    for (let after: string | null = null; ;) {
      const page: Changes = await changes(http, { from, to, first: 2, after });
      expect(page.totalCount).toBe(8);
      expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
      all.push(...page.nodes.map(({ kind, name, from, to }) => `${kind} ${name} ${from} ${to}`));
      after = page.pageInfo.endCursor;
      if (!page.pageInfo.hasNextPage) break;
    }
    expect(all).toEqual([
      'UPGRADED a 1-1 2-1',
      'UPGRADED a 1-1 2-1',
      'REMOVED ab 1-1 null',
      'DOWNGRADED b 3-1 2-1',
      'ADDED c null 1-1',
      'UPGRADED kernel 5-1 8-1',
      'ADDED kernel null 7-1',
      'ADDED kernel null 6-1',
    ]);
    const added = await changes(http, { from, to, kind: 'ADDED', first: 2 });
    expect(added).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } });
    expect(added.nodes.map(({ name, to }) => `${name} ${to}`)).toEqual(['c 1-1', 'kernel 7-1']);
    const rest = await changes(http, { from, to, kind: 'ADDED', after: added.pageInfo.endCursor });
    expect(rest.nodes.map(({ name, to }) => `${name} ${to}`)).toEqual(['kernel 6-1']);
    const named = await changes(http, { from, to, name: 'b' });
    expect(named.totalCount).toBe(2);
    expect(named.nodes.map(({ name }) => name)).toEqual(['ab', 'b']);
    expect(await changes(http, { from, to, name: 'B' })).toMatchObject({ totalCount: 0, nodes: [] });
  });

  it.for(['', 'x', Buffer.from('["PATH","a"]').toString('base64url'), Buffer.from('["CHANGE"]').toString('base64url')])(
    'refuses the cursor %j',
    async (after, { odcs, http }) => {
      const id = await odcs.done([]);
      const { errors } = await http.query(CHANGES, { from: id, to: id, after });
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'after' }] } }]);
    },
  );
});
