// A process and a database that a newer version has migrated.

import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { startService } from '../support/service-process.ts';

it('a process stops in order when the schema becomes newer, and does not start again', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const environment = { DATABASE_URL: database.url, ODCS_ROLE: 'api' };
  const service = await startService(environment);
  const exited = once(service.child, 'exit') as Promise<[number | null]>;
  await database.query("insert into migration (name) values ('9999-of-a-newer-version')");
  expect((await exited)[0]).toBe(1);
  await expect(startService(environment)).rejects.toThrow('ended with 1');
});
