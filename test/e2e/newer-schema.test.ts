import { once } from 'node:events';
import { describe, expect } from 'vitest';
import { databaseTest as it } from '../support/fixtures.ts';
import { startService } from '../support/service-process.ts';

describe('A process whose database a newer version has migrated', () => {
  it('stops in order, and does not start again', async ({ server }) => {
    const environment = { DATABASE_URL: server.url, ODCS_ROLE: 'api' };
    const service = await startService(environment);
    const exited = once(service.child, 'exit') as Promise<[number | null]>;
    await server.query("insert into migration (name) values ('9999-of-a-newer-version')");
    expect((await exited)[0]).toBe(1);
    await expect(startService(environment)).rejects.toThrow('ended with 1');
  });
});
