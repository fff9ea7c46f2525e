/** Runs f, and once more if it was called again meanwhile: never twice at a time, and never too old. */
export function coalesced(f: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let again = false;
  return function call(): Promise<void> {
    if (running) {
      again = true;
      return running;
    }
    running = f().finally(() => {
      running = null;
      if (!again) return;
      again = false;
      return call();
    });
    return running;
  };
}
