// Replaces every text of a Koji request by hostile ones. Each request must be refused, or the files for Pungi must keep
// their structure down to the last element.

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import type { KojiInput } from '../../src/app/ports.ts';
import type { CreateComposeInput } from '../../src/compose/input.ts';
import type { ComposeRequest } from '../../src/compose/request.ts';
import { validateRequest } from '../../src/compose/validate-request.ts';
import { pungiArguments } from '../../src/engines/pungi/arguments.ts';
import { writeInput } from '../../src/engines/pungi/input-files.ts';
import { aGeneration } from '../support/generation.ts';
import { NO_KOJI } from '../support/golden-configurations.ts';
import { HOSTILE_VALUES } from '../support/hostile-values.ts';
import { REQUEST_RULES } from '../support/request-rules.ts';

const COMMON = {
  sigkeys: ['abcdef12'],
  label: 'RC-1.0',
  parentPungiComposeIds: ['p-1'],
  respinOf: 'r-1',
  arches: ['x86_64'],
  multilibArches: ['x86_64'],
  targetDir: 'default',
};

const REQUESTS: readonly CreateComposeInput[] = [
  {
    ...COMMON,
    source: {
      tag: {
        tag: 'f43',
        packages: ['bash'],
        builds: ['a-1-1'],
        scratchBuildTasks: ['12'],
        modularTags: ['m'],
        moduleDefaults: { url: 'https://git.example/d', commit: 'main' },
      },
    },
  },
  { ...COMMON, source: { build: { builds: ['a-1-1'], packages: ['bash'], scratchBuildTasks: ['12'] } } },
  {
    ...COMMON,
    source: {
      module: {
        modules: ['a:1:2:c'],
        scratchModules: ['b:1:2:c'],
        moduleDefaults: { url: 'https://git.example/d', commit: 'main' },
        baseModule: { name: 'platform', stream: 'f43' },
      },
    },
  },
];

/** The resolved input, as if Koji had everything that the request names. */
function kojiOf({ source }: ComposeRequest): KojiInput {
  switch (source.type) {
    case 'TAG':
      return {
        ...NO_KOJI,
        tag: source.tag,
        event: 7,
        builds: source.builds,
        scratchBuildTasks: source.scratchBuildTasks,
        modularTags: source.modularTags,
      };
    case 'BUILD':
      return { ...NO_KOJI, builds: source.builds, scratchBuildTasks: source.scratchBuildTasks };
    case 'MODULE':
      return { ...NO_KOJI, modules: source.modules, scratchModules: source.scratchModules };
    default:
      throw new Error(`no request has a source of type ${source.type}`);
  }
}

/** JSON: keys, lengths and types. XML: elements and attributes. Command line: options. */
async function shapeOf(request: ComposeRequest): Promise<unknown> {
  await using attempt = await aGeneration('/srv/repo', request);
  const generation = {
    ...attempt.generation,
    input: { ...attempt.generation.input, source: request.source, koji: kojiOf(request) },
  };
  const files = await writeInput(generation);
  const read = (name: string) => readFile(join(files.directory, name), 'utf8');
  const xmls = (await readdir(files.directory)).filter((name) => name.endsWith('.xml')).sort();
  return {
    json: shapeOfJson(JSON.parse(await read('pungi.json'))),
    xml: await Promise.all(xmls.map(async (name) => [name, elementsOf(await read(name))])),
    conf: (await readFile(join(generation.scratch, '.koji/config'), 'utf8')).split('\n').length,
    arguments: pungiArguments(generation, files).map((argument) => argument.replace(/=[\s\S]*/, '')),
  };
}

function shapeOfJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOfJson);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapeOfJson(item)]));
  return typeof value;
}

function elementsOf(xml: string): readonly string[] {
  const elements: string[] = [];
  const parser = new SaxesParser();
  parser.on('xmldecl', () => void elements.push('?xml'));
  parser.on('opentag', ({ name, attributes }) => void elements.push([name, ...Object.keys(attributes)].join(' ')));
  parser.on('cdata', () => void elements.push('CDATA'));
  parser.on('comment', () => void elements.push('comment'));
  parser.on('processinginstruction', ({ target }) => void elements.push(`?${target}`));
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(xml).close();
  return elements;
}

/** The paths of all texts in a value. */
function textsIn(value: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (typeof value === 'string') return [path];
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => textsIn(item, [...path, index]));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, item]) => textsIn(item, [...path, key]));
  return [];
}

function withText<T>(value: T, path: readonly (string | number)[], text: string): T {
  const copy = structuredClone(value);
  let at = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  at[path.at(-1) ?? ''] = text;
  return copy;
}

describe.each(REQUESTS)('the files for Pungi of Koji request %#', (input) => {
  it.each(textsIn(input).map((path) => [path.join('.'), path] as const))(
    'keep their structure for every text in %s',
    async (_, path) => {
      const accepted = validateRequest(input, REQUEST_RULES);
      if ('problems' in accepted) throw new Error(JSON.stringify(accepted.problems));
      const expected = normal(await shapeOf(accepted.request));
      const changed: string[] = [];
      for (const hostile of HOSTILE_VALUES) {
        const answer = validateRequest(withText(input, path, hostile), REQUEST_RULES);
        // An empty sigkey becomes null in the list of sigkeys.
        if (
          'request' in answer &&
          hostile !== '' &&
          !isDeepStrictEqual(normal(await shapeOf(answer.request)), expected)
        )
          changed.push(hostile);
      }
      expect(changed).toEqual([]);
    },
  );
});

/** The service adds this option for globs, so that Pungi reads all packages. */
function normal(shape: unknown): unknown {
  return JSON.parse(
    JSON.stringify(shape, (key, value: unknown) => (key === 'buildinstall_method' ? undefined : value)),
  );
}
