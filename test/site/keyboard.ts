import assert from "node:assert/strict";
import type { Page } from "playwright-core";

/** What has the focus: where it is, what it is called, and whether that shows. */
export interface Focused {
  /** The mark that {@link markControls} gave it. */
  readonly mark: string;
  readonly name: string;
  readonly hasOutline: boolean;
}

export const focused = (page: Page): Promise<Focused | undefined> => page.evaluate(focusedControl);

/** Marks the controls that are in use now, and gives their marks. */
export const markControls = (page: Page): Promise<string[]> => page.evaluate(marks, true);

/** The marks of those controls that are in use still. */
export const marksInUse = (page: Page): Promise<string[]> => page.evaluate(marks, false);

/** Presses Tab until the control has the focus, so many times at most. */
export async function tabTo(page: Page, name: string | RegExp, most = 40): Promise<void> {
  const passed: string[] = [];
  for (let i = 0; i < most; i++) {
    await page.keyboard.press("Tab");
    const now = (await focused(page))?.name ?? "nothing";
    if (typeof name === "string" ? now === name : name.test(now)) return;
    passed.push(now);
  }
  assert.fail(`Tab didn't reach ${name}, but ${passed.join(", ")}`);
}

/** Goes to a section by its link at the top of the page. */
export async function followLink(page: Page, name: string): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press("Enter");
}

function focusedControl(): Focused | undefined {
  const one = document.activeElement;
  if (!(one instanceof HTMLElement) || one === document.body) return undefined;
  const labels = one instanceof HTMLInputElement || one instanceof HTMLSelectElement;
  const label = labels ? one.labels?.[0]?.textContent : undefined;
  return {
    mark: one.dataset.mark ?? "",
    name: (one.getAttribute("aria-label") ?? label ?? one.textContent).trim(),
    hasOutline: getComputedStyle(one).outlineStyle !== "none",
  };
}

function marks(isMarking: boolean): string[] {
  return [
    ...document.querySelectorAll<HTMLElement>("a, button, input, select, summary, [tabindex='0']"),
  ]
    .filter((one) => one.checkVisibility() && !one.matches(":disabled"))
    .flatMap((one, i) => {
      if (isMarking) one.dataset.mark = `${i} ${one.tagName}`;
      return one.dataset.mark === undefined ? [] : [one.dataset.mark];
    });
}
