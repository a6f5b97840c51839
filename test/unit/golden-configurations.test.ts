// The input of Pungi for a matrix of requests equals the reviewed files in test/golden. pungi-config-validate, where it is
// installed, accepts them. `vitest -u` writes the files anew: review the difference.

import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { pungiArguments } from '../../src/engines/pungi/arguments.ts';
import { writeInput } from '../../src/engines/pungi/input-files.ts';
import { aGeneration, opened } from '../support/generation.ts';
import { GOLDEN_CONFIGURATIONS, NO_KOJI, type GoldenConfiguration } from '../support/golden-configurations.ts';

const run = promisify(execFile);
const FOLDER = join(import.meta.dirname, '../golden/pungi-configurations');
const path = (process.env['PATH'] ?? '').split(':');
const found = await Promise.all(
  path.map(async (entry) =>
    (await readdir(entry).catch((): string[] => [])).includes('pungi-config-validate') ? entry : null,
  ),
);
const validator = found.find((entry) => entry !== null);

async function withInput(
  golden: GoldenConfiguration,
  look: (config: string, text: string) => Promise<void>,
): Promise<void> {
  await using attempt = await aGeneration('/srv/repo', golden.compose);
  const { generation } = attempt;
  const { source } = golden.compose;
  const lookasides = (golden.lookasides ?? []).map((url) => opened(url, 'x86_64'));
  const koji = golden.koji && { koji: { ...NO_KOJI, ...golden.koji } };
  const whole = { ...generation, input: { ...generation.input, source, lookasides, ...koji } };
  const files = await writeInput(whole);
  const names = ['pungi.json', 'variants.xml', 'comps.xml'];
  const there = await readdir(files.directory);
  const texts = await Promise.all(
    names
      .filter((name) => there.includes(name))
      .map(async (name) => `==> ${name}\n${await readFile(join(files.directory, name), 'utf8')}`),
  );
  const conf = koji ? [`==> ~/.koji/config\n${await readFile(join(generation.scratch, '.koji/config'), 'utf8')}`] : [];
  const text = [`==> arguments\n${pungiArguments(whole, files).join('\n')}`, ...texts, ...conf]
    .map((part) => part.trimEnd())
    .join('\n\n');
  await look(
    files.directory,
    `${text.replaceAll(generation.scratch, '/scratch').replaceAll(generation.directory, '/compose')}\n`,
  );
}

describe('The input of Pungi', () => {
  it.each(GOLDEN_CONFIGURATIONS)('equals the reviewed file: $name', async (golden) => {
    await withInput(golden, async (_, text) => {
      await expect(text).toMatchFileSnapshot(join(FOLDER, `${golden.name}.txt`));
    });
  });

  it.runIf(validator)(
    'is accepted by pungi-config-validate',
    async () => {
      for (const golden of GOLDEN_CONFIGURATIONS) {
        await withInput(golden, async (directory) => {
          const { stdout, stderr } = await run(
            join(validator ?? '', 'pungi-config-validate'),
            ['--offline', 'pungi.json'],
            { cwd: directory },
          ).catch((error: { stdout: string; stderr: string }) => error);
          expect({ name: golden.name, output: `${stdout}${stderr}` }).toEqual({ name: golden.name, output: '' });
        });
      }
    },
    300_000,
  );
});
