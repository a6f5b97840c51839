// `npm run demo`: the whole service in a temporary directory, on a free port, used as a client would: a sample
// repository is made, a compose requested and watched live, and the result checked with dnf. Leaves nothing behind.

import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { loadConfig } from '../config/load.ts';
import { createLogger } from '../bootstrap/logger.ts';
import { startService } from '../bootstrap/service.ts';
import { makeRepository, SAMPLE_SOURCES } from './sample-repository.ts';

const PACKAGES = ['hello'];
/** What Pungi would choose: hello, what it requires, and nothing else. */
const EXPECTED = ['greet-0.9-1.x86_64', 'hello-2.12-1.x86_64', 'hello-data-2.3-1.noarch', 'libhello-2.12-1.x86_64'];

const CREATE = `mutation ($input: CreateComposeInput!) { createCompose(input: $input) { compose { id } } }`;
const WATCH = `subscription ($id: ID!) {
  composeChanged(id: $id, untilDone: true) {
    kind
    compose { state stateReason repofile progress { percent phase message } failure { code message details } }
  }
}`;

interface Watched {
  readonly kind: string;
  readonly compose: {
    readonly state: string;
    readonly stateReason: string;
    readonly repofile: string | null;
    readonly progress: { readonly percent: number; readonly phase: string; readonly message: string | null } | null;
    readonly failure: { readonly code: string; readonly message: string; readonly details: string | null } | null;
  };
}

const directory = await mkdtemp(join(tmpdir(), 'odcs-demo-'));
// As root, the embedded PostgreSQL runs as another user and would otherwise have to live elsewhere.
await chmod(directory, 0o755);
const loaded = loadConfig({
  PATH: process.env['PATH'],
  PORT: '0',
  ODCS_DATA_DIR: join(directory, 'data'),
  ODCS_ENGINE: 'dnf',
  ODCS_ARCHES: 'x86_64',
  ODCS_LOG_LEVEL: 'error',
});
if (!loaded.ok) throw new Error(loaded.problems.map(({ text }) => text).join('\n'));
const starting = performance.now();
const service = await startService(loaded.config, createLogger('error'));
// Engines and PostgreSQL run in process groups of their own: whoever interrupts the demo must not leave them behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void cleanUp().then(() => process.exit(130)));
try {
  say(`Serving ${service.url}/graphql with an embedded PostgreSQL (${seconds(starting)} to start)`);
  process.exitCode = (await demonstrate(service.url)) ? 0 : 1;
} finally {
  await cleanUp();
}

async function cleanUp(): Promise<void> {
  service.stopNow();
  await service.stop();
  await rm(directory, { recursive: true, force: true });
}

async function demonstrate(url: string): Promise<boolean> {
  const repository = join(directory, 'sample');
  const making = performance.now();
  await makeRepository(repository, SAMPLE_SOURCES);
  say(`Made a sample repository of ${SAMPLE_SOURCES.length} sources (${seconds(making)})`);

  const requested = performance.now();
  const id = await create(url, { source: { repo: { repo: repository, packages: PACKAGES } } });
  say(`Requested compose ${id}: ${PACKAGES.join(', ')} and all that it depends on`);
  const last = await watch(url, id);
  if (last?.state !== 'DONE' || !last.repofile) {
    say(
      `The compose ended ${last?.state}: ${last?.failure?.code} ${last?.failure?.message}\n${last?.failure?.details ?? ''}`,
    );
    return false;
  }
  say(`Done after ${seconds(requested)}. Its .repo:\n\n${last.repofile}`);
  return checkWithDnf(last.repofile);
}

async function create(url: string, input: object): Promise<string> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: CREATE, variables: { input } }),
  });
  const { data, errors } = (await answer.json()) as {
    data?: { createCompose: { compose: { id: string } } };
    errors?: unknown;
  };
  if (!data) throw new Error(`createCompose was refused: ${JSON.stringify(errors)}`);
  return data.createCompose.compose.id;
}

async function watch(url: string, id: string): Promise<Watched['compose'] | undefined> {
  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
  let last: Watched['compose'] | undefined;
  for await (const { data, errors } of client.iterate<{ composeChanged: Watched }>({
    query: WATCH,
    variables: { id },
  })) {
    if (!data) throw new Error(`The subscription failed: ${JSON.stringify(errors)}`);
    const { kind, compose } = data.composeChanged;
    last = compose;
    const { percent, phase, message } = compose.progress ?? { percent: 0, phase: '', message: null };
    say(
      kind === 'PROGRESSED'
        ? `  ${percent.toFixed(0).padStart(3)} %  ${phase}${message ? `: ${message}` : ''}`
        : `  ${compose.state}: ${compose.stateReason}`,
    );
  }
  await client.dispose();
  return last;
}

/** dnf, kept apart from this machine's configuration and repositories, must list the expected packages, all installable. */
async function checkWithDnf(repofile: string): Promise<boolean> {
  const reposdir = join(directory, 'yum.repos.d');
  await mkdir(reposdir);
  await writeFile(join(reposdir, 'odcs.repo'), repofile);
  const isolated = [
    `--installroot=${join(directory, 'root')}`,
    `--setopt=reposdir=${reposdir}`,
    `--setopt=cachedir=${join(directory, 'cache')}`,
    '--setopt=varsdir=/dev/null',
    '--disableplugin=local',
    '--releasever=1',
    '--forcearch=x86_64',
    '--quiet',
  ];
  const { stdout } = await dnf([
    ...isolated,
    'repoquery',
    '--available',
    '--queryformat',
    '%{name}-%{version}-%{release}.%{arch}\\n',
  ]);
  const listed = stdout
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .sort();
  const right = JSON.stringify(listed) === JSON.stringify(EXPECTED);
  say(`dnf lists ${right ? 'exactly what was expected' : 'something else'}: ${listed.join(' ')}`);
  // dnf asks for root even to try.
  if (process.getuid?.() === 0) {
    await dnf([...isolated, 'install', '--assumeyes', '--downloadonly', ...PACKAGES]);
    say(`dnf can install ${PACKAGES.join(', ')} from it.`);
  }
  await dnf([...isolated, 'repoclosure']).then(
    () => say('dnf repoclosure finds nothing missing.'),
    (error: unknown) => {
      // A plugin that not every dnf comes with.
      if (!/no such command|unknown argument/i.test(String((error as { stderr?: unknown }).stderr))) throw error;
    },
  );
  return right;
}

async function dnf(args: readonly string[]): Promise<{ stdout: string }> {
  const run = promisify(execFile);
  try {
    return await run('dnf', [...args], { encoding: 'utf8' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return run('dnf5', [...args], { encoding: 'utf8' });
  }
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

function say(line: string): void {
  console.log(line);
}
