// Runs work that would block the event loop in a worker thread. An abort terminates the thread, and the promise settles when
// the thread has exited. A thread that finished waits some seconds for the next task of its module, unless its heap is large.

import { extname } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { parentPort, Worker } from 'node:worker_threads';

export interface ThreadTask<Report> {
  /** The thread's module, see `threadModule`. */
  readonly module: URL;
  /** Passed by structured cloning. */
  readonly input: unknown;
  readonly signal: AbortSignal;
  onReport?(report: Report): void;
}

type ThreadMessage =
  | { readonly type: 'report'; readonly report: unknown }
  | { readonly type: 'result'; readonly result: unknown; readonly heapBytes: number }
  | { readonly type: 'error'; readonly error: unknown };

/** A bound for hostile input; beyond it the thread dies, and not the process. */
const MAX_HEAP_MB = 3_072;
/** A thread with a larger heap is terminated instead of waiting for another task. */
const MAX_IDLE_HEAP_BYTES = 64 * 1024 * 1024;
const IDLE_MS = 10_000;

interface IdleThread {
  readonly worker: Worker;
  readonly timer: NodeJS.Timeout;
}

const idleThreads = new Map<string, IdleThread[]>();

/** The URL of a module next to the caller's, from TypeScript (tests) and from compiled code. */
export function threadModule(callerUrl: string, name: string): URL {
  return new URL(`./${name}${extname(new URL(callerUrl).pathname)}`, callerUrl);
}

/** Rejects with the signal's reason after an abort, once the thread has exited; otherwise with what the thread threw. */
export function runInThread<Result, Report = never>(task: ThreadTask<Report>): Promise<Result> {
  const { signal, module } = task;
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    const worker = takeThread(module);
    let thrown: Error | null = null;
    const abort = () => void worker.terminate();
    const detach = () => {
      signal.removeEventListener('abort', abort);
      forgetListeners(worker);
    };
    signal.addEventListener('abort', abort, { once: true });
    worker.on('message', (message: ThreadMessage) => {
      if (message.type === 'report') return task.onReport?.(message.report as Report);
      // The thread is being terminated; its exit settles the promise.
      if (signal.aborted) return;
      detach();
      keepThread(module, worker, message.type === 'result' && message.heapBytes <= MAX_IDLE_HEAP_BYTES);
      if (message.type === 'result') resolve(message.result as Result);
      else reject(message.error);
    });
    worker.on('error', (error: Error) => (thrown = error));
    worker.on('exit', () => {
      detach();
      reject(
        signal.aborted
          ? (signal.reason as Error)
          : (thrown ?? new Error(`thread ${module.pathname} exited without a result`)),
      );
    });
    worker.postMessage(task.input);
  });
}

function forgetListeners(worker: Worker): void {
  for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
}

function takeThread(module: URL): Worker {
  const idle = idleThreads.get(module.href)?.pop();
  if (!idle) return new Worker(module, { resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } });
  clearTimeout(idle.timer);
  forgetListeners(idle.worker);
  idle.worker.ref();
  return idle.worker;
}

function keepThread(module: URL, worker: Worker, isReusable: boolean): void {
  if (!isReusable) return void worker.terminate();
  const forget = () =>
    idleThreads.set(
      module.href,
      (idleThreads.get(module.href) ?? []).filter((other) => other !== idle),
    );
  // First forgotten, then terminated, so that no task gets a thread that is exiting.
  const end = () => {
    forget();
    void worker.terminate();
  };
  const idle: IdleThread = { worker, timer: setTimeout(end, IDLE_MS).unref() };
  idleThreads.set(module.href, [...(idleThreads.get(module.href) ?? []), idle]);
  worker.on('error', forget).on('exit', forget);
  worker.unref();
}

/** The thread's side: runs `work` on each input, one after the other. */
export async function serveThread<Input, Report = never>(
  work: (input: Input, report: (report: Report) => void) => unknown,
): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('serveThread runs in worker threads only');
  const post = (message: ThreadMessage) => port.postMessage(message);
  const serve = async (input: Input) => {
    const result = await work(input, (report) => post({ type: 'report', report }));
    post({ type: 'result', result, heapBytes: getHeapStatistics().total_heap_size });
  };
  port.on('message', (input: Input) => {
    serve(input).catch((error: unknown) => post({ type: 'error', error }));
  });
}
