// Thousands of cheap subscribers in one process, so that the service is measured and not the clients. All send the same
// subscription with the same id, and must get the same bytes. Reports to its parent when all have subscribed, and when all
// have an event.

import { connect, type Socket } from 'node:net';

const [port = '0', count = '0', query = ''] = process.argv.slice(2);
const TOTAL = Number(count);
const AT_A_TIME = 100;
const HANDSHAKE = [
  'GET /graphql HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Protocol: graphql-transport-ws',
  '',
  '',
].join('\r\n');
const [TEXT, PING, PONG] = [0x81, 0x89, 0x8a];

/** Messages as the first subscriber got them, and how many subscribers have each. */
const messages: { readonly bytes: Buffer; received: number }[] = [];
let left = TOTAL;

for (let worker = 0; worker < AT_A_TIME; worker += 1) void subscribeAll();

async function subscribeAll(): Promise<void> {
  while (left-- > 0) await subscribe();
  if (left === -AT_A_TIME) process.send?.('all have subscribed');
}

/** Resolves when the subscription was sent. */
function subscribe(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(HANDSHAKE));
    let received = 0;
    let rest: Buffer = Buffer.alloc(0);
    let isUpgraded = false;
    const take = (message: Buffer): void => {
      if (message.includes('"type":"next"')) return countMessage(received++, message);
      if (!message.includes('"type":"connection_ack"')) throw new Error(message.toString());
      send(socket, TEXT, JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
      resolve();
    };
    socket.on('close', () => {
      throw new Error('The connection of a subscriber was closed');
    });
    socket.on('data', (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const end = isUpgraded ? 0 : rest.indexOf('\r\n\r\n') + 4;
      if (!isUpgraded && end < 4) return;
      if (!isUpgraded) send(socket, TEXT, JSON.stringify({ type: 'connection_init' }));
      isUpgraded = true;
      rest = takeFrames(rest.subarray(end), socket, take);
    });
  });
}

function countMessage(index: number, bytes: Buffer): void {
  const message = (messages[index] ??= { bytes: Buffer.from(bytes), received: 0 });
  if (!message.bytes.equals(bytes))
    throw new Error(`Message ${index} is ${bytes.toString()}, and ${message.bytes.toString()} for others`);
  message.received += 1;
  if (message.received === TOTAL) process.send?.({ index, at: performance.timeOrigin + performance.now() });
}

/** Returns the bytes after the last whole frame. The service sends no fragmented frames and none above 64 kB. */
function takeFrames(bytes: Buffer, socket: Socket, take: (message: Buffer) => void): Buffer {
  for (let at = 0; ;) {
    const short = bytes[at + 1] ?? 0;
    const head = short === 126 ? 4 : 2;
    const end = at + head + (bytes.length < at + head || head === 2 ? short : bytes.readUInt16BE(at + 2));
    if (bytes.length < at + head || bytes.length < end) return bytes.subarray(at);
    if (bytes[at] === PING) send(socket, PONG, '');
    else take(bytes.subarray(at + head, end));
    at = end;
  }
}

/** Masked with a key of zeros, as the protocol requires a mask. */
function send(socket: Socket, kind: number, text: string): void {
  const length = Buffer.byteLength(text);
  const head = length < 126 ? [kind, 0x80 | length] : [kind, 0xfe, length >> 8, length & 0xff];
  socket.write(Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), Buffer.from(text)]));
}
