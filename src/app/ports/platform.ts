// What every room may use: a clock, a logger and services.

export interface Clock {
  now(): Date;
}

export interface Logger {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
  child(bindings: object): Logger;
}

/** A long-lived part of a process. Both methods may be called twice; `stop` ends within a bounded time. */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}
