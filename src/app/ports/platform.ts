// What every room may use: a clock, a logger, services, and SQL statements.

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

/** Runs one SQL statement with a fixed text, inside the transaction that it was made for or outside of any. Bigints are strings. */
export type RunStatement = <Row extends object>(sql: string, parameters: readonly unknown[]) => Promise<readonly Row[]>;
