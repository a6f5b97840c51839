import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { helpText } from '../../src/config/help.ts';
import { loadConfig } from '../../src/config/load.ts';
import { settingEntries } from '../../src/config/settings.ts';

function configOf(environment: Record<string, string>): Config {
  const loaded = loadConfig(environment);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

function problemsOf(environment: Record<string, string>) {
  const loaded = loadConfig(environment);
  return loaded.ok ? [] : loaded.problems;
}

/** The path of a new YAML file. */
function yamlFile(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'odcs-config-')), 'odcs.yaml');
  writeFileSync(path, content);
  return path;
}

describe('loadConfig', () => {
  it('needs no setting at all', () => {
    expect(configOf({})).toMatchObject({
      role: 'all',
      dataDir: join(process.cwd(), 'data'),
      http: { host: '127.0.0.1', port: 8080, isLoopback: true },
      requests: { arches: ['x86_64'], sigkeys: [] },
      results: { targetDirs: { default: join(process.cwd(), 'data/composes') } },
      sources: { repoRoots: ['/'] },
    });
  });

  it('reads the YAML file by nested keys, and lets the environment win', () => {
    const file = yamlFile('http: { port: 9000 }\nrequests: { arches: [x86_64, s390x] }\nworker: { concurrency: 5 }\n');
    expect(configOf({ ODCS_CONFIG: file, PORT: '9001' })).toMatchObject({
      http: { port: 9001 },
      requests: { arches: ['x86_64', 's390x'] },
      worker: { concurrency: 5 },
    });
  });

  it.each([
    ['an empty variable', { PORT: '' }],
    ['an empty section of the file', { ODCS_CONFIG: yamlFile('http:\n') }],
    ['an empty key of the file', { ODCS_CONFIG: yamlFile('http: { port: }\n') }],
  ])('takes the default for %s', (_, environment) => {
    expect(configOf(environment)).toMatchObject({ http: { port: 8080 } });
  });

  it('reads structures as YAML or JSON in the environment and as mappings in the file', () => {
    const cts = { url: 'https://cts.example.com' };
    expect(configOf({ ODCS_CTS: JSON.stringify(cts) })).toMatchObject({ cts });
    expect(configOf({ ODCS_CTS: '{ url: "https://cts.example.com/" }' })).toMatchObject({ cts });
    expect(configOf({ ODCS_CONFIG: yamlFile(JSON.stringify({ cts })) })).toMatchObject({ cts });
  });

  it('adds the password of the environment to the Pulp of the file', () => {
    const file = yamlFile('pulp: { url: "https://pulp.example.com", kind: 3, username: odcs }\n');
    expect(configOf({ ODCS_CONFIG: file, ODCS_PULP_PASSWORD: 'secret' }).pulp).toMatchObject({ password: 'secret' });
  });

  it('prefers ODCS_PULP_PASSWORD to every other password', () => {
    const pulp = { url: 'https://pulp.example.com', kind: 3, username: 'odcs' };
    const environments = [
      { ODCS_CONFIG: yamlFile(JSON.stringify({ pulp: { ...pulp, password: 'old' } })) },
      { ODCS_CONFIG: yamlFile(JSON.stringify({ pulp: { ...pulp, passwordFile: yamlFile('old') } })) },
      { ODCS_PULP: JSON.stringify({ ...pulp, password: 'old' }) },
    ];
    for (const environment of environments)
      expect(configOf({ ...environment, ODCS_PULP_PASSWORD: 'new' }).pulp).toMatchObject({ password: 'new' });
  });

  it('prefers the password in ODCS_PULP to the one in the file', () => {
    const pulp = { url: 'https://pulp.example.com', kind: 3, username: 'odcs' };
    const file = yamlFile(JSON.stringify({ pulp: { ...pulp, password: 'old' } }));
    const variable = JSON.stringify({ ...pulp, password: 'new' });
    expect(configOf({ ODCS_CONFIG: file, ODCS_PULP: variable }).pulp).toMatchObject({ password: 'new' });
  });

  it.each([
    ['1', true],
    ['0', false],
    ['true', true],
    ['no', false],
  ])('reads %s as a truth value in the environment and in the file', (text, value) => {
    const file = yamlFile(`results: { adoptTarget: ${text} }`);
    for (const environment of [{ ODCS_ADOPT_TARGET: text }, { ODCS_CONFIG: file }])
      expect(configOf(environment)).toMatchObject({ results: { adoptTarget: value } });
  });

  it('allows no local paths and no module defaults if other machines can reach the service, unless they are set', () => {
    expect(configOf({ HOST: '0.0.0.0' })).toMatchObject({
      http: { isLoopback: false },
      sources: { repoRoots: [] },
      modules: { defaultsUrls: [] },
    });
    expect(configOf({}).modules.defaultsUrls).toBeUndefined();
    expect(
      configOf({ HOST: '::', ODCS_MODULE_DEFAULTS_URLS: 'https://pagure.io/releng/' }).modules.defaultsUrls,
    ).toEqual(['https://pagure.io/releng/']);
  });

  it.each([
    ['auto', 'auto'],
    ['{REPO: dnf, TAG: auto}', { REPO: 'dnf', TAG: 'auto' }],
  ])('reads the preferred engine %s', (text, preferred) => {
    expect(configOf({ ODCS_ENGINE: text }).engine.preferred).toEqual(preferred);
  });
});

describe('the Koji', () => {
  it('is a mapping with the keys of a profile', () => {
    const koji = { server: 'https://koji.example/kojihub/', topDir: '/mnt/koji', timeoutMs: 5000 };
    expect(
      configOf({ ODCS_KOJI: JSON.stringify({ ...koji, repoUrl: 'https://pkgs.example/repos' }) }).koji,
    ).toMatchObject({
      repoUrl: 'https://pkgs.example/repos',
      configFile: null,
      profile: { ...koji, name: 'koji', server: 'https://koji.example/kojihub', topUrl: null },
    });
  });

  it('is a section of a koji.conf, whose keys give way to those of the mapping', () => {
    const configFile = yamlFile(
      '[stage]\nserver = https://stage.example/kojihub\ntopurl = https://stage.example/files\n',
    );
    const { koji } = configOf({
      ODCS_KOJI: JSON.stringify({ profile: 'stage', configFile, topUrl: 'https://mirror.example' }),
    });
    expect(koji).toMatchObject({
      configFile,
      profile: { name: 'stage', server: 'https://stage.example/kojihub', topUrl: 'https://mirror.example' },
    });
  });

  it.each([
    ['{ profile: koji }', 'koji.server'],
    ['{ server: "ftp://x" }', 'koji.server'],
    ['{ profile: "a\\nb", server: "https://x/kojihub" }', 'koji.profile'],
    ['{ profile: koji, configFile: /nonexistent/koji.conf }', 'koji.configFile'],
    ['{ unclosed', 'koji'],
  ])('is not valid as %s', (text, path) => {
    expect(problemsOf({ ODCS_KOJI: text })).toMatchObject([{ env: 'ODCS_KOJI', path }]);
  });
});

describe('a former name', () => {
  const renamed = settingEntries.flatMap(([path, { env, former }]) => (former ? [{ path, env, former }] : []));

  it.each(renamed)('$former works in the environment and names $env', ({ path, env, former }) => {
    const loaded = loadConfig({ [former]: '7' });
    expect(loaded).toMatchObject({ ok: true, warnings: [expect.stringContaining(env)] });
    expect(loaded).toMatchObject({ config: nested(path, 7) });
    expect(loadConfig({ [former]: '7', [env]: '8' })).toMatchObject({ config: nested(path, 8) });
  });

  it.each(renamed)('$former works as a key of the YAML file and names $path', ({ path, former }) => {
    const loaded = loadConfig({ ODCS_CONFIG: yamlFile(`${former}: 7\n`) });
    expect(loaded).toMatchObject({
      ok: true,
      config: nested(path, 7),
      warnings: [expect.stringContaining(`Write ${path}`)],
    });
  });

  it('is every upper-case key of the YAML file, structures included', () => {
    const file = yamlFile('PORT: 9000\nODCS_ARCHES: [s390x]\nODCS_CTS: { url: "https://cts.example.com" }\n');
    const loaded = loadConfig({ ODCS_CONFIG: file });
    expect(loaded).toMatchObject({
      config: { http: { port: 9000 }, requests: { arches: ['s390x'] }, cts: { url: 'https://cts.example.com' } },
    });
    expect(loaded.warnings).toHaveLength(3);
  });

  it('gives way to the nested key', () => {
    expect(configOf({ ODCS_CONFIG: yamlFile('PORT: 9000\nhttp: { port: 9001 }\n') }).http.port).toBe(9001);
  });
});

describe('problems', () => {
  it('are all found at once, with both names of the setting, the value and what to write', () => {
    const problems = problemsOf({ PORT: 'http', ODCS_ROLE: 'king', ODCS_CONCURRENCY: '0', ODCS_LINK: 'symlink' });
    expect(problems.map(({ env, path }) => [env, path])).toEqual([
      ['ODCS_ROLE', 'role'],
      ['PORT', 'http.port'],
      ['ODCS_CONCURRENCY', 'worker.concurrency'],
      ['ODCS_LINK', 'engine.link'],
    ]);
    expect(problems[0]?.text).toBe('ODCS_ROLE (in YAML role): "king" is not valid. Write one of all, api, worker.');
  });

  it.each([
    ['a key that does not exist', 'htpp: { port: 1 }', null, 'htpp'],
    ['a key that does not exist in its section', 'http: { prot: 1 }', null, 'http.prot'],
    ['a section that is no mapping', 'http: 8080', null, 'http'],
    ['a flat name that never was', 'ODCS_PROT: 1', null, 'ODCS_PROT'],
    ['ODCS_CONFIG in the file itself', 'configFile: x', null, 'configFile'],
    ['a key of a structure', 'koji: { server: "https://x/kojihub", sever: 1 }', 'ODCS_KOJI', 'koji'],
    ['a missing key of a structure', 'cts: { tokenFile: /dev/null }', 'ODCS_CTS', 'cts.url'],
    ['a sigkey that YAML reads as a number', 'requests: { sigkeys: [31645531] }', 'ODCS_SIGKEYS', 'requests.sigkeys'],
    ['a number that is no truth value', 'results: { adoptTarget: 2 }', 'ODCS_ADOPT_TARGET', 'results.adoptTarget'],
    ['a wrong escape in a URL', 'modules: { mbsUrl: "http://u:pa%ss@mbs/" }', 'ODCS_MBS_URL', 'modules.mbsUrl'],
    ['a wrong escape in a database', 'database: { url: "postgres://u:p%s@db/odcs" }', 'DATABASE_URL', 'database.url'],
    ['a wrong escape in a structure', 'cts: { url: "http://u:pa%ss@cts/" }', 'ODCS_CTS', 'cts.url'],
    ['a relative root', 'sources: { repoRoots: srv }', 'ODCS_REPO_ROOTS', 'sources.repoRoots'],
    ['what is not YAML', 'http: { port: 1', 'ODCS_CONFIG', 'configFile'],
  ])('name %s', (_, content, env, path) => {
    expect(problemsOf({ ODCS_CONFIG: yamlFile(content) })).toMatchObject([{ env, path }]);
  });

  it.each([
    ['a role of several processes without their database', { ODCS_ROLE: 'worker' }, 'database.url'],
    [
      'a default above the maximum',
      { ODCS_SECONDS_TO_LIVE: '9', ODCS_MAX_SECONDS_TO_LIVE: '8' },
      'retention.secondsToLive',
    ],
    ['two default target directories', { ODCS_TARGET_DIRS: '{ default: /srv }' }, 'results.targetDirs'],
    ['an MBS without a Koji', { ODCS_MBS_URL: 'https://mbs.example.com' }, 'koji'],
    ['a Pulp user without a password', { ODCS_PULP: '{ url: "https://p.example", kind: 3, username: u }' }, 'pulp'],
    ['a file that is not there', { ODCS_CONFIG: '/nonexistent/odcs.yaml' }, 'configFile'],
  ])('name %s', (_, environment, path) => {
    expect(problemsOf(environment as Record<string, string>)).toMatchObject([{ path }]);
  });

  it('never show a secret', () => {
    const secret = 'hunter2';
    const texts = [
      { DATABASE_URL: `mysql://odcs:${secret}@db/odcs` },
      { ODCS_PULP: JSON.stringify({ url: `ftp://odcs:${secret}@pulp`, kind: 3 }) },
      { ODCS_PULP: JSON.stringify({ url: 'https://pulp', kind: 3, password: [secret] }) },
      { ODCS_PULP: JSON.stringify([{ url: 'https://pulp', kind: 3, password: secret }]) },
      { ODCS_PULP: JSON.stringify(`url: https://pulp, password: ${secret}`) },
      { ODCS_PULP: JSON.stringify({ url: ['https://pulp', { password: secret }], kind: 3 }) },
      { ODCS_PULP: `{url: "https://pulp", kind: 3, password:${secret}}` },
      { ODCS_PULP: `{url: "https://pulp", kind: 3, password: *${secret}}` },
      { ODCS_CONFIG: yamlFile(`pulp: [{ url: "https://pulp", kind: 3, password: ${secret} }]`) },
      { ODCS_KOJI: JSON.stringify({ server: `https://odcs:${secret}@koji/kojihub` }) },
      { ODCS_URL_ALLOW: `ftp://odcs:${secret}@mirror` },
      { ODCS_RAW_CONFIGS: JSON.stringify({ f: { url: `https://odcs:${secret}@git/f`, configFile: '/f.conf' } }) },
    ].map((environment) =>
      problemsOf(environment)
        .map(({ text }) => text)
        .join(),
    );
    expect(texts.filter((text) => text === '')).toEqual([]);
    expect(texts.join()).not.toContain(secret);
  });
});

it('warns of variables that are no settings', () => {
  expect(loadConfig({ ODCS_PROT: '1', ODCS_URL: 'x' }).warnings).toEqual([
    expect.stringContaining('ODCS_PROT'),
    expect.stringContaining('ODCS_URL'),
  ]);
});

it('gives each setting one variable, one path and a unit in the names of numbers that have one', () => {
  const names = settingEntries.flatMap(([, { env, former }]) => [env, ...(former ? [former] : [])]);
  expect(new Set(names).size).toBe(names.length);
  for (const [path, { env, unit }] of settingEntries) {
    if (unit !== 'seconds' && unit !== 'bytes') continue;
    expect(env.toLowerCase(), path).toContain(unit);
    expect(path.toLowerCase(), path).toContain(unit);
  }
});

it('shows every setting in the help', () => {
  for (const [path, { env, text }] of settingEntries) {
    expect(helpText()).toContain(env);
    expect(helpText()).toContain(path);
    expect(helpText()).toContain(text);
  }
});

function nested(path: string, value: unknown): unknown {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}
