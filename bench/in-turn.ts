/**
 * Takes measurements in turn, one of each in every round, and gives them in the order they came.
 * @param uncounted rounds before those that count
 */
export async function measureInTurn<K extends string>(
  measures: Readonly<Record<K, () => Promise<number>>>,
  { rounds, uncounted = 0 }: { readonly rounds: number; readonly uncounted?: number },
): Promise<Record<K, number[]>> {
  const names = Object.keys(measures) as K[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    K,
    number[]
  >;
  for (let i = 0; i < uncounted + rounds; i++) {
    for (const name of names) {
      const result = await measures[name]();
      if (i >= uncounted) results[name].push(result);
    }
  }
  return results;
}
