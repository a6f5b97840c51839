// A Pulp 3 over a real socket: RPM distributions, filtered by name and label, paged by limit and offset.

import { json, startFaultyServer, type Answer, type FaultyServer, type SeenRequest } from '../faulty-server.ts';
import { isAuthorized } from './basic-auth.ts';

export interface FakeDistribution {
  readonly name: string;
  readonly base_url: string;
  readonly pulp_labels: Readonly<Record<string, string | null>>;
  readonly hidden: boolean;
  readonly repository: string | null;
  readonly publication: string | null;
}

export interface FakePulp3 extends FaultyServer {
  readonly distributions: FakeDistribution[];
}

const PATH = '/pulp/api/v3/distributions/rpm/rpm/';

export async function startFakePulp3(...distributions: readonly FakeDistribution[]): Promise<FakePulp3> {
  const all = [...distributions];
  const server = await startFaultyServer((request) => answer(request, all));
  return Object.assign(server, { distributions: all });
}

export function distribution(
  name: string,
  labels: Readonly<Record<string, string | null>> = {},
  more: Partial<FakeDistribution> = {},
): FakeDistribution {
  return {
    name,
    base_url: `https://packages.example.com/pulp/content/${name}/`,
    pulp_labels: { content_set: name, arch: 'x86_64', signatures: 'fd431d51', ...labels },
    hidden: false,
    repository: '/pulp/api/v3/repositories/rpm/rpm/0190/',
    publication: null,
    ...more,
  };
}

function answer({ url, headers }: SeenRequest, distributions: readonly FakeDistribution[]): Answer {
  const { pathname, searchParams: asked } = new URL(url, 'http://fake');
  if (!isAuthorized(headers.authorization)) return json({ detail: 'Invalid username/password.' }, 401);
  if (pathname !== PATH) return json({ detail: 'Not found.' }, 404);
  let found = [...distributions];
  const names = asked.get('name__in')?.split(',');
  if (names) found = found.filter(({ name }) => names.includes(name));
  for (const selector of asked.get('pulp_label_select')?.split(',') ?? []) {
    const [, key = '', value = ''] = /^(\w+)=(.*)$/.exec(selector) ?? [];
    if (key === '') return json({ pulp_label_select: [`Invalid label selector: ${selector}`] }, 400);
    found = found.filter(({ pulp_labels }) => pulp_labels[key] === value);
  }
  const [limit, offset] = [Number(asked.get('limit') ?? 100), Number(asked.get('offset') ?? 0)];
  const more = offset + limit < found.length;
  const results = found.slice(offset, offset + limit).map((item, index) => ({
    pulp_href: `${PATH}${index}/`,
    prn: `prn:rpm.rpmdistribution:${index}`,
    pulp_created: '2026-11-01T10:00:00.000000Z',
    pulp_last_updated: '2026-11-01T10:00:00.000000Z',
    base_path: item.name,
    content_guard: null,
    no_content_change_since: null,
    generate_repo_config: false,
    ...item,
  }));
  return json({
    count: found.length,
    next: more ? `http://pulp-api.internal${PATH}?limit=${limit}&offset=${offset + limit}` : null,
    previous: null,
    results,
  });
}
