// What the server knows of one epoch at a time: asked for when it is needed, a few at once, and kept.

/** Requests under way at once, so that those for the map get their turn. */
const AT_ONCE = 3;

interface Slot<T> {
  version: string;
  value: T | null;
  state: "waiting" | "asked" | "here" | "failed";
}

/** Values by epoch number. A value whose version changed stays until the new one is here. */
export class PerEpoch<T> {
  private slots = new Map<number, Slot<T>>();
  private queue: number[] = [];
  private underway = 0;
  private age = 0;
  private held = false;

  /** arrived is told the epoch; failed the reason, once per epoch. */
  constructor(
    private readonly load: (epoch: number, version: string) => Promise<T>,
    private readonly arrived: (epoch: number) => void,
    private readonly failed: (e: unknown) => void,
  ) {}

  /** The value, which is asked for when it is not known in this version; null until it is here. */
  get(epoch: number, version: string): T | null {
    const s = this.slots.get(epoch);
    if (s?.version === version) return s.value;
    this.slots.set(epoch, { version, value: s?.value ?? null, state: "waiting" });
    this.queue = this.queue.filter((e) => e !== epoch);
    this.queue.push(epoch);
    this.next();
    return s?.value ?? null;
  }

  /** Whether the value is here in this version. */
  has(epoch: number, version: string): boolean {
    const s = this.slots.get(epoch);
    return s?.version === version && s.state === "here";
  }

  /** Whether it was asked for, and no answer has come yet. */
  coming(epoch: number): boolean {
    const state = this.slots.get(epoch)?.state;
    return state === "waiting" || state === "asked";
  }

  /** Whether asking for it has failed. */
  broken(epoch: number): boolean {
    return this.slots.get(epoch)?.state === "failed";
  }

  /** Any value that is here. */
  some(): T | null {
    for (const s of this.slots.values()) if (s.value !== null) return s.value;
    return null;
  }

  clear(): void {
    this.age++;
    this.slots.clear();
    this.queue = [];
    this.underway = 0;
  }

  /** Asks for nothing until release. */
  hold(): void {
    this.held = true;
  }

  release(): void {
    this.held = false;
    this.next();
  }

  /** Gives those that failed another chance. */
  retry(): void {
    for (const [e, s] of this.slots) if (s.state === "failed") this.slots.delete(e);
  }

  private next(): void {
    while (!this.held && this.underway < AT_ONCE && this.queue.length > 0) {
      const epoch = this.queue.pop()!; // who asks last waits least: it is what is looked at
      const slot = this.slots.get(epoch);
      if (!slot || slot.state !== "waiting") continue;
      slot.state = "asked";
      const age = this.age;
      this.underway++;
      this.load(epoch, slot.version)
        .then((v) => {
          if (age !== this.age) return;
          slot.value = v;
          slot.state = "here";
          if (this.slots.get(epoch) === slot) this.arrived(epoch);
        })
        .catch((e: unknown) => {
          slot.state = "failed";
          if (age === this.age) this.failed(e);
        })
        .finally(() => {
          if (age !== this.age) return;
          this.underway--;
          this.next();
        });
    }
  }
}
