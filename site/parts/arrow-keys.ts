const arrows: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** Where an arrow key goes, right and up; five times as far with Shift, and nowhere by another key. */
export function arrowStep(event: KeyboardEvent): readonly [number, number] | undefined {
  const arrow = arrows[event.key];
  const times = event.shiftKey ? 5 : 1;
  return arrow && [times * arrow[0], times * arrow[1]];
}
