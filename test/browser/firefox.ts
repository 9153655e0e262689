import { firefox, type Browser } from "playwright-core";
import { firstHere } from "./chromium.js";

/** The first Firefox found: `FIREFOX` in the environment, or in a known place. */
export const executable = firstHere([
  process.env.FIREFOX,
  "/usr/bin/firefox-esr",
  "/Applications/Firefox.app/Contents/MacOS/firefox",
]);

/** A Firefox as its users have it, driven by WebDriver BiDi, which can't ask for reduced motion of one page alone. */
export function launch(): Promise<Browser> {
  return firefox.launch({
    channel: "moz-firefox",
    executablePath: executable!,
    firefoxUserPrefs: { "ui.prefersReducedMotion": 1 },
  });
}
