// Sees to each item, a few at a time, so that one that takes long holds no other up. Relies on `seeTo` to fail for
// nothing that should not fail the whole.

export async function forEachConcurrently<T>(
  items: readonly T[],
  atATime: number,
  seeTo: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: Math.min(atATime, items.length) }, async () => {
      for (const item of left) await seeTo(item);
    }),
  );
}
