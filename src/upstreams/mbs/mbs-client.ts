// The latest version of a module in all its contexts, from the Module Build Service. MBS lists the newest version first, in
// pages; reading stops when an older version begins.

import { z } from 'zod';
import { failure } from '../../compose/failure.ts';
import type { BaseModule } from '../../compose/sources/module.ts';
import type { Answer, Failed } from '../answer.ts';
import { JsonClient, type JsonAnswer, type JsonClientOptions } from '../http/json-client.ts';
import type { HttpFailure } from '../http/problem.ts';
import { boundsOf, isWithin, type BaseBounds, type BuiltOn } from './base-module.ts';
import { compareVersions, formatNsvc, type ModuleName, type Nsvc } from './nsvc.ts';

export interface MbsBuild extends Nsvc {
  readonly kojiTag: string | null;
  readonly modulemd: string;
  /** Bounds of the base module for dependencies; null if MBS has no base module of the build. */
  readonly bounds: BaseBounds | null;
}

interface ModuleQuery {
  /** With `stream` null: the newest version of any stream that is not excluded. */
  readonly wanted: ModuleName | { readonly name: string; readonly stream: null; readonly excluded: readonly string[] };
  /** Accepts builds in state done, besides ready ones. */
  readonly includeDone: boolean;
  readonly baseModule: BaseModule | null;
  /** Skips builds on another base module than that of the module that requires them. */
  readonly within: BaseBounds | null;
  readonly signal: AbortSignal;
}

const PER_PAGE = 10;
const MAX_PAGES = 100;
const STATES = { done: '3', ready: '5' } as const;

const item = z.object({
  name: z.string().min(1),
  stream: z.string().min(1),
  version: z
    .union([z.string(), z.int().nonnegative()])
    .transform(String)
    .pipe(z.string().regex(/^\d{1,30}$/)),
  context: z.string().min(1),
  koji_tag: z.string().nullish(),
  modulemd: z.string(),
  base_module_buildrequires: z
    .array(z.object({ name: z.string(), stream: z.string(), stream_version: z.number().nullish() }))
    .nullish(),
});
type Item = z.infer<typeof item>;
const page = z.object({
  items: z.array(item),
  meta: z.object({ next: z.string().nullish(), total: z.int().nonnegative() }),
});
const errorAnswer = z.object({ message: z.string() });

export class MbsClient {
  readonly #service: JsonClient;

  /** `url`: of the API, e.g. `https://mbs.example.com/module-build-service`. */
  constructor(options: Omit<JsonClientOptions, 'name'>) {
    this.#service = new JsonClient({ ...options, name: 'MBS' });
  }

  /** Empty if there is no such module. Rejects after an abort. */
  async latest(query: ModuleQuery): Promise<Answer<readonly MbsBuild[]>> {
    const builds: MbsBuild[] = [];
    for (let number = 1; number <= MAX_PAGES; number++) {
      const answer = await this.#page(query, number);
      if ('failure' in answer) return refused(query, answer);
      const { items, meta } = answer.value;
      for (const each of items) {
        if (isWanted(each, query) && addLatest(builds, each) === 'older') return { value: builds };
      }
      if (!meta.next || items.length === 0) return { value: builds };
    }
    const message = `MBS at ${this.#service.url} lists more than ${MAX_PAGES * PER_PAGE} builds for ${nameOf(query)}. Name a version of the module.`;
    return { failure: failure('UPSTREAM_UNAVAILABLE', message) };
  }

  async close(): Promise<void> {
    await this.#service.close();
  }

  #page(query: ModuleQuery, number: number): Promise<JsonAnswer<z.infer<typeof page>>> {
    return this.#service.request({
      path: '/1/module-builds/',
      query: [...parametersOf(query), ['page', String(number)], ['per_page', String(PER_PAGE)]],
      schema: page,
      signal: query.signal,
    });
  }
}

/** Keeps the builds of the latest version in one stream. `older`: the item is of an older version, and so are all later ones. */
function addLatest(builds: MbsBuild[], candidate: Item): 'added' | 'skipped' | 'older' {
  const { name, stream, version, context, koji_tag: kojiTag, modulemd } = candidate;
  const [first] = builds;
  if (first && version !== first.version) {
    if (compareVersions(version, first.version) < 0) return 'older';
    builds.length = 0;
  } else if (first && stream !== first.stream) {
    return 'skipped';
  }
  builds.push({
    name,
    stream,
    version,
    context,
    kojiTag: kojiTag ?? null,
    modulemd,
    bounds: boundsOf(builtOn(candidate)),
  });
  return 'added';
}

function parametersOf({ wanted, includeDone, baseModule }: ModuleQuery): readonly (readonly [string, string])[] {
  const parameters: [string, string][] = [['nsvc', wanted.stream === null ? wanted.name : formatNsvc(wanted)]];
  for (const state of includeDone ? [STATES.done, STATES.ready] : [STATES.ready]) parameters.push(['state', state]);
  parameters.push(['verbose', '1'], ['order_desc_by', 'version']);
  if (!baseModule) return parameters;
  const { name, stream, streamVersionGte, streamVersionLte } = baseModule;
  parameters.push(['base_module_br_name', name]);
  if (stream !== null) parameters.push(['base_module_br_stream', stream]);
  if (streamVersionLte !== null) parameters.push(['base_module_br_stream_version_lte', String(streamVersionLte)]);
  if (streamVersionGte !== null) parameters.push(['base_module_br_stream_version_gte', String(streamVersionGte)]);
  return parameters;
}

function builtOn({ base_module_buildrequires: bases }: Item): readonly BuiltOn[] {
  return (bases ?? []).flatMap(({ name, stream, stream_version: streamVersion }) =>
    typeof streamVersion === 'number' ? [{ name, stream, streamVersion }] : [],
  );
}

/** Checked here too: an old MBS ignores parameters that it does not know, and lists every module. */
function isWanted(candidate: Item, { wanted, within }: ModuleQuery): boolean {
  if (candidate.name !== wanted.name || !isWithin(builtOn(candidate), within)) return false;
  if (wanted.stream === null) return !wanted.excluded.includes(candidate.stream);
  return (
    candidate.stream === wanted.stream &&
    (wanted.version ?? candidate.version) === candidate.version &&
    (wanted.context ?? candidate.context) === candidate.context
  );
}

function nameOf({ wanted }: ModuleQuery): string {
  return wanted.stream === null ? wanted.name : formatNsvc(wanted);
}

/** HTTP 400 means that MBS does not accept the name. */
function refused(query: ModuleQuery, answer: HttpFailure): Failed {
  if (answer.status !== 400) return { failure: answer.failure };
  const text = answer.failure.details ?? '';
  let message = text;
  try {
    message = errorAnswer.parse(JSON.parse(text)).message;
  } catch {
    // Not MBS's usual form: the text itself is shown.
  }
  return { failure: failure('INVALID_SOURCE', `MBS does not accept the module name ${nameOf(query)}: ${message}`) };
}
