// Work that would hold up the event loop runs in a thread of its own. An abort terminates the thread, whatever it is doing,
// and the promise settles when it is gone. One that did its work stays for a moment, warm, for the next of its kind, unless
// it has grown large. A leaf: it knows nothing of the house.

import { extname } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { parentPort, Worker } from 'node:worker_threads';

export interface ThreadTask<Report> {
  /** The thread's module, see `threadModule`. */
  readonly module: URL;
  /** Handed over by structured cloning. */
  readonly input: unknown;
  readonly signal: AbortSignal;
  onReport?(report: Report): void;
}

type ThreadMessage =
  | { readonly type: 'report'; readonly report: unknown }
  | { readonly type: 'result'; readonly result: unknown; readonly heapBytes: number }
  | { readonly type: 'error'; readonly error: unknown };

/** Bounds what hostile input can take; beyond it the thread alone dies. */
const MAX_HEAP_MB = 3_072;
/** A thread that grew beyond is not worth its memory while it waits. */
const MAX_WAITING_HEAP_BYTES = 64 * 1024 * 1024;
const WAITING_MS = 10_000;

interface Waiting {
  readonly worker: Worker;
  readonly timer: NodeJS.Timeout;
}

const waiting = new Map<string, Waiting[]>();

/** A module beside the caller's, whether that runs from TypeScript (tests) or compiled. */
export function threadModule(callerUrl: string, name: string): URL {
  return new URL(`./${name}${extname(new URL(callerUrl).pathname)}`, callerUrl);
}

/** Rejects with the signal's reason after an abort, when the thread has exited; else with what the thread threw. */
export function runInThread<Result, Report = never>(task: ThreadTask<Report>): Promise<Result> {
  const { signal, module } = task;
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    const worker = takeThread(module);
    let thrown: Error | null = null;
    const abort = () => void worker.terminate();
    const leave = () => {
      signal.removeEventListener('abort', abort);
      forgetListeners(worker);
    };
    signal.addEventListener('abort', abort, { once: true });
    worker.on('message', (message: ThreadMessage) => {
      if (message.type === 'report') return task.onReport?.(message.report as Report);
      // Terminated already: its end is on the way.
      if (signal.aborted) return;
      leave();
      keepThread(module, worker, message.type === 'result' && message.heapBytes <= MAX_WAITING_HEAP_BYTES);
      if (message.type === 'result') resolve(message.result as Result);
      else reject(message.error);
    });
    worker.on('error', (error: Error) => (thrown = error));
    worker.on('exit', () => {
      leave();
      reject(
        signal.aborted
          ? (signal.reason as Error)
          : (thrown ?? new Error(`thread ${module.pathname} ended without an answer`)),
      );
    });
    worker.postMessage(task.input);
  });
}

function forgetListeners(worker: Worker): void {
  for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
}

function takeThread(module: URL): Worker {
  const idle = waiting.get(module.href)?.pop();
  if (!idle) return new Worker(module, { resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } });
  clearTimeout(idle.timer);
  forgetListeners(idle.worker);
  idle.worker.ref();
  return idle.worker;
}

function keepThread(module: URL, worker: Worker, isFit: boolean): void {
  if (!isFit) return void worker.terminate();
  const forget = () =>
    waiting.set(
      module.href,
      (waiting.get(module.href) ?? []).filter((other) => other !== idle),
    );
  // Forgotten before it is ended: nobody may be handed a thread that is on its way out.
  const end = () => {
    forget();
    void worker.terminate();
  };
  const idle: Waiting = { worker, timer: setTimeout(end, WAITING_MS).unref() };
  waiting.set(module.href, [...(waiting.get(module.href) ?? []), idle]);
  worker.on('error', forget).on('exit', forget);
  worker.unref();
}

/** The thread's side: runs `work` on what is handed over, one task after the other. */
export async function serveThread<Input, Report = never>(
  work: (input: Input, report: (report: Report) => void) => unknown,
): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('only for use in a worker thread');
  const post = (message: ThreadMessage) => port.postMessage(message);
  const serve = async (input: Input) => {
    const result = await work(input, (report) => post({ type: 'report', report }));
    post({ type: 'result', result, heapBytes: getHeapStatistics().total_heap_size });
  };
  port.on('message', (input: Input) => {
    serve(input).catch((error: unknown) => post({ type: 'error', error }));
  });
}
