// A set of integers that iterates in CPython's order, by the slots of an open hash table (Objects/setobject.c). Pungi visits
// packages in this order, and its choice of a provider depends on the earlier choices.

const MIN_SLOTS = 8;
const LINEAR_PROBES = 9;
const PERTURB_SHIFT = 5;
/** Larger sets grow by a factor of 2 instead of 4. */
const LARGE = 50_000;
const EMPTY = -1;

export class PythonSet {
  #slots = new Int32Array(MIN_SLOTS).fill(EMPTY);
  readonly #members = new Set<number>();

  get size(): number {
    return this.#members.size;
  }

  has(value: number): boolean {
    return this.#members.has(value);
  }

  add(value: number): void {
    if (this.#members.has(value)) return;
    this.#members.add(value);
    insert(this.#slots, value);
    const mask = this.#slots.length - 1;
    if (this.size * 5 >= mask * 3) this.#resize(this.size > LARGE ? this.size * 2 : this.size * 4);
  }

  /** The order of `for value in set`. */
  *[Symbol.iterator](): Generator<number> {
    for (const value of this.#slots) if (value !== EMPTY) yield value;
  }

  /** The order of a copy (`set.copy()`, `set(other)`). */
  copyOrder(): number[] {
    const slots = this.size * 5 >= (MIN_SLOTS - 1) * 3 ? powerOfTwoAbove(this.size * 2) : MIN_SLOTS;
    if (slots === this.#slots.length) return [...this];
    const table = new Int32Array(slots).fill(EMPTY);
    for (const value of this) insert(table, value);
    return [...table].filter((value) => value !== EMPTY);
  }

  #resize(minimum: number): void {
    const table = new Int32Array(powerOfTwoAbove(minimum)).fill(EMPTY);
    for (const value of this) insert(table, value);
    this.#slots = table;
  }
}

function powerOfTwoAbove(minimum: number): number {
  let size = MIN_SLOTS;
  while (size <= minimum) size *= 2;
  return size;
}

function insert(table: Int32Array, value: number): void {
  const mask = table.length - 1;
  let perturb = value;
  let slot = value & mask;
  for (;;) {
    const probes = slot + LINEAR_PROBES <= mask ? LINEAR_PROBES : 0;
    for (let probe = 0; probe <= probes; probe++) {
      if (table[slot + probe] === EMPTY) {
        table[slot + probe] = value;
        return;
      }
    }
    perturb = Math.floor(perturb / 2 ** PERTURB_SHIFT);
    slot = (slot * 5 + 1 + perturb) & mask;
  }
}
