import { openPage, type Page } from "./page.js";
import { showEngine } from "./parts/engine-badge.js";
import { followHash } from "./parts/hash.js";
import { whenNear } from "./parts/lazy.js";

/** A section: it fills its element, whose text is in index.html. */
interface Section {
  readonly mount: (root: HTMLElement, page: Page) => void;
}

/** Sections by the id of their element, loaded when they come near. */
const sections: Readonly<Record<string, () => Promise<Section>>> = {
  playground: () => import("./sections/playground.js"),
  "drag-c": () => import("./sections/drag-c.js"),
  inverse: () => import("./sections/inverse.js"),
  logdet: () => import("./sections/logdet.js"),
  mnist: () => import("./sections/mnist.js"),
  table: () => import("./sections/table.js"),
};

const element = (id: string): HTMLElement => document.getElementById(id)!;

const page = openPage(element("live"));
showEngine(element("engine"), page);
for (const [id, load] of Object.entries(sections)) {
  const root = element(id);
  whenNear(root, () => {
    load().then(
      ({ mount }) => {
        mount(root, page);
      },
      (error: unknown) => {
        page.fail(root, error);
      },
    );
  });
}
followHash();
