// The interfaces that the use cases need. Other rooms implement them. Expected failures are values (`ComposeFailure`,
// `Refusal`); a rejected promise means a bug or a lost connection.

export * from './ports/platform.ts';
export * from './ports/process-runner.ts';
export * from './ports/page.ts';
export * from './ports/due.ts';
export * from './ports/composes.ts';
export * from './ports/feed.ts';
export * from './ports/package-record.ts';
export * from './ports/progress.ts';
export * from './ports/work.ts';
export * from './ports/engines.ts';
export * from './ports/sources.ts';
export * from './ports/attempt-directory.ts';
export * from './ports/results.ts';
export * from './ports/cache.ts';
export * from './ports/tracking.ts';
