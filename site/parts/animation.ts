export interface Animation {
  /** Frames from the first on, or from where it was paused. */
  play(): void;
  pause(): void;
  readonly isPlaying: boolean;
}

/** Calls `show` with one frame after another, so many a second, until `show` says that was the last. */
export function animation(
  framesPerSecond: number,
  next: () => boolean,
  onEnd: () => void,
): Animation {
  let request: number | undefined;
  let last = 0;
  const turn = (now: number): void => {
    request = requestAnimationFrame(turn);
    if (now - last < 1000 / framesPerSecond) return;
    last = now;
    if (next()) return;
    cancelAnimationFrame(request);
    request = undefined;
    onEnd();
  };
  return {
    play: () => {
      request ??= requestAnimationFrame(turn);
    },
    pause: () => {
      if (request !== undefined) cancelAnimationFrame(request);
      request = undefined;
    },
    get isPlaying() {
      return request !== undefined;
    },
  };
}
