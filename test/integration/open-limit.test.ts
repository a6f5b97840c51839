// The limit on the open composes of one owner, over two connection pools as two api processes have them.

import { describe, expect } from 'vitest';
import { createCompose, type CreateComposeDeps } from '../../src/app/create-compose.ts';
import { renewCompose } from '../../src/app/renew-compose.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import { T0 } from '../support/composes.ts';
import { noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { databaseTest } from '../support/fixtures.ts';
import { aViewer, REQUEST_RULES } from '../support/request-rules.ts';

const MAX_OPEN = 5;
const input = { source: { repo: { repo: '/srv/r' } } };

/** What createCompose needs, in turn from two processes. */
const it = databaseTest.extend('nextProcess', { scope: 'file' }, async ({ server, store }, { onCleanup }) => {
  const second = await openTestDatabase(server);
  onCleanup(() => second.close());
  const stores = [store, composeStore(second, noQueue)] as const;
  let calls = 0;
  return (): CreateComposeDeps => {
    calls += 1;
    return {
      store: calls % 2 ? stores[0] : stores[1],
      clock: { now: () => T0 },
      rules: REQUEST_RULES,
      maxOpen: MAX_OPEN,
    };
  };
});

async function countOpen(server: TestDatabase, owner: string): Promise<number | undefined> {
  const [row] = await server.query<{ count: number }>(
    "select count(*)::int from compose where owner = $1 and state in ('WAIT', 'GENERATING')",
    [owner],
  );
  return row?.count;
}

async function setNewestDone(server: TestDatabase, owner: string): Promise<void> {
  await server.query(
    "update compose set state = 'DONE' where id = (select max(id) from compose where owner = $1 and state = 'WAIT')",
    [owner],
  );
}

describe('createCompose with a limit of open composes', () => {
  it('accepts exactly as many as the limit when two processes get 40 requests at once', async ({
    server,
    nextProcess,
  }) => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => createCompose(nextProcess(), aViewer('ann'), input)),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(MAX_OPEN);
    expect(answers.find(({ ok }) => !ok)).toMatchObject({ refusal: { code: 'RATE_LIMITED' } });
    expect(await countOpen(server, 'ann')).toBe(MAX_OPEN);
  });

  it('accepts other owners, and one more when one compose of the owner ends', async ({ server, nextProcess }) => {
    expect(await createCompose(nextProcess(), aViewer('bob'), input)).toMatchObject({ ok: true });
    await setNewestDone(server, 'ann');
    expect(await createCompose(nextProcess(), aViewer('ann'), input)).toMatchObject({ ok: true });
    expect(await createCompose(nextProcess(), aViewer('ann'), input)).toMatchObject({ ok: false });
  });

  it('answers a repeated request with its compose at the limit', async ({ server, nextProcess }) => {
    const repeated = { ...input, idempotencyKey: 'mine' };
    for (let n = 0; n < MAX_OPEN - 1; n += 1) await createCompose(nextProcess(), aViewer('eve'), input);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => createCompose(nextProcess(), aViewer('eve'), repeated)),
    );
    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect(new Set(answers.map((answer) => (answer.ok ? answer.value.compose.id : null))).size).toBe(1);
    expect(await countOpen(server, 'eve')).toBe(MAX_OPEN);
  });
});

describe('renewCompose with a limit of open composes', () => {
  it('counts only a renewal that makes a new compose', async ({ server, nextProcess }) => {
    const [row] = await server.query<{ id: string }>("select id from compose where owner = 'ann' and state = 'DONE'");
    const id = row?.id ?? '';
    const { rules: requestRules, ...rest } = nextProcess();
    const deps = { ...rest, requestRules, rules: { maxLosses: 3 } };
    expect(await renewCompose(deps, aViewer('ann'), { id })).toMatchObject({ ok: true, value: { regenerated: false } });
    expect(await renewCompose(deps, aViewer('ann'), { id, sigkeys: ['aa'] })).toMatchObject({
      refusal: { code: 'RATE_LIMITED' },
    });
  });
});
