// Git repositories served over HTTP, by git http-backend or as plain files (a dumb server).

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { startFaultyServer, type Answer, type FaultyServer, type SeenRequest } from './faulty-server.ts';

const run = promisify(execFile);
const AUTHOR = {
  GIT_AUTHOR_NAME: 'Tester',
  GIT_AUTHOR_EMAIL: 'tester@example.com',
  GIT_COMMITTER_NAME: 'Tester',
  GIT_COMMITTER_EMAIL: 'tester@example.com',
};
const QUIET = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };

export interface GitRepository {
  readonly name: string;
  readonly work: string;
  git(...args: readonly string[]): Promise<string>;
  /** Writes and commits the files; `{ link: target }` is a symbolic link. */
  commit(files: Readonly<Record<string, string | { readonly link: string }>>, message?: string): Promise<string>;
}

export interface GitServer extends FaultyServer {
  repository(name: string): Promise<GitRepository>;
  urlOf(repository: GitRepository): string;
}

export interface GitServerOptions {
  /** Serves plain files, without git's protocol. */
  readonly dumb?: boolean;
  /** Like servers before protocol 2: commits that no reference points to are refused. */
  readonly protocolV0?: boolean;
}

export async function startGitServer({ dumb = false, protocolV0 = false }: GitServerOptions = {}): Promise<GitServer> {
  const root = await mkdtemp(join(tmpdir(), 'git-server-'));
  const server = await startFaultyServer(async (request) =>
    dumb ? await plainFile(root, request) : await httpBackend(root, request, protocolV0),
  );
  return Object.assign({}, server, {
    requests: server.requests,
    repository: async (name: string) => await createRepository(root, name, dumb),
    urlOf: ({ name }: GitRepository) => `${server.url}/${name}/.git`,
    async close() {
      await server.close();
      await rm(root, { recursive: true, force: true });
    },
  });
}

async function createRepository(root: string, name: string, dumb: boolean): Promise<GitRepository> {
  const work = join(root, name);
  const git = async (...args: readonly string[]) =>
    (
      await run('git', ['-C', work, ...args], { env: { PATH: process.env['PATH'], HOME: root, ...QUIET, ...AUTHOR } })
    ).stdout.trim();
  await mkdir(work);
  await git('init', '--quiet', '--initial-branch=main');
  async function commit(files: Parameters<GitRepository['commit']>[0], message = 'Change'): Promise<string> {
    for (const [path, content] of Object.entries(files)) {
      const file = join(work, path);
      await mkdir(dirname(file), { recursive: true });
      await rm(file, { force: true });
      await (typeof content === 'string' ? writeFile(file, content) : symlink(content.link, file));
    }
    await git('add', '--all', '--force');
    await git('commit', '--quiet', '--message', message);
    if (dumb) await git('update-server-info');
    return await git('rev-parse', 'HEAD');
  }
  return { name, work, git, commit };
}

async function plainFile(root: string, { url }: SeenRequest): Promise<Answer> {
  const { pathname } = new URL(url, 'http://fake');
  const body = await readFile(join(root, decodeURIComponent(pathname))).catch(() => null);
  return body
    ? { headers: { 'content-type': 'application/octet-stream' }, body }
    : { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not found' };
}

async function httpBackend(
  root: string,
  { method, url, headers, body }: SeenRequest,
  protocolV0: boolean,
): Promise<Answer> {
  const { pathname, search } = new URL(url, 'http://fake');
  const child = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      PATH: process.env['PATH'],
      ...QUIET,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: method,
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: headers['content-type'] ?? '',
      CONTENT_LENGTH: String(body.length),
      ...(headers['content-encoding'] && { HTTP_CONTENT_ENCODING: headers['content-encoding'] }),
      ...(!protocolV0 && typeof headers['git-protocol'] === 'string' && { GIT_PROTOCOL: headers['git-protocol'] }),
    },
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(body);
  await once(child, 'close');
  return cgiAnswer(Buffer.concat(chunks));
}

function cgiAnswer(output: Buffer): Answer {
  const end = output.indexOf('\r\n\r\n');
  const lines = output.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const { status = '200', ...rest } = headers;
  return { status: Number.parseInt(status, 10), headers: rest, body: output.subarray(end + 4) };
}
