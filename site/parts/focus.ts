/**
 * Remembers what has the focus. The function gives it back where it was lost meanwhile: a control loses it
 * that is disabled or hidden, and who uses the keyboard would begin at the top of the page.
 */
export function keepFocus(): () => void {
  const kept = document.activeElement;
  return () => {
    const now = document.activeElement;
    const isLost = now === null || now === document.body || now.matches(":disabled");
    if (isLost && kept instanceof HTMLElement) kept.focus({ preventScroll: true });
  };
}
