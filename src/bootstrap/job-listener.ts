// The connection on which the queue hears of new jobs. Only workers need one.

import type { Logger } from '../app/ports.ts';
import { Listener } from '../events/listener.ts';
import type { Listen } from '../queue/work-queue.ts';

export function jobListener(url: string, logger: Logger): Listen {
  return async (channel, onNotification, onReconnect) => {
    const listener = new Listener({
      url,
      logger,
      applicationName: 'odcs-queue',
      channels: [channel],
      onNotification: (_channel, payload) => onNotification(payload),
      onListening: onReconnect,
    });
    await listener.start();
    return { close: () => listener.stop() };
  };
}
