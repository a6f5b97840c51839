// Sends the results of one operation on a WebSocket. A result is JSON text already, so that it is serialized once for
// thousands of clients; the message around it is assembled here.

import type { WebSocket } from 'ws';
import type { Outlet } from '../live/live-subscription.ts';

/** Unsent bytes of a connection above which its client counts as slow. */
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
