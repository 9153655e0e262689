/**
 * Bounds γ_k = k·u/(1 − k·u), u = 2⁻⁵³, which k rounded operations after one another can't exceed,
 * with a tenth to spare for the few operations of computing bounds themselves.
 *
 * @see Higham 2002, Accuracy and Stability of Numerical Algorithms, lemma 3.1
 */
export const gamma = (operations: number): number => 1.1 * operations * 2 ** -53;

/** The number, raised by more than `operations` roundings could have lowered it. */
export const roundedUp = (x: number, operations = 4): number => x * (1 + gamma(operations + 4));
