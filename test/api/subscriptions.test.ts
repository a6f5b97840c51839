import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InMemoryApi } from '../support/in-memory-api.ts';
import { eventually, Results, startTestServer, type TestServer } from '../support/http.ts';

let api: InMemoryApi;
let server: TestServer;

beforeEach(async () => {
  api = new InMemoryApi();
  server = await startTestServer(api);
});
afterEach(() => server.stop());

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

function watch(id: string, variables: { readonly after?: string; readonly untilDone?: boolean } = {}): Results {
  return new Results(server.client(), { query: WATCH, variables: { id, ...variables } });
}

function watchAll(variables: Record<string, unknown> = {}): Results {
  return new Results(server.client(), { query: WATCH_ALL, variables });
}

const seqs = (results: Results, field = 'composeChanged') => results.values<Change>(field).map(({ seq }) => seq);

describe('composeChanged', () => {
  it('begins with a snapshot, tells each change and progress, and completes when the compose is removed', async () => {
    api.insert();
    const results = watch('1');
    await results.count(1);
    api.begin('1');
    await results.count(2);
    api.tellProgress('1', 40);
    await results.count(3);
    api.succeed('1');
    api.removed('1');
    await results.completed;
    expect(
      results.values<Change>('composeChanged').map(({ kind, seq, compose }) => [kind, seq, compose.state]),
    ).toEqual([
      ['SNAPSHOT', 1, 'WAIT'],
      ['STATE_CHANGED', 2, 'GENERATING'],
      ['PROGRESSED', 2, 'GENERATING'],
      ['STATE_CHANGED', 3, 'DONE'],
      ['REMOVAL_BEGUN', 4, 'DONE'],
      ['STATE_CHANGED', 5, 'REMOVED'],
    ]);
    expect(results.received[2]).toMatchObject({ composeChanged: { compose: { progress: { percent: 40 } } } });
  });

  it('completes with untilDone when it is done, and at once where it is already', async () => {
    api.insert();
    const live = watch('1', { untilDone: true });
    await live.count(1);
    api.begin('1');
    const { cursor } = api.succeed('1') && { cursor: api.cursors.encode(3n) };
    await live.completed;
    expect(seqs(live)).toEqual([1, 2, 3]);

    const late = watch('1', { untilDone: true });
    await late.completed;
    expect(late.values<Change>('composeChanged')).toMatchObject([{ kind: 'SNAPSHOT', seq: 3 }]);
    const atTheEnd = watch('1', { untilDone: true, after: cursor });
    await atTheEnd.completed;
    expect(atTheEnd.received).toEqual([]);
  });

  it('resumes after a cursor with every event since, in order, then live ones', async () => {
    api.insert();
    api.insert();
    api.begin('1');
    const results = watch('1', { after: api.cursors.encode(1n) });
    await results.count(1);
    api.begin('2');
    api.succeed('1');
    await results.count(2);
    expect(seqs(results)).toEqual([2, 3]);
    const again = watch('1', { after: results.values<Change>('composeChanged')[0]?.cursor ?? '' });
    await again.count(1);
    expect(seqs(again)).toEqual([3]);
  });

  it('gives its snapshot a cursor that leads past all that is in it', async () => {
    api.insert();
    // It begins between the look at where the events stand and the look at the compose.
    vi.spyOn(api.events, 'head').mockImplementationOnce(async () => {
      api.begin('1');
      return 1n;
    });
    const results = watch('1');
    await results.count(1);
    const [snapshot] = results.values<Change>('composeChanged');
    expect(snapshot).toMatchObject({ kind: 'SNAPSHOT', seq: 2 });
    const again = watch('1', { after: snapshot?.cursor ?? '' });
    api.succeed('1');
    await again.count(1);
    expect(seqs(again)).toEqual([3]);
  });

  it('refuses a compose that is not there and a cursor that is none', async () => {
    const absent = watch('77');
    await absent.completed;
    expect(absent.problems).toMatchObject([{ extensions: { code: 'NOT_FOUND', retryable: false } }]);
    api.insert();
    const foreign = watch('1', { after: 'AAAA' });
    await foreign.completed;
    expect(foreign.problems).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'after' }] } }]);
    // The database was set back: following from there would leave out what happens until it is reached again.
    const ahead = watch('1', { after: api.cursors.encode(99n) });
    await ahead.completed;
    expect(ahead.problems).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'after' }] } }]);
  });

  it('loses nothing when changes race with subscribing', async () => {
    for (let round = 0; round < 20; round += 1) api.insert();
    const all = Array.from({ length: 20 }, (_, index) => watch(String(index + 1)));
    for (let id = 1; id <= 20; id += 1) {
      api.begin(String(id));
      if (id % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      api.succeed(String(id));
    }
    await Promise.all(all.map((results) => results.until((self) => seqs(self).at(-1) === 3)));
    for (const results of all) {
      const [first = 0] = seqs(results);
      expect(seqs(results)).toEqual(Array.from({ length: 4 - first }, (_, index) => first + index));
    }
  });
});

describe('composesChanged', () => {
  it('tells of all composes that the filter lets through, into and out of its states', async () => {
    const done = watchAll({ filter: { states: ['DONE'] } });
    const mine = watchAll({ filter: { owners: ['me'] } });
    await eventually('both watch', () => api.followers === 2);
    api.insert({ owner: 'me' });
    api.insert({ owner: 'you' });
    for (const id of ['1', '2']) api.begin(id);
    for (const id of ['1', '2']) api.succeed(id);
    api.removed('2');
    await done.until((self) => self.received.length === 4);
    await mine.count(3);
    expect(done.values<Change>('composesChanged').map(({ compose }) => `${compose.id} ${compose.state}`)).toEqual([
      '1 DONE',
      '2 DONE',
      '2 DONE',
      '2 REMOVED',
    ]);
    expect(mine.values<Change>('composesChanged').map(({ compose, seq }) => `${compose.id}.${seq}`)).toEqual([
      '1.1',
      '1.2',
      '1.3',
    ]);
  });

  it('has progress only where it is asked for', async () => {
    api.insert();
    api.begin('1');
    const without = watchAll();
    const withProgress = watchAll({ progress: true });
    await eventually('both watch', () => api.followers === 2);
    api.tellProgress('1', 10);
    api.succeed('1');
    await withProgress.count(2);
    await without.count(1);
    expect(withProgress.values<Change>('composesChanged').map(({ kind }) => kind)).toEqual([
      'PROGRESSED',
      'STATE_CHANGED',
    ]);
    expect(without.values<Change>('composesChanged').map(({ kind }) => kind)).toEqual(['STATE_CHANGED']);
  });

  it('misses nothing between a page and its asOf', async () => {
    api.insert();
    const page = (await server.query('{ composes { asOf nodes { id } } }')).data?.['composes'] as { asOf: string };
    api.insert();
    api.begin('1');
    const results = watchAll({ after: page.asOf });
    await results.count(2);
    expect(results.values<Change>('composesChanged').map(({ compose, seq }) => `${compose.id}.${seq}`)).toEqual([
      '2.1',
      '1.2',
    ]);
  });
});

describe('identical live operations', () => {
  it('share one tail, wherever they resumed from', async () => {
    api.insert();
    const clients = Array.from({ length: 100 }, (_, index) =>
      watchAll(index % 2 === 0 ? {} : { after: api.cursors.encode(0n) }),
    );
    await eventually('all have joined', () => server.service.sockets.tails.size.members === 100);
    expect(server.service.sockets.tails.size.tails).toBe(1);
    expect(api.followers).toBe(1);
    api.begin('1');
    api.succeed('1');
    await Promise.all(clients.map((results) => results.until((self) => seqs(self, 'composesChanged').at(-1) === 3)));
    for (const [index, results] of clients.entries())
      expect(seqs(results, 'composesChanged')).toEqual(index % 2 === 0 ? [2, 3] : [1, 2, 3]);
  });

  it('are not shared where a variable, or the document, says otherwise', async () => {
    watchAll({ filter: { owners: ['a'] } });
    watchAll({ filter: { owners: ['b'] } });
    watchAll({ progress: true });
    await eventually('each has joined', () => server.service.sockets.tails.size.members === 3);
    expect(server.service.sockets.tails.size.tails).toBe(3);
  });

  it('leave nothing behind when their clients leave, politely or not', async () => {
    api.insert();
    const [first, second, third] = [watch('1'), watch('1'), watchAll()];
    const rude = server.client();
    const cut = [
      new Results(rude, { query: WATCH, variables: { id: '1' } }),
      new Results(rude, { query: 'subscription { composeLog(id: "1") { text } }' }),
    ];
    await Promise.all([first.count(1), second.count(1), cut[0]?.count(1)]);
    await eventually('all watch', () => api.followers === 3);
    for (const results of [first, second, third]) results.leave();
    await eventually('those who left are gone', () => server.service.sockets.tails.size.members === 1);
    rude.terminate();
    await eventually('nobody is left', () => api.followers === 0);
    expect(server.service.sockets.tails.size).toEqual({ tails: 0, members: 0 });
  });
});

describe('composeLog', () => {
  const LOG =
    'subscription ($id: ID!, $attempt: Int, $offset: Int) { composeLog(id: $id, attempt: $attempt, offset: $offset) { offset nextOffset attempt text end } }';

  it('follows the log as it is written and ends with the attempt', async () => {
    api.insert();
    const results = new Results(server.client(), { query: LOG, variables: { id: '1' } });
    await eventually('it watches', () => api.followers === 1);
    api.begin('1');
    api.logs.set('1.1', 'one\ntwo\nhalf');
    await results.count(1);
    api.logs.set('1.1', 'one\ntwo\nhalf a line\n');
    await results.count(2);
    api.succeed('1');
    await results.completed;
    expect(results.values('composeLog')).toEqual([
      { offset: 0, nextOffset: 8, attempt: 1, text: 'one\ntwo\n', end: false },
      { offset: 8, nextOffset: 20, attempt: 1, text: 'half a line\n', end: false },
      { offset: 20, nextOffset: 20, attempt: 1, text: '', end: true },
    ]);
    expect(api.followers).toBe(0);
  });

  it('resumes at an offset, of an attempt that is over too', async () => {
    api.insert();
    api.begin('1');
    api.logs.set('1.1', 'one\ntwo\n');
    api.happen('1', { type: 'LOSE', at: new Date(), attempt: 1, lost: 'WORKER' });
    api.begin('1');
    const results = new Results(server.client(), { query: LOG, variables: { id: '1', attempt: 1, offset: 4 } });
    await results.completed;
    expect(results.values('composeLog')).toMatchObject([
      { offset: 4, text: 'two\n', end: false },
      { offset: 8, end: true },
    ]);
  });

  it('of one that shares is the log of what it shares, and ends where another is shared instead', async () => {
    const at = new Date();
    for (let n = 1; n <= 3; n += 1) api.insert();
    for (const id of ['1', '3']) api.begin(id);
    for (const id of ['1', '3']) api.logs.set(`${id}.1`, `of ${id}\n`);
    const follow = () => new Results(server.client(), { query: LOG, variables: { id: '2' } });
    // It does not share yet, nor has it an attempt of its own.
    const first = follow();
    await eventually('it watches', () => api.followers === 1);
    api.happen('2', { type: 'SHARE', at, root: '1' });
    await first.count(1);
    api.happen('2', { type: 'FOLLOW', at, root: '3' });
    await first.completed;
    expect(first.values('composeLog')).toMatchObject([
      { text: 'of 1\n', attempt: 1 },
      { text: '', end: true },
    ]);
    const second = follow();
    await second.count(1);
    api.succeed('3');
    await second.completed;
    expect(second.values('composeLog')).toMatchObject([{ text: 'of 3\n', attempt: 1 }, { end: true }]);
    expect(api.followers).toBe(0);
  });

  it('refuses attempts and offsets that cannot be', async () => {
    api.insert();
    const results = new Results(server.client(), { query: LOG, variables: { id: '1', attempt: 2, offset: -1 } });
    await results.completed;
    expect(results.problems).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'attempt' }, { path: 'offset' }] } },
    ]);
  });
});
