// A running service that makes composes of a fake Koji with dnf. Koji's files are mounted or served, and tags may have
// repositories.

import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startFakeKoji, type FakeKoji } from './fake-koji/index.ts';
import { taggedBuilds } from './fake-koji/inheritance.ts';
import { rpmFileOf } from './fake-koji/model.ts';
import { serveFiles, type FileServer } from './file-server.ts';
import { startRunningService, type RunningService } from './running-service.ts';

const run = promisify(execFile);

export interface KojiByDnf {
  readonly service: RunningService;
  readonly koji: FakeKoji;
  readonly topDir: string;
  /** Serves Koji's files, and its repositories below /repos. */
  readonly files: FileServer;
  /** Makes Koji's repository of a tag for the tag's arches, without source and debug packages. */
  makeRepo(tag: string): Promise<number>;
  stop(): Promise<void>;
}

/** Keeps its files in the directory, which need not exist. `how`: the service reads Koji's files on disk or over HTTP. */
export async function startKojiByDnf(directory: string, how: 'mounted' | 'served'): Promise<KojiByDnf> {
  const topDir = join(directory, 'koji');
  await mkdir(join(topDir, 'repos'), { recursive: true });
  const [koji, files] = await Promise.all([startFakeKoji(), serveFiles(topDir)]);
  const place = how === 'mounted' ? { topDir } : { topUrl: files.url };
  // Behind a link, as a mounted target directory may be.
  const targetDir = join(directory, 'composes');
  await mkdir(join(directory, 'mounted'));
  await symlink('mounted', targetDir);
  const service = await startRunningService({
    ODCS_TARGET_DIR: targetDir,
    ODCS_ENGINE: '{TAG: dnf, BUILD: dnf}',
    ODCS_KOJI: JSON.stringify({
      profile: 'fake',
      server: `${koji.url}/kojihub`,
      ...place,
      repoUrl: `${files.url}/repos`,
      firstPauseMs: 1,
      attempts: 2,
    }),
    ODCS_ARCHES: 'x86_64,aarch64',
  });
  return {
    service: { ...service, targetDir },
    koji,
    topDir,
    files,
    async makeRepo(tag) {
      const id = koji.makeRepo(tag);
      for (const arch of ['x86_64', 'aarch64']) await makeArchRepo(koji, topDir, tag, String(id), arch);
      return id;
    },
    async stop() {
      await service.stop();
      await Promise.all([koji.stop(), files.close()]);
    },
  };
}

/** As Koji's newRepo does: the repository has a link to Koji's packages. */
async function makeArchRepo(koji: FakeKoji, topDir: string, tag: string, id: string, arch: string): Promise<void> {
  const repo = join(topDir, 'repos', tag, id, arch);
  await mkdir(repo, { recursive: true });
  await symlink(topDir, join(repo, 'toplink'));
  const builds = taggedBuilds(koji, koji.tagId(tag), {
    event: null,
    inherit: true,
    latest: true,
    package: null,
    type: null,
  });
  const rpms = builds.flatMap(({ build }) =>
    build.rpms
      .filter((rpm) => [arch, 'noarch'].includes(rpm.arch) && !/-debug(info|source)/.test(rpm.name))
      .map((rpm) => `toplink/${rpmFileOf(build, rpm)}`),
  );
  await writeFile(join(repo, 'pkglist'), rpms.map((path) => `${path}\n`).join(''));
  await run('createrepo_c', ['--quiet', '--no-database', `--pkglist=${join(repo, 'pkglist')}`, repo]);
}
