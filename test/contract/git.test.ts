// Git repositories over HTTP, read by git under the real supervisor.

import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProcessRunner } from '../../src/app/ports.ts';
import { runProcess } from '../../src/engines/supervisor/run-process.ts';
import { GitClient, type GitClientOptions } from '../../src/upstreams/git/git-client.ts';
import { namesAll } from '../support/names-all.ts';
import { startGitServer, type GitServerOptions } from '../support/git-repositories.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const PATH = process.env['PATH'] ?? '';
const supervised: ProcessRunner = async (run) => await runProcess({ ...run, registerProcessGroup: async () => {} });

async function place() {
  const root = await mkdtemp(join(tmpdir(), 'git-source-'));
  ends.push(async () => await rm(root, { recursive: true, force: true }));
  const scratch = join(root, 'scratch');
  await mkdir(scratch);
  return { root, scratch, directory: join(root, 'files') };
}

async function setUp(options: Partial<GitClientOptions> = {}, serverOptions: GitServerOptions = {}) {
  const server = await startGitServer(serverOptions);
  ends.push(async () => await server.close());
  const repository = await server.repository('config');
  const url = server.urlOf(repository);
  const source = new GitClient({
    path: PATH,
    urls: [url],
    retry: { attempts: 3, firstPauseMs: 1 },
    timeoutMs: 20_000,
    ...options,
  });
  const { root, scratch, directory } = await place();
  const context = { run: supervised, scratch, signal: new AbortController().signal };
  return { server, repository, url, source, root, scratch, directory, context };
}

describe('GitClient', () => {
  it('writes the files at a commit and nothing else', async () => {
    const { repository, url, source, directory, scratch, context } = await setUp();
    const first = await repository.commit({ 'fedora.conf': 'release = 1\n', 'sub/comps.xml': '<comps/>' });
    await repository.commit({ 'fedora.conf': 'release = 2\n' });
    expect(await source.checkOut(url, first, directory, context)).toEqual({ value: first });
    expect(await readFile(join(directory, 'fedora.conf'), 'utf8')).toBe('release = 1\n');
    expect((await readdir(directory)).sort()).toEqual(['fedora.conf', 'sub']);
    expect(await readdir(scratch)).toEqual([]);
  });

  it('fetches the commit without its history', async () => {
    const { repository, url, source, directory, context, server } = await setUp();
    for (let index = 0; index < 5; index++)
      await repository.commit({
        'noise.bin': Array.from({ length: 20_000 }, () => Math.random().toString(36)).join(''),
      });
    const last = await repository.commit({ 'noise.bin': 'small' });
    expect(await source.checkOut(url, last, directory, { ...context })).toEqual({ value: last });
    const fetched = server.requests.filter(({ body }) => body.includes('deepen 1'));
    expect(fetched.length).toBeGreaterThan(0);
  });

  it('resolves a branch, a tag and an abbreviated commit', async () => {
    const { repository, url, source, context } = await setUp();
    const first = await repository.commit({ file: '1' });
    await repository.git('tag', '--annotate', '--message=It', 'v1');
    await repository.git('branch', 'topic/one');
    const second = await repository.commit({ file: '2' });
    expect(await source.resolve(url, 'main', context)).toEqual({ value: second });
    expect(await source.resolve(url, 'topic/one', context)).toEqual({ value: first });
    expect(await source.resolve(url, 'v1', context)).toEqual({ value: first });
    expect(await source.resolve(url, 'HEAD', context)).toEqual({ value: second });
    expect(await source.resolve(url, second.slice(0, 9), context)).toEqual({ value: second });
  });

  it('finds an abbreviated commit in the history where no reference points to it', async () => {
    const { repository, url, source, directory, context } = await setUp();
    const first = await repository.commit({ file: '1' });
    await repository.commit({ file: '2' });
    expect(await source.checkOut(url, first.slice(0, 10), directory, context)).toEqual({ value: first });
    expect(await readFile(join(directory, 'file'), 'utf8')).toBe('1');
  });

  it('resolves a full commit without a request', async () => {
    const { url, source, context, server } = await setUp();
    const commit = '0123456789abcdef0123456789abcdef01234567';
    expect(await source.resolve(url, commit, context)).toEqual({ value: commit });
    expect(server.requests).toHaveLength(0);
  });

  it.each(['main2', 'refs/heads/none', 'abcdef0', '0123456789abcdef0123456789abcdef01234567'])(
    'answers INVALID_SOURCE for %s, which does not exist',
    async (revision) => {
      const { repository, url, source, directory, context } = await setUp();
      await repository.commit({ file: '1' });
      expect(await source.checkOut(url, revision, directory, context)).toMatchObject({
        failure: {
          code: 'INVALID_SOURCE',
          retryable: false,
          message: namesAll(url, revision),
        },
      });
      expect(existsSync(directory)).toBe(false);
    },
  );

  it.each(['--upload-pack=touch /tmp/x', '-x', 'a..b', 'a b', 'a\nb', 'main^', 'main~1', ':/fix', '@{-1}', ''])(
    'refuses the revision %j without a request',
    async (revision) => {
      const { url, source, context, server } = await setUp();
      expect(await source.resolve(url, revision, context)).toMatchObject({ failure: { code: 'INVALID_SOURCE' } });
      expect(server.requests).toHaveLength(0);
    },
  );

  it('fetches everything from a server that does not hand out single commits', async () => {
    const { repository, url, source, directory, context } = await setUp({}, { protocolV0: true });
    const first = await repository.commit({ file: '1' });
    await repository.commit({ file: '2' });
    expect(await source.checkOut(url, first, directory, context)).toEqual({ value: first });
    expect(await readFile(join(directory, 'file'), 'utf8')).toBe('1');
  });

  it('reads from a server of plain files', async () => {
    const { repository, url, source, directory, context } = await setUp({}, { dumb: true });
    const first = await repository.commit({ file: '1' });
    await repository.commit({ file: '2' });
    expect(await source.checkOut(url, first, directory, context)).toEqual({ value: first });
    expect(await readFile(join(directory, 'file'), 'utf8')).toBe('1');
  });

  it('reads only configured URLs', async () => {
    const { source, url, context, server } = await setUp();
    expect(await source.resolve(`${url}/`, 'main', context)).toMatchObject({
      failure: { code: 'INVALID_SOURCE', message: namesAll(url) },
    });
    expect(server.requests).toHaveLength(0);
  });

  it.each([
    'ext::sh -c touch% /tmp/pwned',
    'file:///etc',
    '/etc',
    'host:path',
    'https://-oProxyCommand=x/y',
    '--upload-pack=x',
    'fd::17',
    'ftp://host/x',
  ])('refuses %s even if it is configured', async (url) => {
    const { context } = await setUp();
    const started: string[] = [];
    const source = new GitClient({ path: PATH, urls: [url] });
    const run: ProcessRunner = async (options) => {
      started.push(options.file);
      return await supervised(options);
    };
    expect(await source.resolve(url, 'main', { ...context, run })).toMatchObject({
      failure: { code: 'INVALID_SOURCE' },
    });
    expect(started).toEqual([]);
  });

  it('does not follow git to a protocol that is not allowed', async () => {
    const { context } = await setUp();
    const source = new GitClient({
      path: PATH,
      urls: ['git://127.0.0.1:1/x'],
      protocols: ['git', 'https'],
      retry: { attempts: 1, firstPauseMs: 1 },
    });
    const run: ProcessRunner = async (options) =>
      await supervised({ ...options, env: { ...options.env, GIT_ALLOW_PROTOCOL: 'https' } });
    expect(await source.resolve('git://127.0.0.1:1/x', 'main', { ...context, run })).toMatchObject({
      failure: { code: 'INVALID_SOURCE', message: namesAll('git://127.0.0.1:1/x') },
    });
  });

  it('ignores configuration, hooks and templates of this machine', async () => {
    const { repository, url, source, root, directory, scratch, context } = await setUp();
    const commit = await repository.commit({ file: '1', '.gitattributes': '*.bin filter=evil\n', 'x.bin': 'raw' });
    const witness = join(root, 'witness');
    const hook = `#!/bin/sh\ntouch ${witness}\n`;
    const hooks = join(root, 'hooks');
    await mkdir(hooks);
    for (const name of ['post-checkout', 'reference-transaction']) {
      await writeFile(join(hooks, name), hook);
      await chmod(join(hooks, name), 0o755);
    }
    await writeFile(
      join(scratch, '.gitconfig'),
      `[core]\n\thooksPath = ${hooks}\n[filter "evil"]\n\tsmudge = touch ${witness}\n`,
    );
    expect(await source.checkOut(url, commit, directory, context)).toEqual({ value: commit });
    expect(await readFile(join(directory, 'x.bin'), 'utf8')).toBe('raw');
    expect(existsSync(witness)).toBe(false);
  });

  it('keeps LFS pointers and leaves submodules empty', async () => {
    const { repository, url, source, directory, context } = await setUp();
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n';
    await repository.commit({
      '.gitattributes': '*.big filter=lfs diff=lfs merge=lfs -text\n',
      'a.big': pointer,
      '.gitmodules': '[submodule "sub"]\n\tpath = sub\n\turl = ../other\n',
    });
    await repository.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`);
    await repository.git('commit', '--quiet', '--message', 'Submodule');
    const commit = await repository.git('rev-parse', 'HEAD');
    expect(await source.checkOut(url, commit, directory, context)).toEqual({ value: commit });
    expect(await readFile(join(directory, 'a.big'), 'utf8')).toBe(pointer);
    expect(await readdir(join(directory, 'sub'))).toEqual([]);
  });

  it('refuses a repository that needs a password, without a prompt', async () => {
    const { repository, url, source, context, server } = await setUp();
    await repository.commit({ file: '1' });
    server.fail({ kind: 'status', status: 401 }, 99);
    expect(await source.resolve(url, 'main', context)).toMatchObject({
      failure: { code: 'INVALID_SOURCE', message: namesAll(url) },
    });
  });

  it('keeps symbolic links that stay inside, even dangling ones', async () => {
    const { repository, url, source, directory, context } = await setUp();
    const commit = await repository.commit({
      'a/file': '1',
      'b/link': { link: '../a/file' },
      'b/dangling': { link: '../a/none' },
    });
    expect(await source.checkOut(url, commit, directory, context)).toEqual({ value: commit });
    expect((await lstat(join(directory, 'b/link'))).isSymbolicLink()).toBe(true);
  });

  it.each([
    ['/etc/passwd', {}],
    ['../outside', {}],
    ['../../../etc/hostname', {}],
    ['/nonexistent/at/all', {}],
    ['self/../../x', { self: { link: '.' } }],
    // Inside by its text and dangling, but outside through the other link.
    ['self/../nothing-yet', { self: { link: '.' } }],
  ])('refuses a symbolic link to %s, which leads out', async (target, more) => {
    const { repository, url, source, root, directory, context } = await setUp();
    await writeFile(join(root, 'outside'), 'secret');
    const commit = await repository.commit({ file: '1', link: { link: target }, ...more });
    expect(await source.checkOut(url, commit, directory, context)).toMatchObject({
      failure: { code: 'INVALID_SOURCE', message: namesAll(url, commit, ': link') },
    });
    expect(existsSync(directory)).toBe(false);
  });

  it('refuses files that unpack to more than the bound before they are written', async () => {
    const { repository, url, source, directory, context } = await setUp({ maxBytes: 1_000_000 });
    const commit = await repository.commit({ bomb: '0'.repeat(2_000_000) });
    expect(await source.checkOut(url, commit, directory, context)).toMatchObject({
      failure: { code: 'INVALID_SOURCE', message: namesAll(url, '2000000 bytes') },
    });
    expect(existsSync(directory)).toBe(false);
  });

  it('refuses a repository that is larger than the bound', async () => {
    const { repository, url, source, directory, context } = await setUp({ maxBytes: 200_000 });
    const commit = await repository.commit({
      noise: Array.from({ length: 60_000 }, () => Math.random().toString(36)).join(''),
    });
    expect(await source.checkOut(url, commit, directory, context)).toMatchObject({
      failure: { code: 'INVALID_SOURCE', message: namesAll(url, '200000 bytes') },
    });
  });

  it('refuses too many files', async () => {
    const { repository, url, source, directory, context } = await setUp({ maxFiles: 3 });
    const commit = await repository.commit({ a: '', b: '1', c: '2', d: '3' });
    expect(await source.checkOut(url, commit, directory, context)).toMatchObject({
      failure: { code: 'INVALID_SOURCE', message: namesAll(url, '3 files') },
    });
  });

  it.each([{ kind: 'cut' }, { kind: 'status', status: 503 }] as const)(
    'retries after a transport error ($kind)',
    async (fault) => {
      const { repository, url, source, directory, context, server } = await setUp();
      const commit = await repository.commit({ file: '1' });
      server.fail(fault, 2);
      expect(await source.checkOut(url, commit, directory, context)).toEqual({ value: commit });
    },
  );

  it.each([{ kind: 'cut' }, { kind: 'cut-within' }, { kind: 'status', status: 500 }] as const)(
    'is UPSTREAM_UNAVAILABLE after repeated transport errors ($kind)',
    async (fault) => {
      const { repository, url, source, directory, context, server } = await setUp();
      const commit = await repository.commit({ file: '1' });
      server.fail(fault, 99);
      expect(await source.checkOut(url, commit, directory, context)).toMatchObject({
        failure: { code: 'UPSTREAM_UNAVAILABLE', retryable: true },
      });
    },
  );

  it('answers INVALID_SOURCE for a URL without a repository', async () => {
    const { server, context } = await setUp();
    const url = `${server.url}/nothing/.git`;
    const source = new GitClient({ path: PATH, urls: [url] });
    expect(await source.resolve(url, 'main', context)).toMatchObject({
      failure: { code: 'INVALID_SOURCE', message: namesAll(url) },
    });
  });

  it('gives up a server that does not answer in time', async () => {
    const { url, context, server } = await setUp();
    const source = new GitClient({ path: PATH, urls: [url], timeoutMs: 300 });
    server.fail({ kind: 'stall' }, 99);
    expect(await source.resolve(url, 'main', context)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: namesAll(url, '0.3 s') },
    });
  });

  it('names the repository in the rejection after an abort', async () => {
    const { url, source, context, server } = await setUp();
    const control = new AbortController();
    const reason = new Error('cancelled');
    server.fail({ kind: 'stall' }, 99);
    const resolving = source.resolve(url, 'main', { ...context, signal: control.signal });
    await expect.poll(() => server.requests.length).toBe(1);
    control.abort(reason);
    await expect(resolving).rejects.toMatchObject({ upstream: namesAll(url), cause: reason });
  });

  it('reports that git is not installed', async () => {
    const { url, context } = await setUp();
    const source = new GitClient({ path: '/nonexistent', urls: [url] });
    expect(await source.resolve(url, 'main', context)).toMatchObject({
      failure: { code: 'INTERNAL', message: namesAll('git') },
    });
  });
});
