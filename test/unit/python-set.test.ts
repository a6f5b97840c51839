import { describe, expect, it } from 'vitest';
import { PythonSet } from '../../src/engines/dnf/python-set.ts';
import recorded from '../golden/cpython-set-order.json' with { type: 'json' };

describe('PythonSet', () => {
  it.each(recorded.map((entry, index) => ({ ...entry, index })))(
    'iterates in the order of CPython: record $index',
    ({ added, order, copied }) => {
      const set = new PythonSet();
      for (const value of added) set.add(value);
      expect([...set]).toEqual(order);
      expect(set.copyOrder()).toEqual(copied);
    },
  );
});
