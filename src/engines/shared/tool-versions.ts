// Versions of the tools on the engines' PATH. A tool can be installed or removed while the service runs, so that an answer
// is valid for a minute. A stale answer is used while it is refreshed: dnf takes 250 ms to print its version.

import { tmpdir } from 'node:os';
import { minimalEnvironment, runProcess } from '../supervisor/run-process.ts';

export interface DnfTools {
  readonly dnf: { readonly command: string; readonly version: string } | null;
  readonly createrepo: string | null;
}

const MAX_AGE_MS = 60_000;
const TIMEOUT_MS = 20_000;
/** For a tool that runs, but prints no version. */
export const UNKNOWN_VERSION = 'unknown';

export class DnfToolVersions {
  readonly #path: string;
  #cached: { readonly at: number; readonly tools: Promise<DnfTools> } | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  async get(): Promise<DnfTools> {
    const now = performance.now();
    const cached = this.#cached;
    if (cached && now - cached.at <= MAX_AGE_MS) return await cached.tools;
    const fresh = this.#read();
    this.#cached = { at: now, tools: fresh };
    const stale = await cached?.tools;
    if (!stale?.dnf || !stale.createrepo) return await fresh;
    // The next caller gets the rejection.
    fresh.catch(() => {});
    return stale;
  }

  async #read(): Promise<DnfTools> {
    const [dnf5, dnf4, createrepo] = await Promise.all(
      ['dnf5', 'dnf', 'createrepo_c'].map((command) => readToolVersion(command, this.#path)),
    );
    const dnf = dnf5 ? { command: 'dnf5', version: dnf5 } : dnf4 ? { command: 'dnf', version: dnf4 } : null;
    return { dnf, createrepo: createrepo ?? null };
  }
}

/** Null when there is no such tool or it fails. Of `pungi-4.3.6-1.el9.noarch`, the version is 4.3.6. */
export async function readToolVersion(command: string, path: string): Promise<string | null> {
  const lines: string[] = [];
  const { exitCode } = await runProcess({
    file: command,
    args: ['--version'],
    cwd: tmpdir(),
    env: minimalEnvironment(path, tmpdir()),
    signal: new AbortController().signal,
    onOutput: (line, stream) => void (stream === 'stdout' && lines.push(line)),
    // It ends after a moment and belongs to no attempt, so that it cannot become an orphan.
    registerProcessGroup: async () => {},
    timeoutMs: TIMEOUT_MS,
  });
  if (exitCode !== 0) return null;
  return /\d+\.\d+(?:\.\d+)?/.exec(lines.join('\n'))?.[0] ?? UNKNOWN_VERSION;
}
