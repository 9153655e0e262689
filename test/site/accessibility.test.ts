import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import type { Page } from "playwright-core";
import { describeIn, openSite, showAll, type TestSite } from "./site.js";

/** A part of the browser's own tree of what a screen reader is told. */
interface Node {
  readonly nodeId: string;
  readonly parentId?: string;
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
}

/** Roles of what is used, or looked at. */
const told =
  /^(application|button|combobox|DisclosureTriangle|image|progressbar|slider|switch|table|textbox)$/;

/** What each section has, as "role: name"; of a picture's name the title, which what it shows follows. */
async function toldOf(page: Page): Promise<Record<string, string[]>> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = (await session.send("Accessibility.getFullAXTree")) as { nodes: Node[] };
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const regionOf = (node: Node | undefined): string | undefined =>
    node?.role?.value === "region" ? node.name?.value : node && regionOf(byId.get(node.parentId!));
  const sections: Record<string, string[]> = {};
  for (const node of nodes) {
    const [role = "", region] = [node.role?.value, regionOf(node)];
    if (node.ignored || region === undefined || !told.test(role)) continue;
    const [name = ""] = (node.name?.value ?? "").split(". ");
    (sections[region] ??= []).push(`${role}: ${name}`);
  }
  return sections;
}

const pictures = (...titles: readonly string[]): string[] => titles.map((one) => `image: ${one}`);

const expected: Readonly<Record<string, readonly string[]>> = {
  "Playground in two dimensions": [
    ...["combobox: Density", "slider: Residual blocks", "combobox: Units of each hidden layer"],
    ...["combobox: Activation", "slider: Learning rate"],
    ...["button: Play", "button: Step", "button: Reset", "button: Clear drawn points"],
    "application: Density p(x)",
    ...pictures("Samples", "Data’s grid in latent space", "Latent grid in data space"),
    ...pictures("Loss: mean of −log p(x) over a batch"),
  ],
  "Drag c": [
    "slider: c, bound on the norm of each layer",
    ...pictures("What is called p(x)", "Data’s grid in latent space"),
    ...pictures("What a bound costs", "What breaks without one"),
  ],
  "The inverse, step by step": [
    ...["combobox: Network", "slider: Iteration", "switch: Anderson acceleration, depth 1"],
    ...["button: Play", "application: Choose a point x"],
    ...pictures("Iterates of a block", "Error of each iterate"),
  ],
  "The log-determinant": [
    ...["combobox: Network", "slider: Terms n", "slider: Probes v"],
    ...["application: Choose a point x", "image: ln|det J| at x, by the number of terms"],
  ],
  Digits: [
    "application: Draw a digit here by mouse, pen or finger, or by arrow keys and Space",
    ...["button: Clear", "combobox: Without drawing", "button: Draw it for me"],
    ...["table: p(digit | drawing)", "combobox: From", "combobox: To", "slider: Between the two"],
    ...["button: Show", "slider: Temperature", "button: Draw digits"],
  ],
  "Your table": [
    ...["textbox: Columns to leave out", "slider: Most training steps"],
    ...["button: Rows to learn", "button: A checkpoint to open"],
    ...["button: Rows to score with the model", "button: Try the example", "button: Cancel"],
    ...["button: Scores (CSV)", "button: Checkpoint", "button: ONNX file"],
  ],
};

describeIn(["Chromium"], "what a screen reader is told", (browser) => {
  let site: TestSite;
  before(async () => {
    site = await openSite(browser);
  });
  after(() => site.close());

  it("names every control and picture of each section, by its role", async () => {
    const { page, problems } = await site.open("", { reducedMotion: "reduce" });
    await showAll(page);
    await page.waitForSelector("#inverse[data-state=shown]");
    await page.waitForSelector("#logdet[data-state=shown]");
    const sections = await toldOf(page);
    assert.deepEqual(Object.keys(sections), Object.keys(expected));
    for (const [section, parts] of Object.entries(expected)) {
      const found = sections[section]!;
      assert.deepEqual(
        parts.filter((part) => !found.includes(part)),
        [],
        `${section} has ${found.join("; ")}`,
      );
      for (const part of found) assert.doesNotMatch(part, /: $/, `no name in ${section}`);
      const controls = found.filter((part) => !/^(image|table|progressbar)/.test(part));
      assert.deepEqual(
        controls.filter((part) => !parts.includes(part)),
        [],
        `not in the list of ${section}`,
      );
    }
    // Values of sliders are told once, by the slider; news by the one place for it.
    assert.equal(await page.locator("output:not([aria-live=off])").count(), 0);
    assert.equal(await page.locator("[role=status]").count(), 1);
    assert.deepEqual(problems, []);
    await page.context().close();
  });
});
