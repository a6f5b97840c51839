// Work that would hold up the event loop runs in a thread of its own. A thread answers once, may report on the way, and
// is gone when the promise settles: an abort terminates it, whatever it is doing. A leaf: it knows nothing of the house.

import { extname } from 'node:path';
import { parentPort, Worker, workerData } from 'node:worker_threads';

export interface ThreadTask<Report> {
  /** The thread's module, see `threadModule`. */
  readonly module: URL;
  /** Handed over by structured cloning. */
  readonly input: unknown;
  readonly signal: AbortSignal;
  onReport?(report: Report): void;
}

type ThreadMessage = { readonly report: unknown } | { readonly result: unknown };

/** Bounds what hostile input can take; beyond it the thread alone dies. */
const MAX_HEAP_MB = 3_072;

/** A module beside the caller's, whether that runs from TypeScript (tests) or compiled. */
export function threadModule(callerUrl: string, name: string): URL {
  return new URL(`./${name}${extname(new URL(callerUrl).pathname)}`, callerUrl);
}

/** Settles when the thread has exited. Rejects with the signal's reason after an abort, else with what the thread threw. */
export function runInThread<Result, Report = never>(task: ThreadTask<Report>): Promise<Result> {
  const { signal } = task;
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    const worker = new Worker(task.module, { workerData: task.input, resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } });
    let outcome: { readonly result: Result } | { readonly error: unknown } | null = null;
    const abort = () => void worker.terminate();
    signal.addEventListener('abort', abort, { once: true });
    worker.on('message', (message: ThreadMessage) => {
      if ('report' in message) task.onReport?.(message.report as Report);
      else outcome = { result: message.result as Result };
    });
    worker.on('error', (error) => (outcome = { error }));
    worker.on('exit', () => {
      signal.removeEventListener('abort', abort);
      if (signal.aborted) reject(signal.reason as Error);
      else if (outcome && 'result' in outcome) resolve(outcome.result);
      else reject(outcome ? (outcome.error as Error) : new Error(`thread ${task.module.pathname} ended without an answer`));
    });
  });
}

/** The thread's side: runs `work` once on what was handed over. */
export async function serveThread<Input, Report = never>(
  work: (input: Input, report: (report: Report) => void) => unknown,
): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('only for use in a worker thread');
  const post = (message: ThreadMessage) => port.postMessage(message);
  const result = await work(workerData as Input, (report) => post({ report }));
  post({ result });
}
