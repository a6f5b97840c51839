// The runtime dependencies of a module from its modulemd document, in versions 1 and 2 of the format. Scalars are read as
// text, because YAML would read the stream 5.10 as the number 5.1.

import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

/** The streams of one module that satisfy a dependency. */
export interface StreamChoice {
  readonly name: string;
  /** Empty: any stream that is not excluded. */
  readonly streams: readonly string[];
  readonly excluded: readonly string[];
}

/** All of a set is required; the sets of a module are alternatives. */
export type DependencySet = readonly StreamChoice[];

export type ModulemdResult = { readonly dependencies: readonly DependencySet[] } | { readonly problem: string };

const MAX_MODULEMD_BYTES = 16 * 1024 ** 2;

// A key without a value is read as an empty text.
const nothing = z.literal('');
const streams = z.union([z.array(z.string()), nothing.transform(() => [])]);
const requiresV2 = z.array(
  z.object({ requires: z.union([z.record(z.string(), streams), nothing.transform(() => ({}))]).default({}) }),
);
const requiresV1 = z.object({
  requires: z.union([z.record(z.string(), z.string()), nothing.transform(() => ({}))]).default({}),
});
const header = z.object({ document: z.string(), version: z.string(), data: z.record(z.string(), z.unknown()) });

export function readModulemd(text: string): ModulemdResult {
  if (text.length > MAX_MODULEMD_BYTES) return { problem: `is longer than ${MAX_MODULEMD_BYTES} bytes` };
  const found: readonly ModulemdResult[] = documentsOf(text);
  const [first] = found;
  if (!first) return { problem: 'holds no modulemd document' };
  if (found.length > 1) return { problem: 'holds several modulemd documents' };
  return first;
}

function documentsOf(text: string): ModulemdResult[] {
  const results: ModulemdResult[] = [];
  const documents = parseAllDocuments(text, { schema: 'failsafe', prettyErrors: false, logLevel: 'silent' });
  for (const document of Array.isArray(documents) ? documents : []) {
    const [error] = document.errors;
    if (error) return [{ problem: `is not YAML: ${error.message}` }];
    let content: unknown;
    try {
      content = document.toJS();
    } catch (cause) {
      return [{ problem: `is not YAML: ${(cause as Error).message}` }];
    }
    const parsed = header.safeParse(content);
    if (!parsed.success) return [{ problem: 'is no modulemd document: document, version or data is missing' }];
    if (parsed.data.document === 'modulemd' || parsed.data.document === 'modulemd-stream')
      results.push(dependenciesOf(parsed.data));
  }
  return results;
}

function dependenciesOf({ version, data }: z.infer<typeof header>): ModulemdResult {
  const { dependencies } = data;
  if (version !== '1' && version !== '2')
    return { problem: `is of modulemd version ${version}, which is not supported` };
  if (dependencies === undefined || dependencies === '') return { dependencies: [] };
  if (version === '1') {
    const parsed = requiresV1.safeParse(dependencies);
    if (!parsed.success) return { problem: 'has dependencies of an unknown shape' };
    return { dependencies: [Object.entries(parsed.data.requires).map(([name, stream]) => choice(name, [stream]))] };
  }
  const parsed = requiresV2.safeParse(dependencies);
  if (!parsed.success) return { problem: 'has dependencies of an unknown shape' };
  return {
    dependencies: parsed.data.map(({ requires }) => Object.entries(requires).map(([name, list]) => choice(name, list))),
  };
}

function choice(name: string, list: readonly string[]): StreamChoice {
  const excluded = list.filter((stream) => stream.startsWith('-')).map((stream) => stream.slice(1));
  return { name, streams: list.filter((stream) => !stream.startsWith('-') && !excluded.includes(stream)), excluded };
}
