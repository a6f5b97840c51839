// A Module Build Service over a real socket: module builds in memory, filtered, ordered and paged as by
// /module-build-service/1/module-builds/, and the part of API 2 that Pungi uses for scratch modules.

import { json, startFaultyServer, type Answer, type FaultyServer, type SeenRequest } from '../faulty-server.ts';
import { modulemdV2, type ModulemdOptions } from './modulemd.ts';

export interface FakeBuild extends ModulemdOptions {
  /** 3 is done, 4 failed, 5 ready (the default). */
  readonly state?: number;
  /** Replaces the document that is made of the options. */
  readonly modulemd?: string;
  /** The base module that it was built on. */
  readonly platform?: { readonly name: string; readonly stream: string; readonly streamVersion: number };
}

export interface FakeMbs extends FaultyServer {
  /** For the service's configuration. */
  readonly apiUrl: string;
  readonly builds: FakeBuild[];
}

const PATH = '/module-build-service/1/module-builds/';
const FINAL_MODULEMD = '/module-build-service/2/final-modulemd/';
const STATE_NAMES = ['init', 'wait', 'build', 'done', 'failed', 'ready', 'garbage'];

export async function startFakeMbs(...builds: readonly FakeBuild[]): Promise<FakeMbs> {
  const all = [...builds];
  const server = await startFaultyServer((request) => answer(request, all));
  return Object.assign(server, { apiUrl: `${server.url}/module-build-service`, builds: all });
}

export function build(nsvc: string, requires?: ModulemdOptions['requires'], more: Partial<FakeBuild> = {}): FakeBuild {
  const [name = '', stream = '', version = '', context = ''] = nsvc.split(':');
  return { name, stream, version, context, ...(requires && { requires }), ...more };
}

function answer({ url }: SeenRequest, builds: readonly FakeBuild[]): Answer {
  const { pathname, search, searchParams: asked } = new URL(url, 'http://fake');
  // Pungi leaves out the last slash, and Flask redirects.
  if (/\/[12]\/module-builds$/.test(pathname))
    return { status: 308, headers: { location: `${pathname}/${search}` }, body: '' };
  if (pathname.startsWith(FINAL_MODULEMD))
    return finalModulemd(builds[Number(pathname.slice(FINAL_MODULEMD.length)) - 1]);
  if (pathname.replace('/2/', '/1/') !== PATH)
    return json({ error: 'Not Found', message: 'The requested URL was not found', status: 404 }, 404);
  const bad = asked.getAll('state').find((state) => !/^[0-6]$/.test(state));
  if (bad) return json({ error: 'Bad Request', message: `An invalid state was supplied: ${bad}`, status: 400 }, 400);
  if (asked.has('base_module_br_stream_version_lte') && !asked.has('base_module_br_name'))
    return json({ error: 'Bad Request', message: 'base_module_br_name is needed', status: 400 }, 400);
  const found = builds.filter((candidate) => isAsked(candidate, asked));
  if (asked.get('order_desc_by') === 'version')
    found.sort((left, right) => Number(BigInt(right.version) - BigInt(left.version)));
  return json(
    pageOf(found, asked, (build) => builds.indexOf(build) + 1, asked.has('verbose') || pathname.includes('/2/')),
  );
}

/** One document for each arch. */
function finalModulemd(build: FakeBuild | undefined): Answer {
  if (!build) return json({ error: 'Not Found', message: 'The module could not be found', status: 404 }, 404);
  return json(Object.fromEntries(['x86_64', 'aarch64'].map((arch) => [arch, build.modulemd ?? modulemdV2(build)])));
}

function isAsked({ name, stream, version, context, state = 5, platform }: FakeBuild, asked: URLSearchParams): boolean {
  const nsvc = [name, stream, version, context];
  if (!(asked.get('nsvc') ?? '').split(':').every((part, index) => part === '' || part === nsvc[index])) return false;
  if (
    !['name', 'stream', 'version', 'context'].every((key, index) => !asked.has(key) || asked.get(key) === nsvc[index])
  )
    return false;
  if (asked.has('state') && !asked.getAll('state').includes(String(state))) return false;
  const bound = (key: string) => (asked.has(key) ? Number(asked.get(key)) : null);
  const [gte, lte] = [bound('base_module_br_stream_version_gte'), bound('base_module_br_stream_version_lte')];
  if (asked.has('base_module_br_name') && asked.get('base_module_br_name') !== platform?.name) return false;
  if (asked.has('base_module_br_stream') && asked.get('base_module_br_stream') !== platform?.stream) return false;
  return (
    (gte === null || (platform !== undefined && platform.streamVersion >= gte)) &&
    (lte === null || (platform !== undefined && platform.streamVersion <= lte))
  );
}

function pageOf(
  found: readonly FakeBuild[],
  asked: URLSearchParams,
  idOf: (build: FakeBuild) => number,
  isVerbose: boolean,
): object {
  const [page, perPage] = [Number(asked.get('page') ?? 1), Math.min(100, Number(asked.get('per_page') ?? 10))];
  const pages = Math.ceil(found.length / perPage);
  const link = (number: number) =>
    `http://mbs.internal${PATH}?${new URLSearchParams({ page: String(number), per_page: String(perPage) }).toString()}`;
  return {
    items: found
      .slice((page - 1) * perPage, page * perPage)
      .map((item) => (isVerbose ? verbose(item, idOf(item)) : { id: idOf(item), state: item.state ?? 5 })),
    meta: {
      first: link(1),
      last: link(pages),
      next: page < pages ? link(page + 1) : null,
      prev: page > 1 ? link(page - 1) : null,
      page,
      pages,
      per_page: perPage,
      total: found.length,
    },
  };
}

function verbose(item: FakeBuild, id: number): object {
  const { name, stream, version, context, state = 5, platform } = item;
  return {
    id,
    name,
    stream,
    version,
    context,
    state,
    state_name: STATE_NAMES[state],
    state_reason: null,
    koji_tag: `module-${name}-${stream}-${version}-${context}`,
    modulemd: item.modulemd ?? modulemdV2(item),
    owner: 'mbs',
    rebuild_strategy: 'changed-and-after',
    scmurl: `https://src.example.com/modules/${name}.git?#0123456789abcdef0123456789abcdef01234567`,
    siblings: [],
    base_module_buildrequires: platform
      ? [
          {
            id: 7,
            name: platform.name,
            stream: platform.stream,
            version: '1',
            context: '00000000',
            koji_tag: null,
            state: 5,
            state_name: 'ready',
            stream_version: platform.streamVersion,
          },
        ]
      : [],
    component_builds: [1, 2],
    stream_version: null,
    virtual_streams: [],
    tasks: { rpms: {} },
    time_completed: '2026-11-01T10:00:00Z',
    time_modified: '2026-11-01T10:00:00Z',
    time_submitted: '2026-11-01T09:00:00Z',
  };
}
