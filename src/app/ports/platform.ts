// What every room may rely on: a clock, a log, parts that start and stop, and PostgreSQL.

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

/** A long-lived part. Both are safe to call twice; `stop` is bounded in time. */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** One SQL statement of a fixed text, in the transaction it was handed out for or outside any. Bigints and instants come as strings. */
export type RunStatement = <Row extends object>(sql: string, parameters: readonly unknown[]) => Promise<readonly Row[]>;
