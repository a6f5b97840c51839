// A Pulp that requires a client certificate, and has a certificate of a private CA.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { Pulp2Client } from '../../src/upstreams/pulp/pulp2-client.ts';
import { namesAll } from '../support/names-all.ts';

let directory: string;
let server: Server;
let url: string;
const at = (name: string) => join(directory, name);

function issue(name: string, extension: string): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', at(`${name}.key`)];
  if (name === 'ca')
    return void openssl('req', '-x509', ...key, '-subj', '/CN=A CA of our own', '-days', '2', '-out', at('ca.crt'));
  writeFileSync(at(`${name}.ext`), extension);
  openssl('req', ...key, '-subj', `/CN=${name}`, '-out', at(`${name}.csr`));
  openssl(
    'x509',
    '-req',
    '-in',
    at(`${name}.csr`),
    '-CA',
    at('ca.crt'),
    '-CAkey',
    at('ca.key'),
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    at(`${name}.ext`),
    '-out',
    at(`${name}.crt`),
  );
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'odcs-pulp-tls-'));
  issue('ca', '');
  issue('pulp', 'subjectAltName = IP:127.0.0.1');
  issue('odcs', 'extendedKeyUsage = clientAuth');
  const pem = (name: string) => readFileSync(at(name));
  server = createServer(
    { key: pem('pulp.key'), cert: pem('pulp.crt'), ca: pem('ca.crt'), requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const socket = request.socket as TLSSocket;
      request.resume();
      response.writeHead(socket.authorized ? 200 : 401, { 'content-type': 'application/json' });
      response.end(
        socket.authorized
          ? JSON.stringify([
              { id: 'one', notes: { content_set: 'rpms', arch: 'x86_64', relative_url: 'one/os', signatures: '' } },
            ])
          : '{}',
      );
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  rmSync(directory, { recursive: true, force: true });
});

async function ask(files: Readonly<Record<string, string>>) {
  const loaded = loadConfig({ ODCS_PULP: JSON.stringify({ url, kind: 2, ...files }) });
  if (!loaded.ok) return loaded;
  const { tls } = loaded.config.pulp ?? {};
  const pulp = new Pulp2Client({ url, retry: { attempts: 1, firstPauseMs: 1 }, ...(tls && { tls }) });
  try {
    return await pulp.byContentSets(['rpms'], { includeUnpublished: false, signal: new AbortController().signal });
  } finally {
    await pulp.close();
  }
}

describe('A Pulp that requires a certificate', () => {
  it('gets the configured certificate, and is trusted by the configured CA', async () => {
    expect(await ask({ certFile: at('odcs.crt'), keyFile: at('odcs.key'), caFile: at('ca.crt') })).toMatchObject({
      value: [{ id: 'one' }],
    });
  });

  it('is unavailable without a certificate or without the CA', async () => {
    expect(await ask({ caFile: at('ca.crt') })).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: namesAll(url, 'HTTP 401') },
    });
    expect(await ask({ certFile: at('odcs.crt'), keyFile: at('odcs.key') })).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: namesAll(url) },
    });
  });

  it('is refused by the configuration with half of a certificate or with another key', async () => {
    expect(await ask({ certFile: at('odcs.crt') })).toMatchObject({
      ok: false,
      problems: [{ path: 'pulp', text: expect.stringContaining('keyFile') }],
    });
    expect(await ask({ certFile: at('odcs.crt'), keyFile: at('pulp.key') })).toMatchObject({
      ok: false,
      problems: [{ path: 'pulp', text: expect.stringContaining('cannot be used') }],
    });
  });
});
