// A Pulp 2 over a real socket: repositories with notes, searched by MongoDB criteria (equality and $in).

import { json, startFaultyServer, type Answer, type FaultyServer, type SeenRequest } from '../faulty-server.ts';
import { isAuthorized } from './basic-auth.ts';

export interface FakeRepository {
  readonly id: string;
  readonly notes: Readonly<Record<string, unknown>>;
}

export interface FakePulp2 extends FaultyServer {
  readonly repositories: FakeRepository[];
}

const SEARCH = '/pulp/api/v2/repositories/search/';
const ONE = /^\/pulp\/api\/v2\/repositories\/([^/]+)\/$/;

export async function startFakePulp2(...repositories: readonly FakeRepository[]): Promise<FakePulp2> {
  const all = [...repositories];
  const server = await startFaultyServer((request) => answer(request, all));
  return Object.assign(server, { repositories: all });
}

/** All notes of Pulp 2 are text. */
export function repository2(id: string, notes: Readonly<Record<string, unknown>> = {}): FakeRepository {
  return {
    id,
    notes: {
      _repo_type: 'rpm-repo',
      arch: 'x86_64',
      content_set: id,
      include_in_download_service: 'True',
      product_versions: '["7.1"]',
      relative_url: `content/dist/${id}/x86_64/os`,
      signatures: 'fd431d51,199e2f91',
      ...notes,
    },
  };
}

function answer({ method, url, headers, body }: SeenRequest, repositories: readonly FakeRepository[]): Answer {
  const { pathname } = new URL(url, 'http://fake');
  if (!isAuthorized(headers.authorization)) return json(errorOf(method, pathname, 401, 'Authentication failed.'), 401);
  if (method === 'POST' && pathname === SEARCH) {
    if (headers['content-type'] !== 'application/json') return json(errorOf(method, pathname, 400, 'not JSON'), 400);
    const { criteria } = JSON.parse(body.toString('utf8')) as {
      criteria: { filters: Record<string, unknown>; fields: string[] };
    };
    return json(
      repositories
        .filter((repository) => matches(repository, criteria.filters))
        .map((repository) => project(repository, criteria.fields)),
    );
  }
  const id = method === 'GET' ? ONE.exec(pathname)?.[1] : undefined;
  if (id === undefined) return json(errorOf(method, pathname, 405, 'Method not allowed'), 405);
  const found = repositories.find((repository) => repository.id === decodeURIComponent(id));
  if (!found)
    return json(
      { ...errorOf(method, pathname, 404, `Missing resource(s): repo_id=${id}`), resources: { repo_id: id } },
      404,
    );
  return json({
    ...project(found, ['id', 'notes', 'display_name']),
    distributors: [],
    importers: [],
    last_unit_added: null,
  });
}

function matches(repository: FakeRepository, filters: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(filters).every(([path, wanted]) => {
    const value = path.startsWith('notes.')
      ? repository.notes[path.slice('notes.'.length)]
      : path === 'id'
        ? repository.id
        : undefined;
    const among = (wanted as { $in?: unknown[] } | null)?.$in;
    return among ? among.includes(value) : value === wanted;
  });
}

/** `_id`, `id` and `_href` are always included. */
function project({ id, notes }: FakeRepository, fields: readonly string[]): object {
  return {
    _id: { $oid: '5f0c' },
    _href: `/pulp/api/v2/repositories/${id}/`,
    id,
    ...(fields.includes('notes') && { notes }),
    ...(fields.includes('display_name') && { display_name: id }),
  };
}

function errorOf(method: string, path: string, status: number, message: string): object {
  return {
    http_request_method: method,
    exception: null,
    error_message: message,
    _href: path,
    http_status: status,
    error: { code: 'PLP0009', data: {}, description: message, sub_errors: [] },
    traceback: null,
  };
}
