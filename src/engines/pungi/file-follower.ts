// Reads lines from a file while another process appends to it. The file may appear later.

import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { lineSplitter } from '../supervisor/output-lines.ts';

const POLL_MS = 100;
const CHUNK_BYTES = 65_536;

interface FileFollower {
  /** Settles when the rest of the file is read. */
  stop(): Promise<void>;
}

export function followFile(path: string, onLine: (line: string) => void): FileFollower {
  const stopping = new AbortController();
  const lines = lineSplitter(onLine);
  let offset = 0;

  async function readNew(): Promise<void> {
    const file = await open(path, 'r').catch(() => null);
    if (!file) return;
    try {
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, offset);
        if (bytesRead === 0) return;
        offset += bytesRead;
        lines.push(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }
  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      await readNew();
      await delay(POLL_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    await readNew();
    lines.end();
  }
  const following = follow();
  return {
    stop: () => {
      stopping.abort();
      return following;
    },
  };
}
