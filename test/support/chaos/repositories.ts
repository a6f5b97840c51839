// The sources of the composes: one small repository, copied once for each behaviour of the fake engine.

import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeRepository, SAMPLE_SOURCES } from '../../../src/demo/sample-repository.ts';
import type { Scenario } from './records.ts';

const CONTROLS: Readonly<Record<Scenario, object>> = {
  quick: { timeScale: 0.002 },
  slow: { timeScale: 0.12 },
  hangs: { timeScale: 0.002, hang: 'GATHER' },
  stubborn: { timeScale: 0.002, hang: 'GATHER', stubborn: true },
  leaves: { timeScale: 0.01, leaveBehind: true },
  fails: {
    timeScale: 0.002,
    exit: { phase: 'GATHER', code: 1, lines: ['[ERROR   ] Compose run failed: as requested'] },
  },
  dies: { timeScale: 0.002, kill: 'CREATEREPO' },
};

export async function makeRepositories(directory: string): Promise<Record<Scenario, string>> {
  const first = join(directory, 'repositories', 'first');
  await makeRepository(first, SAMPLE_SOURCES);
  const made = await Promise.all(
    (Object.keys(CONTROLS) as Scenario[]).map(async (scenario) => {
      const path = join(directory, 'repositories', scenario);
      await cp(first, path, { recursive: true });
      await writeFile(join(path, 'fake-pungi.json'), JSON.stringify(CONTROLS[scenario]));
      return [scenario, path] as const;
    }),
  );
  return Object.fromEntries(made) as Record<Scenario, string>;
}
