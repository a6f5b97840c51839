// The thread that parses a large JSON text.

import { serveThread } from '../../concurrency/worker-thread.ts';
import { tryParse } from './parse-json.ts';

await serveThread((bytes: Uint8Array) => tryParse(bytes));
