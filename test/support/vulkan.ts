import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const folders = [
  process.env.SWIFTSHADER,
  ...(process.env.CHROMIUM === undefined ? [] : [dirname(process.env.CHROMIUM)]),
  "/usr/lib/chromium",
  "/usr/lib/chromium-browser",
  "/opt/google/chrome",
];

const driver = "vk_swiftshader_icd.json";
const folder = folders.find((place) => place !== undefined && existsSync(join(place, driver)));

/**
 * The environment in which a process finds SwiftShader, the software adapter that Chromium brings:
 * in the folder that `SWIFTSHADER` names, or in a known one. Absent where there is none.
 */
export const softwareAdapter: NodeJS.ProcessEnv | undefined =
  folder === undefined
    ? undefined
    : {
        ...process.env,
        VK_ICD_FILENAMES: join(folder, driver),
        // The loader of Vulkan lies beside it.
        LD_LIBRARY_PATH: [folder, process.env.LD_LIBRARY_PATH ?? ""].filter(Boolean).join(":"),
      };
