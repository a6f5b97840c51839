// Asks the Module Build Service for the latest version of a module, in all its contexts. Its answers come newest version
// first, in pages; paging ends with the version.

import { z } from 'zod';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { ServiceClient, type ServiceOptions } from '../http/service-client.ts';
import { boundsOf, isWithin, type BaseBounds, type BuiltOn } from './built-on.ts';
import { compareVersions, formatNsvc, type ModuleName, type Nsvc } from './nsvc.ts';
import type { BaseModule } from '../../compose/sources/module.ts';

export interface MbsBuild extends Nsvc {
  readonly kojiTag: string | null;
  readonly modulemd: string;
  /** What it was built on, as bounds for what it requires; null where MBS does not tell. */
  readonly bounds: BaseBounds | null;
}

export interface ModuleQuery {
  /** With `stream` null, the newest version of any stream that is not excluded. */
  readonly wanted: ModuleName | { readonly name: string; readonly stream: null; readonly excluded: readonly string[] };
  /** Builds that are done count as well as those that are ready. */
  readonly includeDone: boolean;
  readonly baseModule: BaseModule | null;
  /** Passes over what was built on another base module than the one that requires it. */
  readonly within: BaseBounds | null;
  readonly signal: AbortSignal;
}

/** `builds` is empty where there is no such module. */
export type MbsAnswer = { readonly builds: readonly MbsBuild[] } | { readonly failure: ComposeFailure };

const PER_PAGE = 10;
const MAX_PAGES = 100;
const STATES = { done: '3', ready: '5' } as const;

const page = z.object({
  items: z.array(
    z.object({
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
    }),
  ),
  meta: z.object({ next: z.string().nullish(), total: z.int().nonnegative() }),
});
type Item = z.infer<typeof page>['items'][number];

const errorAnswer = z.object({ message: z.string() });

export class MbsClient {
  readonly #service: ServiceClient;

  /** `url` is that of the API, as in `https://mbs.example.com/module-build-service`. */
  constructor(options: Omit<ServiceOptions, 'name'>) {
    this.#service = new ServiceClient({ ...options, name: 'MBS' });
  }

  /** Rejects after an abort. */
  async latest(query: ModuleQuery): Promise<MbsAnswer> {
    const builds: MbsBuild[] = [];
    const parameters = parametersOf(query);
    for (let number = 1; number <= MAX_PAGES; number++) {
      const answer = await this.#service.ask({
        path: '/1/module-builds/',
        query: [...parameters, ['page', String(number)], ['per_page', String(PER_PAGE)]],
        schema: page,
        signal: query.signal,
      });
      if ('failure' in answer) return { failure: answer.status === 400 ? refused(query, answer.text) : answer.failure };
      const { items, meta } = answer.value;
      for (const item of items) {
        if (!isWanted(item, query)) continue;
        const [first] = builds;
        if (first && item.version !== first.version) {
          if (compareVersions(item.version, first.version) < 0) return { builds };
          builds.length = 0;
        } else if (first && item.stream !== first.stream) {
          continue;
        }
        builds.push({
          name: item.name,
          stream: item.stream,
          version: item.version,
          context: item.context,
          kojiTag: item.koji_tag ?? null,
          modulemd: item.modulemd,
          bounds: boundsOf(builtOn(item)),
        });
      }
      if (!meta.next || items.length === 0) return { builds };
    }
    return {
      failure: failure(
        'UPSTREAM_UNAVAILABLE',
        `MBS has more than ${MAX_PAGES * PER_PAGE} builds to tell of ${nameOf(query)}`,
      ),
    };
  }

  async close(): Promise<void> {
    await this.#service.close();
  }
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

/** An old MBS ignores parameters that it does not know, and then tells of every module. */
function isWanted(item: Item, { wanted, within }: ModuleQuery): boolean {
  if (item.name !== wanted.name || !isWithin(builtOn(item), within)) return false;
  if (wanted.stream === null) return !wanted.excluded.includes(item.stream);
  return (
    item.stream === wanted.stream &&
    (wanted.version ?? item.version) === item.version &&
    (wanted.context ?? item.context) === item.context
  );
}

function nameOf({ wanted }: ModuleQuery): string {
  return wanted.stream === null ? wanted.name : formatNsvc(wanted);
}

function refused(query: ModuleQuery, text: string): ComposeFailure {
  let message = text;
  try {
    const parsed = errorAnswer.safeParse(JSON.parse(text));
    if (parsed.success) ({ message } = parsed.data);
  } catch {
    // The text itself is told.
  }
  return failure('INVALID_SOURCE', `MBS refuses to look for the module ${nameOf(query)}: ${message}`);
}
