// What documents say about the program: GraphQL, configurations, settings, paths and log messages.

import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parse as parseGraphql, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { settingEntries } from '../../src/config/settings.ts';
import { buildApiSchema } from '../../src/graphql/schema.ts';
import { blocksOf, pages, ROOT } from '../support/documents/pages.ts';

const directory = mkdtempSync(join(tmpdir(), 'odcs-documents-'));
const schema = buildApiSchema();

describe('GraphQL documents', () => {
  it.each(blocksOf('graphql'))('$at is valid', ({ block }) => {
    expect(validate(schema, parseGraphql(block.code)).map(({ message }) => message)).toEqual([]);
  });
});

describe('configurations', () => {
  it.each(blocksOf('yaml'))('$at is valid', ({ block }) => {
    const path = join(directory, 'odcs.yaml');
    writeFileSync(path, withFiles(block.code));
    expect(loadConfig({ ODCS_CONFIG: path })).toMatchObject({ ok: true, warnings: [] });
  });

  it('of the containers are valid', () => {
    const { services } = parseYaml(readFileSync(join(ROOT, 'docker/compose.yaml'), 'utf8'), { merge: true }) as {
      readonly services: Readonly<Record<string, { readonly environment: Readonly<Record<string, string>> }>>;
    };
    const dockerfile = readFileSync(join(ROOT, 'docker/Dockerfile'), 'utf8');
    const image = Object.fromEntries(
      [...dockerfile.matchAll(/(?:ENV| )([A-Z_]+)=(\S+)/g)].map(([, key, value]) => [key, value]),
    );
    for (const role of ['api', 'worker']) {
      const environment = Object.entries(services[role]?.environment ?? {}).map(([key, value]) => [
        key,
        value.replace(/\$\{\w+:-([^}]*)\}/, '$1').replace(/\$\{[^}]*\}/, 'secret'),
      ]);
      expect(loadConfig({ ...image, ...Object.fromEntries(environment) })).toMatchObject({
        ok: true,
        config: { role },
        warnings: [],
      });
    }
  });

  it.runIf(isOnPath('systemd-analyze'))('of systemd are valid', () => {
    for (const { block } of blocksOf('ini')) {
      const unit = join(directory, 'odcs.service');
      writeFileSync(unit, block.code.replaceAll('/opt/odcs', ROOT.replace(/\/$/, '')).replace('User=odcs\n', ''));
      expect(execFileSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' })).toBe('');
    }
  });
});

describe('names', () => {
  const sections = new Set(settingEntries.flatMap(([path]) => (path.includes('.') ? [path.split('.')[0]] : [])));
  const names = new Set(settingEntries.flatMap(([, { env, former }]) => [env, former]));
  const paths = new Set(
    settingEntries.flatMap(([path, { keys }]) => [path, ...Object.keys(keys ?? {}).map((key) => `${path}.${key}`)]),
  );

  it.each(pages)('of settings in $path exist', ({ text }) => {
    const variables = [...text.matchAll(/\bODCS_[A-Z_]+\b/g)].map(([name]) => name);
    expect(variables.filter((name) => !names.has(name) && name !== 'ODCS_DB_PASSWORD')).toEqual([]);
    const keys = [...text.matchAll(/`([a-zA-Z]+)\.[a-zA-Z]+`/g)].filter(([, section]) => sections.has(section));
    expect(keys.map(([key]) => key.slice(1, -1)).filter((key) => !paths.has(key))).toEqual([]);
  });

  it.each(pages)('of files in $path exist', ({ text }) => {
    const files = [...text.matchAll(/`((?:src|test|docs|migrations|bench|docker|\.ci)\/[^`<*…]*)`/g)].map(
      ([, file = '']) => file,
    );
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});

describe('log messages', () => {
  const runbook = pages.find(({ path }) => path.endsWith('runbook.md'))?.text ?? '';
  const [, section = ''] = /^## Messages in the log\n([\s\S]*?)^## /m.exec(runbook) ?? [];
  const messages = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, message = '']) => message);
  const sources = globSync('src/**/*.ts', { cwd: ROOT }).map((file) => readFileSync(join(ROOT, file), 'utf8'));

  it.each(messages)('%s is in the code', (message) => {
    expect(sources.filter((source) => source.includes(`'${message}'`))).not.toHaveLength(0);
  });
});

/** With paths of secrets that exist. */
function withFiles(yaml: string): string {
  return yaml.replace(/(\w+File): (\/\S+)/g, (_, key: string) => `${key}: ${fileFor(key)}`);
}

function fileFor(key: string): string {
  const path = join(directory, key);
  if (existsSync(path)) return path;
  if (!/^(?:cert|key|ca)File$/.test(key)) writeFileSync(path, 'secret\n');
  else {
    const at = (name: string) => join(directory, name);
    const subject = ['-nodes', '-subj', '/CN=odcs', '-keyout', at('keyFile'), '-out', at('certFile')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...subject], { stdio: 'ignore' });
    writeFileSync(at('caFile'), readFileSync(at('certFile')));
  }
  return path;
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((entry) => existsSync(join(entry, program)));
}
