// Sends GraphQL requests over HTTP to a random api process, counts the answers, and records internal errors as violations.

import type { Random } from './random.ts';
import type { Records } from './records.ts';

export interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions: { readonly code: string; readonly retryable: boolean };
  }[];
}

/** Null if no complete answer came within the timeout. */
export async function postGraphql(
  url: string,
  query: string,
  variables: object,
  timeoutMs: number,
): Promise<Answer | null> {
  try {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    return (await response.json()) as Answer;
  } catch {
    return null;
  }
}

export class ApiClient {
  readonly #records: Records;
  readonly urls: () => readonly string[];

  constructor(records: Records, urls: () => readonly string[]) {
    this.#records = records;
    this.urls = urls;
  }

  /** `what` names the durations in the figures. */
  async request(
    query: string,
    variables: object,
    random: Random,
    timeoutMs: number,
    what = 'answer',
  ): Promise<Answer | null> {
    const urls = this.urls();
    if (urls.length === 0) return null;
    const startedAt = performance.now();
    const answer = await postGraphql(random.pick(urls), query, variables, timeoutMs);
    const internal = answer?.errors?.find(({ extensions }) => extensions.code === 'INTERNAL_SERVER_ERROR');
    if (internal) this.#records.violation('errors', `${query.slice(0, 40)}: ${JSON.stringify(internal)}`);
    this.#records.count(
      answer === null
        ? 'requests without an answer'
        : answer.errors
          ? 'requests answered with an error'
          : 'requests answered',
    );
    this.#records.duration(what, performance.now() - startedAt);
    return answer;
  }
}
