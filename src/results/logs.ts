// The logs of attempts, `.logs/<id>/<n>.log`.

import type { LogChunk, Logger } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import { logPath } from './layout.ts';
import { logWriter, readLogChunk, type LogWriter } from './log-file.ts';
import { logText } from './log-text.ts';
import type { TargetDirectories } from './targets.ts';

export class AttemptLogs {
  readonly #targets: TargetDirectories;
  readonly #publicUrl: string;
  readonly #logger: Logger;
  /** Writers of the logs that are being written, by path. */
  readonly #writers = new Map<string, LogWriter>();

  constructor(targets: TargetDirectories, publicUrl: string, logger: Logger) {
    this.#targets = targets;
    this.#publicUrl = publicUrl;
    this.#logger = logger;
  }

  append({ id, targetDir }: Compose, attempt: number, text: string): void {
    const { path: target } = this.#targets.named(targetDir);
    const path = logPath(target, id, attempt);
    let writer = this.#writers.get(path);
    if (!writer) {
      writer = logWriter(path, logText({ target, id, attempt, publicUrl: this.#publicUrl }), this.#logger);
      this.#writers.set(path, writer);
    }
    writer.append(text);
  }

  /** An attempt flushes its log once, at its end. */
  async flush(compose: Compose, attempt: number): Promise<void> {
    const path = this.#pathOf(compose, attempt);
    const writer = this.#writers.get(path);
    this.#writers.delete(path);
    await writer?.flush();
  }

  async flushAll(): Promise<void> {
    await Promise.all([...this.#writers.values()].map((writer) => writer.flush()));
  }

  read(compose: Compose, attempt: number, offset: number, upToEnd: boolean): Promise<LogChunk> {
    return readLogChunk(this.#pathOf(compose, attempt), offset, upToEnd);
  }

  #pathOf({ id, targetDir }: Compose, attempt: number): string {
    return logPath(this.#targets.named(targetDir).path, id, attempt);
  }
}
