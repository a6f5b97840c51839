/** Description of `idempotencyKey`, which several mutations take. */
export const IDEMPOTENCY_KEY =
  'A key of the client, 1 to 200 characters, that makes retries safe: the same key and input again return the first answer. The same key with another input is a `CONFLICT`. Keys belong to the viewer and the mutation, and are kept as long as the compose. Default: none.';
