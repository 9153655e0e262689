/** What the address says of a section: `#playground?data=moons&width=32`. */
export function readHash(section: string): URLSearchParams {
  const [name, query = ""] = location.hash.slice(1).split("?");
  return new URLSearchParams(name === section ? query : "");
}

/** Keeps a section's state in the address, so that a link shows the same. */
export function writeHash(section: string, state: Readonly<Record<string, string>>): void {
  history.replaceState(null, "", `#${section}?${new URLSearchParams(state).toString()}`);
}

/** Brings the section into view whose state the address holds. */
export function scrollToHash(): void {
  const [name = "", query] = location.hash.slice(1).split("?");
  if (query !== undefined) document.getElementById(name)?.scrollIntoView();
}
