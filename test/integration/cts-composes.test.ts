// Composes with ids of a Compose Tracking Service, by the whole service.

import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAlphaRepository } from '../support/alpha-repository.ts';
import { startFakeCts, type FakeCts } from '../support/fake-cts.ts';
import { startRunningService, type RunningService } from '../support/running-service.ts';
import { namesAll } from '../support/names-all.ts';

let directory: string;
let cts: FakeCts;
let service: RunningService;

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'odcs-cts-')));
  await makeAlphaRepository(join(directory, 'repo'));
  cts = await startFakeCts();
  cts.token = 'secret';
  await writeFile(join(directory, 'token'), 'secret\n');
  service = await startRunningService({
    ODCS_ENGINE: 'pungi',
    ODCS_CTS: JSON.stringify({ url: cts.url, tokenFile: join(directory, 'token') }),
  });
}, 120_000);
afterAll(async () => {
  await service?.stop();
  await cts?.close();
  await rm(directory, { recursive: true, force: true });
});

function compose(more: object = {}): Promise<string> {
  return service.request({
    source: { repo: { repo: join(directory, 'repo'), packages: ['zeta'] } },
    flags: ['NO_REUSE'],
    ...more,
  });
}

describe('The Compose Tracking Service', () => {
  it('gives the compose its id, in the record and in the files of Pungi', async () => {
    const id = await compose();
    const { state, pungiComposeId } = await service.ended(id, 'state pungiComposeId');
    const [entry] = cts.composes;
    expect({ state, pungiComposeId }).toEqual({ state: 'DONE', pungiComposeId: entry?.info.payload.compose.id });
    expect(entry?.url).toBe(`${service.url}/composes/odcs-${id}`);
    const published = JSON.parse(
      await readFile(join(service.targetDir, `odcs-${id}`, 'compose/metadata/composeinfo.json'), 'utf8'),
    ) as { readonly payload: { readonly compose: object } };
    expect(published.payload.compose).toEqual(entry?.info.payload.compose);
  }, 60_000);

  it('refuses a compose, which fails permanently with the reason', async () => {
    const id = await compose({ parentPungiComposeIds: ['Nobody-1-20260101.0'] });
    expect(await service.ended(id, 'state failure { code retryable message }')).toEqual({
      state: 'FAILED',
      failure: {
        code: 'INVALID_SOURCE',
        retryable: false,
        message: namesAll('Nobody-1-20260101.0'),
      },
    });
  }, 60_000);
});
