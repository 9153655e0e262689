/** What was made for a key, or is made now. What fails isn't kept, so that it can be tried again. */
export function once<K, V>(made: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  const known = made.get(key);
  if (known) return known;
  const now = make();
  made.set(key, now);
  now.catch(() => made.delete(key));
  return now;
}
