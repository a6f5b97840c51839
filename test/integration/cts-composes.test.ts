// Composes whose ids a Compose Tracking Service gives, through the whole service.

import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeAlphaRepository } from '../support/alpha-repository.ts';
import { startFakeCts, type FakeCts } from '../support/fake-cts.ts';
import { startRunningService, type RunningService } from '../support/running-service.ts';

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

it('a compose has the id that it was given, from its record down to what Pungi made', async () => {
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

it('a compose that is refused there fails for good, with the reason', async () => {
  const id = await compose({ parentPungiComposeIds: ['Nobody-1-20260101.0'] });
  expect(await service.ended(id, 'state failure { code retryable message }')).toEqual({
    state: 'FAILED',
    failure: {
      code: 'INVALID_SOURCE',
      retryable: false,
      message:
        'The Compose Tracking Service refuses the compose: Cannot find parent compose with id Nobody-1-20260101.0.',
    },
  });
}, 60_000);
