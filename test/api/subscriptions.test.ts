import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { describe, expect, onTestFinished } from 'vitest';
import type { TestApi } from '../support/api.ts';
import { apiTest as it } from '../support/fixtures.ts';
import { eventually, Results, startTestServer, type TestServer } from '../support/http.ts';

const WATCH = `subscription ($id: ID!, $after: EventCursor, $untilDone: Boolean) {
  composeChanged(id: $id, after: $after, untilDone: $untilDone) { cursor seq kind from to compose { state progress { percent } } }
}`;
const WATCH_ALL = `subscription ($filter: ComposeFilter, $after: EventCursor, $progress: Boolean) {
  composesChanged(filter: $filter, after: $after, progress: $progress) { cursor seq kind compose { id state } }
}`;

interface Change {
  readonly cursor: string;
  readonly seq: number;
  readonly kind: string;
  readonly compose: { readonly id: string; readonly state: string };
}

function subscribe(http: TestServer, query: string, variables: Record<string, unknown>): Results {
  const results = new Results(http.client(), { query, variables });
  onTestFinished(results.leave);
  return results;
}

function watch(
  http: TestServer,
  id: string,
  variables: { readonly after?: string; readonly untilDone?: boolean } = {},
): Results {
  return subscribe(http, WATCH, { id, ...variables });
}

function watchAll(http: TestServer, variables: Record<string, unknown> = {}): Results {
  return subscribe(http, WATCH_ALL, variables);
}

function ids(composes: readonly { readonly id: string }[]): readonly string[] {
  return composes.map(({ id }) => id);
}

/** Waits until clients of earlier tests are gone, then until `count` followers read the feed. */
async function followers(odcs: TestApi, count: number): Promise<void> {
  await eventually(`${count} followers read the feed`, () => odcs.feed.followers === count);
}

const changes = (results: Results, field = 'composeChanged') => results.values<Change>(field);
const seqs = (results: Results, field = 'composeChanged') => changes(results, field).map(({ seq }) => seq);

describe('composeChanged', () => {
  it('begins with a snapshot, sends each change and progress, and completes when the compose is removed', async ({
    odcs,
    http,
  }) => {
    const { id } = await odcs.insert();
    const results = watch(http, id);
    await results.count(1);
    await odcs.begin(id);
    await results.count(2);
    await odcs.progress(id, 1, 40);
    await results.count(3);
    await odcs.succeed(id);
    await odcs.remove(id);
    await results.completed;
    expect(changes(results).map(({ kind, seq, compose }) => [kind, seq, compose.state])).toEqual([
      ['SNAPSHOT', 1, 'WAIT'],
      ['STATE_CHANGED', 2, 'GENERATING'],
      ['PROGRESSED', 2, 'GENERATING'],
      ['STATE_CHANGED', 3, 'DONE'],
      ['REMOVAL_BEGUN', 4, 'DONE'],
      ['STATE_CHANGED', 5, 'REMOVED'],
    ]);
    expect(results.received[2]).toMatchObject({ composeChanged: { compose: { progress: { percent: 40 } } } });
  });

  it('completes with untilDone when the compose is DONE, and at once when it was before', async ({ odcs, http }) => {
    const { id } = await odcs.insert();
    const live = watch(http, id, { untilDone: true });
    await live.count(1);
    await odcs.begin(id);
    await odcs.succeed(id);
    await live.completed;
    expect(seqs(live)).toEqual([1, 2, 3]);

    const late = watch(http, id, { untilDone: true });
    await late.completed;
    expect(changes(late)).toMatchObject([{ kind: 'SNAPSHOT', seq: 3 }]);
    const after = odcs.api.cursor(await odcs.api.head());
    const atTheEnd = watch(http, id, { untilDone: true, after });
    await atTheEnd.completed;
    expect(atTheEnd.received).toEqual([]);
  });

  it('resumes after a cursor with every event since, in order, then with live events', async ({ odcs, http }) => {
    const { id } = await odcs.insert();
    const { id: other } = await odcs.insert();
    const after = odcs.api.cursor(await odcs.api.head());
    await odcs.begin(id);
    const results = watch(http, id, { after });
    await results.count(1);
    await odcs.begin(other);
    await odcs.succeed(id);
    await results.count(2);
    expect(seqs(results)).toEqual([2, 3]);
    const again = watch(http, id, { after: changes(results)[0]?.cursor ?? '' });
    await again.count(1);
    expect(seqs(again)).toEqual([3]);
  });

  it('gives its snapshot a cursor behind all that the snapshot includes', async ({ odcs }) => {
    const { id } = await odcs.insert();
    // An event is committed between the read of the head and the read of the compose.
    let isFirst = true;
    const http = await startTestServer({
      ...odcs.api,
      head: async () => {
        const head = await odcs.api.head();
        if (isFirst) {
          isFirst = false;
          await odcs.begin(id);
        }
        return head;
      },
    });
    onTestFinished(() => http.stop());
    const results = watch(http, id);
    await results.count(1);
    const [snapshot] = changes(results);
    expect(snapshot).toMatchObject({ kind: 'SNAPSHOT', seq: 2 });
    const again = watch(http, id, { after: snapshot?.cursor ?? '' });
    await odcs.succeed(id);
    await again.count(1);
    expect(seqs(again)).toEqual([3]);
  });

  it('refuses an unknown compose, and cursors that cannot be resumed from', async ({ odcs, http }) => {
    const absent = watch(http, '999999');
    await absent.completed;
    expect(absent.problems).toMatchObject([{ extensions: { code: 'NOT_FOUND', retryable: false } }]);
    const { id } = await odcs.insert();
    // A cursor is ahead when the database was restored from a backup. Events up to it would be missed.
    for (const after of ['AAAA', odcs.api.cursor((await odcs.api.head()) + 99n)]) {
      const refused = watch(http, id, { after });
      await refused.completed;
      expect(refused.problems).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'after' }] } }]);
    }
  });

  it('loses nothing when changes race with subscribing', async ({ odcs, http }) => {
    const composes = ids(await odcs.insertMany(20));
    const all = composes.map((id) => watch(http, id));
    for (const [index, id] of composes.entries()) {
      await odcs.begin(id);
      if (index % 3 === 0) await yieldToEventLoop();
      await odcs.succeed(id);
    }
    await Promise.all(all.map((results) => results.until((self) => seqs(self).at(-1) === 3)));
    for (const results of all) {
      const [first = 0] = seqs(results);
      expect(seqs(results)).toEqual(Array.from({ length: 4 - first }, (_, index) => first + index));
    }
  });
});

describe('composesChanged', () => {
  it('sends events that match the filter, into and out of its states', async ({ odcs, http }) => {
    await followers(odcs, 0);
    const done = watchAll(http, { filter: { states: ['DONE'], owners: ['me', 'you'] } });
    const mine = watchAll(http, { filter: { owners: ['me'] } });
    await followers(odcs, 2);
    const one = await odcs.done([], { owner: 'me' });
    const two = await odcs.done([], { owner: 'you' });
    await odcs.remove(two);
    await done.until((self) => self.received.length === 4);
    await mine.count(3);
    expect(changes(done, 'composesChanged').map(({ kind, compose }) => [compose.id, kind, compose.state])).toEqual([
      [one, 'STATE_CHANGED', 'DONE'],
      [two, 'STATE_CHANGED', 'DONE'],
      [two, 'REMOVAL_BEGUN', 'DONE'],
      [two, 'STATE_CHANGED', 'REMOVED'],
    ]);
    expect(changes(mine, 'composesChanged').map(({ compose, seq }) => [compose.id, seq])).toEqual([
      [one, 1],
      [one, 2],
      [one, 3],
    ]);
  });

  it('sends progress only when it is asked for', async ({ odcs, http }) => {
    const { id } = await odcs.insert({ owner: 'progress' });
    await odcs.begin(id);
    await followers(odcs, 0);
    const filter = { owners: ['progress'] };
    const without = watchAll(http, { filter });
    const withProgress = watchAll(http, { filter, progress: true });
    await followers(odcs, 2);
    await odcs.progress(id, 1, 10);
    await withProgress.count(1);
    await odcs.succeed(id);
    await withProgress.count(2);
    await without.count(1);
    expect(changes(withProgress, 'composesChanged').map(({ kind }) => kind)).toEqual(['PROGRESSED', 'STATE_CHANGED']);
    expect(changes(without, 'composesChanged').map(({ kind }) => kind)).toEqual(['STATE_CHANGED']);
  });

  it('misses nothing after the asOf of a page', async ({ odcs, http }) => {
    const { id } = await odcs.insert();
    const page = (await http.query('{ composes { asOf nodes { id } } }')).data?.['composes'] as { asOf: string };
    const { id: next } = await odcs.insert();
    await odcs.begin(id);
    const results = watchAll(http, { after: page.asOf });
    await results.count(2);
    expect(changes(results, 'composesChanged').map(({ compose, seq }) => [compose.id, seq])).toEqual([
      [next, 1],
      [id, 2],
    ]);
  });
});

describe('identical live operations', () => {
  it('share one tail, also when they resume from different cursors', async ({ odcs, http }) => {
    const after = odcs.api.cursor(await odcs.api.head());
    const { id } = await odcs.insert();
    await followers(odcs, 0);
    const clients = Array.from({ length: 100 }, (_, index) => watchAll(http, index % 2 === 0 ? {} : { after }));
    await eventually('all have joined', () => http.service.sockets.tails.size.members === 100);
    expect(http.service.sockets.tails.size.tails).toBe(1);
    expect(odcs.feed.followers).toBe(1);
    await odcs.begin(id);
    await odcs.succeed(id);
    await Promise.all(clients.map((results) => results.until((self) => seqs(self, 'composesChanged').at(-1) === 3)));
    for (const [index, results] of clients.entries())
      expect(seqs(results, 'composesChanged')).toEqual(index % 2 === 0 ? [2, 3] : [1, 2, 3]);
  });

  it('do not share a tail when a variable differs', async ({ odcs, http }) => {
    await followers(odcs, 0);
    watchAll(http, { filter: { owners: ['a'] } });
    watchAll(http, { filter: { owners: ['b'] } });
    watchAll(http, { progress: true });
    await eventually('each has joined', () => http.service.sockets.tails.size.members === 3);
    expect(http.service.sockets.tails.size.tails).toBe(3);
  });

  it('leave nothing behind when their clients leave or their connections break', async ({ odcs, http }) => {
    await followers(odcs, 0);
    const { id } = await odcs.insert();
    const [first, second, third] = [watch(http, id), watch(http, id), watchAll(http)];
    const broken = http.client();
    const cut = new Results(broken, { query: WATCH, variables: { id } });
    void new Results(broken, { query: 'subscription ($id: ID!) { composeLog(id: $id) { text } }', variables: { id } });
    await Promise.all([first.count(1), second.count(1), cut.count(1)]);
    await followers(odcs, 3);
    for (const results of [first, second, third]) results.leave();
    await eventually('clients that left are gone', () => http.service.sockets.tails.size.members === 1);
    broken.terminate();
    await followers(odcs, 0);
    expect(http.service.sockets.tails.size).toEqual({ tails: 0, members: 0 });
  });
});
