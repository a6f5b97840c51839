import { defineConfig } from 'vitest/config';

// type-graphql and Apollo must share one copy of graphql: Vite would otherwise load its ESM twin beside the CommonJS one.
export default defineConfig({
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // CI's machines are shared: what is bounded in time gets a second try there, and the report shows that it needed one.
    retry: process.env['CI'] ? 1 : 0,
    // What is polled for is a signal without a message; how long it takes is no part of any test.
    expect: { poll: { timeout: 15_000 } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
