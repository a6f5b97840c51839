// Compares the dnf engine with real Pungi, if that is installed, on scenarios of Koji. ODCS_TEST_SCENARIOS selects the
// scenarios whose names contain it; by default all run but the golden ones.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { ENDED_FIELDS, type EndedCompose } from '../support/ended-compose.ts';
import { startFakeKoji } from '../support/fake-koji/index.ts';
import { directoryTest } from '../support/fixtures.ts';
import { kojiScenarios } from '../support/koji-scenarios.ts';
import { isInstalled, REAL_PUNGI_PATH } from '../support/pungi-path.ts';
import { startRunningService } from '../support/running-service.ts';

const selection = process.env['ODCS_TEST_SCENARIOS'];
const scenarios = kojiScenarios().filter(({ name }) =>
  selection === undefined ? !name.startsWith('repository: ') : name.includes(selection),
);

const it = directoryTest
  .extend('koji', { scope: 'file' }, async ({}, { onCleanup }) => {
    const koji = await startFakeKoji();
    onCleanup(() => koji.stop());
    return koji;
  })
  .extend(
    'startWith',
    { scope: 'file' },
    ({ directory, koji }) =>
      (engine: 'dnf' | 'pungi') =>
        startRunningService({
          PATH: REAL_PUNGI_PATH,
          ODCS_ARCHES: 'x86_64,aarch64',
          ODCS_ENGINE: engine,
          ODCS_KOJI: JSON.stringify({
            profile: 'fake',
            server: `${koji.url}/kojihub`,
            topDir: directory,
            firstPauseMs: 1,
            attempts: 2,
          }),
        }),
  )
  .extend('withDnf', { scope: 'file' }, async ({ startWith }, { onCleanup }) => {
    const service = await startWith('dnf');
    onCleanup(() => service.stop());
    return service;
  })
  .extend('withPungi', { scope: 'file' }, async ({ startWith }, { onCleanup }) => {
    const service = await startWith('pungi');
    onCleanup(() => service.stop());
    return service;
  });

describe.runIf(isInstalled('pungi-koji'))('The dnf engine and real Pungi', { timeout: 180_000 }, () => {
  it.for(scenarios.map((scenario, index) => ({ ...scenario, tag: `tag-${index}` })))(
    'take the same packages from Koji: $name',
    async (scenario, { directory, koji, withDnf, withPungi }) => {
      koji.forgetBuilds();
      await rm(join(directory, 'packages'), { recursive: true, force: true });
      const input = { arches: ['x86_64'], ...(await scenario.prepare(koji, directory, scenario.tag)) };
      const [byDnf, byPungi] = await Promise.all(
        [withDnf, withPungi].map((service) => service.composed<EndedCompose>(input, ENDED_FIELDS)),
      );
      expect(byDnf && summary(byDnf)).toEqual(byPungi && summary(byPungi));
    },
  );
});

function summary({ state, failure, packages }: EndedCompose): object {
  return {
    state,
    code: failure?.code ?? null,
    packages: (packages?.nodes ?? []).map(({ nevra, sigkey, path }) => `${path} ${nevra} ${sigkey}`).sort(),
  };
}
