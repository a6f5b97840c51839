// Raw configurations and published composes with real Pungi, if it is installed. Pungi's own tools read the configuration, and a
// compose is generated again from its configuration dump.

import { readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { binaryNames, ENDED_FIELDS, type EndedCompose } from '../support/ended-compose.ts';
import { kojiTest } from '../support/fixtures.ts';
import { startGitServer } from '../support/git-repositories.ts';
import { buildSamples } from '../support/koji-lab.ts';
import { layOut } from '../support/koji-top-dir.ts';
import { namesAll } from '../support/names-all.ts';
import { startPublishedCompose } from '../support/published-compose.ts';
import { isInstalled, REAL_PUNGI_PATH } from '../support/pungi-path.ts';

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
const HELLO = ['greet', 'hello', 'hello-data', 'libhello'];

const it = kojiTest
  .extend('repositoryUrl', { scope: 'file' }, async ({ directory }, { onCleanup }) => {
    const git = await startGitServer();
    onCleanup(() => git.close());
    const repository = await git.repository('configs');
    await repository.commit({
      'repos.conf': `${COMMON}pkgset_source = "repos"\npkgset_repos = {"x86_64": ["${join(directory, 'mnt-koji', 'rpms')}"]}\n`,
      'koji.conf': `${COMMON}pkgset_source = "koji"\nkoji_profile = "fake"\npkgset_koji_tag = ["f43"]\npkgset_koji_inherit = True\n`,
      'lost.conf': `${COMMON}pkgset_source = "koji"\nkoji_profile = "fake"\npkgset_koji_tag = ["gone"]\n`,
      'odd.conf': `${COMMON}pkgset_source = "repos"\npkgset_repos = {}\nunheard_of = 5\n`,
      'variants.xml': VARIANTS,
      'comps.xml': COMPS,
    });
    return git.urlOf(repository);
  })
  .extend('settings', { scope: 'file' }, async ({ directory, repositoryUrl }) => {
    const wrapper = join(directory, 'wrapper.conf');
    await writeFile(
      wrapper,
      'from koji import *\npkgset_koji_tag = ""\npkgset_koji_inherit = False\npkgset_koji_builds = {{compose.builds}}\n',
    );
    const config = (name: string, more: object = {}) => ({ url: repositoryUrl, configFile: `${name}.conf`, ...more });
    return {
      PATH: REAL_PUNGI_PATH,
      ODCS_RAW_CONFIGS: JSON.stringify({
        repos: config('repos', { arguments: ['--skip-phase=repoclosure'] }),
        koji: config('koji'),
        lost: config('lost'),
        odd: config('odd'),
        wrapped: config('koji', { wrapper }),
      }),
    };
  })
  .extend('lab', { scope: 'file' }, async ({ emptyLab: lab }) => {
    lab.koji.addTag('f43');
    buildSamples(lab.koji, 'f43');
    await layOut(lab);
    return lab;
  })
  .extend(
    'compose',
    { scope: 'file' },
    ({ lab }) =>
      (input: object) =>
        lab.service.composed<EndedCompose>(input, ENDED_FIELDS),
  );

const raw = (name: string, source: object = {}) => ({ source: { rawConfig: { name, commit: 'main', ...source } } });

describe.runIf(isInstalled('pungi-koji'))('Real Pungi', { timeout: 240_000 }, () => {
  it.for(['repos', 'koji'])(
    'makes the compose of a configuration of %s, with its release name',
    async (name, { compose }) => {
      const done = await compose(raw(name));
      expect(done).toMatchObject({
        state: 'DONE',
        failure: null,
        pungiComposeId: expect.stringMatching(/^Raw-1\.0-\d{8}\.t\.\d+$/) as string,
      });
      expect(binaryNames(done)).toEqual(HELLO);
    },
  );

  it('uses the values that the wrapper takes from the request', async ({ compose }) => {
    const done = await compose(raw('wrapped', { builds: ['hello-2.12-1'] }));
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    expect(binaryNames(done)).toEqual(['hello', 'libhello']);
  });

  it('generates a compose again from its configuration dump, and the latest link points to it', async ({
    lab,
    compose,
  }) => {
    const done = await compose({ ...raw('koji'), composeType: 'DEVELOPMENT' });
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    const again = await lab.service.renewed<EndedCompose>({ id: done.id, sigkeys: ['abcdef12'] }, ENDED_FIELDS);
    expect(again).toMatchObject({ state: 'DONE', failure: null, respinOf: done.pungiComposeId });
    expect(binaryNames(again)).toEqual(HELLO);
    // The link is updated after the commit of DONE.
    await expect
      .poll(() => readlink(join(lab.service.targetDir, 'development', 'latest-Raw-1.0')))
      .toBe(`../odcs-${again.id}`);
  });

  it.for([
    ['names an unknown tag', 'lost', ['Koji', 'gone']],
    ['has an unknown option', 'odd', ['WARNING: Unrecognized config option: unheard_of.']],
  ] as const)('fails with INVALID_SOURCE if the configuration %s', async ([, name, texts], { compose }) => {
    expect((await compose(raw(name))).failure).toMatchObject({ code: 'INVALID_SOURCE', message: namesAll(...texts) });
  });

  it('makes a compose of a published compose', async ({ compose, onTestFinished }) => {
    const published = await startPublishedCompose({
      Everything: {
        x86_64: {
          'cowsay-0:3.04-7.src': [{ nevra: 'cowsay-0:3.04-7.noarch' }],
          'greet-0:0.9-1.src': [{ nevra: 'greet-0:0.9-1.x86_64' }],
        },
      },
    });
    onTestFinished(() => published.close());
    const done = await compose({ source: { pungiCompose: { url: published.urlOf('Everything') } } });
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    expect(binaryNames(done)).toEqual(['cowsay', 'greet']);
  });
});
