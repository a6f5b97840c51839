// The client of MBS against a faulty server.

import { describe, expect, it } from 'vitest';
import { build } from '../support/fake-mbs/index.ts';
import { failureOf, names, resolve, withMbs } from '../support/fake-mbs/resolving.ts';
import { namesAll } from '../support/names-all.ts';

describe('MBS', () => {
  it.each([{ kind: 'cut' }, { kind: 'cut-within' }, { kind: 'stall' }] as const)(
    'retries after a transport error ($kind)',
    async (fault) => {
      const { mbs, client } = await withMbs(build('perl:5.30:1:a'));
      mbs.fail(fault, 2);
      expect(await names(client, ['perl:5.30'])).toEqual(['perl:5.30:1:a']);
      expect(mbs.requests).toHaveLength(3);
    },
  );

  it.each([{ kind: 'cut' }, { kind: 'cut-within' }, { kind: 'stall' }] as const)(
    'is unavailable after repeated transport errors ($kind)',
    async (fault) => {
      const { mbs, client } = await withMbs(build('perl:5.30:1:a'));
      mbs.fail(fault, 99);
      expect(await failureOf(client, ['perl:5.30'])).toMatchObject({
        code: 'UPSTREAM_UNAVAILABLE',
        retryable: true,
        message: namesAll(mbs.apiUrl, 'asked 3 times'),
      });
      expect(mbs.requests).toHaveLength(3);
    },
  );

  it.each([
    { kind: 'status', status: 500 },
    { kind: 'status', status: 503 },
    { kind: 'status', status: 404 },
    { kind: 'status', status: 302 },
    { kind: 'status', status: 403 },
    { kind: 'body', body: '<html>Welcome' },
    { kind: 'body', body: '{"items": [' },
    { kind: 'body', body: '[]' },
    { kind: 'body', body: '{"items": [{"name": 1}], "meta": {"next": null, "total": 1}}' },
    {
      kind: 'body',
      body: '{"items": [{"name": "perl", "stream": "5.30", "version": "x", "context": "a", "modulemd": ""}], "meta": {"next": null, "total": 1}}',
    },
    { kind: 'body', body: 'x'.repeat(33_600_000) },
  ] as const)('is unavailable after one wrong answer: $kind $status', async (fault) => {
    const { mbs, client } = await withMbs(build('perl:5.30:1:a'));
    mbs.fail(fault, 99);
    expect(await failureOf(client, ['perl:5.30'])).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryable: true,
      message: namesAll(mbs.apiUrl),
    });
    expect(mbs.requests).toHaveLength(1);
  });

  it('answers HTTP 400 to an invalid source', async () => {
    const { mbs, client } = await withMbs();
    mbs.fail({ kind: 'status', status: 400 });
    expect(await failureOf(client, ['perl:5.30'])).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll('MBS', 'perl:5.30'),
    });
  });

  it('is unavailable when it refuses the connection', async () => {
    const { mbs, client } = await withMbs();
    await mbs.close();
    expect(await failureOf(client, ['perl:5.30'])).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      message: namesAll(mbs.apiUrl, 'ECONNREFUSED'),
    });
  });

  it('is named in the rejection after an abort', async () => {
    const { mbs, client } = await withMbs();
    const control = new AbortController();
    const reason = new Error('cancelled');
    mbs.fail({ kind: 'stall' });
    const resolving = resolve(client, ['perl:5.30'], { signal: control.signal });
    await expect.poll(() => mbs.requests.length).toBe(1);
    control.abort(reason);
    await expect(resolving).rejects.toMatchObject({ upstream: namesAll(mbs.apiUrl), cause: reason });
  });
});
