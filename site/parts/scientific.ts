/** "3.2·10⁻⁵" */
export function scientific(value: number): string {
  if (!Number.isFinite(value)) return "more than any number";
  if (value === 0) return "0";
  const [digits = "", exponent = ""] = value.toExponential(1).split("e");
  const power = superscript(Number(exponent));
  return power === "⁰" ? digits : `${digits}·10${power}`;
}

/** A whole number as an exponent. */
export function superscript(power: number): string {
  return String(power).replace(/./g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹⁻".charAt("0123456789-".indexOf(digit)));
}
