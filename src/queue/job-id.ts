// The id of a compose's job: a version 8 UUID of the compose's id and of how often it was sent. The same send has the same
// id, so that sending it twice adds no second job.

const VARIANT = 0x8000_0000_0000_0000n;

export function jobId(composeId: string, send: number): string {
  const high = send.toString(16).padStart(12, '0');
  const low = (BigInt(composeId) | VARIANT).toString(16);
  return `${high.slice(0, 8)}-${high.slice(8)}-8000-${low.slice(0, 4)}-${low.slice(4)}`;
}
