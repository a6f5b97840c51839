// What the dnf engine takes from Koji is what real Pungi takes, where that is installed; a choice of the scenarios, or those
// whose names hold ODCS_TEST_SCENARIOS.

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeKoji, type FakeKoji } from '../support/fake-koji/index.ts';
import { kojiScenarios } from '../support/koji-scenarios.ts';
import { startRunningService, type RunningService } from '../support/running-service.ts';

const FAKE_PUNGI = fileURLToPath(new URL('../support/fake-pungi', import.meta.url));
const FIELDS = 'state failure { code message details } packages { nodes { nevra sigkey path } }';
const path = (process.env['PATH'] ?? '').split(':').filter((entry) => entry !== FAKE_PUNGI);
const found = await Promise.all(
  path.map(async (entry) => (await readdir(entry).catch((): string[] => [])).includes('pungi-koji')),
);
const chosen = process.env['ODCS_TEST_SCENARIOS'];
const scenarios = kojiScenarios().filter(({ name }) =>
  chosen === undefined ? !name.startsWith('repository: ') : name.includes(chosen),
);

let directory: string;
let koji: FakeKoji;
let byDnf: RunningService;
let byPungi: RunningService;

interface Ended {
  readonly state: string;
  readonly failure: { readonly code: string } | null;
  readonly packages: {
    readonly nodes: readonly { readonly nevra: string; readonly sigkey: string | null; readonly path: string }[];
  } | null;
}

describe.runIf(found.includes(true))('real Pungi and dnf take the same from Koji:', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'odcs-alike-'));
    koji = await startFakeKoji();
    const settings = { PATH: [dirname(process.execPath), ...path].join(':'), ODCS_ARCHES: 'x86_64,aarch64' };
    const place = JSON.stringify({
      profile: 'fake',
      server: `${koji.url}/kojihub`,
      topDir: directory,
      firstPauseMs: 1,
      attempts: 2,
    });
    [byDnf, byPungi] = (await Promise.all(
      ['dnf', 'pungi'].map((ODCS_ENGINE) => startRunningService({ ...settings, ODCS_ENGINE, ODCS_KOJI: place })),
    )) as [RunningService, RunningService];
  }, 120_000);

  afterAll(async () => {
    await Promise.all([byDnf?.stop(), byPungi?.stop()]);
    await koji?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it.each(scenarios.map((scenario, index) => [scenario.name, scenario, index] as const))(
    '%s',
    async (_, scenario, index) => {
      koji.forgetBuilds();
      await rm(join(directory, 'packages'), { recursive: true, force: true });
      const input = { arches: ['x86_64'], ...(await scenario.prepare(koji, directory, `tag-${index}`)) };
      const [dnf, pungi] = (await Promise.all(
        [byDnf, byPungi].map(
          async (service) => (await service.ended(await service.request(input), FIELDS)) as unknown as Ended,
        ),
      )) as [Ended, Ended];
      expect(summary(dnf)).toEqual(summary(pungi));
    },
    180_000,
  );
});

function summary({ state, failure, packages }: Ended): object {
  return {
    state,
    code: failure?.code ?? null,
    packages: (packages?.nodes ?? []).map(({ nevra, sigkey, path: at }) => `${at} ${nevra} ${sigkey}`).sort(),
  };
}
