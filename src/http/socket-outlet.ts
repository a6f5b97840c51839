// Results of one operation on one WebSocket, given as JSON text: the message around them is put together by hand, so
// that a result for thousands of clients is serialized once.

import type { WebSocket } from 'ws';
import type { Outlet } from '../live/live-subscription.ts';

/** Bytes that may wait in a connection before its client counts as slow. */
const HIGH_WATER = 64 * 1024;

export function socketOutlet(socket: WebSocket, id: string): Outlet {
  const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  return {
    get isCongested() {
      return socket.bufferedAmount > HIGH_WATER;
    },
    post(text) {
      if (socket.readyState === socket.OPEN) socket.send(`${head}${text}}`);
    },
    send(text) {
      return new Promise((resolve) => {
        if (socket.readyState !== socket.OPEN) return resolve();
        const congested = socket.bufferedAmount > HIGH_WATER;
        socket.send(`${head}${text}}`, () => congested && resolve());
        if (!congested) resolve();
      });
    },
  };
}
