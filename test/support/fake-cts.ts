// A Compose Tracking Service over a real socket: POST and GET of /api/1/composes/ with the filters, pages and errors of the
// real one. No two composes of a release have the same date and respin.

import { json, startFaultyServer, type Answer, type FaultyServer, type SeenRequest } from './faulty-server.ts';

interface Info {
  readonly header: object;
  readonly payload: {
    readonly compose: { readonly id: string; readonly date: string; readonly respin: number; readonly type: string };
    readonly release: { readonly short: string; readonly version: string; readonly type: string };
    readonly base_product?: { readonly short: string; readonly version: string };
  };
}

export interface TrackedCompose {
  readonly info: Info;
  readonly url: string | null;
  readonly parents: readonly string[];
  readonly respinOf: string | null;
}

export interface FakeCts extends FaultyServer {
  readonly composes: TrackedCompose[];
  /** Only requests with this bearer token may add composes. */
  token: string | null;
  /** Whether it stores the URLs of composes; older versions do not. */
  keepsUrls: boolean;
}

const PATH = '/api/1/composes/';

export async function startFakeCts(): Promise<FakeCts> {
  const server = await startFaultyServer((request) => answer(request));
  const cts: FakeCts = Object.assign(server, { composes: [], token: null, keepsUrls: true });

  function answer({ method, url, body, headers }: SeenRequest): Answer {
    const { pathname, searchParams } = new URL(url, 'http://fake');
    if (pathname !== PATH) return problem(404, 'Not Found', 'The requested URL was not found on the server.');
    if (method === 'GET') return list(cts, searchParams);
    // As Apache answers in front of the real service.
    if (cts.token !== null && headers.authorization !== `Bearer ${cts.token}`)
      return { status: 401, headers: { 'content-type': 'text/html' }, body: '<h1>Unauthorized</h1>' };
    return add(cts, JSON.parse(body.toString()) as Asked);
  }
  return cts;
}

interface Asked {
  readonly compose_info?: Info;
  readonly parent_compose_ids?: readonly string[] | null;
  readonly respin_of?: string | null;
  readonly compose_url?: string | null;
}

function add(
  cts: FakeCts,
  { compose_info: info, parent_compose_ids: parents, respin_of: respinOf, compose_url: url }: Asked,
): Answer {
  if (!info) return problem(400, 'Bad Request', 'No "compose_info" field in JSON POST data.');
  const isKnown = (id: string) => cts.composes.some((known) => known.info.payload.compose.id === id);
  const unknown = (parents ?? []).find((id) => !isKnown(id));
  if (unknown !== undefined) return problem(400, 'Bad Request', `Cannot find parent compose with id ${unknown}.`);
  if (respinOf && !isKnown(respinOf))
    return problem(400, 'Bad Request', `Cannot find respin_of compose with id ${respinOf}.`);
  let { respin } = info.payload.compose;
  while (
    cts.composes.some(
      (known) =>
        sameRelease(known.info, info) &&
        known.info.payload.compose.date === info.payload.compose.date &&
        known.info.payload.compose.respin === respin,
    )
  )
    respin += 1;
  const given: Info = {
    ...info,
    payload: {
      ...info.payload,
      compose: { ...info.payload.compose, respin, id: info.payload.compose.id.replace(/\d+$/, String(respin)) },
    },
  };
  cts.composes.push({
    info: given,
    url: cts.keepsUrls ? (url ?? null) : null,
    parents: parents ?? [],
    respinOf: respinOf ?? null,
  });
  return json(given);
}

function sameRelease(left: Info, right: Info): boolean {
  return (
    left.payload.release.short === right.payload.release.short &&
    left.payload.release.version === right.payload.release.version
  );
}

function list(cts: FakeCts, asked: URLSearchParams): Answer {
  const fields = ({ payload: { compose, release } }: Info): Record<string, string> => ({
    date: compose.date,
    type: compose.type,
    respin: String(compose.respin),
    release_short: release.short,
    release_version: release.version,
  });
  const found = cts.composes.filter(({ info }) =>
    Object.entries(fields(info)).every(([name, value]) => !asked.has(name) || asked.get(name) === value),
  );
  if (asked.get('order_by') === '-respin')
    found.sort((a, b) => b.info.payload.compose.respin - a.info.payload.compose.respin);
  const perPage = Number(asked.get('per_page') ?? 10);
  const items = found.slice(0, perPage).map(({ info, url, parents, respinOf }) => ({
    builder: 'odcs',
    tags: [],
    parents,
    children: [],
    respin_of: respinOf,
    respun_by: [],
    compose_info: info,
    ...(cts.keepsUrls && { compose_url: url }),
  }));
  return json({
    items,
    meta: {
      page: 1,
      pages: Math.ceil(found.length / perPage),
      per_page: perPage,
      total: found.length,
      prev: null,
      next: null,
    },
  });
}

function problem(status: number, error: string, message: string): Answer {
  return json({ status, error, message }, status);
}
