// Signing keys and the group of packages in a compose of the dnf engine.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { repositoryCompsXml } from '../../src/engines/shared/comps.ts';
import { runDnf, type DnfRun } from '../support/dnf-run.ts';
import { serveFiles } from '../support/file-server.ts';
import { writeRawRepository } from '../support/raw-repository.ts';
import { temporaryDirectory } from '../support/repo-source.ts';
import { signedHeads } from '../support/signed-heads.ts';

const heads = signedHeads();
const keyOf = (name: string) => heads.find((each) => each.name === name)?.sigkey ?? '';
let repo: string;

beforeAll(() => {
  repo = join(temporaryDirectory(), 'signed');
  writeRawRepository(
    repo,
    heads.map(({ name, head }) => ({ name, content: head })),
  );
});

describe('signing keys', () => {
  it.each(['directory', 'URL'])('stand in rpms.json as Pungi writes them, from a %s', async (kind) => {
    const server = kind === 'URL' ? await serveFiles(repo) : null;
    try {
      await using run = await runDnf(server ? server.url : repo, { packages: heads.map(({ name }) => name) });
      expect(run.failure).toBeNull();
      expect(sigkeys(run)).toEqual(Object.fromEntries(heads.map(({ name, sigkey }) => [name, sigkey])));
    } finally {
      await server?.close();
    }
  });

  it.each([
    { asked: 'the key of all packages', packages: ['r', 's1'], sigkeys: () => [keyOf('r')] },
    {
      asked: 'the keys of each, in capitals',
      packages: ['r', 'd', 'e'],
      sigkeys: () => ['r', 'd', 'e'].map((name) => keyOf(name).toUpperCase()),
    },
    { asked: 'a key or none', packages: ['r', 'u'], sigkeys: () => [keyOf('r'), ''] },
  ])('that are asked for and fit, $asked, let the compose pass', async ({ packages, sigkeys: asked }) => {
    await using run = await runDnf(repo, { packages, sigkeys: asked() });
    expect(run.failure).toBeNull();
  });

  it.each(['directory', 'URL'])(
    'that are missing fail the compose and name the packages before anything is linked, from a %s',
    async (kind) => {
      const server = kind === 'URL' ? await serveFiles(repo) : null;
      try {
        await using run = await runDnf(server ? server.url : repo, {
          packages: ['r', 'd', 'u'],
          sigkeys: [keyOf('r')],
        });
        expect(run.failure).toMatchObject({
          code: 'UNSIGNED_PACKAGES',
          message: `Not signed with the key ${keyOf('r')}: d-0:1-1.x86_64, u-0:1-1.x86_64`,
        });
        expect(existsSync(join(run.target, 'Temporary'))).toBe(false);
      } finally {
        await server?.close();
      }
    },
  );
});

describe('the group of the packages that were asked for', () => {
  it('is to the byte what Pungi recorded', () => {
    // Pungi's createrepo_c put this checksum into the file's name.
    expect(
      createHash('sha256')
        .update(repositoryCompsXml(['zeta', 'alpha']))
        .digest('hex'),
    ).toBe('b192379870b5b115677b55d226bb2d5348542beeb8231d2e411e32bf40259963');
  });

  it('is in the repodata of the packages, and of no other tree', async () => {
    await using run = await runDnf(repo, { packages: ['r', 'd*'] });
    expect(run.failure).toBeNull();
    const of = (tree: string) =>
      readdirSync(join(run.target, 'Temporary', tree, 'repodata'))
        .filter((file) => file.includes('comps'))
        .map((file) => file.replace(/^[0-9a-f]{64}-/, ''));
    expect(of('x86_64/os').sort()).toEqual(['comps-Temporary.x86_64.xml', 'comps-Temporary.x86_64.xml.gz']);
    expect(readFileSync(join(run.target, 'Temporary/x86_64/os/repodata/repomd.xml'), 'utf8')).toMatch(
      /<data type="group">[^]*<data type="group_gz">/,
    );
    expect([...of('x86_64/debug/tree'), ...of('source/tree')]).toEqual([]);
  });

  it('is none where all packages were asked for', async () => {
    await using run = await runDnf(repo, { packages: [] });
    expect(run.failure).toBeNull();
    expect(readFileSync(join(run.target, 'Temporary/x86_64/os/repodata/repomd.xml'), 'utf8')).not.toContain('group');
  });
});

function sigkeys(run: DnfRun): Record<string, string | null> {
  const { payload } = run.json('rpms.json') as {
    payload: { rpms: { Temporary: { x86_64: Record<string, Record<string, { sigkey: string | null }>> } } };
  };
  const packages = Object.values(payload.rpms.Temporary.x86_64).flatMap((group) => Object.entries(group));
  return Object.fromEntries(packages.map(([nevra, { sigkey }]) => [nevra.split('-')[0], sigkey]));
}
