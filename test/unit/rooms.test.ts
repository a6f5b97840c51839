import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ROOMS } from '../../src/docs/rooms.ts';

it('every folder of src/ is a room, so that the lint rules about imports hold in it', () => {
  const entries = readdirSync(fileURLToPath(new URL('../../src', import.meta.url)), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  expect(folders.toSorted()).toEqual(Object.keys(ROOMS).toSorted());
});
