/** What the address says of a section: `#playground?data=moons&width=32`. */
export function readHash(section: string): URLSearchParams {
  const [name, query = ""] = location.hash.slice(1).split("?");
  return new URLSearchParams(name === section ? query : "");
}

/** Keeps a section's state in the address, so that a link shows the same. */
export function writeHash(section: string, state: Readonly<Record<string, string>>): void {
  history.replaceState(null, "", `#${section}?${new URLSearchParams(state).toString()}`);
}

/**
 * Brings the section into view that the address names, and keeps it there while those above it grow,
 * until the reader does something.
 */
export function followHash(): void {
  let target: HTMLElement | null = null;
  const show = (): void => target?.scrollIntoView({ behavior: "instant" });
  const aim = (): void => {
    const [name = ""] = location.hash.slice(1).split("?");
    target = document.getElementById(name);
    show();
  };
  new ResizeObserver(show).observe(document.body);
  addEventListener("hashchange", aim);
  for (const event of ["wheel", "touchmove", "pointerdown", "keydown"]) {
    addEventListener(
      event,
      () => {
        target = null;
      },
      { passive: true, capture: true },
    );
  }
  aim();
}
