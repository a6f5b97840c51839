// Tags by way of the repositories that Koji makes of them: the same packages as Pungi would give, in moments.

import { mkdtemp, rm, symlink, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveFiles, type FileServer } from '../support/file-server.ts';
import { buildSamples, startKojiLab, type KojiLab } from '../support/koji-lab.ts';

let directory: string;
let repos: FileServer;
let lab: KojiLab;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'odcs-tag-repository-'));
  await mkdir(join(directory, 'repos'));
  repos = await serveFiles(join(directory, 'repos'));
  const { topDir, koji } = (lab = await startKojiLab(directory, (hub, top) => ({
    ODCS_ENGINE: '{TAG: dnf, BUILD: auto}',
    ODCS_KOJI: JSON.stringify({ profile: 'fake', server: `${hub}/kojihub`, topDir: top, repoUrl: repos.url, firstPauseMs: 1, attempts: 2 }),
  })));
  koji.addTag('f43');
  buildSamples(koji, 'f43');
  const id = koji.makeRepo('f43');
  await mkdir(join(directory, 'repos', 'f43', String(id)), { recursive: true });
  await symlink(join(topDir, 'rpms'), join(directory, 'repos', 'f43', String(id), 'x86_64'));
}, 120_000);

afterAll(async () => {
  await lab?.stop();
  await repos?.close();
  await rm(directory, { recursive: true, force: true });
});

const FIELDS = 'state failure { code message } reuses { id } packages { nodes { name arch } } source { ... on TagSource { kojiEvent } }';

describe('a compose of a tag by the dnf engine', () => {
  it('has what the repository of Koji holds, and tells the event that it was made at', async () => {
    const id = await lab.service.request({ source: { tag: { tag: 'f43', packages: ['hello'] } } });
    const done = await lab.service.ended(id, FIELDS);
    expect(done).toMatchObject({ state: 'DONE', failure: null, source: { kojiEvent: lab.koji.repos[0]?.create_event } });
    const { nodes } = done['packages'] as { nodes: { name: string; arch: string }[] };
    expect([...new Set(nodes.map(({ name }) => name))].filter((name) => !name.includes('debug')).sort()).toEqual(['greet', 'hello', 'hello-data', 'libhello']);
    const again = await lab.service.request({ source: { tag: { tag: 'f43', packages: ['hello'] } } });
    expect(await lab.service.ended(again, FIELDS)).toMatchObject({ state: 'DONE', reuses: { id } });
    const same = await lab.service.request({ source: { tag: { tag: 'f43', packages: ['hello'], kojiEvent: lab.koji.repos[0]?.create_event } } });
    expect(await lab.service.ended(same, FIELDS)).toMatchObject({ state: 'DONE' });
  });

  it.each([
    ['a tag that is not there', { tag: 'f99' }, /There is no tag “f99”/],
    ['an event that there is no repository of', { tag: 'f43', kojiEvent: 1 }, /has no repository of tag “f43” of event 1/],
  ])('fails for %s', async (_, tag, message) => {
    expect(await lab.service.ended(await lab.service.request({ source: { tag } }), FIELDS)).toMatchObject({ state: 'FAILED', failure: { code: 'INVALID_SOURCE', message: expect.stringMatching(message) as string } });
  });
});
