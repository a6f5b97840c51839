// Raw configurations and published composes on real Pungi, where it is installed: its own tools read the configuration, and it
// is made again of the dump that was kept of it.

import { existsSync } from 'node:fs';
import { mkdtemp, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGitServer, type GitServer } from '../support/git-repositories.ts';
import { buildSamples, startKojiLab, type KojiLab } from '../support/koji-lab.ts';
import { layOut } from '../support/koji-top-dir.ts';
import { startPublishedCompose, type PublishedCompose } from '../support/published-compose.ts';

const FAKE_PUNGI = fileURLToPath(new URL('../support/fake-pungi', import.meta.url));
const path = (process.env['PATH'] ?? '').split(':').filter((entry) => entry !== FAKE_PUNGI);
const LONG = 240_000;

const VARIANTS =
  '<?xml version="1.0"?>\n<variants><variant id="Server" name="Server" type="variant"><arches><arch>x86_64</arch></arches></variant></variants>\n';
const COMPS = `<?xml version="1.0"?>
<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">
<comps><group><id>core</id><name>Core</name><description>Core</description><default>true</default><uservisible>true</uservisible>
<packagelist><packagereq type="mandatory">hello</packagereq></packagelist></group></comps>
`;
const COMMON = `release_name = "Raw Product"
release_short = "Raw"
release_version = "1.0"
variants_file = "variants.xml"
comps_file = "comps.xml"
gather_method = "deps"
check_deps = False
sigkeys = [None]
createrepo_c = True
createrepo_checksum = "sha256"
skip_phases = ["createiso", "buildinstall", "ostree", "live_images", "live_media"]
repoclosure_strictness = [("^.*$", {"*": "off"})]
`;
const ENDED = 'id state pungiComposeId respinOf failure { code message } packages { nodes { name arch } }';
const HELLO = ['greet', 'hello', 'hello-data', 'libhello'];

let directory: string;
let git: GitServer;
let lab: KojiLab;
let published: PublishedCompose;

interface Ended {
  readonly id: string;
  readonly pungiComposeId: string;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly packages: { readonly nodes: readonly { readonly name: string; readonly arch: string }[] };
}

async function compose(input: object): Promise<Ended> {
  return (await lab.service.ended(await lab.service.request(input), ENDED)) as unknown as Ended;
}

const raw = (name: string, source: object = {}) => ({ source: { rawConfig: { name, commit: 'main', ...source } } });
const names = ({ packages }: Ended) =>
  packages.nodes
    .filter(({ name, arch }) => arch !== 'src' && !/-debug(info|source)$/.test(name))
    .map(({ name }) => name)
    .sort();

describe.runIf(path.some((entry) => existsSync(join(entry, 'pungi-koji'))))('real Pungi', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'odcs-real-raw-'));
    git = await startGitServer();
    const repository = await git.repository('configs');
    const topDir = join(directory, 'mnt-koji');
    await repository.commit({
      'repos.conf': `${COMMON}pkgset_source = "repos"\npkgset_repos = {"x86_64": ["${join(topDir, 'rpms')}"]}\n`,
      'koji.conf': `${COMMON}pkgset_source = "koji"\nkoji_profile = "fake"\npkgset_koji_tag = ["f43"]\npkgset_koji_inherit = True\n`,
      'lost.conf': `${COMMON}pkgset_source = "koji"\nkoji_profile = "fake"\npkgset_koji_tag = ["gone"]\n`,
      'odd.conf': `${COMMON}pkgset_source = "repos"\npkgset_repos = {}\nunheard_of = 5\n`,
      'variants.xml': VARIANTS,
      'comps.xml': COMPS,
    });
    const wrapper = join(directory, 'wrapper.conf');
    await writeFile(
      wrapper,
      'from koji import *\npkgset_koji_tag = ""\npkgset_koji_inherit = False\npkgset_koji_builds = {{compose.builds}}\n',
    );
    const config = (name: string, more: object = {}) => ({
      url: git.urlOf(repository),
      configFile: `${name}.conf`,
      ...more,
    });
    const configs = {
      repos: config('repos', { arguments: ['--skip-phase=repoclosure'] }),
      koji: config('koji'),
      lost: config('lost'),
      odd: config('odd'),
      wrapped: config('koji', { wrapper }),
    };
    lab = await startKojiLab(directory, {
      PATH: [dirname(process.execPath), ...path].join(':'),
      ODCS_RAW_CONFIGS: JSON.stringify(configs),
    });
    lab.koji.addTag('f43');
    buildSamples(lab.koji, 'f43');
    await layOut(lab);
    published = await startPublishedCompose({
      Everything: {
        x86_64: {
          'cowsay-0:3.04-7.src': [{ nevra: 'cowsay-0:3.04-7.noarch' }],
          'greet-0:0.9-1.src': [{ nevra: 'greet-0:0.9-1.x86_64' }],
        },
      },
    });
  }, LONG);

  afterAll(async () => {
    await published?.close();
    await lab?.stop();
    await git?.close();
    await rm(directory, { recursive: true, force: true });
  });

  it.each(['repos', 'koji'])(
    'makes what a configuration of %s says, under the name that it has there',
    async (name) => {
      const done = await compose(raw(name));
      expect(done).toMatchObject({
        state: 'DONE',
        failure: null,
        pungiComposeId: expect.stringMatching(/^Raw-1\.0-\d{8}\.t\.\d+$/) as string,
      });
      expect(names(done)).toEqual(HELLO);
    },
    LONG,
  );

  it(
    'takes what the wrapper makes of a request',
    async () => {
      const done = await compose(raw('wrapped', { builds: ['hello-2.12-1'] }));
      expect(done).toMatchObject({ state: 'DONE', failure: null });
      expect(names(done)).toEqual(['hello', 'libhello']);
    },
    LONG,
  );

  it(
    'makes it again of the dump that was kept, and leads the link there',
    async () => {
      const done = await compose({ ...raw('koji'), composeType: 'DEVELOPMENT' });
      expect(done).toMatchObject({ state: 'DONE', failure: null });
      const { data, errors } = await lab.service.query(
        'mutation ($id: ID!) { renewCompose(input: { id: $id, sigkeys: ["abcdef12"] }) { compose { id } } }',
        { id: done.id },
      );
      if (!data) throw new Error(JSON.stringify(errors));
      const { compose: renewed } = data['renewCompose'] as { readonly compose: { readonly id: string } };
      const again = (await lab.service.ended(renewed.id, ENDED)) as unknown as Ended;
      expect(again).toMatchObject({ state: 'DONE', failure: null, respinOf: done.pungiComposeId });
      expect(names(again)).toEqual(HELLO);
      // Once it is committed that it is DONE.
      await expect
        .poll(() => readlink(join(lab.service.targetDir, 'development', 'latest-Raw-1.0')))
        .toBe(`../odcs-${again.id}`);
    },
    LONG,
  );

  it.each([
    ['lost', 'Koji has no tag gone.'],
    ['odd', 'The raw configuration is not valid: WARNING: Unrecognized config option: unheard_of.'],
  ])(
    'says what is wrong with the configuration %s',
    async (name, message) => {
      expect((await compose(raw(name))).failure).toMatchObject({ code: 'INVALID_SOURCE', message });
    },
    LONG,
  );

  it(
    'makes a compose of what a published one holds',
    async () => {
      const done = await compose({ source: { pungiCompose: { url: published.urlOf('Everything') } } });
      expect(done).toMatchObject({ state: 'DONE', failure: null });
      expect(names(done)).toEqual(['cowsay', 'greet']);
    },
    LONG,
  );
});
