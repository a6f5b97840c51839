// An HTTP server of a directory, with ranges and validators, that fails on demand: it cuts answers off, answers other
// statuses, redirects, or changes a file between two requests.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** True if it has answered the request. */
export type Fault = (request: IncomingMessage, response: ServerResponse, file: Buffer | null) => boolean;

export interface FileServer {
  readonly url: string;
  /** `path range` of all requests. */
  readonly requests: string[];
  /** Tried in order for each request. */
  readonly faults: Fault[];
  openConnections(): Promise<number>;
  close(): Promise<void>;
}

export async function serveFiles(directory: string): Promise<FileServer> {
  const requests: string[] = [];
  const faults: Fault[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://files').pathname;
    requests.push(`${path} ${request.headers.range ?? ''}`.trim());
    const file = read(join(directory, decodeURIComponent(path)));
    if (faults.some((fault) => fault(request, response, file))) return;
    if (!file) return void response.writeHead(404).end('no such file');
    send(request, response, file);
  });
  // Longer than a test, so that only clients close connections.
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    faults,
    openConnections: () => promisify(server.getConnections.bind(server))(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function etagOf(file: Buffer): string {
  return `"${createHash('sha1').update(file).digest('hex')}"`;
}

function send(request: IncomingMessage, response: ServerResponse, file: Buffer): void {
  const etag = etagOf(file);
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? Number.NaN);
  if (Number.isInteger(from) && request.headers['if-range'] === etag) {
    response
      .writeHead(206, {
        etag,
        'content-length': file.length - from,
        'content-range': `bytes ${from}-${file.length - 1}/${file.length}`,
      })
      .end(file.subarray(from));
    return;
  }
  response.writeHead(200, { etag, 'content-length': file.length }).end(file);
}

/** For the first `times` requests of matching files: sends `bytes` bytes and closes the connection. */
export function cutOff(matches: RegExp, bytes: number, times: number): Fault {
  let left = times;
  return (request, response, file) => {
    if (!file || left === 0 || !matches.test(request.url ?? '')) return false;
    left--;
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = from > 0 ? { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { etag: etagOf(file), 'content-length': file.length - from, ...range });
    // Not destroyed, because a reset would discard what the client has not read yet.
    response.write(file.subarray(from, from + bytes), () => response.socket?.end());
    return true;
  };
}

export function answerWith(
  matches: RegExp,
  status: number,
  times: number,
  headers: Record<string, string> = {},
): Fault {
  let left = times;
  return (request, response) => {
    if (left === 0 || !matches.test(request.url ?? '')) return false;
    left--;
    response.writeHead(status, headers).end();
    return true;
  };
}

function read(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}
