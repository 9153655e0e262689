// Takes the picture of the page that the README shows. Usage, with Chromium named in CHROMIUM:
//   npm run site && node build/scripts/site/screenshot.js
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import sharp from "sharp";
import { siteServer } from "./serve.js";

const steps = 400;
const size = { width: 1160, height: 860 };
const out = fileURLToPath(new URL("../../../docs/pictures/site.png", import.meta.url));

const server = siteServer(fileURLToPath(new URL("../../site", import.meta.url)));
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as AddressInfo;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  const page = await browser.newPage({ viewport: size, colorScheme: "light" });
  await page.goto(`http://127.0.0.1:${port}/#playground?data=pinwheel`);
  await page.click('#playground button:text-is("Play")');
  await page.waitForFunction(
    `Number(document.querySelector('[data-badge=step] .value').textContent) >= ${steps}`,
    undefined,
    { timeout: 600_000 },
  );
  await page.click('#playground button:text-is("Pause")');
  await page.waitForTimeout(5000); // the last pictures are drawn once it has paused
  await page.evaluate(
    "document.activeElement.blur(), document.querySelector('#playground').scrollIntoView()",
  );
  const shot = await page.screenshot();
  const { size: bytes } = await sharp(shot).png({ palette: true, colors: 128 }).toFile(out);
  process.stdout.write(`${out} ${(bytes / 1e3).toFixed(0)} kB\n`);
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}
