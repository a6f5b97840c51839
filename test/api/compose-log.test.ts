import { describe, expect, onTestFinished } from 'vitest';
import type { FeedSignal } from '../../src/app/ports.ts';
import { startTestApi } from '../support/api.ts';
import { apiTest as it } from '../support/fixtures.ts';
import { eventually, Results, startTestServer, type TestServer } from '../support/http.ts';

const LOG = `subscription ($id: ID!, $attempt: Int, $offset: Int) {
  composeLog(id: $id, attempt: $attempt, offset: $offset) { offset nextOffset attempt text end }
}`;

function follow(http: TestServer, id: string, variables: Record<string, unknown> = {}): Results {
  const results = new Results(http.client(), { query: LOG, variables: { id, ...variables } });
  onTestFinished(results.leave);
  return results;
}

describe('composeLog', () => {
  it('follows the log as it is written, and ends with the attempt', async ({ odcs, http }) => {
    const { id } = await odcs.insert();
    const results = follow(http, id);
    await eventually('it follows', () => odcs.feed.followers === 1);
    await odcs.writeLog(id, 1, 'one\ntwo\nhalf');
    await odcs.begin(id);
    await results.count(1);
    await odcs.writeLog(id, 1, 'one\ntwo\nhalf a line\n');
    await results.count(2);
    await odcs.succeed(id);
    await results.completed;
    expect(results.values('composeLog')).toEqual([
      { offset: 0, nextOffset: 8, attempt: 1, text: 'one\ntwo\n', end: false },
      { offset: 8, nextOffset: 20, attempt: 1, text: 'half a line\n', end: false },
      { offset: 20, nextOffset: 20, attempt: 1, text: '', end: true },
    ]);
    await eventually('there is no follower', () => odcs.feed.followers === 0);
  });

  it('resumes at an offset, also of an attempt that is over', async ({ odcs, http }) => {
    const { id } = await odcs.insert();
    await odcs.begin(id);
    await odcs.writeLog(id, 1, 'one\ntwo\n');
    await odcs.advance(id, { type: 'LOSE', at: new Date(), attempt: 1, lost: 'WORKER' });
    await odcs.begin(id);
    const results = follow(http, id, { attempt: 1, offset: 4 });
    await results.completed;
    expect(results.values('composeLog')).toMatchObject([
      { offset: 4, text: 'two\n', end: false },
      { offset: 8, end: true },
    ]);
  });

  it('of a compose that shares is the log of the shared one, and ends when it shares another', async ({
    odcs,
    http,
  }) => {
    const at = new Date();
    const [one = '', two = '', three = ''] = (await odcs.insertMany(3)).map(({ id }) => id);
    for (const id of [one, three]) {
      await odcs.begin(id);
      await odcs.writeLog(id, 1, `of ${id}\n`);
    }
    // It has neither a shared compose nor an attempt yet.
    const first = follow(http, two);
    await eventually('it follows', () => odcs.feed.followers === 1);
    await odcs.advance(two, { type: 'SHARE', at, reused: one });
    await first.count(1);
    await odcs.advance(two, { type: 'FOLLOW', at, reused: three });
    await first.completed;
    expect(first.values('composeLog')).toMatchObject([
      { text: `of ${one}\n`, attempt: 1 },
      { text: '', end: true },
    ]);
    const second = follow(http, two);
    await second.count(1);
    await odcs.succeed(three);
    await second.completed;
    expect(second.values('composeLog')).toMatchObject([{ text: `of ${three}\n`, attempt: 1 }, { end: true }]);
  });

  it('refuses attempts and offsets that do not exist', async ({ odcs, http }) => {
    const { id } = await odcs.insert();
    const results = follow(http, id, { attempt: 2, offset: -1 });
    await results.completed;
    expect(results.problems).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'attempt' }, { path: 'offset' }] } },
    ]);
  });

  it.for(['ends', 'fails'])('ends with a retryable error when its feed %s', async (what, { server }) => {
    let interrupt = () => {};
    const interrupted = new Promise<void>((resolve) => (interrupt = resolve));
    async function* brokenFeed(): AsyncGenerator<FeedSignal> {
      await interrupted;
      if (what === 'fails') throw new Error('The feed failed');
      yield* [];
    }
    const odcs = await startTestApi(server, { feed: { follow: brokenFeed } });
    const http = await startTestServer(odcs.api);
    onTestFinished(async () => {
      await http.stop();
      await odcs.stop();
    });
    const { id } = await odcs.insert();
    await odcs.begin(id);
    await odcs.writeLog(id, 1, 'one\n');
    const results = follow(http, id);
    await results.count(1);
    interrupt();
    await results.completed;
    expect(results.values('composeLog')).toMatchObject([{ text: 'one\n' }]);
    expect(results.problems).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } }]);
  });
});
