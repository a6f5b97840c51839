// The dnf engine, by its phases, and where pungi-koji is on PATH beside real Pungi: the same request, in turn, and the same
// packages.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeRepository } from '../src/demo/sample-repository.ts';
import { EngineAlone, type AloneRun } from './engine-alone.ts';
import { median, type BenchOptions } from './support.ts';

const PACKAGES = 2_000;
const CASES = [
  { name: '200 asked, 678 with dependencies', asked: 200, flags: [], rounds: 5 },
  { name: '2,000 asked', asked: PACKAGES, flags: [], rounds: 5 },
  // Pungi takes more than a minute for it.
  { name: '2,000 asked, NO_DEPS', asked: PACKAGES, flags: ['NO_DEPS'], rounds: 1 },
] as const;

export async function benchEngine({ directory }: BenchOptions): Promise<void> {
  const repository = join(directory, 'repository');
  await mkdir(repository, { recursive: true });
  await makeRepository(repository, [
    {
      name: 'many',
      noarch: true,
      packages: Array.from({ length: PACKAGES }, (_, index) => ({
        name: `p${index}`,
        requires: requiresOf(index).map((other) => `p${other}`),
      })),
    },
  ]);
  const dnf = EngineAlone.dnf();
  const pungi = EngineAlone.pungi();
  try {
    for (const { name, asked, flags, rounds } of CASES) {
      const request = { packages: Array.from({ length: asked }, (_, index) => `p${index}`), flags };
      await dnf.run(repository, request);
      const [ours, theirs] = [[] as AloneRun[], [] as AloneRun[]];
      for (let round = 0; round < rounds; round += 1) {
        ours.push(await dnf.run(repository, request));
        if (pungi) theirs.push(await pungi.run(repository, request));
      }
      report(name, ours, theirs);
    }
  } finally {
    await dnf.close();
  }
}

/** Of the first 200, each needs two or three that nobody else needs; those need none. */
function requiresOf(index: number): readonly number[] {
  if (index >= 200) return [];
  return [200 + 2 * index, 201 + 2 * index, ...(index < 78 ? [600 + index] : [])];
}

function report(name: string, ours: readonly AloneRun[], theirs: readonly AloneRun[]): void {
  const took = median(ours.map(({ ms }) => ms));
  const phases = [...(ours.at(-1)?.phases ?? [])].map(([phase, at]) => `${phase} at ${at.toFixed(0)}`).join(', ');
  console.log(`${name}: dnf ${took.toFixed(0)} ms, ${ours[0]?.packages.length} packages (${phases})`);
  if (theirs.length === 0) return;
  const theirsTook = median(theirs.map(({ ms }) => ms));
  const same = JSON.stringify(ours[0]?.packages) === JSON.stringify(theirs[0]?.packages);
  console.log(
    `  Pungi ${theirsTook.toFixed(0)} ms: ${(theirsTook / took).toFixed(1)} times as long, ${same ? 'the same packages' : 'OTHER PACKAGES'}`,
  );
}
