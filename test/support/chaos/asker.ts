// Requests over HTTP, to any of the api processes, as patient as one likes; what is answered is counted, and what must never
// be answered is told.

import type { Random } from './random.ts';
import type { Records } from './records.ts';

export interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions: { readonly code: string; readonly retryable: boolean };
  }[];
}

/** One request over HTTP; null where no clear answer came. */
export async function ask(url: string, query: string, variables: object, patienceMs: number): Promise<Answer | null> {
  try {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(patienceMs),
    });
    return (await response.json()) as Answer;
  } catch {
    return null;
  }
}

export class Asker {
  readonly #records: Records;
  readonly urls: () => readonly string[];

  constructor(records: Records, urls: () => readonly string[]) {
    this.#records = records;
    this.urls = urls;
  }

  /** `what`: whose time is measured. */
  async ask(
    query: string,
    variables: object,
    random: Random,
    patienceMs: number,
    what = 'answer',
  ): Promise<Answer | null> {
    const known = this.urls();
    if (known.length === 0) return null;
    const begun = performance.now();
    const answer = await ask(random.pick(known), query, variables, patienceMs);
    const internal = answer?.errors?.find(({ extensions }) => extensions.code === 'INTERNAL_SERVER_ERROR');
    if (internal) this.#records.violated('errors', `${query.slice(0, 40)}: ${JSON.stringify(internal)}`);
    this.#records.count(
      answer === null
        ? 'requests without an answer'
        : answer.errors
          ? 'requests answered with an error'
          : 'requests answered',
    );
    this.#records.longest(what, performance.now() - begun);
    return answer;
  }
}
