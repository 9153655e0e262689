import { createRequire } from "node:module";
import { z } from "zod";

const manifest: unknown = createRequire(import.meta.url)("iresnet/package.json");

/** The package's version. */
export const { version } = z.object({ version: z.string() }).parse(manifest);
