// A service for the examples of one document, and the programs that run against it. Examples name port 8080, the
// repository /srv/repos/f43 and composes 1, 2 and 3.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeRepository } from '../../../src/demo/sample-repository.ts';
import { startRunningService, type RunningService } from '../running-service.ts';
import { ROOT } from './pages.ts';

/** `npm start -- …` runs the compiled program, because the launcher might install. */
const PREAMBLE = `set -u; npm() { shift 2; node '${join(ROOT, 'dist/main.js')}' "$@"; }\n`;
/** Composes of this type wait for ever. */
const NO_WORKER = '[{ pool: none, composeTypes: [CI] }]';

export interface Ran {
  readonly exitCode: number | null;
  readonly output: string;
}

export class DocumentService {
  readonly #service: RunningService;
  readonly #directory: string;
  readonly #source: object;
  #hasComposes = false;

  private constructor(service: RunningService, directory: string) {
    this.#service = service;
    this.#directory = directory;
    this.#source = { repo: { repo: join(directory, 'f43/$basearch') } };
  }

  static async start(): Promise<DocumentService> {
    const directory = await mkdtemp(join(tmpdir(), 'odcs-documents-'));
    const packages = ['bash', 'openssl', 'openssl-libs'];
    await makeRepository(
      join(directory, 'f43/x86_64'),
      packages.map((name) => ({ name })),
    );
    const service = await startRunningService({ ODCS_ENGINE: 'dnf', ODCS_ROUTES: NO_WORKER });
    return new DocumentService(service, directory);
  }

  get url(): string {
    return this.#service.url;
  }

  /** The text of an example, for this service or another address of it. */
  substituted(text: string, url = this.url): string {
    return text.replaceAll('127.0.0.1:8080', new URL(url).host).replaceAll('/srv/repos', this.#directory);
  }

  /** Composes 1 and 2 are DONE, 3 waits, unless examples have made them already. */
  async makeComposes(): Promise<void> {
    if (this.#hasComposes) return;
    this.#hasComposes = true;
    while (Number(await this.makeCompose()) < 2);
    await this.#service.request({ source: this.#source, composeType: 'CI' });
  }

  /** The id of a new compose that is DONE. */
  async makeCompose(): Promise<string> {
    const id = await this.#service.request({ source: this.#source, flags: ['NO_REUSE'] });
    await this.#service.ended(id, 'state');
    return id;
  }

  /** In bash, or with node as an ES module. */
  run(language: 'bash' | 'js', text: string): Promise<Ran> {
    return ended(this.spawn(language, this.substituted(text)));
  }

  spawn(language: 'bash' | 'js', text: string): ChildProcess {
    const [program, args] =
      language === 'bash'
        ? ['bash', ['-c', PREAMBLE + text]]
        : [process.execPath, ['--input-type=module', '--eval', text]];
    const PATH = `${dirname(process.execPath)}:${process.env['PATH']}`;
    return spawn(program, args, { cwd: ROOT, env: { PATH, HOME: this.#directory }, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async stop(): Promise<void> {
    await this.#service.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function ended(child: ChildProcess): Promise<Ran> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (output += data.toString()));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, output };
}
