import type { Command } from "commander";
import { copyWebAssets } from "../../engine/web-assets.js";
import { table } from "../../text.js";
import { withJson, type ResultOptions } from "../options.js";
import { perform } from "../perform.js";

interface WebAssetsOptions extends ResultOptions {
  readonly webgpu?: boolean;
}

export function addWebAssets(program: Command): void {
  withJson(
    program
      .command("web-assets")
      .description("copy what a page needs into a folder that its server serves")
      .argument("<folder>", "such as public/iresnet; webEngine's option assets is its URL")
      .option("--webgpu", "with the files for WebGPU, 27 MB more"),
  ).action((folder: string, options: WebAssetsOptions) =>
    perform(options, async (terminal) => {
      const files = await copyWebAssets(folder, { webgpu: options.webgpu ?? false });
      const size = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
      terminal.result({ folder, files }, table(files.map((f) => [f.path, size(f.bytes)])));
    }),
  );
}
