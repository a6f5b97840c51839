// Sigkeys and the comps group in composes of the dnf engine.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { repositoryCompsXml } from '../../src/engines/shared/comps.ts';
import { runDnf, type DnfRun } from '../support/dnf-run.ts';
import { serveFiles } from '../support/file-server.ts';
import { directoryTest } from '../support/fixtures.ts';
import { writeRawRepository } from '../support/raw-repository.ts';
import { signedHeads } from '../support/signed-heads.ts';

const heads = signedHeads();
const keyOf = (name: string) => heads.find((each) => each.name === name)?.sigkey ?? '';

/** `repo`: a repository of packages with real signatures. `server`: serves it. */
const it = directoryTest
  .extend('repo', { scope: 'file' }, ({ directory }) => {
    const repo = join(directory, 'signed');
    writeRawRepository(
      repo,
      heads.map(({ name, head }) => ({ name, content: head })),
    );
    return repo;
  })
  .extend('server', { scope: 'file' }, async ({ repo }, { onCleanup }) => {
    const server = await serveFiles(repo);
    onCleanup(() => server.close());
    return server;
  });

describe('Sigkeys', () => {
  it.for(['directory', 'URL'])('are in rpms.json in the form of Pungi, from a %s', async (kind, { repo, server }) => {
    const location = kind === 'URL' ? server.url : repo;
    await using run = await runDnf(location, { packages: heads.map(({ name }) => name) });
    expect(run.failure).toBeNull();
    expect(sigkeys(run)).toEqual(Object.fromEntries(heads.map(({ name, sigkey }) => [name, sigkey])));
  });

  it.for([
    { requested: 'the key of all packages', packages: ['r', 's1'], sigkeys: () => [keyOf('r')] },
    {
      requested: 'the key of each, in capitals',
      packages: ['r', 'd', 'e'],
      sigkeys: () => ['r', 'd', 'e'].map((name) => keyOf(name).toUpperCase()),
    },
    { requested: 'a key or none', packages: ['r', 'u'], sigkeys: () => [keyOf('r'), ''] },
  ])('of the request accept signed packages: $requested', async ({ packages, sigkeys: requested }, { repo }) => {
    await using run = await runDnf(repo, { packages, sigkeys: requested() });
    expect(run.failure).toBeNull();
  });

  it.for(['directory', 'URL'])(
    'of the request refuse other packages before any package is linked, from a %s',
    async (kind, { repo, server }) => {
      const location = kind === 'URL' ? server.url : repo;
      await using run = await runDnf(location, { packages: ['r', 'd', 'u'], sigkeys: [keyOf('r')] });
      expect(run.failure).toMatchObject({ code: 'UNSIGNED_PACKAGES', details: 'd-0:1-1.x86_64\nu-0:1-1.x86_64' });
      expect(existsSync(join(run.target, 'Temporary'))).toBe(false);
    },
  );
});

describe('The group of the requested packages', () => {
  it('is byte for byte the one that Pungi wrote', () => {
    // From the name of the file in a repository of Pungi.
    expect(
      createHash('sha256')
        .update(repositoryCompsXml(['zeta', 'alpha']))
        .digest('hex'),
    ).toBe('b192379870b5b115677b55d226bb2d5348542beeb8231d2e411e32bf40259963');
  });

  it('is in the repodata of the binary tree only', async ({ repo }) => {
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

  it('does not exist when all packages are requested', async ({ repo }) => {
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
