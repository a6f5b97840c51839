// The API on ports that live in memory: enough of a service to drive every query, mutation and subscription, with a
// test's hands on what happens and when. The lifecycle is the real machine's.

import { composeNotFound } from '../../src/app/refusals.ts';
import type {
  ComposeFilter,
  ComposeOrderField,
  ComposeProgress,
  FeedItem,
  FeedSignal,
  PackageRecord,
  PageKey,
  PageQuery,
} from '../../src/app/ports.ts';
import { snapshotOf, type Compose } from '../../src/compose/compose.ts';
import { advance, type LifecycleEvent } from '../../src/compose/machine.ts';
import { granted, refused } from '../../src/compose/refusal.ts';
import type { ComposeEventKind } from '../../src/compose/vocabulary.ts';
import { eventCursors } from '../../src/events/cursor.ts';
import type { Api } from '../../src/app/api.ts';
import { eventKindOf } from '../../src/app/change-compose.ts';
import { aCompose, T0 } from './composes.ts';
import { sourceKey } from '../../src/compose/sources/descriptors.ts';

export const INSTANCE = '6f3c1b2a-0000-4000-8000-00000000abcd';

export class InMemoryApi implements Api {
  readonly composes = new Map<string, Compose>();
  readonly log: FeedItem[] = [];
  readonly progressOf = new Map<string, ComposeProgress>();
  readonly packagesOf = new Map<string, readonly PackageRecord[]>();
  readonly logs = new Map<string, string>();
  /** How often each method of a port was called. */
  readonly calls: Record<string, number> = {};
  /** Iterators of the feed that nobody has ended. */
  followers = 0;
  /** Called before anything is read; a test makes it fail. */
  onRead: () => void = () => {};
  readonly #listeners = new Set<(signal: FeedSignal) => void>();

  readonly cursors = eventCursors(INSTANCE);
  readonly clock = { now: () => new Date() };
  readonly settings = {
    version: '1.2.3',
    authBackends: ['noauth'],
    sigkeys: [],
    rawConfigs: [],
    defaultSecondsToLive: 86_400,
    maxSecondsToLive: 259_200,
  };
  readonly engines = [
    {
      info: async () => ({ name: 'dnf' as const, version: '4.14.0', sourceTypes: ['REPO' as const], available: true }),
    },
  ];

  // ---------------------------------------------------------------- what a test does

  insert(overrides: Partial<Compose> = {}): Compose {
    const id = overrides.id ?? String(this.composes.size + 1);
    const compose = aCompose({ id, submittedAt: new Date(T0.getTime() + Number(id) * 1000), ...overrides });
    this.#store(compose, 'STATE_CHANGED', null, compose.owner);
    return compose;
  }

  /** Drives a compose by events of its machine. */
  happen(id: string, ...events: readonly LifecycleEvent[]): Compose {
    let compose = this.#get(id);
    for (const event of events) {
      const next = advance(compose, event, { maxLosses: 3 });
      if (!next) throw new Error(`compose ${id} is ${compose.state}: ${event.type} is refused`);
      const before = compose;
      compose = { ...compose, ...next, seq: compose.seq + 1 };
      this.#store(compose, eventKindOf(event, next.state !== before.state), before, 'system');
    }
    return compose;
  }

  begin(id: string): Compose {
    return this.happen(id, { type: 'BEGIN', at: new Date(), workerId: '00000000-0000-4000-8000-000000000001' });
  }

  succeed(id: string): Compose {
    return this.happen(id, { type: 'SUCCEED', at: new Date(), attempt: this.#get(id).attempt });
  }

  removed(id: string): Compose {
    const at = new Date();
    return this.happen(id, { type: 'BEGIN_REMOVAL', at, by: 'system', reason: null }, { type: 'REMOVED', at });
  }

  tellProgress(id: string, percent: number): void {
    const compose = this.#get(id);
    const progress = { attempt: compose.attempt, percent, phase: 'GATHER', message: null, updatedAt: new Date() };
    this.progressOf.set(id, progress);
    this.#tell(Object.freeze({ type: 'progress', compose, progress, position: BigInt(this.log.length) }));
  }

  #get(id: string): Compose {
    const compose = this.composes.get(id);
    if (!compose) throw new Error(`no compose ${id}`);
    return compose;
  }

  #store(compose: Compose, kind: ComposeEventKind, before: Compose | null, by: string): void {
    const frozen = Object.freeze(compose);
    this.composes.set(compose.id, frozen);
    const event = {
      position: BigInt(this.log.length + 1),
      composeId: compose.id,
      seq: compose.seq,
      kind,
      at: new Date(),
      from: before?.state ?? null,
      to: compose.state,
      by,
      reason: null,
      snapshot: snapshotOf(compose),
    };
    const item = { event, compose: frozen };
    this.log.push(item);
    this.#tell(Object.freeze({ type: 'event', ...item }));
  }

  #tell(signal: FeedSignal): void {
    for (const listener of this.#listeners) listener(signal);
  }

  #count(name: string): void {
    this.calls[name] = (this.calls[name] ?? 0) + 1;
    this.onRead();
  }

  // ---------------------------------------------------------------- use cases

  readonly create: Api['create'] = async (viewer, input) => {
    if (!input.source.repo)
      return refused({ code: 'BAD_USER_INPUT', fields: [{ path: 'input.source', message: 'Only repo here' }] });
    const source = {
      type: 'REPO' as const,
      repo: input.source.repo.repo,
      packages: input.source.repo.packages ?? [],
      revisions: null,
    };
    return granted({ compose: this.insert({ owner: viewer.name, source }), replayed: false });
  };

  readonly cancel: Api['cancel'] = async (viewer, { id, reason }) => {
    const compose = this.composes.get(id);
    if (!compose) return composeNotFound(id);
    if (compose.state !== 'WAIT') return refused({ code: 'CONFLICT', message: `Compose ${id} is ${compose.state}` });
    return granted(this.happen(id, { type: 'REQUEST_CANCEL', at: new Date(), by: viewer.name, reason }));
  };

  readonly remove: Api['remove'] = async (_viewer, { id }) => {
    if (!this.composes.has(id)) return composeNotFound(id);
    return granted(this.removed(id));
  };

  readonly estimate: Api['estimate'] = async () => null;

  readonly pin: Api['pin'] = async (viewer, { id, name }) => {
    const compose = this.composes.get(id);
    if (!compose) return composeNotFound(id);
    return granted({ compose, pin: { name, owner: viewer.name, expiresAt: null, createdAt: T0 } });
  };

  readonly unpin: Api['unpin'] = async (_viewer, { id }) => {
    const compose = this.composes.get(id);
    return compose ? granted(compose) : composeNotFound(id);
  };

  readonly renew: Api['renew'] = async (viewer, { id }) => {
    const compose = this.composes.get(id);
    if (!compose) return composeNotFound(id);
    return granted({ compose: this.insert({ owner: viewer.name, source: compose.source }), regenerated: true });
  };

  // ---------------------------------------------------------------- ports

  readonly store: Api['store'] = {
    find: async (id) => {
      this.#count('find');
      return this.composes.get(id) ?? null;
    },
    findMany: async (ids) => {
      this.#count('findMany');
      return ids.map((id) => this.composes.get(id) ?? null);
    },
    page: async (query) => {
      this.#count('page');
      return pageOf([...this.composes.values()], query);
    },
    count: async (filter) => {
      this.#count('count');
      return {
        count: [...this.composes.values()].filter((compose) => matches(filter, compose, [compose.state])).length,
        isEstimate: false,
      };
    },
    pinsOf: async (ids) => {
      this.#count('pinsOf');
      return ids.map(() => []);
    },
    queuePositions: async (ids) => {
      this.#count('queuePositions');
      const waiting = [...this.composes.values()].filter(({ state }) => state === 'WAIT').map(({ id }) => id);
      return ids.map((id) => (waiting.includes(id) ? waiting.indexOf(id) + 1 : null));
    },
  };

  readonly progress: Api['progress'] = {
    findMany: async (ids) => {
      this.#count('progress');
      return ids.map((id) => this.progressOf.get(id) ?? null);
    },
  };

  readonly plan: Api['plan'] = async () => refused({ code: 'NOT_FOUND', message: 'Not in memory' });

  readonly diff: Api['diff'] = async () => refused({ code: 'NOT_FOUND', message: 'Not in memory' });

  readonly packages: Api['packages'] = {
    differences: async () => null,
    pages: async (ids, { limit, after, nameContains }) => {
      this.#count('packages');
      return ids.map((id) => {
        const all = (this.packagesOf.get(id) ?? []).filter(({ name }) => name.includes(nameContains ?? ''));
        const rest = all.filter(({ path }) => after === undefined || path > after);
        return { items: rest.slice(0, limit), hasNextPage: rest.length > limit, hasPreviousPage: after !== undefined };
      });
    },
    counts: async (ids, nameContains) =>
      ids.map((id) => (this.packagesOf.get(id) ?? []).filter(({ name }) => name.includes(nameContains ?? '')).length),
  };

  readonly results: Api['results'] = {
    repoFile: (compose) => (compose.state === 'DONE' ? `[odcs-${compose.id}]\n` : null),
    urls: (compose) => {
      if (compose.state !== 'DONE') return null;
      const toplevel = `http://odcs.test/composes/odcs-${compose.id}`;
      return {
        toplevel,
        repository: `${toplevel}/compose/Temporary`,
        repofile: `${toplevel}/compose/Temporary/odcs-${compose.id}.repo`,
      };
    },
    readLog: async (compose, attempt, offset) => {
      const text = Buffer.from(this.logs.get(`${compose.id}.${attempt}`) ?? '').subarray(offset);
      const whole = text.subarray(0, text.lastIndexOf('\n') + 1);
      return { text: whole.toString(), nextOffset: offset + whole.length };
    },
  };

  readonly events: Api['events'] = {
    head: async () => {
      this.#count('head');
      return BigInt(this.log.length);
    },
    read: async ({ after, limit, composeId, filter }) => {
      this.#count('read');
      return this.log
        .slice(Number(after))
        .filter((item) => letsThrough(item, composeId, filter))
        .slice(0, limit);
    },
    readEach: async ({ composeIds, after, limit }) => {
      this.#count('readEach');
      return composeIds.map((id) =>
        this.log
          .slice(Number(after))
          .filter((item) => letsThrough(item, id, undefined))
          .slice(0, limit),
      );
    },
  };

  readonly feed: Api['feed'] = {
    follow: ({ after, composeId, filter, progress, signal }) =>
      this.#follow(after, composeId, filter, progress, signal),
  };

  async *#follow(
    after: bigint,
    composeId: string | undefined,
    filter: ComposeFilter | undefined,
    progress: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<FeedSignal> {
    const queue: FeedSignal[] = this.log
      .slice(Number(after))
      .filter((item) => letsThrough(item, composeId, filter))
      .map((item) => ({ type: 'event', ...item }));
    let wake = () => {};
    const listener = (item: FeedSignal) => {
      if (
        item.type === 'event'
          ? !letsThrough(item, composeId, filter)
          : !progress || (composeId !== undefined && item.compose.id !== composeId)
      )
        return;
      queue.push(item);
      wake();
    };
    this.#listeners.add(listener);
    this.followers += 1;
    signal.addEventListener('abort', () => wake());
    try {
      while (!signal.aborted) {
        const item = queue.shift();
        if (item) yield item;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.#listeners.delete(listener);
      this.followers -= 1;
    }
  }
}

function letsThrough(
  { event, compose }: FeedItem,
  composeId: string | undefined,
  filter: ComposeFilter | undefined,
): boolean {
  if (composeId !== undefined && event.composeId !== composeId) return false;
  return !filter || matches(filter, compose, [event.from, event.to]);
}

function matches(filter: ComposeFilter, compose: Compose, states: readonly (string | null)[]): boolean {
  return (
    (filter.ids?.includes(compose.id) ?? true) &&
    (filter.owners?.includes(compose.owner) ?? true) &&
    (filter.states?.some((state) => states.includes(state)) ?? true) &&
    (filter.sourceTypes?.includes(compose.source.type) ?? true) &&
    (filter.source === undefined || sourceKey(compose.source) === filter.source)
  );
}

function pageOf(all: readonly Compose[], { filter, orderBy, limit, after, before, backwards }: PageQuery) {
  const sign = orderBy.direction === 'ASC' ? 1 : -1;
  const order = (a: PageKey, b: PageKey) => sign * compareKeys(a, b);
  const keyed = all
    .filter((compose) => matches(filter, compose, [compose.state]))
    .map((compose) => ({ compose, key: keyOf(orderBy.field, compose) }))
    .sort((a, b) => order(a.key, b.key));
  const between = keyed.filter(({ key }) => (!after || order(key, after) > 0) && (!before || order(key, before) < 0));
  const shown = backwards ? between.slice(Math.max(0, between.length - limit)) : between.slice(0, limit);
  const first = shown[0];
  const last = shown.at(-1);
  return {
    items: shown.map(({ compose }) => compose),
    hasPreviousPage: first ? keyed.indexOf(first) > 0 : after !== undefined,
    hasNextPage: last ? keyed.indexOf(last) < keyed.length - 1 : before !== undefined,
  };
}

function keyOf(field: ComposeOrderField, compose: Compose): PageKey {
  const times = {
    SUBMITTED_AT: compose.submittedAt,
    DONE_AT: compose.doneAt,
    REMOVED_AT: compose.removedAt,
    EXPIRES_AT: compose.expiresAt,
  };
  return { value: field === 'ID' ? compose.id : (times[field]?.toISOString() ?? null), id: compose.id };
}

/** By value, nothing last, ties by id. */
function compareKeys(a: PageKey, b: PageKey): number {
  if (a.value === null || b.value === null) {
    if (a.value !== b.value) return a.value === null ? 1 : -1;
  } else if (a.value !== b.value && !/^\d+$/.test(a.value)) {
    return a.value < b.value ? -1 : 1;
  }
  return Number(BigInt(a.id) - BigInt(b.id));
}
