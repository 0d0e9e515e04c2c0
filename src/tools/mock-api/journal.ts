/** A list that forgets its oldest entries beyond a bound, and counts what it forgot. */
export class Journal<Entry> {
  readonly #max: number;
  #entries: Entry[] = [];
  #dropped = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** How many entries were forgotten since the start or the last `clear`. */
  get dropped(): number {
    return this.#dropped;
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
    // Cut in large pieces: a shift at each push would copy the whole list each time.
    if (this.#entries.length > this.#max * 1.1) {
      const surplus = this.#entries.length - this.#max;
      this.#entries.splice(0, surplus);
      this.#dropped += surplus;
    }
  }

  /** Copies, so that readers never see an entry change under them. */
  list(): Entry[] {
    return this.#entries.map((entry) => ({ ...entry }));
  }

  clear(): void {
    this.#entries = [];
    this.#dropped = 0;
  }
}
