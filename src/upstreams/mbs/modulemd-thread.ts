// The thread that reads many or large modulemd documents. A large one takes hundreds of milliseconds.

import { serveThread } from '../../concurrency/worker-thread.ts';
import { readModulemd } from './modulemd.ts';

await serveThread((texts: readonly string[]) => texts.map(readModulemd));
