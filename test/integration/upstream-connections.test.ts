// Connections of the whole service to other services.

import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { wireSources } from '../../src/bootstrap/wire-sources.ts';
import type { ComposeSource } from '../../src/compose/sources/descriptors.ts';
import { loadConfig } from '../../src/config/load.ts';
import { aCompose } from '../support/composes.ts';
import { startFakeKoji } from '../support/fake-koji/index.ts';
import { build, startFakeMbs } from '../support/fake-mbs/index.ts';
import { repository2, startFakePulp2 } from '../support/fake-pulp/pulp2.ts';
import { serveFiles } from '../support/file-server.ts';
import { MemoryKojiEventStore } from '../support/koji-event-store.ts';
import { silentLogger } from '../support/logger.ts';
import { writeRawRepository } from '../support/raw-repository.ts';
import { temporaryDirectory } from '../support/repo-source.ts';
import { startRunningService } from '../support/running-service.ts';

async function startUpstreams() {
  const directory = temporaryDirectory();
  writeRawRepository(join(directory, 'repo'), [{ name: 'a' }]);
  const koji = await startFakeKoji();
  const mbs = await startFakeMbs(build('perl:5.30:1:a', []));
  const pulp = await startFakePulp2(repository2('rpms'));
  const files = await serveFiles(directory);
  onTestFinished(async () => {
    await Promise.all([koji.stop(), mbs.close(), pulp.close(), files.close()]);
  });
  koji.addTag('f43');
  koji.addBuild('bash-5.3-1');
  koji.tagBuild('f43', 'bash-5.3-1');
  const settings = {
    ODCS_KOJI: JSON.stringify({ profile: 'fake', server: `${koji.url}/kojihub`, concurrency: 2 }),
    ODCS_MBS_URL: mbs.apiUrl,
    ODCS_PULP: JSON.stringify({ url: pulp.url, kind: 2, username: 'odcs' }),
    ODCS_PULP_PASSWORD: 'a:secret',
  };
  const openConnections = async () =>
    koji.openConnections +
    (await mbs.openConnections()) +
    (await pulp.openConnections()) +
    (await files.openConnections());
  return { koji, mbs, pulp, files, settings, openConnections };
}

const TAG: ComposeSource = {
  type: 'TAG',
  tag: 'f43',
  kojiEvent: null,
  packages: [],
  builds: [],
  scratchBuildTasks: [],
  modularTags: [],
  moduleDefaults: null,
};
const BUILD: ComposeSource = { type: 'BUILD', builds: ['bash-5.3-1'], packages: [], scratchBuildTasks: [] };
const MODULAR: ComposeSource = {
  type: 'MODULE',
  modules: [],
  resolvedModules: null,
  scratchModules: [],
  modularTags: ['f43'],
  moduleDefaults: null,
  baseModule: null,
};

describe('Connections to other services', () => {
  it('to Koji are bounded for all source types together', async () => {
    const { koji, settings } = await startUpstreams();
    const loaded = loadConfig({ DATABASE_URL: 'postgres://unused', PATH: process.env['PATH'], ...settings });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const stores = { kojiEvents: new MemoryKojiEventStore(), results: { cache: {} } } as unknown as Parameters<
      typeof wireSources
    >[1];
    const sources = wireSources(loaded.config, stores, 'http://odcs', silentLogger);
    const identify = (source: ComposeSource) =>
      sources.resolver.identify(aCompose({ source }), new AbortController().signal);
    const hold = koji.hold();
    const identified = Promise.all([TAG, TAG, BUILD, BUILD, MODULAR, MODULAR].map(identify));
    await hold.waiting(2);
    hold.release();
    const answers = await identified;
    expect(answers.slice(0, 4)).toEqual(
      Array.from({ length: 4 }, () => ({ fingerprint: expect.anything() as unknown })),
    );
    expect(koji.mostAtOnce).toBe(2);
    expect(koji.connections).toBe(2);
    await sources.stop();
    await expect.poll(() => koji.openConnections).toBe(0);
  });

  it('are all closed when the service stops', async () => {
    const { files, settings, openConnections } = await startUpstreams();
    const service = await startRunningService(settings);
    const plan = (source: object) =>
      service.query('query ($input: CreateComposeInput!) { composePlan(input: $input) { reason } }', {
        input: { source },
      });
    const plans = await Promise.all([
      plan({ tag: { tag: 'f43' } }),
      plan({ module: { modules: ['perl:5.30'] } }),
      plan({ pulp: { contentSets: ['rpms'] } }),
      plan({ repo: { repo: `${files.url}/repo` } }),
    ]);
    expect(plans.map(({ errors }) => errors)).toEqual(plans.map(() => undefined));
    expect(await openConnections()).toBeGreaterThanOrEqual(4);
    await service.stop();
    await expect.poll(openConnections).toBe(0);
  });
});
