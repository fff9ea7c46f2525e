// A few lines instead of a test framework: cases are collected here and run by _build/pure_test.go, without a browser.

interface Case {
  name: string;
  run: () => void;
}

export const cases: Case[] = [];

export function test(name: string, run: () => void): void {
  cases.push({ name, run });
}

export function equal(got: unknown, want: unknown, what = ""): void {
  const [g, w] = [show(got), show(want)];
  if (g !== w) throw new Error(`${what} = ${g}, want ${w}`);
}

export function near(got: number, want: number, what = "", within = 1e-6): void {
  if (!(Math.abs(got - want) <= within * Math.max(1, Math.abs(want)))) throw new Error(`${what} = ${got}, want ${want}`);
}

export function truth(got: boolean, what: string): void {
  if (!got) throw new Error(`${what} does not hold`);
}

function show(v: unknown): string {
  return JSON.stringify(v, (_, x: unknown) =>
    ArrayBuffer.isView(x) ? Array.from(x as unknown as number[]) : typeof x === "number" && Number.isNaN(x) ? "NaN" : x,
  );
}

/** Runs all cases and returns, as JSON, the name of each with its failure or an empty string. */
export function runAll(): string {
  return JSON.stringify(
    cases.map(({ name, run }) => {
      try {
        run();
        return [name, ""];
      } catch (e) {
        return [name, e instanceof Error ? e.message : String(e)];
      }
    }),
  );
}
