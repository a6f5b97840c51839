// How many open composes one owner may have: held by two processes at once, and never in the way of an answer repeated.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCompose } from '../../src/app/create-compose.ts';
import { renewCompose } from '../../src/app/renew-compose.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { aViewer, REQUEST_RULES } from '../support/request-rules.ts';

let test: TestDatabase;
let databases: Database[];
beforeAll(async () => {
  test = await createTestDatabase();
  databases = [await openTestDatabase(test), await openTestDatabase(test)];
});
afterAll(async () => {
  for (const database of databases) await database.close();
  await test.drop();
});

function process(index: number) {
  const database = databases[index % 2];
  if (!database) throw new Error('no database');
  return { store: composeStore(database, noQueue), clock: { now: () => T0 }, rules: REQUEST_RULES, maxOpen: 5 };
}
const input = { source: { repo: { repo: '/srv/r' } } };
const open = async (owner: string) =>
  (
    await test.query<{ count: number }>(
      "select count(*)::int from compose where owner = $1 and state in ('WAIT', 'GENERATING')",
      [owner],
    )
  )[0]?.count;
const end = (owner: string, state: string) =>
  test.query('update compose set state = $2 where id = (select max(id) from compose where owner = $1 and state = $3)', [
    owner,
    state,
    'WAIT',
  ]);

it('exactly as many are accepted as may be open, of 40 at once through two processes', async () => {
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) => createCompose(process(index), aViewer('ann'), input)),
  );
  expect(answers.filter(({ ok }) => ok)).toHaveLength(5);
  expect(answers.find(({ ok }) => !ok)).toMatchObject({
    refusal: { code: 'RATE_LIMITED', message: expect.stringContaining('5 composes') as string },
  });
  expect(await open('ann')).toBe(5);
});

it('nobody else is held up, and one that has ended makes room for one', async () => {
  expect(await createCompose(process(0), aViewer('bob'), input)).toMatchObject({ ok: true });
  await end('ann', 'DONE');
  expect(await createCompose(process(0), aViewer('ann'), input)).toMatchObject({ ok: true });
  expect(await createCompose(process(1), aViewer('ann'), input)).toMatchObject({ ok: false });
});

it('a request that was accepted is answered again, even at the limit and at the same moment', async () => {
  const mine = { ...input, idempotencyKey: 'mine' };
  for (let n = 0; n < 4; n += 1) await createCompose(process(n), aViewer('eve'), input);
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, index) => createCompose(process(index), aViewer('eve'), mine)),
  );
  expect(answers.every(({ ok }) => ok)).toBe(true);
  expect(new Set(answers.map((answer) => (answer.ok ? answer.value.compose.id : null))).size).toBe(1);
  expect(await open('eve')).toBe(5);
});

it('a renewal counts only where it makes a new compose', async () => {
  const [row] = await test.query<{ id: string }>("select id from compose where owner = 'ann' and state = 'DONE'");
  const { rules: requestRules, ...rest } = process(0);
  const renewing = { ...rest, requestRules, rules: { maxLosses: 3 } };
  expect(await renewCompose(renewing, aViewer('ann'), { id: row?.id ?? '' })).toMatchObject({
    ok: true,
    value: { regenerated: false },
  });
  expect(await renewCompose(renewing, aViewer('ann'), { id: row?.id ?? '', sigkeys: ['aa'] })).toMatchObject({
    refusal: { code: 'RATE_LIMITED' },
  });
});
