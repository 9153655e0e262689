import type { Page } from "../page.js";

export function mount(root: HTMLElement, page: Page): void {
  page
    .work("playground")
    .then((work) => work.describe())
    .catch((error: unknown) => {
      page.fail(root, error);
    });
}
