// Subscribers, thousands in one process and at little cost, so that it is the service that is measured: sockets that ask
// for the same under the same id, and so have to get the very same bytes. Tells its parent when all are there, and when
// all have got an event.

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

/** Messages as the first subscriber got them, and how many have got each. */
const messages: { readonly bytes: Buffer; got: number }[] = [];
let left = TOTAL;

for (let worker = 0; worker < AT_A_TIME; worker += 1) void joinOnes();

async function joinOnes(): Promise<void> {
  while (left-- > 0) await join();
  if (left === -AT_A_TIME) process.send?.('all are there');
}

/** Resolves when the subscription has been asked for. */
function join(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(HANDSHAKE));
    let seen = 0;
    let rest: Buffer = Buffer.alloc(0);
    let isUpgraded = false;
    const take = (message: Buffer): void => {
      if (message.includes('"type":"next"')) return got(seen++, message);
      if (!message.includes('"type":"connection_ack"')) throw new Error(message.toString());
      send(socket, TEXT, JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
      resolve();
    };
    socket.on('close', () => {
      throw new Error('A subscriber was cut off');
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

function got(index: number, bytes: Buffer): void {
  const message = (messages[index] ??= { bytes: Buffer.from(bytes), got: 0 });
  if (!message.bytes.equals(bytes))
    throw new Error(`Message ${index} is ${bytes.toString()}, and for others ${message.bytes.toString()}`);
  message.got += 1;
  if (message.got === TOTAL) process.send?.({ index, at: performance.timeOrigin + performance.now() });
}

/** What is left after the last whole frame. The service sends none that is in parts or longer than 64 kB. */
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

/** Masked, as the protocol wants it, by a key of zeros. */
function send(socket: Socket, kind: number, text: string): void {
  const length = Buffer.byteLength(text);
  const head = length < 126 ? [kind, 0x80 | length] : [kind, 0xfe, length >> 8, length & 0xff];
  socket.write(Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), Buffer.from(text)]));
}
