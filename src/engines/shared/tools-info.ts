// Which dnf and createrepo_c there are. Asked anew after a while: a tool may be installed while the service runs. Where all
// are there nobody waits for the new answer, as dnf takes a quarter of a second to tell its version.

import { tmpdir } from 'node:os';
import { minimalEnvironment, runProcess } from '../supervisor.ts';

export interface Tools {
  readonly dnf: { readonly command: string; readonly version: string } | null;
  readonly createrepo: string | null;
}

const FRESH_MS = 60_000;
const ANSWER_MS = 20_000;

export class ToolsInfo {
  readonly #path: string;
  #known: { readonly at: number; readonly tools: Promise<Tools> } | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  async get(): Promise<Tools> {
    const now = performance.now();
    const known = this.#known;
    if (known && now - known.at <= FRESH_MS) return await known.tools;
    const asked = this.#look();
    this.#known = { at: now, tools: asked };
    const before = await known?.tools;
    if (!before?.dnf || !before.createrepo) return await asked;
    // Who asks next hears of it.
    asked.catch(() => {});
    return before;
  }

  async #look(): Promise<Tools> {
    const [dnf5, dnf4, createrepo] = await Promise.all(
      ['dnf5', 'dnf', 'createrepo_c'].map((command) => this.#version(command)),
    );
    const dnf = dnf5 ? { command: 'dnf5', version: dnf5 } : dnf4 ? { command: 'dnf', version: dnf4 } : null;
    return { dnf, createrepo: createrepo ?? null };
  }

  async #version(command: string): Promise<string | null> {
    const lines: string[] = [];
    const { exitCode } = await runProcess({
      file: command,
      args: ['--version'],
      cwd: tmpdir(),
      env: minimalEnvironment(this.#path, tmpdir()),
      signal: new AbortController().signal,
      onOutput: (line, stream) => void (stream === 'stdout' && lines.push(line)),
      registerProcessGroup: async () => {},
      timeoutMs: ANSWER_MS,
    });
    return exitCode === 0 ? (/\d+\.\d+(\.\d+)?/.exec(lines.join('\n'))?.[0] ?? 'unknown') : null;
  }
}
