// A running service with a fake Koji hub, MBS and git server. Koji's packages exist as RPMs, which fake-pungi makes composes
// from; its input is kept for inspection.

import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SampleSource } from '../../src/demo/rpm-spec.ts';
import { makeRepository, SAMPLE_SOURCES } from '../../src/demo/sample-repository.ts';
import { startFakeKoji, type FakeKoji } from './fake-koji/index.ts';
import { build, startFakeMbs, type FakeMbs } from './fake-mbs/index.ts';
import { modulemdV2 } from './fake-mbs/modulemd.ts';
import { startGitServer, type GitServer } from './git-repositories.ts';
import { startRunningService, type RunningService } from './running-service.ts';

/** The input of one run of Pungi. */
export interface PungiInput {
  readonly configuration: Record<string, unknown>;
  readonly variants: string;
  readonly comps: string | null;
  readonly kojiConf: string;
  readonly arguments: readonly string[];
}

export interface KojiLab {
  readonly service: RunningService;
  readonly koji: FakeKoji;
  readonly mbs: FakeMbs;
  readonly git: GitServer;
  readonly topDir: string;
  /** Modules of Pungi's Koji: NVRs by N:S:V:C. */
  addPungiModules(modules: Readonly<Record<string, readonly string[]>>): Promise<void>;
  /** Scratch builds of Pungi's Koji: NVRs by task id. */
  addPungiTasks(tasks: Readonly<Record<string, readonly string[]>>): Promise<void>;
  /** Pungi's input for a compose. */
  inputOf(pungiComposeId: string): Promise<PungiInput>;
  /** Has the input files of one run of Pungi. */
  inputDirectory(pungiComposeId: string): string;
  stop(): Promise<void>;
}

/** Environment variables. */
export type LabSettings = Readonly<Record<string, string>>;

/** Keeps its files in the directory. `settings` override the lab's. */
export async function startKojiLab(directory: string, settings: LabSettings = {}): Promise<KojiLab> {
  const [koji, mbs, git] = await Promise.all([startFakeKoji(), startFakeMbs(), startGitServer()]);
  const topDir = join(directory, 'mnt-koji');
  const keep = join(directory, 'kept');
  const control: Record<string, unknown> = {
    packagesFrom: join(topDir, 'rpms'),
    keep,
    timeScale: 0.001,
    modules: {},
    tasks: {},
  };
  await mkdir(keep, { recursive: true });
  await makeRepository(join(topDir, 'rpms'), SAMPLE_SOURCES);
  const write = () => writeFile(join(topDir, 'fake-pungi.json'), JSON.stringify(control));
  await write();
  const service = await startRunningService({
    ODCS_ENGINE: 'pungi',
    ODCS_KOJI: JSON.stringify({
      profile: 'fake',
      server: `${koji.url}/kojihub`,
      topUrl: `${koji.url}/kojifiles`,
      topDir,
      firstPauseMs: 1,
      attempts: 2,
    }),
    ODCS_MBS_URL: mbs.apiUrl,
    ODCS_ARCHES: 'x86_64',
    ...settings,
  });
  return {
    service,
    koji,
    mbs,
    git,
    topDir,
    async addPungiModules(modules) {
      control['modules'] = { ...(control['modules'] as object), ...modules };
      await write();
    },
    async addPungiTasks(tasks) {
      control['tasks'] = { ...(control['tasks'] as object), ...tasks };
      await write();
    },
    async inputOf(id) {
      const text = (name: string) => readFile(join(keep, id, name), 'utf8');
      const names = await readdir(join(keep, id));
      return {
        configuration: JSON.parse(await text('pungi.json')) as Record<string, unknown>,
        variants: await text('variants.xml'),
        comps: names.includes('comps.xml') ? await text('comps.xml') : null,
        kojiConf: await text('koji/config'),
        arguments: JSON.parse(await text('arguments.json')) as string[],
      };
    },
    inputDirectory: (id) => join(keep, id),
    async stop() {
      await service.stop();
      await Promise.all([koji.stop(), mbs.close(), git.close()]);
    },
  };
}

/** Builds of the sample sources, or of others, tagged in `tag` and signed with the given keys. */
export function buildSamples(
  koji: FakeKoji,
  tag: string,
  sigkeys: Readonly<Record<string, readonly string[]>> = {},
  sources: readonly SampleSource[] = SAMPLE_SOURCES,
): void {
  for (const {
    name,
    version = '1.0',
    release = '1',
    noarch = false,
    arches = ['x86_64'],
    packages = [{}],
  } of sources) {
    const keys = sigkeys[name] ?? [];
    const rpms = [
      { name, arch: 'src', sigkeys: keys },
      ...packages.flatMap((one) =>
        (noarch ? ['noarch'] : arches).map((arch) => ({ name: one.name ?? name, arch, sigkeys: keys })),
      ),
    ];
    koji.addBuild(`${name}-${version}-${release}`, { rpms });
    koji.tagBuild(tag, `${name}-${version}-${release}`);
  }
}

/** A module in MBS and as a build in Koji; its content is tagged builds. */
export function buildModule(
  { koji, mbs }: Pick<KojiLab, 'koji' | 'mbs'>,
  tag: string,
  nsvc: string,
  requires?: Parameters<typeof build>[1],
  more?: Parameters<typeof build>[2],
  content?: readonly string[],
): void {
  const one = build(nsvc, requires, more);
  mbs.builds.push(one);
  koji.addModule(tag, nsvc, one.modulemd ?? modulemdV2(one), content);
}
