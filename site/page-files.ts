/**
 * A file of the page, by its path from the page's root.
 * @throws {Error} naming the file, if the server hasn't it.
 */
export async function fetchBytes(path: string): Promise<Uint8Array> {
  const response = await fetch(path);
  if (!response.ok) {
    throw new Error(
      `page: expected the file ${path}, got HTTP ${response.status}; reload the page`,
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}
