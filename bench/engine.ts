// The dnf engine and its phases. If pungi-koji is on PATH, real Pungi runs in turn with the same requests, and must select the
// same packages.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeRepository } from '../src/demo/sample-repository.ts';
import { EngineAlone, type AloneRun } from './engine-alone.ts';
import { median, type BenchOptions } from './support.ts';

const PACKAGES = 2_000;
const CASES = [
  { name: '200 requested, 678 with dependencies', requested: 200, flags: [], rounds: 5 },
  { name: '2,000 requested', requested: PACKAGES, flags: [], rounds: 5 },
  // Pungi takes more than a minute.
  { name: '2,000 requested, NO_DEPS', requested: PACKAGES, flags: ['NO_DEPS'], rounds: 1 },
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
    for (const { name, requested, flags, rounds } of CASES) {
      const request = { packages: Array.from({ length: requested }, (_, index) => `p${index}`), flags };
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

/** Each of the first 200 requires two or three packages that no other requires. */
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
