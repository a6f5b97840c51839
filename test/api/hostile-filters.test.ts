import { describe, expect } from 'vitest';
import { apiTest as it } from '../support/fixtures.ts';

const BY_TEXT = `query ($t: String!, $id: ID!) {
  composes(filter: { owners: [$t], source: $t, label: $t, pungiComposeId: $t, ids: [$id] }) { totalCount nodes { id } }
  composeEvents(filter: { owners: [$t] }) { nodes { seq } }
  compose(id: $id) { id }
}`;
const BY_TIME =
  'query ($t: DateTime!) { composes(filter: { submittedAfter: $t, submittedBefore: $t }) { totalCount } }';

describe('ComposeFilter', () => {
  it.for(["'; drop table compose; --", '%', '\\', '💾', 'a'.repeat(10_000)])(
    'finds nothing for the text %j',
    async (text, { http }) => {
      const { data, errors } = await http.query(BY_TEXT, { t: text, id: text });
      expect(errors).toBeUndefined();
      expect(data).toEqual({ composes: { totalCount: 0, nodes: [] }, composeEvents: { nodes: [] }, compose: null });
    },
  );

  it.for([
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59-10:00',
    '0001-01-01T00:00:00+10:00',
    '2026-02-30T00:00:00',
    'yesterday',
  ])('refuses the time %j', async (time, { http }) => {
    const { errors } = await http.query(BY_TIME, { t: time });
    expect(errors).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'filter.submittedAfter' }] } },
    ]);
  });

  it.for(['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'])('accepts the time %j', async (time, { http }) => {
    expect((await http.query(BY_TIME, { t: time })).errors).toBeUndefined();
  });
});
