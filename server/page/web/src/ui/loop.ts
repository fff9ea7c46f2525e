// When what is drawn: what moves in each frame; what follows the epoch when that is another one; the rest when there is
// time, or something is new; and the address once all is at rest.

/** While the epoch changes faster than this, in milliseconds, what takes long waits: the map goes first. */
const PACE = 200;

/** For so many milliseconds nothing changes before it is at rest. Browsers bear few changes of the address in a second. */
const REST = 120;

/** What a loop runs. */
export interface Work {
  /** Draws what moves, all of it or only what lies over the map, and reports whether more is to come by itself. */
  move(now: number, whole: boolean): boolean;
  /** Reports whether the moment is another one than when it was asked last. */
  turned(): boolean;
  /** Follows the moment, at little cost. */
  follow(): void;
  /** Follows it in everything else. */
  update(): void;
  rest(): void;
}

/** Runs one frame at a time, and none while nothing happens, or before it begins. */
export class Loop {
  private begun = false;
  private first = true;
  private pending = 0;
  private stale = true; // more than what moves may differ
  private whole = true; // more than what lies over the map may
  private drawn = 0; // when the last frame was
  private updated = -PACE;
  private later: number | undefined;
  private due: number | undefined;

  constructor(private readonly work: Work) {}

  begin(): void {
    this.begun = true;
    this.invalidate();
  }

  /** Asks for a frame in which only what lies over the map may differ. */
  readonly glance = (): void => {
    if (this.begun && this.pending === 0) this.pending = requestAnimationFrame(this.frame);
  };

  /** Asks for a frame in which only what moves may differ. */
  readonly turn = (): void => {
    this.whole = true;
    this.glance();
  };

  /** Asks for a frame in which anything may. */
  readonly invalidate = (): void => {
    this.stale = true;
    this.turn();
  };

  /** Nothing moves and nothing is about to be drawn. */
  get resting(): boolean {
    return this.begun && this.pending === 0 && this.later === undefined && this.due === undefined;
  }

  private readonly frame = (now: number): void => {
    const { work } = this;
    this.pending = 0;
    this.drawn = now;
    const { whole } = this;
    this.whole = false;
    const moving = work.move(now, whole);
    if (this.first) {
      this.first = false;
      this.invalidate(); // what moves goes first
      return;
    }
    const other = work.turned();
    if (other || this.stale) work.follow();
    if (this.stale || (other && now - this.updated >= PACE)) {
      this.stale = false;
      this.updated = now;
      work.update();
    } else if (other) this.later ??= setTimeout(this.late, PACE);
    if (moving) this.turn();
    else this.due ??= setTimeout(this.settle, REST);
  };

  private readonly late = (): void => {
    this.later = undefined;
    this.invalidate();
  };

  private readonly settle = (): void => {
    this.due = undefined;
    if (this.pending !== 0 || performance.now() - this.drawn < REST - 10) this.due = setTimeout(this.settle, REST);
    else this.work.rest();
  };
}
