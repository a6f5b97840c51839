// The rooms of src/ and which rooms each may import. The lint rules and the table in ARCHITECTURE.md are made of this
// table. A room is a folder directly below src/; `main.ts` is the only file beside them.

export interface Room {
  /** What lives in the room, for the table in ARCHITECTURE.md. */
  readonly holds: string;
  /** Rooms whose files it may import. `app/ports` means the interfaces of `app/` only. */
  readonly mayImport: readonly string[];
  /** Packages that only this room may import. */
  readonly packages?: readonly string[];
  /** The room does no I/O: of Node.js it may import `node:crypto` only. */
  readonly isPure?: boolean;
}

const SERVED = ['app', 'compose', 'concurrency'];
const BEHIND_PORTS = ['app/ports', 'compose', 'concurrency', 'os'];

export const ROOMS: Readonly<Record<string, Room>> = {
  concurrency: {
    holds: 'retry and its policies, slices of long work, worker threads, bounded concurrency',
    mayImport: [],
    packages: ['p-retry'],
  },
  os: { holds: 'the process table, process identity, directory locks', mayImport: [] },
  compose: {
    holds: 'the domain: requests and their validation, the lifecycle machine, source types, failures, RPM versions',
    mayImport: [],
    isPure: true,
  },
  app: {
    holds: 'one use case a file; `attempt/` runs one attempt; `ports/` has the interfaces that the use cases need',
    mayImport: ['compose', 'concurrency'],
  },
  upstreams: {
    holds: 'clients of other services: HTTP, XML-RPC, Koji, MBS, Pulp, CTS, git',
    mayImport: BEHIND_PORTS,
    packages: ['undici'],
  },
  sources: {
    holds: 'one source resolver a source type, on top of the upstreams',
    mayImport: ['upstreams', ...BEHIND_PORTS],
  },
  engines: {
    holds: 'Pungi, dnf and .repo files; the supervisor of child processes',
    mayImport: BEHIND_PORTS,
    packages: ['execa'],
  },
  results: {
    holds: 'target directories: attempts, published composes, logs, the cache, links, the trash',
    mayImport: BEHIND_PORTS,
  },
  store: { holds: 'PostgreSQL: entities, migrations, queries', mayImport: BEHIND_PORTS },
  queue: { holds: 'jobs by pg-boss, fair shares', mayImport: ['store', ...BEHIND_PORTS], packages: ['pg-boss'] },
  events: { holds: 'the feed: one reader of the event log per process', mayImport: ['store', ...BEHIND_PORTS] },
  'embedded-postgres': {
    holds: 'the PostgreSQL that the service brings along',
    mayImport: BEHIND_PORTS,
    packages: ['embedded-postgres'],
  },
  auth: { holds: 'authenticators: who sends a request', mayImport: BEHIND_PORTS },
  live: { holds: 'streams that several subscribers share, whatever their events are', mayImport: ['concurrency'] },
  graphql: { holds: 'the GraphQL schema: types, inputs, resolvers, limits, errors', mayImport: ['live', ...SERVED] },
  http: {
    holds: 'Fastify, Apollo Server, graphql-ws, served files, health',
    mayImport: ['graphql', 'live', 'auth', ...SERVED],
  },
  config: { holds: 'settings: the table, the YAML file, the environment', mayImport: ['compose', 'upstreams', 'auth'] },
  bootstrap: {
    holds: 'the composition root: starts and stops the parts of a role',
    mayImport: [
      'config',
      'http',
      'graphql',
      'live',
      'auth',
      'embedded-postgres',
      'events',
      'queue',
      'store',
      'results',
      'engines',
      'sources',
      'upstreams',
      'os',
      ...SERVED,
    ],
  },
  demo: { holds: '`npm run demo`', mayImport: ['bootstrap', 'config'] },
  docs: {
    holds: 'the generated parts of the documents, and this table',
    mayImport: ['config', 'app', 'compose', 'graphql'],
  },
  setup: {
    holds: 'the launcher of the npm scripts and the system tools; plain JavaScript without dependencies',
    mayImport: [],
  },
};
